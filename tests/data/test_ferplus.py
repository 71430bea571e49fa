"""FER+ votes beside the images: read, checked for alignment, written by row."""

import numpy as np
import pytest

from fer.data.folder import FolderDataset
from fer.data.importer import add_votes, import_dataset
from fer.errors import UserError
from tests.support.fer2013_forms import (
    FERPLUS_HEADER,
    USAGES,
    class_folders,
    content_of,
    ferplus,
    table,
    write_folder,
)


@pytest.fixture
def votes(tmp_path):
    (tmp_path / "fer2013new.csv").write_text(ferplus())
    return tmp_path / "fer2013new.csv"


def write_table(folder, usages=USAGES, name="fer2013.csv", header="emotion,pixels,Usage"):
    (folder / name).write_text(table(usages, header))
    return folder / name


def has_its_votes(dest, split):
    images = FolderDataset.open(dest).load(split)
    return np.array_equal(images.votes[:, 0], images.rows % 11) and (images.votes[:, 3] == 1).all()


@pytest.mark.parametrize("scheme", ["official", "80-20"])
def test_votes_stand_beside_the_images(tmp_path, votes, scheme):
    done = import_dataset(write_table(tmp_path), tmp_path / "out", scheme, votes)
    lines = (tmp_path / "out" / "ferplus.csv").read_text().splitlines()
    assert (
        lines[0] == "row,neutral,happiness,surprise,sadness,anger,disgust,fear,contempt,unknown,NF"
    )
    assert lines[3] == "2,2,0,0,1,0,0,0,0,0,0"
    assert (len(lines) - 1, done.votes) == (28, 28)
    assert all(has_its_votes(tmp_path / "out", split) for split in done.images)


def without(row):
    return USAGES[:row] + USAGES[row + 1 :]


def swapped():
    usages = list(USAGES)
    usages[13], usages[14] = usages[14], usages[13]
    return usages


MISALIGNED = {
    "a row is missing": (without(5), "its row 13 is PublicTest, .* is Training"),
    "the last row is missing": (without(27), "ends after 27 rows, .* row 27"),
    "a row too many": ([*USAGES, "PrivateTest"], "its row 28 is PrivateTest, .* after 28 rows"),
    "two rows swapped": (swapped(), "its row 13 is PublicTest, .* is Training"),
    "no rows": ([], "ends after 0 rows, .* row 0"),
}


@pytest.mark.parametrize("case", MISALIGNED)
def test_misaligned_votes_are_refused_with_the_first_differing_row(tmp_path, case):
    usages, message = MISALIGNED[case]
    (tmp_path / "new.csv").write_text(ferplus(usages))
    with pytest.raises(UserError, match=message):
        import_dataset(write_table(tmp_path), tmp_path / "out", ferplus=tmp_path / "new.csv")
    assert {path.name for path in tmp_path.iterdir()} == {"fer2013.csv", "new.csv"}


def test_train_alone_takes_the_votes_of_its_rows(tmp_path, votes):
    source = write_table(tmp_path, USAGES[:14], "train.csv", "emotion,pixels")
    assert import_dataset(source, tmp_path / "out", ferplus=votes).votes == 14
    assert has_its_votes(tmp_path / "out", "train")


def test_too_short_a_train_table_does_not_fit(tmp_path, votes):
    source = write_table(tmp_path, USAGES[:13], "train.csv", "emotion,pixels")
    with pytest.raises(UserError, match=r"its row 13 is Training, .* after 13 rows"):
        import_dataset(source, tmp_path / "out", ferplus=votes)


def test_a_skipped_bad_last_row_does_not_break_the_alignment(tmp_path, votes):
    source = write_table(tmp_path)
    source.write_text(source.read_text().rstrip("\n") + "x\n")
    done = import_dataset(source, tmp_path / "out", ferplus=votes, skip_bad=True)
    assert (len(done.bad), done.votes) == (1, 27)


def test_a_folder_with_some_rows_is_aligned_by_its_file_names(tmp_path, votes):
    names = {
        "images/train/{label}/000{row}.png": "0 2 13",
        "images/validation/{label}/000{row}.png": "14 20 27",
    }
    files = class_folders(names)
    done = import_dataset(write_folder(tmp_path / "in", files), tmp_path / "out", ferplus=votes)
    assert done.votes == 6
    assert has_its_votes(tmp_path / "out", "train")
    assert has_its_votes(tmp_path / "out", "validation")


WITHOUT_ROWS = {
    "names": {"train/{label}/im{row}.png": "0 1 2"},
    "numbers that start again in every folder": {"train/{label}/1.png": "0 1 2"},
}


@pytest.mark.parametrize("case", WITHOUT_ROWS)
def test_images_without_row_numbers_cannot_have_votes(tmp_path, votes, case):
    source = write_folder(tmp_path / "in", class_folders(WITHOUT_ROWS[case]))
    with pytest.raises(UserError, match="are no row numbers"):
        import_dataset(source, tmp_path / "out", ferplus=votes)
    import_dataset(source, tmp_path / "out")
    with pytest.raises(UserError, match="are no row numbers"):
        add_votes(FolderDataset.open(tmp_path / "out"), votes)


def test_votes_can_be_added_later(tmp_path, votes):
    import_dataset(write_table(tmp_path), tmp_path / "out")
    assert add_votes(FolderDataset.open(tmp_path / "out"), votes) == 28
    assert has_its_votes(tmp_path / "out", "test")


def test_misaligned_votes_are_not_added_later(tmp_path):
    import_dataset(write_table(tmp_path), tmp_path / "out", "80-20")
    before = content_of(tmp_path / "out")
    (tmp_path / "new.csv").write_text(ferplus(swapped()))
    with pytest.raises(UserError, match="its row 13 is PublicTest"):
        add_votes(FolderDataset.open(tmp_path / "out"), tmp_path / "new.csv")
    assert content_of(tmp_path / "out") == before


LINE = "Training,fer0000000.png,4,0,0,1,3,2,0,0,0,0"
BROKEN = {
    "missing": (None, "cannot be read"),
    "empty": ("", "its first line is not"),
    "other table": (table(), "its first line is not"),
    "cut line": (f"{FERPLUS_HEADER}\n{LINE}\nTraining,x,4,0\n", "line 3 does not hold 10 numbers"),
    "negative": (f"{FERPLUS_HEADER}\n{LINE[:-1]}-1\n", "line 2 does not hold 10 numbers"),
    "usage": (f"{FERPLUS_HEADER}\n\n{LINE.replace('Training', 'Test')}\n", "line 3 has the Usage"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_broken_votes_are_refused_before_the_work(tmp_path, case):
    text, message = BROKEN[case]
    if text is not None:
        (tmp_path / "new.csv").write_text(text)
    with pytest.raises(UserError, match=message):
        import_dataset(write_table(tmp_path), tmp_path / "out", ferplus=tmp_path / "new.csv")
    assert not (tmp_path / "out").exists()
