"""``--validation 20%``: stratified, the same every time, near-duplicates on one side."""

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from fer.cli import main
from fer.data.folder import FolderDataset
from fer.data.importer import add_votes, import_dataset
from fer.data.validation_split import draw_stratified, make_validation, read_share
from fer.errors import UserError
from fer.labels import LABELS
from tests.support.fer2013_forms import content_of, ferplus, natural_face, save_image, table

PER_LABEL = {"angry": 20, "disgust": 3, "fear": 10, "happy": 30, "sad": 11, "surprise": 1}


@pytest.fixture
def source(tmp_path) -> Path:
    """Class folders train and test; every happy face has a near-duplicate under another label."""
    number = 0
    for label, count in PER_LABEL.items():
        for _ in range(count):
            save_image(tmp_path / f"in/train/{label}/im{number}.png", natural_face(number))
            if label == "happy":
                save_image(
                    tmp_path / f"in/train/neutral/im{number}.png",
                    np.roll(natural_face(number), 2, 1),
                )
            number += 1
    save_image(tmp_path / "in/test/sad/im1000.png", natural_face(1000))
    return tmp_path / "in"


def test_import_takes_a_share_of_each_label(tmp_path, source):
    done = import_dataset(source, tmp_path / "out", validation="20%")
    dataset = FolderDataset.open(tmp_path / "out")
    counts = dataset.counts()
    assert counts["validation"] == {
        "angry": 4, "disgust": 1, "fear": 2, "happy": 6, "sad": 2, "surprise": 0, "neutral": 6,
    }  # fmt: skip
    assert counts["train"]["surprise"] == 1 and counts["test"]["sad"] == 1
    assert done.images == {"train": 84, "validation": 21, "test": 1}
    happy = {Path(name).name for name, label in dataset.files("validation") if label == 3}
    neutral = {Path(name).name for name, label in dataset.files("validation") if label == 6}
    assert happy == neutral  # each face and its near-duplicate


def test_the_split_is_recorded_and_the_same_every_time(tmp_path, source):
    for name in ("a", "b"):
        import_dataset(source, tmp_path / name, validation="0.2")
    record = json.loads((tmp_path / "a" / "validation.json").read_text())
    assert (record["share"], record["seed"], len(record["files"])) == (0.2, 0, 21)
    assert content_of(tmp_path / "a") == content_of(tmp_path / "b")
    moved = {f"validation/{name.split('/', 1)[1]}" for name in record["files"]}
    assert moved == {name for name, _ in FolderDataset.open(tmp_path / "a").files("validation")}


def test_train_names_the_command_and_the_command_works(tmp_path, source, capsys):
    import_dataset(source, tmp_path / "out")
    with pytest.raises(UserError, match=r"no split 'validation'.*--validation 20%") as told:
        FolderDataset.open(tmp_path / "out").load("validation")
    command = str(told.value).split("'")[3]
    assert main(command.split()[3:]) == 0
    assert "21 images of train became the split 'validation'" in capsys.readouterr().out
    assert len(FolderDataset.open(tmp_path / "out").load("validation")) == 21


def test_an_interrupted_split_goes_on_where_it_was(tmp_path, source, monkeypatch):
    import_dataset(source, tmp_path / "whole", validation="20%")
    import_dataset(source, tmp_path / "out")
    rename, calls = Path.rename, iter(range(100))

    def interrupted(path, target):
        if next(calls) == 9:
            raise KeyboardInterrupt
        return rename(path, target)

    dataset = FolderDataset.open(tmp_path / "out")
    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", interrupted)
        with pytest.raises(KeyboardInterrupt):
            make_validation(dataset, 0.2)
    make_validation(dataset, 0.2)
    assert content_of(tmp_path / "out") == content_of(tmp_path / "whole")


def test_a_validation_split_that_is_there_is_kept(tmp_path):
    (tmp_path / "fer2013.csv").write_text(table())
    with pytest.raises(UserError, match="has a validation split of 7 images already"):
        import_dataset(tmp_path / "fer2013.csv", tmp_path / "out", validation="20%")
    assert not (tmp_path / "out").exists()
    import_dataset(tmp_path / "fer2013.csv", tmp_path / "out")
    with pytest.raises(UserError, match="'validation' of 7 images already"):
        make_validation(FolderDataset.open(tmp_path / "out"), 0.2)


def test_votes_stay_with_their_rows(tmp_path):
    usages = ["Training"] * 28
    rows = (f"{row % 7},{' '.join(map(str, natural_face(row).ravel()))}" for row in range(28))
    (tmp_path / "train.csv").write_text("\n".join(["emotion,pixels", *rows]))
    (tmp_path / "new.csv").write_text(ferplus(usages))
    import_dataset(
        tmp_path / "train.csv", tmp_path / "a", ferplus=tmp_path / "new.csv", validation="25%"
    )
    import_dataset(tmp_path / "train.csv", tmp_path / "b", validation="25%")
    assert add_votes(FolderDataset.open(tmp_path / "b"), tmp_path / "new.csv") == 28
    assert content_of(tmp_path / "a") == content_of(tmp_path / "b")
    images = FolderDataset.open(tmp_path / "a").load("validation")
    assert len(images) == 7
    assert np.array_equal(images.votes[:, 0], images.rows % 11)


@pytest.mark.parametrize(
    ("text", "share"), [("20%", 0.2), ("0.2", 0.2), (" 5 %", 0.05), ("50%", 0.5), ("12.5%", 0.125)]
)
def test_shares(text, share):
    assert read_share(text) == share


@pytest.mark.parametrize("text", ["", "0", "20", "-1%", "60%", "a fifth", "20%%", "nan"])
def test_what_is_no_share_is_refused(text):
    with pytest.raises(UserError, match="no share between 0 and 50"):
        read_share(text)


def test_groups_are_drawn_whole_or_not_at_all():
    files = [f"train/{label}/{i}" for label in LABELS[:2] for i in range(50)]
    together = [tuple(files[i : i + 5]) for i in range(0, 50, 5)]
    for seed in range(5):
        drawn = set(draw_stratified(files, together, 0.3, seed))
        assert all(set(group) <= drawn or not set(group) & drawn for group in together)
        assert Counter(file.split("/")[1] for file in drawn) == {"angry": 15, "disgust": 15}
    assert draw_stratified(files, together, 0.3, 0) != draw_stratified(files, together, 0.3, 1)


def test_too_few_images_are_told(tmp_path):
    save_image(tmp_path / "images/train/sad/1.png", natural_face(1))
    with pytest.raises(UserError, match="too few images in train"):
        make_validation(FolderDataset.open(tmp_path), 0.2)


def test_a_label_of_large_groups_alone_gets_one_rather_than_none():
    files = [f"train/sad/{i}" for i in range(8)] + [f"train/fear/{i}" for i in range(10)]
    together = [files[:4], files[4:8]]  # of sad, 2 are wanted
    drawn = Counter(file.split("/")[1] for file in draw_stratified(files, together, 0.2))
    assert drawn == {"sad": 4, "fear": 2}


def test_where_all_images_look_alike_only_copies_are_kept_together_and_it_is_said(tmp_path):
    for number in range(20):
        face = natural_face(0)
        face[0, number] = 255
        save_image(tmp_path / f"images/train/sad/{number}.png", face)
        save_image(tmp_path / f"images/train/sad/{number + 20}.png", face)
    dataset = FolderDataset.open(tmp_path)
    assert "only identical images were kept on one side" in make_validation(dataset, 0.2)
    numbers = {int(Path(name).stem) for name, _ in dataset.files("validation")}
    assert len(numbers) == 8
    assert {number % 20 for number in numbers} == {n for n in range(20) if n in numbers}
