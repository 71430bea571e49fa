"""Calibrating a bundle: what is fitted, when offsets are left out, and what is written where."""

import json

import numpy as np
import onnx
import pytest
from onnx import numpy_helper
from scipy.special import softmax

from fer.bundle import CALIBRATION, ONNX, Bundle
from fer.cli import main
from fer.errors import UserError
from fer.ship import calibrate
from fer.ship.calibrate import Judged, find_calibration
from fer.ship.fold import INVERSE_TEMPERATURE, OFFSETS
from fer.spec import NO_OFFSETS
from tests.support.bundles import write_toy_bundle
from tests.support.evaluated import write_images


def _judged(n, temperature, offsets=0.0, priors=None):
    """Images whose labels are drawn from ``softmax(logits / temperature + offsets)``."""
    random = np.random.default_rng(0)
    logits = random.normal(scale=4.0, size=(n, 7))
    cumulative = softmax(logits / temperature + offsets, axis=1).cumsum(axis=1)
    targets = (cumulative < random.random((n, 1))).sum(axis=1)
    return Judged("validation", "original", logits, targets, priors)


def test_calibration_lowers_the_error_and_keeps_labels_that_need_no_offsets():
    judged = _judged(4_000, 2.5)
    found, scaling, threshold = find_calibration(judged, "dataset")
    assert found.before.ece > 0.1 and found.served.ece < 0.03
    assert 0.75 <= found.coverage < 0.752
    probs = scaling(judged.logits)
    assert (probs.argmax(axis=1) == judged.logits.argmax(axis=1)).mean() > 0.95
    assert (probs.max(axis=1) >= threshold).mean() == found.coverage


def test_offsets_that_help_are_kept_and_ones_that_are_worse_than_none_left_out():
    found, scaling, _ = find_calibration(_judged(4_000, 2.0, np.linspace(1.5, -1.5, 7)), "dataset")
    assert found.offsets_helped and found.served is found.aims["dataset"]
    assert scaling.offsets != NO_OFFSETS
    # Thirty images cannot tell seven offsets: by cross-fitting they are noise.
    found, scaling, _ = find_calibration(_judged(30, 2.0), "dataset")
    assert not found.offsets_helped and found.served is found.temperature_only
    assert scaling.offsets == NO_OFFSETS and scaling.temperature != 1.0


def test_the_aim_balanced_gives_rare_labels_more_and_both_aims_are_recorded():
    rare = np.array([0.0, -3.0, 0, 0, 0, 0, 0])
    priors = np.array([0.165, 0.01, 0.165, 0.165, 0.165, 0.165, 0.165])
    judged = _judged(20_000, 2.0, rare, priors)
    (dataset, as_it_is, _), (balanced, alike, _) = (
        find_calibration(judged, aim) for aim in ("dataset", "balanced")
    )
    assert dataset.aims == balanced.aims and dataset.aims.keys() == {"dataset", "balanced"}
    assert balanced.served.balanced_accuracy > dataset.served.balanced_accuracy + 0.01
    gains = np.subtract(alike.offsets, as_it_is.offsets)
    assert gains[1] - gains[0] == pytest.approx(0.5 * np.log(16.5))


def test_the_aim_balanced_needs_training_images():
    with pytest.raises(UserError, match="'train'"):
        find_calibration(_judged(100, 2.0), "balanced")


@pytest.mark.parametrize(
    ("confidences", "expected"),
    [([0.4, 0.6, 0.8, 0.9], 0.4), ([0.40009, 0.5, 0.6, 0.7, 0.8], 0.5), ([0.3] * 5, 0.3)],
)
def test_the_threshold_leaves_three_quarters(confidences, expected):
    probs = np.zeros((len(confidences), 7))
    probs[:, 2] = confidences
    threshold = calibrate.unsure_threshold(probs)
    assert threshold == pytest.approx(expected, abs=1e-4)
    assert (probs[:, 2] >= threshold).mean() >= 0.75


def test_too_few_images_are_a_sentence():
    with pytest.raises(UserError, match="'validation' has 4 images"):
        find_calibration(_judged(4, 1.0), "dataset")


def _folded(bundle, name):
    tensors = onnx.load(bundle / ONNX).graph.initializer
    return next(numpy_helper.to_array(tensor) for tensor in tensors if tensor.name == name)


def test_calibrating_twice_changes_nothing_more(tmp_path):
    bundle = write_toy_bundle(tmp_path)
    data = write_images(tmp_path / "data", "validation", 60, seed=1)
    calibrate.calibrate(bundle, data)
    files = {name: (bundle / name).read_bytes() for name in (ONNX, "spec.json", CALIBRATION)}
    calibrate.calibrate(bundle, data)
    for name, content in files.items():
        assert (bundle / name).read_bytes() == content, name


def test_the_numbers_stand_in_spec_json_work_in_the_model_and_nowhere_else(tmp_path):
    bundle = write_toy_bundle(tmp_path)
    data = write_images(tmp_path / "data", "validation", 60, seed=1)
    write_images(data, "train", 70, seed=2)
    found = calibrate.calibrate(bundle, data, aim="balanced")
    spec = Bundle(bundle).spec
    assert spec.temperature > 1.0  # random labels: the toy is far too sure of itself
    assert 1 / _folded(bundle, INVERSE_TEMPERATURE) == pytest.approx(spec.temperature)
    assert _folded(bundle, OFFSETS) == pytest.approx(np.array(spec.offsets))
    written = json.loads((bundle / CALIBRATION).read_text())["confidence"]
    assert not written.keys() & {"temperature", "offsets", "unsure_below"}
    assert written["model_sha256"] == Bundle(bundle).model_sha256
    assert (written["n"], written["aim"]) == (60, "balanced")
    assert written["aims"].keys() == {"dataset", "balanced"}
    assert written["before"]["accuracy"] == found.before.accuracy


def test_the_command_says_what_each_choice_is_worth(tmp_path, capsys):
    bundle = write_toy_bundle(tmp_path)
    data = write_images(tmp_path / "data", "validation", 40, seed=1)
    write_images(data, "train", 14, seed=2)
    arguments = ["calibrate", "--data", str(data), "--weights", str(bundle), "--aim", "balanced"]
    assert main(arguments) == 0
    said = capsys.readouterr()
    for name in ("bare logits", "temperature only", "dataset", "balanced"):
        assert name in said.out
    if Bundle(bundle).spec.offsets == NO_OFFSETS:
        assert "left out" in said.err


def test_what_else_calibration_holds_is_kept(tmp_path):
    bundle = write_toy_bundle(tmp_path)
    data = write_images(tmp_path / "data", "validation", 20, seed=1)
    (bundle / CALIBRATION).write_text('{"framing": {"scale": 0.9}}')
    calibrate.calibrate(bundle, data)
    kept = json.loads((bundle / CALIBRATION).read_text())
    assert kept.keys() == {"framing", "confidence"}
