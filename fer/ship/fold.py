"""Calibration inside ``model.onnx``: the logits scaled and shifted in front of the last softmax.

Needs the package ``onnx``, which serving does not; only ``python -m fer calibrate`` comes here.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
from onnx import helper, numpy_helper

from fer.errors import UserError
from fer.files import written_whole
from fer.spec import ONNX_PROBABILITIES

INVERSE_TEMPERATURE = "inverse_temperature"
"""Name of the scalar initializer that the logits are multiplied with."""

OFFSETS = "offsets"
"""Name of the initializer ``(7,)`` that is then added to them."""


def fold_calibration(path: Path, temperature: float, offsets: Sequence[float]) -> None:
    """Make the file answer ``softmax(logits / temperature + offsets)``, whatever it did before.

    Activation maps are left as they are. The file is replaced whole or not at all.

    Raises:
        UserError: if ``probabilities`` does not come out of a softmax, or the file cannot be
            written.
    """
    model = onnx.load(path)
    for operator, name, value in (
        ("Mul", INVERSE_TEMPERATURE, np.array(1.0 / temperature, np.float32)),
        ("Add", OFFSETS, np.array(offsets, np.float32)),
    ):
        known = [tensor for tensor in model.graph.initializer if tensor.name == name]
        for tensor in known:
            tensor.CopyFrom(numpy_helper.from_array(value, name))
        if not known:
            _insert(model.graph, operator, name, path)
            model.graph.initializer.append(numpy_helper.from_array(value, name))
    onnx.checker.check_model(model, full_check=True)
    with written_whole(path) as aside:
        onnx.save(model, aside)


def _insert(graph: onnx.GraphProto, operator: str, name: str, path: Path) -> None:
    """Put ``operator`` with the initializer ``name`` right in front of the softmax."""
    producers = {output: i for i, node in enumerate(graph.node) for output in node.output}
    at = producers[ONNX_PROBABILITIES]
    while graph.node[at].op_type == "Identity":  # some exporters name an output this way
        at = producers[graph.node[at].input[0]]
    softmax = graph.node[at]
    if softmax.op_type != "Softmax":
        raise UserError(
            f"{path} cannot be calibrated: its '{ONNX_PROBABILITIES}' come out of "
            f"{softmax.op_type}, not Softmax; 'python -m fer export' writes it anew."
        )
    changed = f"{softmax.input[0]}/{name}"
    node = helper.make_node(operator, [softmax.input[0], name], [changed], name=name)
    softmax.input[0] = changed
    graph.node.insert(at, node)
