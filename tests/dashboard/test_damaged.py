"""What the dashboard says of files that are damaged, missing or of something else."""

import json
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest

from fer.bundle import METRICS, ONNX, PREDICTIONS
from tests.support.dashboard_bundle import write_dataset
from tests.support.dashboard_pages import html, problems

PROVENANCE = [
    ("overview", "confusions"), ("validation", "confusions"), ("validation", "labels"),
    ("compare", "models"),
]  # fmt: skip


@pytest.mark.parametrize(("page", "part"), PROVENANCE)
def test_figures_of_other_images_say_so_and_show_none(visit, site, data, page, part):
    image = next((data / "images/validation/happy").iterdir())
    cv2.imwrite(str(image), np.full((48, 48), 9, np.uint8))
    arguments = ("--weights", site / "weights", "--data", data)
    app = visit(page, *arguments, part=part, true="happy", predicted="happy")
    assert "not measured on the dataset at hand" in problems(app) or (
        "measured on other images" in problems(app)
    )
    assert "data:image" not in html(app)


def test_a_dataset_without_the_measured_split_is_named(visit, site, tmp_path):
    data = write_dataset(tmp_path / "mine", ("train", "test"))
    app = visit("validation", "--weights", site / "weights", "--data", data)
    assert "mine" in problems(app) and "no split “validation”" in problems(app)


def _spoil_recall(metrics):
    del metrics["validation"]["per_label"]["fear"]["recall"]


def _rename_label(metrics):
    labels = metrics["validation"]["per_label"]
    labels["anger"] = labels.pop("angry")


SPOILED = [
    ("metrics.json", _rename_label, "validation", "fer evaluate"),
    ("metrics.json", lambda m: m["validation"].update(intervals={}), "overview", "fer evaluate"),
    ("metrics.json", lambda m: m["validation"].update(accuracy="0.5"), "overview", "fer evaluate"),
    ("metrics.json", _spoil_recall, "overview", "fer evaluate"),
    ("../data.audit.json", lambda d: d.update(counts=[]), "dataset", "fer data audit"),
    ("../data.audit.json", lambda d: d.update(counts={}), "dataset", "fer data audit"),
    ("../data.audit.json", lambda d: d["counts"].update(train={"sad": "x"}), "dataset", "audit"),
]


@pytest.mark.parametrize(("file", "spoil", "page", "command"), SPOILED)
def test_values_that_cannot_be_are_named(visit, weights, file, spoil, page, command):
    values = json.loads((weights / "fer" / file).read_text(encoding="utf-8"))
    spoil(values)
    (weights / "fer" / file).write_text(json.dumps(values), encoding="utf-8")
    app = visit(page, "--weights", weights)
    assert not app.exception
    assert Path(file).name in problems(app) and command in problems(app)


def test_models_measured_on_different_images_are_not_compared(visit, weights):
    for name, fingerprint in (("fer", "one"), ("fer-consensus", "another")):
        values = json.loads((weights / name / "metrics.json").read_text(encoding="utf-8"))
        values["validation"]["dataset_sha256"] = fingerprint
        (weights / name / "metrics.json").write_text(json.dumps(values), encoding="utf-8")
    app = visit("compare", "--weights", weights, part="pair")
    assert not app.exception
    assert "not measured on the same images" in problems(app)


DAMAGES = [
    # file, what stands in it (None: gone), page that says so, command, pages that go on
    ("metrics.json", None, "validation", "python -m fer evaluate", ("dataset", "training")),
    ("metrics.json", "{", "overview", "python -m fer evaluate", ("dataset", "training")),
    ("metrics.json", '{"validation": {"n": 3}}', "validation", "fer evaluate", ("training",)),
    ("metrics.json", '{"validation": 3}', "validation", "fer evaluate", ("training",)),
    ("metrics.json", '{"validation": 3}', "compare", "fer evaluate", ("training",)),
    ("metrics.json", "[]", "compare", "python -m fer evaluate", ("dataset", "training")),
    ("predictions.parquet", None, "validation", "python -m fer evaluate", ("dataset", "training")),
    ("predictions.parquet", "PAR1", "validation", "python -m fer evaluate", ("overview",)),
    ("history.csv", None, "training", "python -m fer train", ("overview", "validation")),
    ("history.csv", "epoch\n1\n", "training", "python -m fer train", ("overview", "validation")),
    ("history.csv", "\0\1", "training", "python -m fer train", ("overview", "validation")),
    ("train.json", None, "training", "python -m fer train", ("overview", "validation")),
    ("train.json", "{}", "training", "python -m fer train", ("overview", "validation")),
    ("train.json", "[1", "training", "python -m fer train", ("overview", "validation")),
    ("../data.audit.json", None, "dataset", "python -m fer data audit", ("overview", "validation")),
    ("../data.audit.json", "{}", "dataset", "python -m fer data audit", ("overview", "validation")),
    ("spec.json", None, "overview", "python -m fer train", ("dataset", "training")),
    ("spec.json", '{"name": 3}', "overview", "spec.json", ("dataset", "training")),
    ("model.onnx", None, "overview", "python -m fer export", ("dataset", "training")),
]


@pytest.mark.parametrize(("file", "content", "page", "command", "others"), DAMAGES)
def test_a_damaged_file_is_named_on_its_page_only(
    visit, weights, file, content, page, command, others
):
    path = weights / "fer" / file
    path.unlink()
    if content is not None:
        path.write_text(content)
    app = visit(page, "--weights", weights)
    assert not app.exception
    sentences = [element.value for element in app.warning]
    assert Path(file).name in problems(app)
    assert command in problems(app)
    assert len(sentences) == len(set(sentences))  # said once
    for other in others:
        app = visit(other, "--weights", weights)
        assert not app.exception
        assert problems(app) == ""


def test_predictions_with_unknown_labels_are_refused(visit, weights):
    path = weights / "fer" / PREDICTIONS
    table = pd.read_parquet(path)
    table.loc[0, "label"] = "joy"
    table.to_parquet(path)
    app = visit("validation", "--weights", weights)
    assert "unknown labels" in problems(app)


def test_numbers_of_another_model_are_not_passed_off(visit, weights):
    model = weights / "fer" / ONNX
    model.write_bytes((weights / "fer-consensus" / ONNX).read_bytes())
    for page in ("overview", "validation"):
        assert "measured on another model" in problems(visit(page, "--weights", weights))
    shown = problems(visit("compare", "--weights", weights))
    assert "original labels" in shown and "measured on another model" in shown


def test_an_added_measurement_shows_without_a_restart(visit, weights):
    assert visit("overview", "--weights", weights).selectbox(key="split").options == ["validation"]
    path = weights / "fer" / METRICS
    entry = json.loads(path.read_text())["validation"]
    path.write_text(json.dumps({"test": entry, "validation": entry}))
    app = visit("overview", "--weights", weights)
    assert app.selectbox(key="split").options == ["test", "validation"]


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda folder: None, "There is no dataset folder"),
        (lambda folder: folder.mkdir(), "no class folders"),
        (lambda folder: (folder / "images/train/joy").mkdir(parents=True), "no class folders"),
    ],
    ids=["absent", "empty", "unknown classes"],
)
def test_a_wrong_dataset_folder_gets_a_sentence(visit, site, tmp_path, make, sentence):
    make(tmp_path / "data")
    app = visit("dataset", "--weights", site / "weights", "--data", tmp_path / "data")
    assert not app.exception
    assert sentence in problems(app)


def test_one_unknown_class_folder_is_named(visit, site, data):
    (data / "images/train/joy").mkdir()
    app = visit("dataset", "--weights", site / "weights", "--data", data)
    assert not app.exception
    assert "joy is not one of the labels" in problems(app)


def test_an_image_that_is_gone_leaves_an_empty_frame(visit, site, data):
    arguments = ("--weights", site / "weights", "--data", data)
    for image in (data / "images/validation/sad").iterdir():
        image.write_bytes(b"")
    app = visit("dataset", *arguments, part="images", label="sad", **{"from": "validation"})
    assert not app.exception
    assert "not readable" in html(app)


def test_measured_images_that_are_gone_are_told(visit, site, data):
    arguments = ("--weights", site / "weights", "--data", data)
    image = next((data / "images/validation/sad").iterdir())
    image.write_bytes(b"")
    app = visit("overview", *arguments)
    assert not app.exception
    assert image.name in problems(app)
    assert "data:image" not in html(app)


def test_a_folder_without_bundles_gets_a_sentence(visit, tmp_path):
    assert "holds no trained model" in problems(visit("overview", "--weights", tmp_path))


def test_unknown_arguments_get_a_sentence(visit):
    assert "does not know" in problems(visit("overview", "--date", "x"))
