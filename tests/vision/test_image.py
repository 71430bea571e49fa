"""Pictures of every kind enter as RGB uint8, as displayed, or are refused in one sentence."""

import io

import numpy as np
import pytest
from PIL import Image

from fer.errors import UserError
from fer.pictures import to_rgb
from fer.vision import image
from fer.vision.image import read_image

RED_LEFT = np.zeros((20, 30, 3), np.uint8)
RED_LEFT[:, :15] = (255, 0, 0)
RED_LEFT[:, 15:] = (0, 0, 255)


def near(pixel, expected):
    return np.abs(pixel.astype(int) - expected).max() <= 6


@pytest.mark.parametrize(
    "name", ["a.png", "a.bmp", "a.tiff", "a.webp", "a.jpg", "a.gif", "a.ppm", "a.avif", "a.jp2"]
)
def test_every_format_is_read_in_rgb_order(tmp_path, name):
    Image.fromarray(RED_LEFT).save(tmp_path / name)
    rgb = read_image(tmp_path / name)
    assert rgb.shape == (20, 30, 3) and rgb.dtype == np.uint8
    assert near(rgb[10, 3], (254, 0, 0)) and near(rgb[10, 27], (0, 0, 254))


@pytest.mark.parametrize(
    ("orientation", "shape", "red_at"),
    [
        (1, (20, 30), (10, 2)), (2, (20, 30), (10, 27)), (3, (20, 30), (10, 27)),
        (4, (20, 30), (10, 2)), (5, (30, 20), (2, 10)), (6, (30, 20), (2, 10)),
        (7, (30, 20), (27, 10)), (8, (30, 20), (27, 10)),
    ],
)  # fmt: skip
def test_exif_orientation_is_applied(tmp_path, orientation, shape, red_at):
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(RED_LEFT).save(tmp_path / "a.jpg", exif=exif, quality=95, subsampling=0)
    rgb = read_image(tmp_path / "a.jpg")
    assert rgb.shape[:2] == shape
    assert near(rgb[red_at], (254, 0, 0))


@pytest.mark.filterwarnings("ignore:Corrupt EXIF")
def test_a_damaged_exif_block_does_not_matter(tmp_path):
    Image.fromarray(RED_LEFT).save(tmp_path / "a.jpg", exif=b"Exif\x00\x00MM\x00*garbage")
    assert read_image(tmp_path / "a.jpg").shape == (20, 30, 3)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "CMYK", "I;16", "I", "F"])
def test_every_mode_keeps_dark_and_bright(tmp_path, mode):
    values = np.zeros((20, 30), np.uint8)
    values[:, 15:] = 255
    kinds = {"I;16": np.uint16, "I": np.int32, "F": np.float32}
    if mode in kinds:
        image = Image.fromarray(values.astype(kinds[mode]) * 257)
    else:
        image = Image.fromarray(values).convert("RGB").convert(mode)
    path = tmp_path / ("a.png" if mode in ("P", "LA") else "a.tiff")
    image.save(path)
    rgb = read_image(path)
    assert rgb.shape == (20, 30, 3)
    assert near(rgb[10, 2], 0) and near(rgb[10, 27], 255)


def test_sixteen_bits_are_scaled_not_clipped(tmp_path):
    ramp = np.linspace(0, 65535, 600).reshape(20, 30).astype(np.uint16)
    Image.fromarray(ramp).save(tmp_path / "a.png")
    rgb = read_image(tmp_path / "a.png")
    assert np.abs(rgb[..., 0] - ramp / 257).max() <= 0.5


def test_transparency_lies_on_white(tmp_path):
    rgba = np.zeros((20, 30, 4), np.uint8)
    rgba[:, 15:, 3] = 255
    Image.fromarray(rgba).save(tmp_path / "a.png")
    rgb = read_image(tmp_path / "a.png")
    assert near(rgb[0, 0], 255) and near(rgb[0, 29], 0)
    palette = Image.fromarray(RED_LEFT).convert("P")
    palette.save(tmp_path / "p.png", transparency=palette.getpixel((0, 0)))
    assert near(read_image(tmp_path / "p.png")[0, 0], 255)


def test_of_an_animation_the_first_frame_is_taken(tmp_path):
    frames = [Image.new("RGB", (30, 20), color) for color in ("red", "blue", "green")]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:])
    assert near(read_image(tmp_path / "a.gif")[5, 5], (255, 0, 0))


def test_the_array_belongs_to_the_caller(tmp_path):
    Image.fromarray(RED_LEFT).save(tmp_path / "a.png")
    rgb = read_image(tmp_path / "a.png")
    rgb[0, 0] = 1  # a view of Pillow's read-only memory would refuse


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "empty"),
        (b"hello", "not a picture"),
        (b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic", "HEIC"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "not a picture"),
    ],
)
def test_what_is_no_picture_is_refused_by_name(tmp_path, content, says):
    path = tmp_path / "odd.jpg"
    path.write_bytes(content)
    with pytest.raises(UserError, match=says) as caught:
        read_image(path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.gif", "a.webp", "a.tiff", "a.avif"])
def test_a_truncated_picture_is_refused(tmp_path, name):
    noise = np.random.default_rng(0).integers(0, 255, (60, 80, 3)).astype(np.uint8)
    Image.fromarray(noise).save(tmp_path / name)
    data = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(data[: len(data) // 2])
    with pytest.raises(UserError, match=name):
        read_image(tmp_path / name)


def test_every_source_gives_the_same_picture(tmp_path):
    path = tmp_path / "a.png"
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(RED_LEFT).save(path, exif=exif)
    expected = read_image(str(path))
    assert expected.shape == (30, 20, 3)
    content = path.read_bytes()
    for source in (path, content, bytearray(content), io.BytesIO(content), expected):
        np.testing.assert_array_equal(read_image(source), expected)
    with path.open("rb") as file, Image.open(path) as opened:
        np.testing.assert_array_equal(read_image(file), expected)
        np.testing.assert_array_equal(read_image(opened), expected)


def test_errors_name_the_picture_as_people_know_it(tmp_path):
    with pytest.raises(UserError, match=r"^The picture is empty"):
        read_image(b"")
    with pytest.raises(UserError, match=r"^holiday\.jpg is not a picture"):
        read_image(b"hello", "holiday.jpg")
    (tmp_path / "odd.jpg").write_bytes(b"hello")
    with (
        (tmp_path / "odd.jpg").open("rb") as file,
        pytest.raises(UserError, match=r"odd\.jpg is not"),
    ):
        read_image(file)
    with (tmp_path / "odd.jpg").open("r") as file, pytest.raises(UserError, match="reading bytes"):
        read_image(file)
    with pytest.raises(UserError, match="not int"):
        read_image(3)


def test_heic_is_answered_with_how_to_convert_it():
    for brand in (b"heic", b"mif1", b"hevc"):
        with pytest.raises(UserError, match=r"HEIC.*Preview"):
            read_image(b"\x00\x00\x00\x18ftyp" + brand + b"\x00\x00\x00\x00", "IMG_1.HEIC")


def test_missing_files_and_folders_are_refused(tmp_path):
    with pytest.raises(UserError, match=r"none\.jpg cannot be opened: No such file"):
        read_image(tmp_path / "none.jpg")
    with pytest.raises(UserError, match="is a folder"):
        read_image(tmp_path)


def test_bombs_are_refused_before_decoding(tmp_path, monkeypatch):
    Image.new("1", (9000, 9000)).save(tmp_path / "bomb.png")  # 81 megapixels in 10 kB
    monkeypatch.setattr(Image.Image, "load", lambda self: pytest.fail("decoded"))
    with pytest.raises(UserError, match="megapixels"):
        read_image(tmp_path / "bomb.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)  # Pillow's own limit speaks first
    with pytest.raises(UserError, match="megapixels"):
        read_image(tmp_path / "bomb.png")
    monkeypatch.setattr(image, "MAX_MEGABYTES", 0.001)
    with pytest.raises(UserError, match="larger than"):
        read_image(tmp_path / "bomb.png")


@pytest.mark.parametrize(
    ("value", "shape", "expected"),
    [
        (np.uint8(7), (2, 3), 7),
        (np.uint8(7), (2, 3, 1), 7),
        (np.uint8(7), (2, 3, 3), 7),
        (np.uint8(255), (2, 3, 2), 255),
        (np.True_, (2, 3), 255),
        (np.uint16(65535), (2, 3), 255),
        (np.uint16(257 * 90), (2, 3, 3), 90),
        (np.int64(200), (2, 3), 200),
        (np.float32(1.0), (2, 3), 255),
        (np.float64(0.5), (2, 3, 3), 128),
        (np.float64(200.4), (2, 3, 3), 200),
    ],
)
def test_arrays_of_every_kind(value, shape, expected):
    rgb = to_rgb(np.full(shape, value))
    assert rgb.shape == (2, 3, 3) and rgb.dtype == np.uint8
    assert (rgb == expected).all()


@pytest.mark.parametrize(
    ("kind", "highest", "says"),
    [
        (np.uint16, 200, "8 bits"),
        (np.uint16, 1000, "10 bits"),
        (np.uint16, 4000, "12 bits"),
        (np.uint16, 1, "0 or 1"),
        (np.uint8, 1, "0 or 1"),
        (np.int64, 1, "0 or 1"),
    ],
)
def test_a_picture_that_would_be_black_is_read_in_the_range_it_has(kind, highest, says):
    with pytest.warns(UserWarning, match=says):
        rgb = to_rgb(np.array([[0, highest]], kind))
    assert rgb[0, 0, 0] == 0 and rgb[0, 1, 0] >= 200


@pytest.mark.parametrize("kind", [np.uint8, np.uint16, np.int32, np.float32])
def test_a_black_frame_is_no_mistake(kind):
    assert not to_rgb(np.zeros((2, 3), kind)).any()


def test_alpha_of_arrays_lies_on_white():
    half = np.zeros((2, 3, 4), np.uint8)
    half[..., 3] = 51
    assert (to_rgb(half) == 204).all()
    assert (to_rgb(np.zeros((2, 3, 2), np.uint16)) == 255).all()


@pytest.mark.parametrize(
    ("array", "says"),
    [
        (np.zeros((0, 3, 3), np.uint8), "at least one pixel"),
        (np.zeros(5, np.uint8), "must be an array"),
        (np.zeros((2, 3, 5), np.uint8), r"not \(2, 3, 5\)"),
        (np.zeros((1, 2, 3, 3), np.uint8), "must be an array"),
        (np.full((2, 3), 256), "256"),
        (np.full((2, 3), -1), "-1"),
        (np.full((2, 3), np.nan), "nan"),
        (np.full((2, 3), -0.1), "-0.1"),
        (np.full((2, 3), 1.01), r"0\.\.1, not 1.01"),  # neither range: black in one of them
        (np.full((2, 3), "a"), "numbers"),
        (np.full((2, 3), 1j), "numbers"),
    ],
)
def test_other_arrays_are_refused(array, says):
    with pytest.raises(UserError, match=says):
        to_rgb(array)
