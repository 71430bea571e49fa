"""`python -m fer card`: the model card and the README's table say what the bundles say."""

import json
import re
import shutil
from pathlib import Path

import pytest
from huggingface_hub import ModelCard

from fer.bundle import METRICS, ONNX, PIPELINE, QUANTIZATION, SPEC, TRAIN, Bundle
from fer.cli import app
from fer.errors import UserError
from fer.evaluation import model_card
from fer.evaluation.markdown import markers, replace_block
from fer.evaluation.pipeline import PipelineReport, ScaleReport
from fer.evaluation.report import stale_splits
from fer.files import write_json
from fer.ship.calibrate import calibrate
from tests.support.blocks import block_in
from tests.support.bundles import write_toy_bundle
from tests.support.evaluated import run_evaluate, write_images

ROOT = Path(__file__).resolve().parent.parent.parent
BEGIN, END = markers("numbers")


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    """A calibrated toy bundle with figures of train, test and validation."""
    folder = tmp_path_factory.mktemp("measured")
    bundle = write_toy_bundle(folder / "weights")
    data = write_images(folder / "data", "test", 21, seed=2)
    write_images(data, "validation", 35, seed=3)
    write_images(data, "train", 14, seed=4)
    calibrate(bundle, data)
    for split in ("train", "test", "validation"):
        run_evaluate(bundle, data, split)
    return bundle


@pytest.fixture
def evaluated(measured, tmp_path):
    """A copy of it for one test to spoil."""
    return Path(shutil.copytree(measured, tmp_path / "weights" / "toy"))


def _card(bundle, tmp_path):
    return model_card.model_card([Bundle(bundle)], tmp_path / "experiments.md")


def _run(*arguments):
    return app(["card", *map(str, arguments)], standalone_mode=False) or 0


def test_the_table_has_each_split_but_train_and_the_bundles_own_figures(evaluated):
    lines = model_card.numbers_table([Bundle(evaluated)]).splitlines()
    rows = [line for line in lines if "`toy`" in line]
    splits = [re.search(r"\| (\w+), original labels", row)[1] for row in rows]
    assert splits == ["test", "validation"]
    figures = json.loads((evaluated / METRICS).read_text())["validation"]
    low, high = figures["intervals"]["accuracy"]
    expected = f"| {100 * figures['accuracy']:.1f} % ({100 * low:.1f}–{100 * high:.1f} %) |"
    assert expected in rows[1] and "| 35 |" in rows[1]


def test_what_eight_bits_cost_is_told_of_the_model_at_hand_alone(evaluated, tmp_path):
    bundle = Bundle(evaluated)
    write_json(evaluated / TRAIN, {"config": {}})
    found = {"split": "validation", "accuracy_float": 0.7, "accuracy_int8": 0.7}
    found |= {"ms_float": 2.0, "ms_int8": 1.0}
    for stamp, told in (
        ({}, False),
        ({"model_sha256": bundle.model_sha256}, True),
        ({"model_sha256": "0" * 64}, False),
    ):
        bundle.write(QUANTIZATION, found | stamp)
        assert ("eight bits" in _card(evaluated, tmp_path)) == told


def test_the_card_of_a_whole_bundle(evaluated, tmp_path):
    config = {"epochs": 9, "seed": 4, "start": ["runs/a", "runs/b"], "teachers": ["runs/a"]}
    made = {"config": config, "epochs_done": 9, "best_epoch": 7}
    write_json(evaluated / TRAIN, made | {"duration_seconds": 7200, "source_commit": "abc"})
    card = _card(evaluated, tmp_path)
    assert "{" not in card and "\n\n\n" not in card
    said = " ".join(card.split())
    assert "9 epochs in 2.0 hours from seed 4; epoch 7" in said
    assert "the weights of `runs/a`, `runs/b`." in said and "answers of `runs/a`" in said
    assert "distillation" in card
    assert "five-fold cross-fitting" in card
    assert "**Validation**, 35 of 35 images" in card and "**Test**, 21 of 21 images" in card
    for words in ("hiring", "school", "workplace", "policing", "diagnosis", "AI Act", "MIT"):
        assert words in card


def test_the_yaml_head_is_read_by_the_hub(evaluated, tmp_path):
    card = ModelCard(_card(evaluated, tmp_path))
    assert card.data.license == "mit" and "accuracy" in card.data.metrics
    figures = json.loads((evaluated / METRICS).read_text())["test"]
    found = {(r.dataset_split, r.metric_type): r.metric_value for r in card.data.eval_results}
    assert found["test", "accuracy"] == pytest.approx(figures["accuracy"], abs=1e-4)
    assert ("train", "accuracy") not in found
    (evaluated / METRICS).unlink()
    assert ModelCard(_card(evaluated, tmp_path)).data.license == "mit"


def test_the_card_says_what_detecting_and_cropping_cost(evaluated, tmp_path):
    assert "Detection and cropping were not measured" in _card(evaluated, tmp_path)
    scale = ScaleReport(72, 200, 150, 3, accuracy=0.61, plain_accuracy=0.63)
    for detector in ("yunet", "haar"):
        report = PipelineReport("validation", detector, 200, 0.6, (scale,))
        Bundle(evaluated).add_current(PIPELINE, detector, report.as_json())
    card = _card(evaluated, tmp_path)
    for title in ("Haar cascade", "YuNet"):
        assert f"| {title} | 72 px | 75.0 % | 61.0 % | 63.0 % | 3 |" in card


def test_figures_of_another_model_file_are_left_out(evaluated, tmp_path):
    write_toy_bundle(evaluated.parent, seed=5)
    assert model_card.numbers_table([Bundle(evaluated)]) == ""
    card = _card(evaluated, tmp_path)
    assert "`metrics.json` has no figures of this model file" in card
    assert "Its probabilities are not calibrated" in card


def test_each_aim_has_a_row_and_the_one_that_is_served_stands_out(evaluated, tmp_path):
    known = json.loads((evaluated / "calibration.json").read_text())
    figures = known["confidence"]["before"]
    known["confidence"] |= {
        "aim": "balanced",
        "offsets_helped": True,
        "aims": {"dataset": figures, "balanced": figures | {"accuracy": 0.4321}},
    }
    write_json(evaluated / "calibration.json", known)
    card = _card(evaluated, tmp_path)
    assert "five-fold cross-fitting" in card and "an offset for each label" in card
    rows = [line for line in card.splitlines() if "`--aim " in line]
    assert [row.startswith("| **") for row in rows] == [False, True]
    assert "43.2 %" in rows[1]


def test_a_calibration_without_offsets_says_so_and_one_of_an_older_version_is_none(
    evaluated, tmp_path
):
    path = evaluated / "calibration.json"
    known = json.loads(path.read_text())
    write_json(path, {"confidence": known["confidence"] | {"offsets_helped": False}})
    assert "worse than none" in _card(evaluated, tmp_path)
    del known["confidence"]["aims"]
    write_json(path, known)
    assert "Its probabilities are not calibrated" in _card(evaluated, tmp_path)


@pytest.mark.parametrize("missing", [METRICS, TRAIN, "calibration.json", ONNX])
def test_missing_files_are_sentences_in_the_card(evaluated, tmp_path, missing):
    (evaluated / missing).unlink(missing_ok=True)
    assert "# Model card" in _card(evaluated, tmp_path)


def test_damaged_metrics_are_a_sentence(evaluated, tmp_path):
    (evaluated / METRICS).write_text('{"validation": 3}')
    assert "has no figures of this model file" in _card(evaluated, tmp_path)


def test_a_bundle_without_a_spec_is_refused(evaluated, tmp_path):
    (evaluated / SPEC).unlink()
    with pytest.raises(UserError, match=SPEC):
        _card(evaluated, tmp_path)


def test_ablations_in_brief_are_quoted(evaluated, tmp_path):
    assert "not written yet" in _card(evaluated, tmp_path)
    (tmp_path / "experiments.md").write_text("# E\n\n## In brief\n\nIt pays.\n\n## All\n\nLong.\n")
    card = _card(evaluated, tmp_path)
    assert "It pays." in card and "Long." not in card and "](experiments.md)" in card


def test_the_command_writes_card_and_readme(evaluated, tmp_path):
    readme, out = tmp_path / "README.md", tmp_path / "docs" / "model-card.md"
    readme.write_text(f"# Title\n\n{BEGIN}\nyesterday's\n{END}\n\nrest\n")
    options = ("--weights", evaluated, "--out", out, "--readme", readme)
    assert _run(*options) == 0
    text = readme.read_text()
    assert (
        text.startswith("# Title\n\n") and text.endswith("\n\nrest\n") and "yesterday" not in text
    )
    assert block_in(text, "numbers") == model_card.numbers_table([Bundle(evaluated)])
    assert _run(*options) == 0
    assert readme.read_text() == text


def test_without_a_readme_the_card_is_written_and_said(evaluated, tmp_path, capsys):
    out = tmp_path / "card.md"
    assert _run("--weights", evaluated, "--out", out, "--readme", tmp_path / "none.md") == 0
    assert out.is_file() and "none.md" in capsys.readouterr().err


@pytest.mark.parametrize(
    "text",
    [
        "nothing",
        BEGIN,
        f"{END} {BEGIN}",
        f"{BEGIN}{END}" * 2,
    ],
)
def test_a_readme_without_its_markers_is_refused(text):
    with pytest.raises(UserError, match="README needs the lines"):
        replace_block(text, "numbers", "table")


def test_the_readme_of_this_repository_says_what_its_bundles_say():
    """Without evaluated weights the table is empty; with them it cannot be left behind."""
    shown = block_in((ROOT / "README.md").read_text(encoding="utf-8"), "numbers")
    names = list(dict.fromkeys(re.findall(r"^\| `([\w.-]+)`:", shown, re.MULTILINE)))
    bundles = [Bundle.open(name) for name in names]
    assert shown == model_card.numbers_table(bundles)
    assert "fer" in names and not any(stale_splits(bundle) for bundle in bundles)


def test_the_model_card_of_this_repository_is_the_one_its_files_give():
    """Rewrite it with `python -m fer card` after evaluating, and after editing its sources."""
    card = ROOT / "docs" / "model-card.md"
    text = card.read_text(encoding="utf-8")
    bundles = [Bundle.open(name) for name in re.findall(r"^### `([\w.-]+)`:", text, re.MULTILINE)]
    assert text == model_card.model_card(bundles, card.with_name("experiments.md"))
