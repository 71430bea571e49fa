"""A tiny bundle with random weights: the real inputs, outputs and files, in a few kilobytes."""

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from fer.bundle import ONNX, Bundle
from fer.labels import LABELS
from fer.spec import ONNX_INPUT, ONNX_MAPS, ONNX_PROBABILITIES, ModelSpec

_OPSET = 17
_PATCH = 8


def write_toy_bundle(folder: Path, name: str = "toy", seed: int = 0) -> Path:
    """Write ``folder/name`` with ``spec.json`` and ``model.onnx``; the answer is that folder.

    The network is one convolution over patches of 8 × 8 pixels whose spatial mean goes
    through softmax: wrong about every face, but deterministic and different for every picture.
    """
    bundle = folder / name
    bundle.mkdir(parents=True, exist_ok=True)
    model = _toy_model(seed)
    onnx.save(model, str(bundle / ONNX))
    parameters = sum(int(np.prod(tensor.dims)) for tensor in model.graph.initializer)
    Bundle(bundle).write_spec(
        ModelSpec(name, f"toy weights {seed}", parameters=parameters, opset=_OPSET)
    )
    return bundle


def _toy_model(seed: int) -> onnx.ModelProto:
    kernel = np.random.default_rng(seed).normal(size=(len(LABELS), 1, _PATCH, _PATCH))
    kernel = (kernel - kernel.mean(axis=(2, 3), keepdims=True)) / 25.0
    nodes = [
        helper.make_node("Transpose", [ONNX_INPUT], ["planes"], perm=[0, 3, 1, 2]),
        helper.make_node("Conv", ["planes", "kernel"], [ONNX_MAPS], strides=[_PATCH, _PATCH]),
        helper.make_node("ReduceMean", [ONNX_MAPS], ["logits"], axes=[2, 3], keepdims=0),
        helper.make_node("Softmax", ["logits"], [ONNX_PROBABILITIES], axis=1),
    ]
    size = 48 // _PATCH
    graph = helper.make_graph(
        nodes,
        "toy",
        [helper.make_tensor_value_info(ONNX_INPUT, TensorProto.FLOAT, ["n", 48, 48, 1])],
        [
            helper.make_tensor_value_info(ONNX_PROBABILITIES, TensorProto.FLOAT, ["n", 7]),
            helper.make_tensor_value_info(ONNX_MAPS, TensorProto.FLOAT, ["n", 7, size, size]),
        ],
        [numpy_helper.from_array(kernel.astype(np.float32), "kernel")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", _OPSET)])
    model.ir_version = 8
    onnx.checker.check_model(model)
    return model
