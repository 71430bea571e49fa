"""``python -m fer data import``: every form in, the same folder dataset out."""

import io
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from fer.data.folder import FolderDataset
from fer.data.importer import import_dataset
from fer.errors import UserError
from fer.labels import LABELS
from tests.support.fer2013_forms import (
    OFFICIAL,
    OFFICIAL_NAMES,
    ROWS,
    USAGES,
    class_folders,
    face,
    imported_names,
    png,
    table,
    write_folder,
    write_tar,
    write_zip,
)


@pytest.mark.parametrize("write", [write_folder, write_zip, write_tar])
@pytest.mark.parametrize("name", ["fer2013.csv", "fer2013/fer2013.csv", "a/b/ICML_face_data.CSV"])
def test_a_table_inside_a_folder_or_archive(tmp_path, write, name):
    source = write(tmp_path / "fer2013.tar.gz", {name: table().encode(), "README": b"bibtex"})
    assert import_dataset(source, tmp_path / "out").images == OFFICIAL
    assert imported_names(tmp_path / "out") == OFFICIAL_NAMES


def test_the_challenge_download_is_read_from_its_whole_table(tmp_path):
    files = {
        "example_submission.csv": b"0\n1\n",
        "fer2013.tar.gz": b"\x1f\x8bdamaged",
        "icml_face_data.csv": table(header="emotion, Usage, pixels").encode(),
        "test.csv": table(USAGES[14:], "pixels").encode(),
        "train.csv": table(USAGES[:14], "emotion,pixels").encode(),
    }
    assert import_dataset(write_zip(tmp_path / "a.zip", files), tmp_path / "out").images == OFFICIAL


PAIRS = [
    ("folder", {"train": 14}, "test.csv has no labels: its 14 images were left out."),
    ("train.csv", {"train": 14}, "There is no split 'validation'"),
]


@pytest.mark.parametrize(("source", "images", "note"), PAIRS)
def test_train_and_test_tables(tmp_path, source, images, note):
    folder = write_folder(
        tmp_path / "folder",
        {
            "train.csv": table(USAGES[:14], "emotion,pixels").encode(),
            "test.csv": table(USAGES[14:], "pixels").encode(),
        },
    )
    done = import_dataset(folder if source == "folder" else folder / source, tmp_path / "out")
    assert done.images == images
    assert any(note in text for text in done.notes)
    assert imported_names(tmp_path / "out") == sorted(
        name for name in OFFICIAL_NAMES if name.startswith("train")
    )


def test_a_labelled_test_table_continues_the_rows_and_keeps_its_split(tmp_path):
    folder = write_folder(
        tmp_path / "folder",
        {
            "test.csv": table(USAGES[14:], "emotion,pixels", first=14).encode(),
            "train.csv": table(USAGES[:14], "emotion,pixels").encode(),
        },
    )
    done = import_dataset(folder, tmp_path / "out", "80-20")
    assert done.images == {"train": 14, "test": 14}
    assert set(FolderDataset.open(tmp_path / "out").load("test").rows) == set(range(14, 28))
    assert any("keeps its own splits" in note for note in done.notes)


FOLDERS = {
    "train and test, marked": (
        {
            "train/{label}/Training_{row}.png": ROWS,
            "test/{label}/PublicTest_{row}.png": "7 8",
            "test/{label}/PrivateTest_{row}.png": "9",
        },
        {"train": 7, "validation": 2, "test": 1},
        {"train": 7, "validation": 3},
    ),
    "train and test, unmarked": (
        {"train/{label}/im{row}.png": ROWS, "test/{label}/im{row}.png": "7 8 9"},
        {"train": 7, "test": 3},
        {"train": 7, "test": 3},
    ),
    "this project's layout": (
        {"images/train/{label}/{row}.png": ROWS, "images/validation/{label}/{row}.png": "7 8"},
        {"train": 7, "validation": 2},
        {"train": 7, "validation": 2},
    ),
    "nested, capitals, synonyms": (
        {"FER2013/Train/{Label}/{row}.png": ROWS, "FER2013/VAL/Happiness/{row}.png": "10"},
        {"train": 7, "validation": 1},
        {"train": 7, "validation": 1},
    ),
    "folders named by parts": (
        {
            "Training/{label}/{row}.png": ROWS,
            "PublicTest/{label}/{row}.png": "7 8",
            "PrivateTest/{label}/{row}.png": "9",
        },
        {"train": 7, "validation": 2, "test": 1},
        {"train": 7, "validation": 3},
    ),
    "no split folders": ({"{label}/{row}.png": ROWS}, {"train": 7}, {"train": 7}),
    "a second copy deeper down": (
        {"images/train/{label}/{row}.png": ROWS, "images/images/train/{label}/{row}.png": ROWS},
        {"train": 7},
        {"train": 7},
    ),
}
WRITERS = {"folder": write_folder, "a.zip": write_zip, "a.tar.gz": write_tar, "a.tar": write_tar}


@pytest.mark.parametrize("writer", WRITERS)
@pytest.mark.parametrize("form", FOLDERS)
def test_class_folders(tmp_path, form, writer):
    names, official, eighty_twenty = FOLDERS[form]
    source = WRITERS[writer](tmp_path / writer, class_folders(names))
    assert import_dataset(source, tmp_path / "out").images == official
    assert import_dataset(source, tmp_path / "80-20", "80-20").images == eighty_twenty
    split = FolderDataset.open(tmp_path / "out").load("train")
    for pixels, name in zip(split.pixels, split.files, strict=True):
        row = int("".join(filter(str.isdigit, Path(name).stem)))
        assert name.split("/")[1] == LABELS[row % 7]
        assert np.array_equal(pixels, face(row))


def test_names_are_kept_and_a_clash_loses_no_image(tmp_path):
    files = {
        "train/angry/a.png": png(1),
        "train/Angry/a.png": png(2),
        "train/anger/A.bmp": png(3, ".bmp"),
        "train/happy/0007.png": png(4),
    }
    import_dataset(write_zip(tmp_path / "a.zip", files), tmp_path / "out")
    images = FolderDataset.open(tmp_path / "out").load("train")
    assert len(images) == 4
    assert {tuple(pixels[0, :3]) for pixels in images.pixels} == {
        tuple(face(row)[0, :3]) for row in (1, 2, 3, 4)
    }
    assert "train/happy/0007.png" in images.files


def test_other_formats_are_converted_and_said(tmp_path):
    colour = np.zeros((48, 48, 3), np.uint8)
    colour[..., 2] = 200
    wide = np.zeros((60, 100), np.uint8)
    deep = face(5).astype(np.uint16) * 256
    files = {
        f"train/sad/{name}.png": cv2.imencode(".png", image)[1].tobytes()
        for name, image in {"colour": colour, "wide": wide, "deep": deep}.items()
    }
    done = import_dataset(write_folder(tmp_path / "in", files), tmp_path / "out")
    for path in (tmp_path / "out").rglob("*.png"):
        written = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
        assert written.shape == (48, 48) and written.dtype == np.uint8
        assert path.stem != "colour" or written[0, 0] == round(0.299 * 200)
    (note,) = (note for note in done.notes if "converted" in note)
    for told in ("3 (", "48 × 48 colour", "100 × 60 grey", "48 × 48 grey 16-bit"):
        assert told in note


def bad_table():
    lines = table().splitlines()
    emotion, pixels, usage = lines[5].split(",")
    lines[3] = f"7,{pixels},{usage}"
    lines[5] = f"{emotion},{pixels.rsplit(' ', 1)[0]},{usage}"
    lines[6] = f"{emotion},{pixels.rsplit(' ', 1)[0]} 256,{usage}"
    lines[7] = f"{emotion},{pixels.rsplit(' ', 1)[0]} -1,{usage}"
    lines[8] = f"{emotion},{pixels.rsplit(' ', 1)[0]} 1.5,{usage}"
    lines[9] = f"{emotion},{pixels},Nonsense"
    lines[10] = f"{emotion},{pixels}"
    lines[11] = f'{emotion},"{pixels},{usage}'
    lines[12] = f",{pixels},{usage}"
    lines[13] = f"{emotion},{pixels.rsplit(' ', 1)[0]} 99999999999999999999,{usage}"
    return "\n".join(lines)


BAD = {
    4: "unknown label '7'",
    6: "2,303 pixel values instead of 2,304",
    7: "pixel value 256 is outside 0–255",
    8: "pixel value -1 is outside 0–255",
    9: "'1.5' is no pixel value",
    10: "unknown Usage 'Nonsense'",
    11: "2 columns instead of 3",
    12: "2 columns instead of 3",
    13: "unknown label ''",
    14: "is outside 0–255",
}


def test_bad_rows_are_refused_with_their_lines(tmp_path):
    (tmp_path / "fer2013.csv").write_text(bad_table())
    with pytest.raises(UserError) as refused:
        import_dataset(tmp_path / "fer2013.csv", tmp_path / "out")
    for line, reason in BAD.items():
        assert f"fer2013.csv line {line}: " in str(refused.value)
        assert reason in str(refused.value)
    assert [path.name for path in tmp_path.iterdir()] == ["fer2013.csv"]


def test_skipped_bad_rows_are_listed_and_keep_the_numbers_of_the_others(tmp_path):
    (tmp_path / "fer2013.csv").write_text(bad_table())
    done = import_dataset(tmp_path / "fer2013.csv", tmp_path / "out", skip_bad=True)
    assert [row.row for row in done.bad] == [line - 2 for line in BAD]
    dataset = FolderDataset.open(tmp_path / "out")
    rows = {row for split in OFFICIAL for row in dataset.load(split).rows}
    assert rows == set(range(28)) - {line - 2 for line in BAD}


HEIC = b"\0\0\0\x18ftypheic" + bytes(100)


def fractions() -> bytes:
    stream = io.BytesIO()
    Image.fromarray(np.full((48, 48), 0.5, np.float32)).save(stream, "TIFF")
    return stream.getvalue()


BAD_FILES = {
    "train/happy/x.png": (b"no image", "no readable image of a known format"),
    "train/happy/empty.png": (b"", "an empty file"),
    "train/happy/cut.png": (png(3)[: len(png(3)) // 2], "a damaged image, or one that breaks off"),
    "train/happy/cut.jpg": (png(3, ".jpg")[:-300], "a damaged image, or one that breaks off"),
    "train/happy/phone.heic": (HEIC, "HEIC, which is not read here; convert it to JPEG"),
    "train/happy/fraction.tif": (fractions(), "fractions instead of grey values"),
    "train/happy/heavy.png": (bytes((16 << 20) + 5), "more than 16 MB, too many for an image"),
    "train/happy/huge.png": (
        cv2.imencode(".png", np.zeros((5000, 10), np.uint8))[1].tobytes(),
        "10×5000 pixels are far too many",
    ),
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_bad_images_are_refused_by_name(tmp_path, name):
    content, reason = BAD_FILES[name]
    source = write_folder(tmp_path / "in", {"train/angry/1.png": png(0), name: content})
    with pytest.raises(UserError, match=f"{name}: {reason}"):
        import_dataset(source, tmp_path / "out")
    assert not (tmp_path / "out").exists()
    done = import_dataset(source, tmp_path / "out", skip_bad=True)
    assert [row.place for row in done.bad] == [name]
    assert done.images == {"train": 1}


NOT_FER2013 = {
    "missing": (None, "There is no file or folder"),
    "other.csv": (b"a,b\n1,2\n", "no known form of FER2013"),
    "empty.csv": (b"", "no known form of FER2013"),
    "header.csv": (b"emotion,pixels,Usage\n", "no usable labelled image"),
    "test.csv": (b"pixels\n1 2 3\n", "no column 'emotion'"),
    "noise.zip": (b"PK\x03\x04" + bytes(100), "no known form of FER2013"),
    "noise.tar.gz": (b"\x1f\x8b\x08" + bytes(range(100)), "is damaged"),
    "line.csv": (b"emotion,pixels\n" + b"1" * (1 << 18), "line 2 is too long"),
}


@pytest.mark.parametrize("name", NOT_FER2013)
def test_what_is_not_fer2013_is_refused(tmp_path, name):
    content, message = NOT_FER2013[name]
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(UserError, match=message):
        import_dataset(tmp_path / name, tmp_path / "new" / "out")
    assert not (tmp_path / "new").exists()


def test_a_damaged_download_is_refused(tmp_path):
    files = class_folders({"train/{label}/{row}.png": ROWS})
    whole = write_tar(tmp_path / "a.tar.gz", files).read_bytes()
    (tmp_path / "a.tar.gz").write_bytes(whole[: len(whole) // 2])
    content = bytearray(write_zip(tmp_path / "a.zip", files).read_bytes())
    content[200] ^= 0xFF
    (tmp_path / "a.zip").write_bytes(content)
    for name in ("a.tar.gz", "a.zip"):
        with pytest.raises(UserError, match="is damaged"):
            import_dataset(tmp_path / name, tmp_path / "out")
    assert not (tmp_path / "out").exists()
