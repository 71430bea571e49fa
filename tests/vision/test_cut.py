"""A network cut in two answers as it did in one piece."""

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from onnx import TensorProto, helper, numpy_helper

from fer.vision.cut import cut_in_two
from fer.vision.network import load_session


def _network() -> onnx.ModelProto:
    """Three convolutions of 3×3, the second with 200 channels: numbers of more than seven bits."""
    random = np.random.default_rng(0)
    shapes = [(4, 3, 3, 3), (200, 4, 3, 3), (2, 200, 3, 3)]
    nodes = [
        helper.make_node("Conv", [before, f"w{i}"], [after], pads=[1, 1, 1, 1], auto_pad="NOTSET")
        for i, (before, after) in enumerate([("input", "a"), ("a", "b"), ("b", "answer")])
    ]
    weights = [
        numpy_helper.from_array(random.normal(size=shape).astype(np.float32), f"w{i}")
        for i, shape in enumerate(shapes)
    ]
    ends = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, channels, "h", "w"])
        for name, channels in (("input", 3), ("answer", 2))
    ]
    graph = helper.make_graph(nodes, "small", ends[:1], ends[1:], weights)
    return helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8, producer_name="test"
    )


@pytest.mark.parametrize(("tensor", "channels"), [("a", 4), ("b", 200)])
def test_the_halves_answer_as_the_whole_does(tensor: str, channels: int) -> None:
    network = _network().SerializeToString()
    pixels = np.random.default_rng(1).normal(size=(1, 3, 9, 7)).astype(np.float32)
    [expected] = load_session(network).run(None, {"input": pixels})
    first, second = map(load_session, cut_in_two(network, tensor, channels))
    [between] = first.run(None, {"input": pixels})
    assert between.shape == (1, channels, 9, 7)
    np.testing.assert_array_equal(second.run(None, {tensor: between})[0], expected)


def test_the_halves_are_what_onnx_itself_cuts() -> None:
    model = onnx.shape_inference.infer_shapes(_network())
    for half, inputs, outputs in zip(
        cut_in_two(model.SerializeToString(), "a", 4), ("input", "a"), ("a", "answer"), strict=True
    ):
        ours = onnx.load_from_string(half)
        onnx.checker.check_model(ours)
        theirs = onnx.utils.Extractor(model).extract_model([inputs], [outputs])
        assert ours.graph.node == theirs.graph.node
        assert [v.name for v in ours.graph.input] == [v.name for v in theirs.graph.input]
        assert [v.name for v in ours.graph.output] == [v.name for v in theirs.graph.output]
        assert ours.opset_import == theirs.opset_import


def test_a_tensor_that_no_node_makes_is_refused() -> None:
    with pytest.raises(ValueError, match="no node makes 'nothing'"):
        cut_in_two(_network().SerializeToString(), "nothing", 4)


def test_a_cut_that_leaves_a_node_without_its_input_is_not_loaded() -> None:
    graph = _network()
    graph.graph.node.append(helper.make_node("Identity", ["a"], ["again"]))
    graph.graph.output.append(
        helper.make_tensor_value_info("again", TensorProto.FLOAT, [1, 4, "h", "w"])
    )
    _, second = cut_in_two(graph.SerializeToString(), "b", 200)
    with pytest.raises(ort.capi.onnxruntime_pybind11_state.InvalidArgument):
        load_session(second)


def test_bytes_that_are_no_network_are_refused() -> None:
    with pytest.raises(ValueError, match="not a protocol buffer"):
        cut_in_two(b"\x0f\x01\x02", "a", 4)
