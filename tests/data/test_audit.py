"""The audit of a dataset: planted findings, the command, damaged files."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from fer.bundle import TRAIN, Bundle
from fer.cli import main
from fer.data.advice import audit_as_text, remarks
from fer.data.audit import DatasetAudit, audit_dataset, read_audit, training_audit_path
from fer.data.label_errors import read_label_errors
from fer.errors import UserError
from fer.files import write_json
from fer.labels import LABELS
from tests.support.bundles import write_toy_bundle
from tests.support.fer2013_forms import natural_face, save_image


def save(folder: Path, name: str, image: np.ndarray) -> Path:
    return save_image(folder / "images" / name, image)


@pytest.fixture(scope="module")
def planted(tmp_path_factory) -> Path:
    """A dataset with one of everything that can be wrong."""
    folder = tmp_path_factory.mktemp("planted")
    for row in range(20):
        save(folder, f"train/{LABELS[row % 7]}/{row:05d}.png", natural_face(row))
    for row in range(20, 30):
        save(folder, f"validation/{LABELS[row % 7]}/{row:05d}.png", natural_face(row))
    save(folder, "train/angry/00040.png", natural_face(0))  # identical, same label, same split
    save(folder, "train/happy/00041.png", natural_face(1))  # identical, conflict with disgust
    save(folder, "validation/fear/00042.png", natural_face(2))  # identical, across splits
    save(
        folder, "validation/sad/00043.png", cv2.convertScaleAbs(natural_face(3), alpha=0.8, beta=30)
    )
    save(folder, "train/sad/00050.png", np.zeros((48, 48), np.uint8))
    save(
        folder,
        "train/sad/00051.png",
        np.full((48, 48), 130, np.uint8) + 20 * np.eye(48, dtype="u1"),
    )
    save(folder, "train/fear/00052.png", cv2.resize(natural_face(52), (64, 40)))
    save(folder, "train/fear/00053.png", np.dstack([natural_face(53)] * 3))
    save(folder, "train/fear/00054.png", natural_face(54).astype(np.uint16) * 256)
    images = folder / "images"
    (images / "train/fear/00060.png").write_bytes(b"")
    (images / "train/fear/00061.png").write_bytes(b"not an image")
    whole = (images / "train/angry/00000.png").read_bytes()
    (images / "train/fear/00062.png").write_bytes(whole[: len(whole) // 2])
    whole = save(folder, "train/fear/00063.jpg", natural_face(63)).read_bytes()
    (images / "train/fear/00063.jpg").write_bytes(whole[:-20])
    assert cv2.imread(str(images / "train/fear/00063.jpg")) is not None  # half grey, no complaint
    (images / "train/fear/notes.txt").write_text("bought on a flea market")
    (images / "Test" / "Angry").mkdir(parents=True)
    return folder


@pytest.fixture(scope="module")
def audit(planted: Path) -> DatasetAudit:
    return audit_dataset(planted)


def test_planted_findings_are_found_and_nothing_else(audit: DatasetAudit):
    assert audit.images == 43
    assert audit.counts["train"]["fear"] == 3 + 3 + 4  # unreadable files count
    assert {group.files for group in audit.identical.groups} == {
        ("train/angry/00000.png", "train/angry/00040.png"),
        ("train/disgust/00001.png", "train/happy/00041.png"),
        ("train/fear/00002.png", "validation/fear/00042.png"),
    }
    assert [group.labels for group in audit.identical.conflicting] == [("disgust", "happy")]
    assert [group.splits for group in audit.identical.across_splits] == [("train", "validation")]
    assert [group.files for group in audit.near.groups] == [
        ("train/happy/00003.png", "validation/sad/00043.png")
    ]
    assert audit.share_in_train("validation") == 2 / 12
    assert audit.also_in_train("validation") == (
        "validation/fear/00042.png",
        "validation/sad/00043.png",
    )
    assert audit.also_in_train("train") == ()
    assert audit.blank == ("train/sad/00050.png", "train/sad/00051.png")
    assert audit.unreadable == (
        *(f"train/fear/0006{i}.png" for i in range(3)),
        "train/fear/00063.jpg",
    )
    assert audit.odd_formats == {
        "64 × 40 grey": ("train/fear/00052.png",),
        "48 × 48 colour": ("train/fear/00053.png",),
        "48 × 48 grey 16-bit": ("train/fear/00054.png",),
    }
    assert audit.ignored == ("Test", "train/fear/notes.txt")
    assert audit.agreement is None


def test_json_round_trip(audit: DatasetAudit, tmp_path: Path):
    write_json(tmp_path / "audit.json", audit.as_json())
    assert read_audit(tmp_path / "audit.json") == audit
    values = json.loads((tmp_path / "audit.json").read_text())
    assert values["summary"]["identical"] == {
        "groups": 3, "images": 6, "conflicting_groups": 1, "groups_across_splits": 1,
    }  # fmt: skip
    assert values["summary"]["share_also_in_train"] == {"validation": 2 / 12}


def test_text_names_every_kind_of_finding(audit: DatasetAudit):
    text = audit_as_text(audit)
    for words in (
        "3 groups (6 images), 1 with conflicting labels, 1 across splits",
        "Unreadable: 4 (train/fear/00060.png, train/fear/00061.png, train/fear/00062.png, …)",
        "64 × 40 grey instead of 48 × 48 grey: 1 (train/fear/00052.png)",
        "Blank or nearly so: 2 (",
        "Unused: 2 (Test, train/fear/notes.txt)",
        "16.7 % of validation stand in train as well (identical: 1, nearly identical: 1)",
    ):
        assert words in text
    assert len(text.splitlines()) < 50


def test_out_names_another_place_and_leaves_the_dataset_alone(small: Path, tmp_path: Path):
    assert main(["data", "audit", str(small), "--out", str(tmp_path / "a.json")]) == 0
    assert read_audit(tmp_path / "a.json").images == 21
    assert not (small / "audit.json").exists()


def test_shipped_bundles_name_the_dataset_whose_audit_is_shipped_once():
    for name in ("fer", "fer-nano", "fer-consensus"):
        bundle = Bundle.open(name)
        audit = read_audit(training_audit_path(bundle))
        assert (audit.dataset, audit.images, len(audit.blank)) == ("fer2013", 32298, 14)
        assert read_label_errors(bundle).weights == name


@pytest.mark.parametrize("dataset", [None, "", 3])
def test_a_bundle_that_does_not_name_its_dataset_is_told(dataset, tmp_path: Path):
    bundle = Bundle(write_toy_bundle(tmp_path))
    bundle.write(TRAIN, {"config": {}, "dataset": dataset})
    with pytest.raises(UserError, match=r"train\.json does not say which dataset"):
        training_audit_path(bundle)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["nowhere"], "There is no dataset folder nowhere"),
        (["empty"], "has no class folders"),
        (["data", "--out", "nowhere/audit.json"], "There is no folder nowhere"),
        (["data", "--out", "empty"], "is a folder"),
        (["data", "--weights", "nobody"], "There is no bundle 'nobody'"),
        (["data", "--weights", "toy"], "predictions.parquet is missing"),
    ],
)
def test_mistakes_get_one_sentence(options, words, small, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_toy_bundle(tmp_path)
    (tmp_path / "empty").mkdir()
    assert main(["data", "audit", *options]) == 2
    error = capsys.readouterr().err
    assert words in error
    assert len(error.strip().splitlines()) == 1


def test_an_empty_class_folder_is_a_missing_label_and_no_stranger(tmp_path: Path):
    save(tmp_path, "train/happy/1.png", natural_face(1))
    (tmp_path / "images" / "train" / "sad").mkdir()
    (tmp_path / "images" / "train" / ".cache").mkdir()
    audit = audit_dataset(tmp_path / "images")
    assert audit.ignored == ()
    assert audit.dataset == tmp_path.name
    assert remarks(audit)[0].fact.startswith("train has no image of angry, disgust, fear, sad,")


def test_unknown_class_folder_is_named(small: Path):
    (small / "images" / "train" / "bored").mkdir()
    with pytest.raises(UserError, match="bored"):
        audit_dataset(small)


def test_a_dataset_without_any_readable_image_is_audited(tmp_path: Path):
    path = tmp_path / "train" / "sad" / "1.png"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"")
    audit = audit_dataset(tmp_path)
    assert audit.unreadable == ("train/sad/1.png",)
    assert audit.identical.groups == audit.near.groups == ()
    assert "Unreadable: 1 (train/sad/1.png)" in remarks(audit)[0].fact


@pytest.mark.parametrize("text", ["[]", "{", "{}", '{"agreement": 3}'])
def test_damaged_audit_file_is_named(text, tmp_path: Path):
    path = tmp_path / "audit.json"
    path.write_text(text)
    with pytest.raises(UserError, match=r"audit\.json"):
        read_audit(path)


def test_an_audit_shows_how_far_it_is(planted):
    taken: dict[str, int] = {}

    def progress(items, what):
        for item in items:
            taken[what] = taken.get(what, 0) + 1
            yield item

    audit = audit_dataset(planted, progress)
    assert audit == audit_dataset(planted)
    assert taken["reading"] == audit.images
