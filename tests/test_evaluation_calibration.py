"""Temperature, threshold, and the multiplication inside the ONNX file."""

import json
import sys

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from fer.bundle import CALIBRATION, MODEL_ONNX, ONNX_INPUT, ONNX_MAPS, ONNX_PROBABILITIES, read_spec
from fer.errors import UserError
from fer.evaluation import calibration
from fer.evaluation.temperature import INVERSE_TEMPERATURE, fold_temperature
from fer.labels import LABELS
from tests.bundles import write_toy_bundle
from tests.test_evaluation_report import write_images


def _sampled(n, temperature, seed=0):
    """Logits whose labels are drawn from ``softmax(logits / temperature)``."""
    random = np.random.default_rng(seed)
    logits = random.normal(scale=4.0, size=(n, 7))
    cumulative = calibration.softmax(logits / temperature).cumsum(axis=1)
    return logits, (cumulative < random.random((n, 1))).sum(axis=1)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.5])
def test_the_temperature_that_drew_the_labels_is_found(temperature):
    logits, targets = _sampled(20_000, temperature)
    assert calibration.fit_temperature(logits, targets) == pytest.approx(temperature, rel=0.03)


def test_a_temperature_by_hand():
    # Odds e^2 to 1 between two labels of which one is right 3 of 4 times: b = ln(3) / 2.
    logits = np.full((4, 7), -1e3)
    logits[:, 0], logits[:, 1] = 2.0, 0.0
    fitted = calibration.fit_temperature(logits, np.array([0, 0, 0, 1]))
    assert fitted == pytest.approx(2 / np.log(3), rel=1e-6)


def test_fitting_stays_in_its_range():
    logits = np.eye(7) * 3.0
    assert calibration.fit_temperature(logits, np.arange(7)) == pytest.approx(0.05, rel=1e-6)
    assert calibration.fit_temperature(logits, (np.arange(7) + 1) % 7) == pytest.approx(20.0)


def test_calibration_lowers_the_error_and_keeps_the_labels():
    logits, targets = _sampled(4_000, 2.5)
    found = calibration.find_calibration(logits, targets, "validation", "original")
    assert found.ece_before > 0.1
    assert found.ece < 0.03 and found.ece_cross_fitted < 0.03
    assert 0.75 <= found.coverage < 0.752
    probs = calibration.cross_fitted_probabilities(logits, targets)
    assert (probs.argmax(axis=1) == logits.argmax(axis=1)).all()
    assert probs.sum(axis=1) == pytest.approx(np.ones(4_000))


def test_cross_fitting_scales_each_image_by_a_temperature_fitted_without_it():
    logits, targets = _sampled(50, 1.5)
    probs = calibration.cross_fitted_probabilities(logits, targets)
    with np.errstate(divide="ignore"):
        gaps = np.log(probs[:, 0] / probs[:, 1]) / (logits[:, 0] - logits[:, 1])
    assert len(np.unique(gaps.round(6))) == calibration.FOLDS
    changed = targets.copy()
    changed[0] = (changed[0] + 1) % 7
    again = calibration.cross_fitted_probabilities(logits, changed)
    assert (again[0] == probs[0]).all() and (again != probs).any()


def test_logits_come_back_from_probabilities():
    logits, _ = _sampled(30, 1.0)
    back = calibration.logits_of(calibration.softmax(logits))
    assert back - back[:, :1] == pytest.approx(logits - logits[:, :1])
    assert np.isfinite(calibration.logits_of(np.eye(7, dtype=np.float32))).all()


@pytest.mark.parametrize(
    ("confidences", "expected"),
    [([0.4, 0.6, 0.8, 0.9], 0.4), ([0.40009, 0.5, 0.6, 0.7, 0.8], 0.5), ([0.3] * 5, 0.3)],
)
def test_the_threshold_leaves_three_quarters(confidences, expected):
    probs = np.zeros((len(confidences), 7))
    probs[:, 2] = confidences
    threshold = calibration.unsure_threshold(probs)
    assert threshold == pytest.approx(expected, abs=1e-4)
    assert (probs[:, 2] >= threshold).mean() >= 0.75


def test_too_few_images_are_a_sentence():
    with pytest.raises(UserError, match="'validation' has 4 images"):
        calibration.find_calibration(np.zeros((4, 7)), np.zeros(4, int), "validation", "original")


def _answers(bundle, name):
    pixels = np.random.default_rng(0).uniform(0, 255, (5, 48, 48, 1)).astype(np.float32)
    path = str(bundle / MODEL_ONNX)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    return session.run([name], {ONNX_INPUT: pixels})[0]


def _folded(bundle):
    tensors = onnx.load(bundle / MODEL_ONNX).graph.initializer
    return 1 / next(numpy_helper.to_array(t) for t in tensors if t.name == INVERSE_TEMPERATURE)


def test_folding_divides_the_logits_and_replaces_what_was_there(tmp_path):
    bundle = write_toy_bundle(tmp_path)
    path = bundle / MODEL_ONNX
    before, maps = _answers(bundle, ONNX_PROBABILITIES), _answers(bundle, ONNX_MAPS)
    logits = maps.mean(axis=(2, 3), dtype=np.float64)
    for temperature in (2.0, 0.5):
        fold_temperature(path, temperature)
        assert _folded(bundle) == temperature
        expected = calibration.softmax(logits / temperature)
        assert _answers(bundle, ONNX_PROBABILITIES) == pytest.approx(expected, abs=1e-5)
        assert (_answers(bundle, ONNX_MAPS) == maps).all()
    fold_temperature(path, 1.0)
    assert _answers(bundle, ONNX_PROBABILITIES) == pytest.approx(before, abs=1e-6)
    assert sum(node.op_type == "Mul" for node in onnx.load(path).graph.node) == 1


def _one_output_model(path, *nodes):
    graph = helper.make_graph(
        [helper.make_node(*node) for node in nodes],
        "toy",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", len(LABELS)])],
        [helper.make_tensor_value_info(ONNX_PROBABILITIES, TensorProto.FLOAT, ["n", len(LABELS)])],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    onnx.save(model, str(path))


def test_a_softmax_behind_an_identity_is_found(tmp_path):
    path = tmp_path / MODEL_ONNX
    softmax = ("Softmax", ["x"], ["y"])
    _one_output_model(path, softmax, ("Identity", ["y"], [ONNX_PROBABILITIES]))
    fold_temperature(path, 4.0)
    assert [node.op_type for node in onnx.load(path).graph.node] == ["Mul", "Softmax", "Identity"]


def test_a_model_without_softmax_is_refused_and_kept(tmp_path):
    path = tmp_path / MODEL_ONNX
    _one_output_model(path, ("Sigmoid", ["x"], [ONNX_PROBABILITIES]))
    before = path.read_bytes()
    with pytest.raises(UserError, match="come out of Sigmoid, not Softmax"):
        fold_temperature(path, 2.0)
    assert path.read_bytes() == before


def test_calibrating_twice_changes_nothing_more(tmp_path):
    bundle = write_toy_bundle(tmp_path)
    data = write_images(tmp_path / "data", "validation", 60, seed=1)
    found = calibration.calibrate(bundle, data)
    files = {name: (bundle / name).read_bytes() for name in (MODEL_ONNX, "spec.json", CALIBRATION)}
    spec = read_spec(bundle)
    assert (spec.temperature, spec.unsure_below) == (found.temperature, found.unsure_below)
    assert _folded(bundle) == pytest.approx(found.temperature)
    assert found.temperature > 1.0  # random labels: the toy is far too sure of itself
    assert json.loads(files[CALIBRATION])["confidence"]["n"] == 60
    calibration.calibrate(bundle, data)
    for name, content in files.items():
        assert (bundle / name).read_bytes() == content, name


def test_what_else_calibration_holds_is_kept(tmp_path):
    bundle = write_toy_bundle(tmp_path)
    data = write_images(tmp_path / "data", "validation", 20, seed=1)
    (bundle / CALIBRATION).write_text('{"framing": {"scale": 0.9}}')
    calibration.calibrate(bundle, data)
    kept = json.loads((bundle / CALIBRATION).read_text())
    assert kept.keys() == {"framing", "confidence"}


def test_without_the_package_onnx_the_command_says_what_to_install(tmp_path, monkeypatch):
    bundle = write_toy_bundle(tmp_path)
    monkeypatch.delitem(sys.modules, "fer.evaluation.temperature")
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(UserError, match="needs the package onnx"):
        calibration.calibrate(bundle, tmp_path)
