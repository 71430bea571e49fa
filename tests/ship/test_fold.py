"""What calibration becomes inside the ONNX file."""

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper
from scipy.special import softmax

from fer.bundle import ONNX
from fer.errors import UserError
from fer.labels import LABELS
from fer.ship.fold import INVERSE_TEMPERATURE, OFFSETS, fold_calibration
from fer.spec import NO_OFFSETS, ONNX_INPUT, ONNX_MAPS, ONNX_PROBABILITIES
from tests.support.bundles import write_toy_bundle


def _answers(bundle, name):
    pixels = np.random.default_rng(0).uniform(0, 255, (5, 48, 48, 1)).astype(np.float32)
    path = str(bundle / ONNX)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    return session.run([name], {ONNX_INPUT: pixels})[0]


def _folded(bundle, name):
    tensors = onnx.load(bundle / ONNX).graph.initializer
    return next(numpy_helper.to_array(tensor) for tensor in tensors if tensor.name == name)


def test_folding_divides_the_logits_and_replaces_what_was_there(tmp_path):
    bundle = write_toy_bundle(tmp_path)
    path = bundle / ONNX
    before, maps = _answers(bundle, ONNX_PROBABILITIES), _answers(bundle, ONNX_MAPS)
    logits = maps.mean(axis=(2, 3), dtype=np.float64)
    for temperature, offsets in ((2.0, np.linspace(-1, 1, 7)), (0.5, np.arange(7.0))):
        fold_calibration(path, temperature, offsets)
        assert 1 / _folded(bundle, INVERSE_TEMPERATURE) == temperature
        assert _folded(bundle, OFFSETS) == pytest.approx(offsets)
        expected = softmax(logits / temperature + offsets, axis=1)
        assert _answers(bundle, ONNX_PROBABILITIES) == pytest.approx(expected, abs=1e-5)
        assert (_answers(bundle, ONNX_MAPS) == maps).all()
    fold_calibration(path, 1.0, NO_OFFSETS)
    assert _answers(bundle, ONNX_PROBABILITIES) == pytest.approx(before, abs=1e-6)
    kinds = [node.op_type for node in onnx.load(path).graph.node]
    assert kinds.count("Mul") == kinds.count("Add") == 1


def test_a_file_calibrated_by_an_older_version_gets_offsets(tmp_path):
    path = tmp_path / ONNX
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
    path = tmp_path / ONNX
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
    path = tmp_path / ONNX
    _one_output_model(path, ("Sigmoid", ["x"], [ONNX_PROBABILITIES]))
    before = path.read_bytes()
    with pytest.raises(UserError, match="come out of Sigmoid, not Softmax"):
        fold_calibration(path, 2.0, NO_OFFSETS)
    assert path.read_bytes() == before
