"""One picture of a face: what files of every kind become, and why some are refused."""

import io

import cv2
import numpy as np
import pytest
from PIL import Image

from fer.data.face_image import decode_face, is_blank, to_face
from fer.data.folder import FolderDataset
from fer.data.importer import import_dataset
from fer.pixels import resize_square
from fer.vision.image import read_image


def encoded(image: Image.Image, kind: str = "PNG", **options) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def wide_face() -> np.ndarray:
    """``(60, 100)``: a bright middle square between dark margins."""
    image = np.zeros((60, 100), np.uint8)
    image[:, 20:80] = 90
    return image


@pytest.mark.parametrize("turned", [False, True])
def test_the_middle_square_is_kept_and_nothing_is_squeezed(turned):
    image = wide_face().T if turned else wide_face()
    assert (to_face(np.ascontiguousarray(image)) == 90).all()


def test_small_faces_are_enlarged_as_before_recognition():
    small = np.random.default_rng(0).integers(0, 256, (24, 24), np.uint8)
    assert np.array_equal(to_face(small), resize_square(small, 48))


def test_import_folder_and_audit_see_the_same_pixels(tmp_path):
    folder = tmp_path / "in" / "train" / "sad"
    folder.mkdir(parents=True)
    random = np.random.default_rng(0)
    picture = cv2.resize(random.integers(0, 256, (8, 6, 3), np.uint8), (70, 110))
    Image.fromarray(picture).save(folder / "1.jpg")
    import_dataset(tmp_path / "in", tmp_path / "out")
    read, imported = (
        FolderDataset.open(tmp_path / name).load("train").pixels for name in ("in", "out")
    )
    assert np.array_equal(read, imported)


def test_a_face_of_the_usual_size_is_not_touched():
    image = np.random.default_rng(0).integers(0, 256, (48, 48), np.uint8)
    face = decode_face(encoded(Image.fromarray(image)))
    assert np.array_equal(face.pixels, image) and face.format == "48 × 48 grey"


def test_exif_turns_the_face_upright():
    image = np.zeros((48, 48), np.uint8)
    image[:10] = 200
    exif = Image.Exif()
    exif[0x0112] = 3  # stored upside down
    content = encoded(Image.fromarray(image[::-1, ::-1].copy()), exif=exif)
    assert np.array_equal(decode_face(content).pixels, image)


DEEP = {"of 16 bits": (257, 16), "of 8 bits in 16": (1, 16)}  # 257 * 255 is white


@pytest.mark.parametrize(("scale", "bits"), DEEP.values(), ids=DEEP)
def test_grey_values_of_16_bits(scale, bits):
    image = np.add.outer(np.arange(48) * 2, np.arange(48)).astype(np.uint16)
    face = decode_face(encoded(Image.fromarray(image * scale)))
    assert np.array_equal(face.pixels, image) and face.format == "48 × 48 grey 16-bit"


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "LA", "P", "CMYK", "1", "I;16", "I"])
def test_a_network_is_trained_on_what_it_is_served(mode):
    """Until they met, a transparent picture lay on black in a dataset and on white in the app."""
    random = np.random.default_rng(3)
    if mode.startswith("I"):
        depth = np.uint16 if mode == "I;16" else np.int32
        image = Image.fromarray(random.integers(0, 65536, (48, 48)).astype(depth))
    else:
        image = Image.fromarray(random.integers(0, 256, (48, 48, 4), np.uint8), "RGBA")
        image = image if mode == "RGBA" else image.convert("RGB" if mode in "CMYK1" else mode)
        image = image.convert(mode)
    content = encoded(image, "TIFF" if mode in ("CMYK", "I") else "PNG")
    served = read_image(content)
    assert np.array_equal(decode_face(content).pixels, cv2.cvtColor(served, cv2.COLOR_RGB2GRAY))


def test_a_document_is_no_picture_though_pillow_would_let_another_program_draw_it():
    with pytest.raises(ValueError, match="no readable image of a known format"):
        decode_face(encoded(Image.new("RGB", (48, 48)), "EPS"))


@pytest.mark.parametrize(("deviation", "blank"), [(0, True), (4, True), (5, False), (60, False)])
def test_one_threshold_for_blank(deviation, blank):
    image = np.full((1, 48, 48), 128, np.uint8)
    image[:, ::2] += np.uint8(deviation)
    image[:, 1::2] -= np.uint8(deviation)
    assert is_blank(image).tolist() == [blank]
