"""Every page of the dashboard, drawn without a browser, with and without images."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from fer.bundle import GROUPS, METRICS, SPEC, TRAIN
from fer.cli import main
from fer.dashboard.overview import GALLERY
from fer.evaluation.groups import SMALL
from fer.labels import LABELS
from fer.palette import LIGHT, READABLE, contrast
from tests.support.dashboard_bundle import write_dataset
from tests.support.dashboard_pages import HINT, html, metrics, problems

ROOT = Path(__file__).resolve().parent.parent.parent
PLOTS = {
    ("overview", ""): 0, ("dataset", "glance"): 2, ("dataset", "images"): 0,
    ("dataset", "audit"): 0, ("dataset", "people"): 1, ("validation", "confusions"): 1,
    ("validation", "labels"): 1, ("validation", "confidence"): 2, ("validation", "agreement"): 1,
    ("validation", "finding"): 1, ("validation", "groups"): 0, ("training", ""): 4,
    ("compare", "models"): 0, ("compare", "pair"): 1, ("try", ""): 0,
}  # fmt: skip
"""Figures on each page and part."""

WITH_PICTURES = {
    ("overview", ""), ("dataset", "glance"), ("dataset", "images"), ("dataset", "audit"),
    ("compare", "pair"),
}  # fmt: skip


@pytest.mark.parametrize(("page", "part"), PLOTS)
@pytest.mark.parametrize("with_images", [True, False], ids=["images", "alone"])
def test_every_page_draws(visit, site, page, part, with_images):
    arguments = ["--data", site / "data"] if with_images else []
    query = {"part": part, "second": "fer-consensus", "view": "learned"}
    app = visit(page, "--weights", site / "weights", *arguments, **query)
    assert not app.exception
    assert problems(app) == ""
    assert len(app.get("plotly_chart")) == PLOTS[page, part]
    assert len(app.markdown) == 0  # Streamlit's magic draws what is merely written down
    if (page, part) in WITH_PICTURES:
        assert ("data:image" in html(app)) == with_images
        assert (HINT in html(app)) == (not with_images)


def test_models_share_a_figure_where_the_same_labels_judge_them(visit, site):
    app = visit("compare", "--weights", site / "weights", judge="original")
    assert len(app.get("plotly_chart")) == 1
    app = visit("compare", "--weights", site / "weights", part="pair")
    assert "Only" in html(app) and "learned the original labels" in html(app)


def test_groups_of_people_are_shown_with_their_gap_and_a_warning(visit, site, weights, tmp_path):
    table = tmp_path / "people.csv"
    names = sorted(path.name for path in (site / "data" / "images" / "validation").rglob("*.png"))
    groups = "".join(f"{name},{'old' if i % 2 else 'young'}\n" for i, name in enumerate(names))
    table.write_text(f"file,age\n{groups}")
    options = ["--split", "validation", "--weights", weights / "fer", "--groups", table]
    assert main([str(part) for part in ("evaluate", "--data", site / "data", *options)]) == 0
    app = visit("validation", "--weights", weights, part="groups")
    assert not app.exception and len(app.get("plotly_chart")) == 1
    assert f"fewer than {SMALL}" in problems(app)
    assert "age: no gap" in html(app)
    entries = json.loads((weights / "fer" / GROUPS).read_text())
    group = entries["validation"]["columns"]["age"]["groups"]["old"]
    group |= {"n": 0, "accuracy": None, "balanced_accuracy": None, "intervals": {}}
    (weights / "fer" / GROUPS).write_text(json.dumps(entries))
    app = visit("validation", "--weights", weights, part="groups")
    assert not app.exception and len(app.get("plotly_chart")) == 1


def test_numbers_come_with_interval_split_and_count(visit, site):
    entry = metrics(site)
    text = html(visit("overview", "--weights", site / "weights"))
    low, high = entry["intervals"]["accuracy"]
    assert f"{100 * entry['accuracy']:.1f} %" in text
    assert f"{100 * low:.1f} to {100 * high:.1f}&nbsp;%" in text or f"{100 * high:.1f} %" in text
    assert f"{entry['n']} validation images of data" in text


def test_one_accuracy_is_the_headline_and_the_others_are_named_after_it(visit, site):
    text = html(visit("overview", "--weights", site / "weights"))
    names = [part.split("<")[0] for part in text.split('class="fer-name">')[1:]]
    assert names[0] == "Accuracy"
    assert names.count("Accuracy") == 1
    assert {"Accuracy without copies", "Accuracy when sure"} < set(names)


def test_three_figures_come_first_and_the_others_are_folded_up(visit, site):
    app = visit("overview", "--weights", site / "weights")
    more = next(box for box in app.expander if "More figures" in box.label)
    folded = "".join(element.proto.body for element in more.get("html"))
    assert "Macro-F1" in folded and "Calibration error" in folded
    assert html(app).count('class="fer-card"') - folded.count('class="fer-card"') == 3


def test_wrong_answers_are_those_that_the_product_gives(visit, site):
    from fer.bundle import Bundle

    limit = metrics(site)["unsure_below"]
    found = Bundle(site / "weights/fer").predictions("validation")
    sure = found.probs.max(axis=1) >= limit
    text = html(visit("overview", "--weights", site / "weights", "--data", site / "data"))
    wrong = text.split(">Wrong")[1].split(">Unsure")[0]
    shown = {piece.split('"')[0] for piece in wrong.split('alt="')[1:]}
    assert 0 < len(shown) <= GALLERY
    assert shown <= set(found.files[sure & ~found.correct])
    assert (~sure).any()


def test_the_dataset_page_counts_the_folder_and_not_what_the_model_learned_from(
    visit, site, tmp_path
):
    data = write_dataset(tmp_path / "mine", ("train", "validation", "test"))
    app = visit("dataset", "--weights", site / "weights", "--data", data)
    text = html(app)
    for split in ("train", "validation", "test"):
        count = sum(1 for _ in (data / "images" / split).rglob("*.png"))
        assert f'>{split}</span><span class="fer-value">{count}<' in text
    assert app.button_group(key="view").options[0] == "mine"
    assert text.count("<figure>") == 24
    assert not [box for box in app.selectbox if box.key == "bundle"]
    learned = visit("dataset", "--weights", site / "weights", "--data", data, view="learned")
    assert "learned from data" in html(learned)
    assert "mine, the dataset at hand, is another one" in html(learned)
    assert "data:image" not in html(learned)


def test_an_audit_can_be_run_from_the_page(visit, site, data):
    arguments = ("--weights", site / "weights", "--data", data)
    app = visit("dataset", *arguments, part="audit")
    app.button(key="run-audit").click().run()
    assert not app.exception
    assert (data / "audit.json").is_file()
    assert "Blank 1" in app.button_group(key="finding").options
    assert not [button for button in app.button if button.key == "run-audit"]
    (data / "images/train/sad/00024.png").unlink()
    app = visit("dataset", *arguments, part="audit")
    assert "has changed since its audit" in problems(app)
    assert app.button(key="run-audit")


def test_an_audit_that_cannot_be_saved_is_shown(visit, site, data):
    (data / "part-audit.json").mkdir()  # where the file would be written
    app = visit("dataset", "--weights", site / "weights", "--data", data, part="audit")
    app.button(key="run-audit").click().run()
    assert not app.exception
    assert not (data / "audit.json").exists()
    assert "data:image" in html(app)


def test_models_are_compared_by_the_labels_that_each_was_made_for(visit, site):
    app = visit("compare", "--weights", site / "weights")
    text = html(app)
    for bundle, judge in (("fer", "original"), ("fer-consensus", "ferplus")):
        assert f"{100 * metrics(site, bundle)[f'{judge}_accuracy']:.1f} %" in text
    assert [box.key for box in app.selectbox] == ["split"]  # no model is chosen here


def test_the_text_of_figures_is_readable(visit, site):
    app = visit("validation", "--weights", site / "weights")
    layout = json.loads(app.get("plotly_chart")[0].proto.spec)["layout"]
    for color in (layout["font"]["color"], layout["legend"]["font"]["color"]):
        assert contrast(color, LIGHT.paper) >= READABLE


@pytest.mark.parametrize("page", ["overview", "validation", "compare"])
def test_validation_images_are_not_called_test_images(visit, site, page):
    app = visit(page, "--weights", site / "weights", "--data", site / "data")
    assert "test image" not in html(app)


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
    app = visit("validation", "--weights", site / "weights", cells="counts")
    spec = json.loads(app.get("plotly_chart")[0].proto.spec)
    shown = {
        tuple(point): int(text)
        for trace in spec["data"][1:]
        for point, text in zip(trace["customdata"], trace["text"], strict=True)
    }
    for true, row in zip(LABELS, metrics(site)["confusion"], strict=True):
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
    assert html(app).count('class="fer-columns"') == counts.max()


def test_the_address_is_a_view_that_can_be_shared(visit, site):
    arguments = ("--weights", site / "weights", "--data", site / "data")
    query = {"part": "images", "label": "disgust", "from": "validation"}
    assert "labelled “disgust” in validation" in html(visit("dataset", *arguments, **query))
    query = {"part": "audit", "finding": "blank", "view": "learned"}
    assert "no face to learn from" in html(visit("dataset", *arguments, **query))


@pytest.mark.parametrize(
    "query",
    [
        {"bundle": "../../etc", "split": "nowhere", "cells": "x"},
        {"true": "joy", "predicted": "", "images": "-3"},
        {"images": "999", "true": "happy", "predicted": "happy"},
        {"data": "/", "figures": "exe", "part": "nowhere", "view": "x"},
    ],
)
def test_a_wrong_address_falls_back(visit, site, query):
    app = visit("validation", "--weights", site / "weights", "--data", site / "data", **query)
    assert not app.exception
    assert len(app.get("plotly_chart")) == 1
    assert app.selectbox(key="bundle").value == "fer"


def test_the_address_cannot_name_a_dataset_folder(visit, site):
    app = visit("overview", "--weights", site / "weights", data=str(site / "data"))
    assert "data:image" not in html(app)


def test_the_environment_can_name_the_dataset(visit, site, monkeypatch):
    app = visit("overview", "--weights", site / "weights")
    assert HINT in html(app)
    monkeypatch.setenv("FER_DATA", str(site / "data"))
    assert "data:image" in html(visit("overview", "--weights", site / "weights"))


def test_a_single_bundle_has_nothing_to_compare_with(visit, weights):
    shutil.rmtree(weights / "fer-consensus")
    app = visit("compare", "--weights", weights, part="pair")
    assert not app.exception
    assert "There is one model" in html(app)


TABLES = {
    ("dataset", "glance"): 1, ("dataset", "audit"): 1, ("dataset", "people"): 1,
    ("validation", "confusions"): 1, ("validation", "labels"): 1, ("training", ""): 2,
    ("compare", "models"): 1, ("compare", "pair"): 1,
}  # fmt: skip


@pytest.mark.parametrize(("page", "part"), TABLES)
def test_every_table_can_be_downloaded(visit, site, page, part):
    app = visit(page, "--weights", site / "weights", second="fer-consensus", part=part)
    assert len(app.dataframe) == len(app.get("download_button")) == TABLES[page, part]


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
