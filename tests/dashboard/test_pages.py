"""Every page of the dashboard, drawn without a browser: whole, damaged, with and without images."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash

from fer.bundle import METRICS, MODEL_ONNX, PREDICTIONS, SPEC, TRAIN
from fer.labels import LABELS
from tests.support.dashboard_bundle import write_bundle, write_dataset

ROOT = Path(__file__).resolve().parent.parent.parent
PLOTS = {"overview": 0, "dataset": 4, "validation": 6, "training": 4, "compare": 2, "try": 0}
HINT = "streamlit run dashboard.py -- --data DIR"


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    """A dataset in ``data`` and two bundles in ``weights``."""
    folder = tmp_path_factory.mktemp("site")
    data = write_dataset(folder / "data")
    write_bundle(folder / "weights", data, "fer", 0)
    write_bundle(folder / "weights", data, "fer-consensus", 1, "ferplus")
    return folder


@pytest.fixture
def weights(site, tmp_path) -> Path:
    """A copy of the bundles to be damaged."""
    return Path(shutil.copytree(site / "weights", tmp_path / "weights"))


@pytest.fixture
def visit(monkeypatch):
    """Open a page; ``query`` is what stands in the address."""
    monkeypatch.delenv("FER_DATA", raising=False)
    monkeypatch.setattr("fer.dashboard.state.DEFAULT_DATA", Path("no-such-folder"))

    def open_page(where: str, *arguments: object, **query: str) -> AppTest:
        monkeypatch.setattr(sys, "argv", ["dashboard.py", *map(str, arguments)])
        app = AppTest.from_file(str(ROOT / "dashboard.py"), default_timeout=60)
        # `switch_page` knows pages that are files, ours are functions.
        app._page_hash = calc_hash("" if where == "overview" else where)
        for key, value in query.items():
            app.query_params[key] = value
        return app.run()

    return open_page


def html(app: AppTest) -> str:
    return "".join(element.proto.body for element in app.get("html"))


def problems(app: AppTest) -> str:
    return " ".join(element.value.replace("\\", "") for element in app.warning)


@pytest.mark.parametrize("page", PLOTS)
@pytest.mark.parametrize("with_images", [True, False], ids=["images", "alone"])
def test_every_page_draws(visit, site, page, with_images):
    data = ["--data", site / "data"] if with_images else []
    app = visit(page, "--weights", site / "weights", *data, second="fer-consensus")
    assert not app.exception
    assert problems(app) == ""
    assert len(app.get("plotly_chart")) == PLOTS[page]
    assert len(app.markdown) == 0  # Streamlit's magic draws what is merely written down
    if page in ("overview", "dataset", "compare"):
        assert ("data:image/png;base64" in html(app)) == with_images
        assert (HINT in html(app)) == (not with_images)


def test_numbers_come_with_interval_split_and_count(visit, site):
    entry = json.loads((site / "weights/fer" / METRICS).read_text())["validation"]
    text = html(visit("overview", "--weights", site / "weights"))
    low, high = entry["intervals"]["accuracy"]
    assert f"{100 * entry['accuracy']:.1f} %" in text
    assert f"{100 * low:.1f} to {100 * high:.1f} %" in text
    assert f"validation, {entry['n']} images" in text


def test_a_mean_of_runs_is_said_where_one_run_is_shown(visit, weights):
    path = weights / "fer" / TRAIN
    arguments = ("--weights", weights)
    assert "are the mean of" not in html(visit("training", *arguments))
    made = json.loads(path.read_text()) | {"averaged": ["runs/b/fer", "runs/a/fer"]}
    path.write_text(json.dumps(made))
    text = html(visit("training", *arguments))
    assert "the mean of those of runs/b/fer and runs/a/fer" in text
    assert "this page tells of runs/b/fer" in text


def test_the_confusion_matrix_is_that_of_the_bundle(visit, site):
    entry = json.loads((site / "weights/fer" / METRICS).read_text())["validation"]
    app = visit("validation", "--weights", site / "weights")
    spec = json.loads(app.get("plotly_chart")[0].proto.spec)
    shown = {
        tuple(point): int(text)
        for trace in spec["data"][1:]
        for point, text in zip(trace["customdata"], trace["text"], strict=True)
    }
    for true, row in zip(LABELS, entry["confusion"], strict=True):
        assert [shown[true, predicted] for predicted in LABELS] == row


@pytest.mark.parametrize("bundle", ["fer", "fer-consensus"])
def test_a_cell_shows_as_many_images_as_its_number_says(visit, site, bundle):
    entry = json.loads((site / "weights" / bundle / METRICS).read_text())["validation"]
    counts = np.array(entry["confusion"])
    np.fill_diagonal(counts, 0)
    true, predicted = np.unravel_index(counts.argmax(), counts.shape)
    arguments = ("--weights", site / "weights", "--data", site / "data")
    query = {"true": LABELS[true], "predicted": LABELS[predicted], "bundle": bundle}
    app = visit("validation", *arguments, **query)
    assert app.selectbox(key="bundle").value == bundle
    assert html(app).count("<figure>") == counts.max()
    assert html(app).count('class="fer-bars"') == counts.max()


def test_the_address_is_a_view_that_can_be_shared(visit, site):
    arguments = ("--weights", site / "weights", "--data", site / "data")
    app = visit("dataset", *arguments, label="disgust", finding="blank", **{"from": "validation"})
    assert "labelled “disgust” in validation" in html(app)
    assert "no face to learn from" in html(app)


@pytest.mark.parametrize(
    "query",
    [
        {"bundle": "../../etc", "split": "nowhere", "cells": "x"},
        {"true": "joy", "predicted": "", "page": "-3"},
        {"page": "999", "true": "happy", "predicted": "happy"},
        {"data": "/", "figures": "exe"},
    ],
)
def test_a_wrong_address_falls_back(visit, site, query):
    app = visit("validation", "--weights", site / "weights", "--data", site / "data", **query)
    assert not app.exception
    assert len(app.get("plotly_chart")) == 6
    assert app.selectbox(key="bundle").value == "fer"


def test_the_address_cannot_name_a_dataset_folder(visit, site):
    app = visit("overview", "--weights", site / "weights", data=str(site / "data"))
    assert "data:image/png" not in html(app)


def _spoil_recall(metrics):
    del metrics["validation"]["per_label"]["fear"]["recall"]


SPOILED = [
    ("metrics.json", lambda m: m["validation"].update(intervals={}), "overview", "fer evaluate"),
    ("metrics.json", lambda m: m["validation"].update(accuracy="0.5"), "overview", "fer evaluate"),
    ("metrics.json", _spoil_recall, "overview", "fer evaluate"),
    ("../data.audit.json", lambda d: d.update(counts=[]), "dataset", "fer data audit"),
    ("../data.audit.json", lambda d: d.update(counts={}), "dataset", "fer data audit"),
    ("../data.audit.json", lambda d: d["counts"].update(train={"sad": "x"}), "dataset", "audit"),
]


@pytest.mark.parametrize(("file", "spoil", "page", "command"), SPOILED)
def test_values_that_cannot_be_are_named(visit, site, tmp_path, file, spoil, page, command):
    weights = Path(shutil.copytree(site / "weights", tmp_path / "weights"))
    values = json.loads((weights / "fer" / file).read_text(encoding="utf-8"))
    spoil(values)
    (weights / "fer" / file).write_text(json.dumps(values), encoding="utf-8")
    app = visit(page, "--weights", weights)
    assert not app.exception
    assert Path(file).name in problems(app) and command in problems(app)


def test_models_measured_on_different_images_are_not_compared(visit, site, tmp_path):
    weights = Path(shutil.copytree(site / "weights", tmp_path / "weights"))
    for name, fingerprint in (("fer", "one"), ("fer-consensus", "another")):
        values = json.loads((weights / name / "metrics.json").read_text(encoding="utf-8"))
        values["validation"]["dataset_sha256"] = fingerprint
        (weights / name / "metrics.json").write_text(json.dumps(values), encoding="utf-8")
    app = visit("compare", "--weights", weights)
    assert not app.exception
    assert any("not measured on the same images" in note for note in html(app).split("<p"))


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
    model = weights / "fer" / MODEL_ONNX
    model.write_bytes((weights / "fer-consensus" / MODEL_ONNX).read_bytes())
    for page in ("overview", "validation"):
        assert "measured on another model" in problems(visit(page, "--weights", weights))
    assert "fer were not measured" in problems(visit("compare", "--weights", weights))


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


def test_one_unknown_class_folder_is_named(visit, site, tmp_path):
    data = Path(shutil.copytree(site / "data", tmp_path / "data"))
    (data / "images/train/joy").mkdir()
    app = visit("dataset", "--weights", site / "weights", "--data", data)
    assert not app.exception
    assert "joy is not one of the labels" in problems(app)


def test_an_image_that_is_gone_leaves_an_empty_frame(visit, site, tmp_path):
    data = Path(shutil.copytree(site / "data", tmp_path / "data"))
    for image in (data / "images/validation").rglob("*.png"):
        image.write_bytes(b"")
    app = visit("overview", "--weights", site / "weights", "--data", data)
    assert not app.exception
    assert "not readable" in html(app)
    for image in (data / "images/validation").rglob("*.png"):
        image.unlink()
    assert "not in this dataset" in html(app.run())


def test_a_folder_without_bundles_gets_a_sentence(visit, tmp_path):
    assert "holds no trained model" in problems(visit("overview", "--weights", tmp_path))


def test_unknown_arguments_get_a_sentence(visit):
    assert "does not know" in problems(visit("overview", "--date", "x"))


def test_the_environment_can_name_the_dataset(visit, site, monkeypatch):
    app = visit("overview", "--weights", site / "weights")
    assert HINT in html(app)
    monkeypatch.setenv("FER_DATA", str(site / "data"))
    assert "data:image/png" in html(visit("overview", "--weights", site / "weights"))


def test_a_single_bundle_has_nothing_to_compare_with(visit, weights):
    shutil.rmtree(weights / "fer-consensus")
    app = visit("compare", "--weights", weights)
    assert not app.exception
    assert "There is one model" in html(app)


def test_every_table_can_be_downloaded(visit, site):
    for page, tables in {"dataset": 3, "validation": 2, "training": 2, "compare": 2}.items():
        app = visit(page, "--weights", site / "weights", second="fer-consensus")
        names = [button.label for button in app.get("download_button")]
        assert len(app.dataframe) == len(names) >= tables, page


@pytest.mark.parametrize(
    ("content", "sentence"),
    [(b"no picture", "face.jpg is not a picture"), (b"", "face.jpg is empty")],
)
def test_a_broken_upload_gets_a_sentence(visit, site, content, sentence):
    app = visit("try", "--weights", site / "weights")
    app.file_uploader(key="picture").upload("face.jpg", content, "image/jpeg").run()
    assert not app.exception
    assert sentence in problems(app)


def test_an_uploaded_picture_gets_an_answer(visit, site, tmp_path):
    from PIL import Image
    from skimage.data import astronaut

    Image.fromarray(astronaut()).save(tmp_path / "astronaut.png")
    app = visit("try", "--weights", site / "weights", evidence="true")
    picture = (tmp_path / "astronaut.png").read_bytes()
    app.file_uploader(key="picture").upload("astronaut.png", picture, "image/png").run()
    assert not app.exception
    assert problems(app) == ""
    assert "1 face" in html(app)
    bars = json.loads(app.get("plotly_chart")[0].proto.spec)["data"][0]
    assert bars["y"] == list(LABELS)
    assert sum(bars["x"]) == pytest.approx(1, abs=1e-4)


def test_a_picture_without_a_face_says_so(visit, site):
    from io import BytesIO

    from PIL import Image

    buffer = BytesIO()
    Image.new("RGB", (200, 120), "#808080").save(buffer, "PNG")
    app = visit("try", "--weights", site / "weights")
    app.file_uploader(key="picture").upload("grey.png", buffer.getvalue(), "image/png").run()
    assert not app.exception
    assert "No face found" in html(app)


def test_the_dashboard_never_imports_tensorflow():
    code = (
        "import sys, dashboard; "
        "print([m for m in ('tensorflow', 'keras', 'gradio') if m in sys.modules])"
    )
    result = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], cwd=ROOT, capture_output=True, text=True
    )
    assert result.stdout.strip() == "[]", result.stderr


def test_the_spec_file_is_read_anew_when_it_changes(visit, weights):
    path = weights / "fer" / SPEC
    path.write_text(path.read_text().replace('"original labels"', '"another name"'))
    app = visit("overview", "--weights", weights)
    assert "another name" in app.selectbox(key="bundle").options
