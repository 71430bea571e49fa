"""Class folders of every shape: each labelled image is imported, or refused by name."""

import cv2
import numpy as np
import pytest
from PIL import Image

from fer.data.folder import FolderDataset
from fer.data.importer import import_dataset
from fer.errors import UserError
from fer.labels import LABELS
from tests.support.fer2013_forms import (
    ROWS,
    class_folders,
    face,
    imported_names,
    path_of,
    png,
    table,
    write_folder,
    write_zip,
)

UNKNOWN = {
    # form: files beside those that are fine, the folder and the reason that must be told
    "misspelt, no split folders": (
        {"angry/1.png": 0, "suprise/2.png": 5, "suprise/3.png": 5},
        r"suprise \(2 images\): unknown label 'suprise'; perhaps surprise",
    ),
    "unknown, no split folders": (
        {"angry/1.png": 0, "contempt/2.png": 5},
        r"contempt: unknown label 'contempt' \(angry, .* are known\)",
    ),
    "unknown, in a split": (
        {"train/angry/1.png": 0, "train/contempt/2.png": 5},
        r"train/contempt: unknown label 'contempt'",
    ),
    "unknown, deep in a split": (
        {"train/angry/1.png": 0, "train/contempt/batch/2.png": 5},
        r"train/contempt/batch: unknown label 'contempt'",
    ),
    "unknown, with a number": (
        {"0/1.png": 0, "1/2.png": 1, "7/3.png": 1},
        r"7: unknown label '7'",
    ),
    "an unknown split": (
        {"train/angry/1.png": 0, "spare/angry/2.png": 0},
        r"spare/angry: 'spare' is no known split",
    ),
    "a split without class folders": (
        {"train/angry/1.png": 0, "test/2.png": 5},
        r"test: in no folder of a label",
    ),
    "class folders beside splits": (
        {"train/angry/1.png": 0, "happy/2.png": 5},
        r"happy: in no folder of a split",
    ),
    "two labels": (
        {"train/angry/1.png": 0, "train/happy/sad/2.png": 5},
        r"train/happy/sad: in folders of several labels, happy and sad",
    ),
}


@pytest.mark.parametrize("write", [write_folder, write_zip])
@pytest.mark.parametrize("case", UNKNOWN)
def test_images_in_unknown_folders_are_refused_by_name(tmp_path, case, write):
    rows, message = UNKNOWN[case]
    source = write(tmp_path / "in", {name: png(row) for name, row in rows.items()})
    with pytest.raises(UserError, match=message):
        import_dataset(source, tmp_path / "out")
    assert not (tmp_path / "out").exists()
    done = import_dataset(source, tmp_path / "out", skip_bad=True)
    bad = sum(row.images for row in done.bad)
    assert bad + sum(done.images.values()) == len(rows)
    assert any(str(done.bad[0].place) in line and "left out" in line for line in done.listing)


SPLIT_NAMES = {
    "train": ("training", "Train", "TRAIN", "train_set", "Training Set"),
    "validation": ("val", "valid", "dev", "eval", "evaluation", "public_test", "PublicTest"),
    "test": ("testing", "private_test", "PrivateTest", "Private Test", "test-set"),
}


@pytest.mark.parametrize(
    ("name", "split"), [(name, split) for split, names in SPLIT_NAMES.items() for name in names]
)
def test_splits_by_their_many_names(tmp_path, name, split):
    files = class_folders({f"{name}/{{label}}/{{row}}.png": ROWS})
    files |= class_folders({"other/train/{label}/x{row}.png": "0"}) if split != "train" else {}
    source = write_folder(tmp_path / "in", files)
    images = import_dataset(source, tmp_path / "out").images
    assert images[split] == 7


@pytest.mark.parametrize(
    "deep",
    [
        "train/{label}/batch 2/{row}.png",
        "train/batch/2/{label}/{row}.png",
        "more/train/{label}/{row}.png",
        "{label}/train/{row}.png",
    ],
)
@pytest.mark.parametrize("write", [write_folder, write_zip])
def test_images_deeper_than_others_are_imported(tmp_path, deep, write):
    files = class_folders({"train/{label}/{row}.png": ROWS, deep: "7 8 9 10 11 12 13"})
    done = import_dataset(write(tmp_path / "in", files), tmp_path / "out")
    assert done.images == {"train": 14}
    assert imported_names(tmp_path / "out") == sorted(path_of("train", row) for row in range(14))


def test_a_second_copy_is_left_out_and_listed_but_another_image_of_that_name_is_not(tmp_path):
    files = class_folders({"images/train/{label}/{row}.png": ROWS})
    files |= {f"images/{name}": content for name, content in files.items()}
    files["images/images/train/happy/3.png"] = png(10)  # the same name, another face
    done = import_dataset(write_zip(tmp_path / "a.zip", files), tmp_path / "out")
    assert done.images == {"train": 8}
    assert "images/images/train/sad: 1 left out, the same images as in images" in done.listing
    happy = FolderDataset.open(tmp_path / "out").load("train")
    shown = {tuple(p[0, :8]) for p, t in zip(happy.pixels, happy.targets, strict=True) if t == 3}
    assert shown == {tuple(face(3)[0, :8]), tuple(face(10)[0, :8])}


@pytest.mark.parametrize(
    "name", ["{number}", "{number}_{label}", "{number} - {label}", "0{number}", "{label}_{number}"]
)
def test_numbered_class_folders_follow_kaggle(tmp_path, name):
    files = {
        f"train/{name.format(number=row, label=LABELS[row])}/{row}.png": png(row)
        for row in range(7)
    }
    done = import_dataset(write_folder(tmp_path / "in", files), tmp_path / "out")
    assert imported_names(tmp_path / "out") == sorted(path_of("train", row) for row in range(7))
    assert any("0 angry" in note for note in done.notes) == ("label" not in name)


def test_folders_that_are_numbers_are_batches_where_others_have_names(tmp_path):
    files = class_folders({"train/{label}/3/{row}.png": ROWS})
    import_dataset(write_folder(tmp_path / "in", files), tmp_path / "out")
    assert imported_names(tmp_path / "out") == sorted(path_of("train", row) for row in range(7))


def test_one_folder_with_a_number_is_no_dataset(tmp_path):
    source = write_folder(tmp_path / "in", {"holidays/3/1.png": png(3)})
    with pytest.raises(UserError, match="no known form"):
        import_dataset(source, tmp_path / "out")


@pytest.mark.parametrize("suffix", ["webp", "tiff", "TIF", "gif", "jfif", "pgm"])
def test_images_of_other_kinds_and_sizes(tmp_path, suffix):
    folder = tmp_path / "in" / "train" / "sad"
    folder.mkdir(parents=True)
    large = cv2.resize(face(4), (96, 96), interpolation=cv2.INTER_NEAREST)
    format = {"tif": "TIFF", "jfif": "JPEG", "pgm": "PPM"}.get(suffix.lower(), suffix.upper())
    options = {"lossless": True} if suffix == "webp" else {}
    Image.fromarray(large).save(folder / f"1.{suffix}", format, **options)
    assert import_dataset(tmp_path / "in", tmp_path / "out").images == {"train": 1}
    (pixels,) = FolderDataset.open(tmp_path / "out").load("train").pixels
    assert np.abs(pixels.astype(int) - face(4)).mean() < 3


def test_an_image_without_a_known_suffix_is_imported_and_other_files_are_listed(tmp_path):
    files = {
        "train/sad/1.png": png(4),
        "train/sad/0001": png(4),
        "train/sad/2.dat": png(4),
        "train/sad/Thumbs.db": b"x",
        "train/sad/notes.txt": b"bought on a flea market",
        "README.md": b"x",
        "cover.png": png(1),
    }
    done = import_dataset(write_folder(tmp_path / "in", files), tmp_path / "out")
    assert done.images == {"train": 3}
    assert done.listing == (
        "train/sad: 3 to train/sad",
        "README.md: 1 left out, not in a class folder",
        "cover.png: 1 left out, not in a class folder",
        "train/sad: 1 left out, no image (.db)",
        "train/sad: 1 left out, no image (.txt)",
    )


def test_images_beside_a_table_are_listed(tmp_path):
    files = {"fer2013.csv": table().encode(), "train/happy/1.png": png(3), "test.csv": b"pixels\n"}
    done = import_dataset(write_folder(tmp_path / "in", files), tmp_path / "out")
    assert "train/happy: 1 left out, fer2013.csv is imported instead" in done.listing
    assert "test.csv: 1 left out, fer2013.csv is imported instead" in done.listing


def test_links_that_go_round_are_refused(tmp_path):
    source = write_folder(tmp_path / "in", {"train/sad/4.png": png(4)})
    (source / "train" / "again").symlink_to(source)
    with pytest.raises(UserError, match="too deep, or a link goes round"):
        import_dataset(source, tmp_path / "out")


def test_a_folder_in_a_class_folder_of_a_dataset_is_refused_by_name(tmp_path):
    write_folder(tmp_path, {"train/sad/4.png": png(4), "train/sad/batch/5.png": png(5)})
    with pytest.raises(UserError, match=r"train/sad/batch is a folder inside a class folder"):
        FolderDataset.open(tmp_path).files("train")
