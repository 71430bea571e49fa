"""A memory's codes inside ``model.onnx``: as constants, or for a while as an input.

Whatever simplifies a network works out what follows from its constants: the keys that the codes
stand for, which are sixteen times as large. From an input nothing follows.
"""

from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from fer.spec import ONNX_CODES


def close_codes(path: Path, codes: NDArray[np.uint8] | None = None) -> None:
    """Make the input of codes a constant: ``codes``, or the value that it already has by default.

    A file without such an input stays as it is.
    """
    model = onnx.load(path)
    inputs = [value for value in model.graph.input if value.name == ONNX_CODES]
    for value in inputs:
        model.graph.input.remove(value)
        if codes is not None:
            model.graph.initializer.append(numpy_helper.from_array(codes, ONNX_CODES))
    if inputs:
        onnx.save(model, path)


def open_codes(path: Path) -> None:
    """Undo `close_codes`; the codes stay what the input is by default."""
    model = onnx.load(path)
    for tensor in model.graph.initializer:
        if tensor.name == ONNX_CODES:
            value = helper.make_tensor_value_info(ONNX_CODES, tensor.data_type, list(tensor.dims))
            model.graph.input.append(value)
    onnx.save(model, path)
