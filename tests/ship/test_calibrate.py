"""Temperature, offsets, threshold, and what they become inside the ONNX file."""

import json
import sys

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from fer.bundle import CALIBRATION, MODEL_ONNX, read_spec
from fer.errors import UserError
from fer.labels import LABELS
from fer.ship import calibrate
from fer.ship.fold import INVERSE_TEMPERATURE, OFFSETS, fold_calibration
from fer.spec import NO_OFFSETS, ONNX_INPUT, ONNX_MAPS, ONNX_PROBABILITIES
from tests.support.bundles import write_toy_bundle
from tests.support.evaluated import write_images


def _sampled(n, temperature, offsets=0.0):
    """Logits whose labels are drawn from ``softmax(logits / temperature + offsets)``."""
    random = np.random.default_rng(0)
    logits = random.normal(scale=4.0, size=(n, 7))
    cumulative = calibrate.softmax(logits / temperature + offsets).cumsum(axis=1)
    return logits, (cumulative < random.random((n, 1))).sum(axis=1)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.5])
def test_the_temperature_that_drew_the_labels_is_found(temperature):
    logits, targets = _sampled(20_000, temperature)
    assert calibrate.fit_temperature(logits, targets) == pytest.approx(temperature, rel=0.03)


def test_a_temperature_by_hand():
    # Odds e^2 to 1 between two labels of which one is right 3 of 4 times: b = ln(3) / 2.
    logits = np.full((4, 7), -1e3)
    logits[:, 0], logits[:, 1] = 2.0, 0.0
    fitted = calibrate.fit_temperature(logits, np.array([0, 0, 0, 1]))
    assert fitted == pytest.approx(2 / np.log(3), rel=1e-6)


def test_fitting_stays_in_its_range():
    logits = np.eye(7) * 3.0
    assert calibrate.fit_temperature(logits, np.arange(7)) == pytest.approx(0.05, rel=1e-6)
    assert calibrate.fit_temperature(logits, (np.arange(7) + 1) % 7) == pytest.approx(20.0)


def test_the_offsets_that_drew_the_labels_are_found(monkeypatch):
    monkeypatch.setattr(calibrate, "RARITY", 0.0)
    offsets = np.array([0.5, -1.0, 0.0, 0.3, 0.2, 0.4, -0.4])
    logits, targets = _sampled(30_000, 2.0, offsets)
    temperature, found = calibrate.fit(logits, targets)
    assert temperature == pytest.approx(2.0, rel=0.05)
    assert found == pytest.approx(offsets, abs=0.1)
    assert found.mean() == pytest.approx(0.0, abs=1e-12)


def test_nothing_near_the_fit_has_a_smaller_weighted_log_loss():
    logits, targets = _sampled(2_000, 2.0, np.linspace(1.5, -1.5, 7))
    weights = np.bincount(targets)[targets] ** -calibrate.RARITY
    rows = np.arange(len(targets))

    def loss(temperature, offsets):
        probs = calibrate.softmax(logits / temperature + offsets)
        return -np.average(np.log(probs[rows, targets]), weights=weights)

    temperature, offsets = calibrate.fit(logits, targets)
    least = loss(temperature, offsets)
    for factor in (0.97, 1.03):
        assert loss(temperature * factor, offsets) > least
    for shift in np.vstack([np.eye(7), -np.eye(7)]) * 0.05:
        assert loss(temperature, offsets + shift) > least


def test_a_rare_label_is_found_more_often_than_its_share_alone_would_have_it(monkeypatch):
    logits, targets = _sampled(20_000, 2.0, np.array([0, -3.0, 0, 0, 0, 0, 0]))
    recalls = []
    for rarity in (0.0, calibrate.RARITY):
        monkeypatch.setattr(calibrate, "RARITY", rarity)
        temperature, offsets = calibrate.fit(logits, targets)
        answers = (logits / temperature + offsets).argmax(axis=1)
        recalls.append((answers[targets == 1] == 1).mean())
    assert recalls[1] > recalls[0] + 0.05


def test_a_label_without_images_keeps_a_finite_offset():
    logits, targets = _sampled(200, 2.0)
    _, offsets = calibrate.fit(logits[targets != 1], targets[targets != 1])
    assert np.isfinite(offsets).all() and offsets[1] == offsets.min()


def test_calibration_lowers_the_error_and_hardly_moves_unbiased_labels():
    logits, targets = _sampled(4_000, 2.5)
    found = calibrate.find_calibration(logits, targets, "validation", "original")
    assert found.ece_before > 0.1
    assert found.ece < 0.03 and found.ece_cross_fitted < 0.03
    assert 0.75 <= found.coverage < 0.752
    probs = calibrate.cross_fitted_probabilities(logits, targets)
    assert (probs.argmax(axis=1) == logits.argmax(axis=1)).mean() > 0.95
    assert probs.sum(axis=1) == pytest.approx(np.ones(4_000))


def test_cross_fitting_calibrates_each_image_by_numbers_fitted_without_it():
    logits, targets = _sampled(50, 1.5)
    probs = calibrate.cross_fitted_probabilities(logits, targets)
    changed = targets.copy()
    changed[0] = (changed[0] + 1) % 7
    again = calibrate.cross_fitted_probabilities(logits, changed)
    assert (again[0] == probs[0]).all() and (again != probs).any()


def test_logits_come_back_from_probabilities():
    logits, _ = _sampled(30, 1.0)
    back = calibrate.logits_of(calibrate.softmax(logits))
    assert back - back[:, :1] == pytest.approx(logits - logits[:, :1])
    assert np.isfinite(calibrate.logits_of(np.eye(7, dtype=np.float32))).all()


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
        calibrate.find_calibration(np.zeros((4, 7)), np.zeros(4, int), "validation", "original")


def _answers(bundle, name):
    pixels = np.random.default_rng(0).uniform(0, 255, (5, 48, 48, 1)).astype(np.float32)
    path = str(bundle / MODEL_ONNX)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    return session.run([name], {ONNX_INPUT: pixels})[0]


def _folded(bundle, name):
    tensors = onnx.load(bundle / MODEL_ONNX).graph.initializer
    return next(numpy_helper.to_array(tensor) for tensor in tensors if tensor.name == name)


def test_folding_divides_the_logits_and_replaces_what_was_there(tmp_path):
    bundle = write_toy_bundle(tmp_path)
    path = bundle / MODEL_ONNX
    before, maps = _answers(bundle, ONNX_PROBABILITIES), _answers(bundle, ONNX_MAPS)
    logits = maps.mean(axis=(2, 3), dtype=np.float64)
    for temperature, offsets in ((2.0, np.linspace(-1, 1, 7)), (0.5, np.arange(7.0))):
        fold_calibration(path, temperature, offsets)
        assert 1 / _folded(bundle, INVERSE_TEMPERATURE) == temperature
        assert _folded(bundle, OFFSETS) == pytest.approx(offsets)
        expected = calibrate.softmax(logits / temperature + offsets)
        assert _answers(bundle, ONNX_PROBABILITIES) == pytest.approx(expected, abs=1e-5)
        assert (_answers(bundle, ONNX_MAPS) == maps).all()
    fold_calibration(path, 1.0, NO_OFFSETS)
    assert _answers(bundle, ONNX_PROBABILITIES) == pytest.approx(before, abs=1e-6)
    kinds = [node.op_type for node in onnx.load(path).graph.node]
    assert kinds.count("Mul") == kinds.count("Add") == 1


def test_a_file_calibrated_by_an_older_version_gets_offsets(tmp_path):
    path = tmp_path / MODEL_ONNX
    _one_output_model(
        path, ("Mul", ["x", INVERSE_TEMPERATURE], ["y"]), ("Softmax", ["y"], [ONNX_PROBABILITIES]),
        initializers=[numpy_helper.from_array(np.array(3.0, np.float32), INVERSE_TEMPERATURE)],
    )  # fmt: skip
    fold_calibration(path, 4.0, np.arange(7.0))
    assert [node.op_type for node in onnx.load(path).graph.node] == ["Mul", "Add", "Softmax"]
    assert _folded(tmp_path, INVERSE_TEMPERATURE) == 0.25


def _one_output_model(path, *nodes, initializers=()):
    graph = helper.make_graph(
        [helper.make_node(*node) for node in nodes],
        "toy",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", len(LABELS)])],
        [helper.make_tensor_value_info(ONNX_PROBABILITIES, TensorProto.FLOAT, ["n", len(LABELS)])],
        initializers,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    onnx.save(model, str(path))


def test_a_softmax_behind_an_identity_is_found(tmp_path):
    path = tmp_path / MODEL_ONNX
    softmax = ("Softmax", ["x"], ["y"])
    _one_output_model(path, softmax, ("Identity", ["y"], [ONNX_PROBABILITIES]))
    fold_calibration(path, 4.0, NO_OFFSETS)
    assert [node.op_type for node in onnx.load(path).graph.node] == [
        "Mul",
        "Add",
        "Softmax",
        "Identity",
    ]


def test_a_model_without_softmax_is_refused_and_kept(tmp_path):
    path = tmp_path / MODEL_ONNX
    _one_output_model(path, ("Sigmoid", ["x"], [ONNX_PROBABILITIES]))
    before = path.read_bytes()
    with pytest.raises(UserError, match="come out of Sigmoid, not Softmax"):
        fold_calibration(path, 2.0, NO_OFFSETS)
    assert path.read_bytes() == before


def test_calibrating_twice_changes_nothing_more(tmp_path):
    bundle = write_toy_bundle(tmp_path)
    data = write_images(tmp_path / "data", "validation", 60, seed=1)
    found = calibrate.calibrate(bundle, data)
    files = {name: (bundle / name).read_bytes() for name in (MODEL_ONNX, "spec.json", CALIBRATION)}
    spec = read_spec(bundle)
    assert (spec.temperature, spec.unsure_below) == (found.temperature, found.unsure_below)
    assert spec.offsets == found.offsets
    assert 1 / _folded(bundle, INVERSE_TEMPERATURE) == pytest.approx(found.temperature)
    assert _folded(bundle, OFFSETS) == pytest.approx(np.array(found.offsets))
    assert found.temperature > 1.0  # random labels: the toy is far too sure of itself
    assert json.loads(files[CALIBRATION])["confidence"]["n"] == 60
    calibrate.calibrate(bundle, data)
    for name, content in files.items():
        assert (bundle / name).read_bytes() == content, name


def test_what_else_calibration_holds_is_kept(tmp_path):
    bundle = write_toy_bundle(tmp_path)
    data = write_images(tmp_path / "data", "validation", 20, seed=1)
    (bundle / CALIBRATION).write_text('{"framing": {"scale": 0.9}}')
    calibrate.calibrate(bundle, data)
    kept = json.loads((bundle / CALIBRATION).read_text())
    assert kept.keys() == {"framing", "confidence"}


def test_without_the_package_onnx_the_command_says_what_to_install(tmp_path, monkeypatch):
    bundle = write_toy_bundle(tmp_path)
    monkeypatch.delitem(sys.modules, "fer.ship.fold")
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(UserError, match="needs the package onnx"):
        calibrate.calibrate(bundle, tmp_path)
