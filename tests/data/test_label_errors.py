"""Labels that a model contradicts with confidence: found, kept with it, shown by the audit."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from fer.bundle import LABEL_ERRORS, METRICS, PREDICTIONS, Bundle
from fer.cli import main
from fer.data.audit import audit_dataset, read_audit
from fer.data.label_errors import (
    confident_labels,
    doubt_labels,
    find_label_errors,
    read_label_errors,
    write_label_errors,
)
from fer.errors import UserError
from fer.labels import LABELS
from tests.support.bundles import write_toy_bundle
from tests.support.fer2013_forms import natural_face, save_image


def probabilities(*leading: tuple[int, float]) -> np.ndarray:
    """Rows that give ``(label, probability)`` and spread the rest evenly."""
    rows = np.array([np.full(7, (1 - p) / 6) for _, p in leading])
    for row, (label, p) in zip(rows, leading, strict=True):
        row[label] = p
    return rows


def test_confident_labels_follow_the_thresholds():
    # Mean probability of angry among angry images: 0.6; of sad among sad images: 0.9.
    targets = np.array([0, 0, 4, 0, 0])
    leading = ((0, 0.9), (0, 0.86), (4, 0.9), (4, 0.93), (4, 0.8))
    probs = probabilities(*leading)
    mean_angry = probs[targets == 0, 0].mean()
    assert 0.4 < mean_angry < 0.6
    assert confident_labels(targets, probs).tolist() == [0, 0, 4, 4, 0]


def test_labels_that_no_image_has_are_never_suggested():
    targets = np.array([0, 0])
    assert confident_labels(targets, probabilities((0, 0.9), (6, 0.99))).tolist() == [0, 0]


def test_label_errors_are_ranked_and_compared_with_votes():
    files = [f"{split}/x/{i}.png" for split in ("train", "validation") for i in range(4)]
    targets = np.array([0, 0, 4, 4] * 2)
    probs = probabilities(
        (0, 0.8), (4, 0.95), (4, 0.8), (4, 0.7), (0, 0.8), (0, 0.9), (0, 0.87), (4, 0.9)
    )
    votes = ["angry", "sad", "sad", "", "", "", "happy", ""]
    found = find_label_errors(files, targets, probs, votes, "toy")
    assert [(s.file, s.suggested) for s in found.suspects] == [
        ("train/x/1.png", "sad"),
        ("validation/x/2.png", "angry"),
    ]
    assert found.suspects[0].p_suggested == 0.95
    assert found.checked == {"train": 4, "validation": 4}
    assert found.in_sample == ("train",)
    assert [suspect.file for suspect in found.confirmed] == ["train/x/1.png"]


def write_predictions(folder: Path, data: Path, wrong: str, split: str = "train") -> Bundle:
    """A bundle ``toy`` that answers every image of ``split`` with its label, but ``wrong``."""
    bundle = Bundle(write_toy_bundle(folder))
    files = sorted(p.relative_to(data / "images").as_posix() for p in data.rglob("*.png"))
    labels = [file.split("/")[1] for file in files]
    leading = [
        (3 if f == wrong else LABELS.index(label), 0.9)
        for f, label in zip(files, labels, strict=True)
    ]
    table = pd.DataFrame(probabilities(*leading).astype(np.float32), columns=list(LABELS))
    table = table.assign(split=split, row=range(len(files)), file=files, label=labels)
    table.assign(ferplus=None, agreement=np.nan).to_parquet(bundle.path(PREDICTIONS))
    bundle.add_current(METRICS, split, {})
    return bundle


def test_command_prints_and_stores_the_audit_with_the_dataset(small: Path, tmp_path: Path, capsys):
    bundle = write_predictions(tmp_path, small, wrong="train/sad/00004.png")
    command = ["data", "audit", str(small), "--weights", str(bundle)]
    assert main(command) == 0
    printed = capsys.readouterr()
    assert "the model 'toy' contradicts with confidence: 1 of 21." in printed.out
    assert "was trained on train" in printed.out
    assert "reading" in printed.err
    assert read_audit(small / "audit.json") == audit_dataset(small)
    assert [(s.file, s.given, s.suggested) for s in read_label_errors(bundle).suspects] == [
        ("train/sad/00004.png", "sad", "happy")
    ]
    assert main([*command, "--json"]) == 0
    values = json.loads(capsys.readouterr().out)
    assert values["counts"]["train"]["angry"] == 3
    assert values["label_errors"]["suspects"][0]["file"] == "train/sad/00004.png"


def test_label_errors_of_another_model_are_not_read(small: Path, tmp_path: Path):
    bundle = write_predictions(tmp_path, small, wrong="train/sad/00004.png")
    write_label_errors(bundle, doubt_labels(small, bundle))
    assert len(read_label_errors(bundle).suspects) == 1
    write_toy_bundle(tmp_path, seed=1)
    with pytest.raises(UserError, match=r"label_errors\.json tells of another model"):
        read_label_errors(bundle)
    with pytest.raises(UserError, match=r"of another model\.onnx .*evaluate"):
        doubt_labels(small, bundle)  # its predictions are not of the present model


@pytest.mark.parametrize("text", ["[]", "{", "{}", '{"method": 3}', None])
def test_damaged_label_errors_are_named(text, tmp_path: Path):
    bundle = Bundle(write_toy_bundle(tmp_path))
    if text is not None:
        bundle.path(LABEL_ERRORS).write_text(text)
    with pytest.raises(UserError, match=r"label_errors\.json .*data audit"):
        read_label_errors(bundle)


@pytest.mark.parametrize("content", [b"no parquet", None])
def test_damaged_predictions_are_named(content, small: Path, tmp_path: Path, capsys):
    bundle = write_predictions(tmp_path, small, wrong="")
    if content is None:
        pd.DataFrame({"file": ["a"]}).to_parquet(bundle.path(PREDICTIONS))
    else:
        bundle.path(PREDICTIONS).write_bytes(content)
    assert main(["data", "audit", str(small), "--weights", str(bundle)]) == 2
    assert "predictions.parquet is damaged" in capsys.readouterr().err


def test_predictions_of_other_images_are_refused(small: Path, tmp_path: Path):
    bundle = write_predictions(tmp_path, small, wrong="")
    save_image(tmp_path / "other" / "images" / "train" / "sad" / "x.png", natural_face(1))
    with pytest.raises(UserError, match="none of the images"):
        doubt_labels(tmp_path / "other", bundle)
