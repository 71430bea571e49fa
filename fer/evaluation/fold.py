"""The temperature inside ``model.onnx``: one multiplication in front of the last softmax.

Needs the package ``onnx``, which serving does not; only ``python -m fer calibrate`` comes here.
"""

from pathlib import Path

import numpy as np
import onnx
from onnx import helper, numpy_helper

from fer.bundle import ONNX_PROBABILITIES
from fer.errors import UserError

INVERSE_TEMPERATURE = "inverse_temperature"
"""Name of the scalar initializer that the logits are multiplied with."""


def fold_temperature(path: Path, temperature: float) -> None:
    """Make the file answer ``softmax(logits / temperature)``, whatever it applied before.

    Activation maps are left as they are. The file is replaced whole or not at all.

    Raises:
        UserError: if ``probabilities`` does not come out of a softmax.
    """
    model = onnx.load(path)
    value = numpy_helper.from_array(np.array(1.0 / temperature, np.float32), INVERSE_TEMPERATURE)
    scalar = _scalar(model)
    if scalar is None:
        _insert_multiplication(model.graph, path)
        model.graph.initializer.append(value)
    else:
        scalar.CopyFrom(value)
    onnx.checker.check_model(model, full_check=True)
    aside = path.with_name(f"{path.name}.part")
    onnx.save(model, aside)
    aside.replace(path)


def _scalar(model: onnx.ModelProto) -> onnx.TensorProto | None:
    named = (tensor for tensor in model.graph.initializer if tensor.name == INVERSE_TEMPERATURE)
    return next(named, None)


def _insert_multiplication(graph: onnx.GraphProto, path: Path) -> None:
    producers = {name: i for i, node in enumerate(graph.node) for name in node.output}
    at = producers[ONNX_PROBABILITIES]
    while graph.node[at].op_type == "Identity":  # some exporters name an output this way
        at = producers[graph.node[at].input[0]]
    softmax = graph.node[at]
    if softmax.op_type != "Softmax":
        raise UserError(
            f"{path} cannot be calibrated: its '{ONNX_PROBABILITIES}' come out of "
            f"{softmax.op_type}, not Softmax; 'python -m fer export' writes it anew."
        )
    scaled = f"{softmax.input[0]}/{INVERSE_TEMPERATURE}"
    multiply = helper.make_node("Mul", [softmax.input[0], INVERSE_TEMPERATURE], [scaled])
    softmax.input[0] = scaled
    graph.node.insert(at, multiply)
