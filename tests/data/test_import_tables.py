"""Tables in every dialect, packing and encoding, and parquet files as on the Hugging Face hub."""

import bz2
import gzip
import io
import json
import lzma
import re

import cv2
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fer.data.folder import FolderDataset
from fer.data.importer import import_dataset
from fer.data.names import label_of
from fer.errors import UserError
from fer.labels import LABELS
from tests.support.fer2013_forms import (
    OFFICIAL,
    OFFICIAL_NAMES,
    USAGES,
    face,
    ferplus,
    imported_names,
    png,
    table,
    write_folder,
    write_zip,
)


def labels_as(form: str) -> str:
    """The table with its labels written as ``form`` of the number and the name."""
    lines = table().splitlines()
    rest = (line.partition(",") for line in lines[1:])
    named = (form.format(int(label), LABELS[int(label)]) + "," + more for label, _, more in rest)
    return "\n".join([lines[0], *named])


TABLES = {
    "fer2013.csv": table().encode(),
    "icml_face_data.csv": table(header="emotion, Usage, pixels").encode(),
    "a byte order mark": table().encode("utf-8-sig"),
    "Windows line ends": table().replace("\n", "\r\n").encode(),
    "empty lines": table().replace("\n", "\n\n").encode(),
    "blanks around values": table().replace(",", " , ").replace("\n", " \n").encode(),
    "quoted": re.sub(r"[^,\n]+", r'"\g<0>"', table()).encode(),
    "no last line end": table().rstrip("\n").encode(),
    "semicolons": table().replace(",", ";").encode(),
    "tabs": table().replace(",", "\t").encode(),
    "bars": table().replace(",", "|").encode(),
    "UTF-16": table().encode("utf-16"),
    "UTF-16 without a mark": table().encode("utf-16-le"),
    "UTF-16, the other end first": table().encode("utf-16-be"),
    "Excel's Unicode text": table().replace(",", "\t").replace("\n", "\r\n").encode("utf-16"),
    "labels as fractions": labels_as("{0}.0").encode(),
    "labels as names": labels_as("{1}").encode(),
    "labels as names, quoted": labels_as('"{1}"').encode(),
    "another name of the column": table().replace("emotion", "label").encode(),
}


@pytest.mark.parametrize("content", TABLES.values(), ids=TABLES)
def test_dialects_of_the_table(tmp_path, content):
    (tmp_path / "fer2013.csv").write_bytes(content)
    assert import_dataset(tmp_path / "fer2013.csv", tmp_path / "out").images == OFFICIAL
    assert_is_fer2013(tmp_path / "out")


def assert_is_fer2013(folder):
    assert imported_names(folder) == OFFICIAL_NAMES
    for split in OFFICIAL:
        images = FolderDataset.open(folder).load(split)
        assert np.array_equal(images.targets, images.rows % 7)
        for pixels, row in zip(images.pixels, images.rows, strict=True):
            assert np.array_equal(pixels, face(row))


@pytest.mark.parametrize("name", ["fer2013.csv", "fer2013.tsv", "fer2013.txt", "fer2013"])
def test_the_one_file_that_is_named_may_be_called_anything(tmp_path, name):
    (tmp_path / name).write_bytes(TABLES["Excel's Unicode text"])
    assert import_dataset(tmp_path / name, tmp_path / "out").images == OFFICIAL


@pytest.mark.parametrize(
    ("suffix", "pack"), [(".gz", gzip.compress), (".bz2", bz2.compress), (".xz", lzma.compress)]
)
@pytest.mark.parametrize("place", ["alone", "in a folder", "in a zip", "without its suffix"])
def test_packed_tables(tmp_path, suffix, pack, place):
    files = {f"fer2013.csv{suffix}": pack(table().encode())}
    source = write_folder(tmp_path / "in", files)
    if place == "alone":
        source = source / f"fer2013.csv{suffix}"
    elif place == "in a zip":
        source = write_zip(tmp_path / "a.zip", files)
    elif place == "without its suffix":
        source = (source / f"fer2013.csv{suffix}").rename(tmp_path / "fer2013.csv")
    (tmp_path / "new.csv").write_text(ferplus())
    done = import_dataset(source, tmp_path / "out", ferplus=tmp_path / "new.csv")
    assert (done.images, done.votes) == (OFFICIAL, 28)
    assert_is_fer2013(tmp_path / "out")


@pytest.mark.parametrize("cut", [20, 200])
def test_a_damaged_packed_table_is_refused(tmp_path, cut):
    (tmp_path / "fer2013.csv.gz").write_bytes(gzip.compress(table().encode())[:-cut])
    for source in (tmp_path / "fer2013.csv.gz", tmp_path):
        with pytest.raises(UserError, match="is damaged"):
            import_dataset(source, tmp_path / "out")
        assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("magic", "kind"),
    [(b"Rar!\x1a\x07", "RAR"), (b"7z\xbc\xaf\x27\x1c", "7-Zip"), (b"\x28\xb5\x2f\xfd", "Zst")],
)
def test_packings_that_are_not_read_are_named(tmp_path, magic, kind):
    (tmp_path / "fer2013.zip").write_bytes(magic + bytes(300))
    with pytest.raises(UserError, match=f"packed as {kind}.*unpack it"):
        import_dataset(tmp_path / "fer2013.zip", tmp_path / "out")


@pytest.mark.parametrize("side", [24, 64, 96])
def test_a_table_of_another_size_is_resized(tmp_path, side):
    large = [cv2.resize(face(row), (side, side)) for row in range(3)]
    lines = [f"{row},{' '.join(map(str, large[row].ravel()))}" for row in range(3)]
    (tmp_path / "train.csv").write_text("\n".join(["emotion,pixels", *lines]))
    done = import_dataset(tmp_path / "train.csv", tmp_path / "out")
    assert any(f"3 of {side} × {side} grey" in note for note in done.notes)
    images = FolderDataset.open(tmp_path / "out").load("train")
    for pixels, row in zip(images.pixels, images.rows, strict=True):
        assert np.abs(pixels.astype(int) - face(row)).mean() < 12
    lines.append("3,1 2 3")
    (tmp_path / "train.csv").write_text("\n".join(["emotion,pixels", *lines]))
    with pytest.raises(UserError, match=f"line 5: 3 pixel values instead of {side * side:,}"):
        import_dataset(tmp_path / "train.csv", tmp_path / "more")


@pytest.mark.parametrize(("usage", "split"), [("val", "validation"), ("Test", "test")])
def test_usage_may_name_splits(tmp_path, usage, split):
    (tmp_path / "a.csv").write_text(table([*USAGES[:14], usage, usage]))
    assert import_dataset(tmp_path / "a.csv", tmp_path / "out").images == {"train": 14, split: 2}


ALPHABET = sorted(LABELS)


def parquet(
    rows, names=ALPHABET, image="image", label="label", cell=None, told=None, **more
) -> bytes:
    """A file of the hub's ``datasets`` library; labels are numbers in the order of ``names``.

    ``told`` are the names that the file tells instead.
    """
    cell = cell or (lambda row: {"bytes": png(row), "path": f"{row}.png"})
    values = {image: [cell(row) for row in rows]}
    numbers = [label_of(name) for name in names or LABELS]
    if label:
        values[label] = [numbers.index(row % 7) for row in rows]
    values |= {name: column(rows) for name, column in more.items()}
    content = pa.table(values)
    if names:
        feature = {"names": list(told or names), "_type": "ClassLabel"}
        about = {"info": {"features": {"image": {"_type": "Image"}, label: feature}}}
        content = content.replace_schema_metadata({"huggingface": json.dumps(about)})
    stream = io.BytesIO()
    pq.write_table(content, stream)
    return stream.getvalue()


def faces_by_label(folder, split):
    """The rows of the faces under each label, found by their pixels."""
    images = FolderDataset.open(folder).load(split)
    known = {face(row).tobytes(): row for row in range(28)}
    rows = [known[pixels.tobytes()] for pixels in images.pixels]
    assert all(row % 7 == target for row, target in zip(rows, images.targets, strict=True))
    return sorted(rows)


HUB = {
    "one file": {"train.parquet": range(14)},
    "shards": {
        "data/train-00000-of-00002.parquet": range(7),
        "data/train-00001-of-00002.parquet": range(7, 14),
        "data/test-00000-of-00001.parquet": range(14, 28),
    },
    "converted by the hub": {
        "default/train/0000.parquet": range(14),
        "default/test/0000.parquet": range(14, 28),
    },
}


@pytest.mark.parametrize("form", HUB)
@pytest.mark.parametrize(
    "names",
    [ALPHABET, list(LABELS), ["Happiness", "Anger", *sorted({*LABELS} - {"happy", "angry"})]],
)
def test_parquet_files_of_the_hub(tmp_path, form, names):
    files = {name: parquet(rows, names) for name, rows in HUB[form].items()}
    done = import_dataset(write_zip(tmp_path / "a.zip", files), tmp_path / "out")
    assert done.images == ({"train": 14} if form == "one file" else {"train": 14, "test": 14})
    assert faces_by_label(tmp_path / "out", "train") == list(range(14))


CELLS = {
    "bytes": lambda row: png(row),
    "grey values": lambda row: face(row).ravel().tolist(),
    "rows of grey values": lambda row: face(row).tolist(),
    "text": lambda row: " ".join(map(str, face(row).ravel())),
}


@pytest.mark.parametrize("cell", CELLS.values(), ids=CELLS)
def test_parquet_images_in_other_forms(tmp_path, cell):
    content = parquet(range(7), image="pixels", cell=cell, usage=lambda rows: ["PublicTest"] * 7)
    (tmp_path / "fer.parquet").write_bytes(content)
    assert import_dataset(tmp_path / "fer.parquet", tmp_path / "out").images == {"validation": 7}
    assert faces_by_label(tmp_path / "out", "validation") == list(range(7))


def test_parquet_labels_without_names_are_kaggles_and_it_is_said(tmp_path):
    (tmp_path / "train.parquet").write_bytes(parquet(range(7), names=None))
    done = import_dataset(tmp_path / "train.parquet", tmp_path / "out")
    assert any("numbers were read as Kaggle's: 0 angry" in note for note in done.notes)
    assert faces_by_label(tmp_path / "out", "train") == list(range(7))


BAD_PARQUET = {
    "no labels": (lambda: parquet(range(3), None, label=None), "no column 'emotion' or 'label'"),
    "an eighth label": (
        lambda: parquet(range(3), told=["bored", *ALPHABET[1:]]),
        "row 1: unknown label 'bored'",
    ),
    "paths alone": (
        lambda: parquet(range(3), cell=lambda row: {"bytes": None, "path": "a.png"}),
        "row 1: the path of an image instead of the image itself",
    ),
    "no image": (lambda: parquet(range(3), cell=lambda row: b"x"), "row 1: no readable image"),
    "no square": (lambda: parquet(range(3), cell=lambda row: [1, 2, 3]), "3 pixel values, which"),
    "cut off": (lambda: parquet(range(3))[:-30], "is no readable parquet file"),
    "other columns": (lambda: parquet(range(3), image="sound"), "no known form"),
}


@pytest.mark.parametrize("case", BAD_PARQUET)
def test_parquet_files_that_cannot_be_used_are_refused(tmp_path, case):
    content, message = BAD_PARQUET[case]
    (tmp_path / "train.parquet").write_bytes(content())
    with pytest.raises(UserError, match=message):
        import_dataset(tmp_path / "train.parquet", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_parquet_images_have_no_rows_for_votes(tmp_path):
    (tmp_path / "train.parquet").write_bytes(parquet(range(7)))
    (tmp_path / "new.csv").write_text(ferplus())
    with pytest.raises(UserError, match="are no row numbers"):
        import_dataset(tmp_path / "train.parquet", tmp_path / "out", ferplus=tmp_path / "new.csv")
