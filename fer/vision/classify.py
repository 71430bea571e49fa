"""Classification of face crops with ONNX Runtime."""

from pathlib import Path

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from fer.bundle import MODEL_ONNX, ONNX_INPUT, ONNX_MAPS, ONNX_PROBABILITIES, ModelSpec
from fer.errors import UserError


class Classifier:
    """A bundle's network, opened once.

    Attributes:
        spec: what the network requires, and its calibrated temperature.
    """

    def __init__(self, bundle: Path, spec: ModelSpec) -> None:
        self.spec = spec
        self._session = _open_session(bundle / MODEL_ONNX)

    def __call__(
        self, crops: NDArray[np.float32], maps: bool = False
    ) -> tuple[NDArray[np.float32], NDArray[np.float32] | None]:
        """Probabilities ``(n, 7)`` and, if asked for, activation maps ``(n, 7, h, w)``.

        Args:
            crops: ``(n, size, size, 1)`` float32 grey values 0..255; one batch.
            maps: whether to compute the activation maps as well.
        """
        outputs = [ONNX_PROBABILITIES, ONNX_MAPS] if maps else [ONNX_PROBABILITIES]
        answers = self._session.run(outputs, {ONNX_INPUT: crops})
        return answers[0], answers[1] if maps else None


def _open_session(path: Path) -> ort.InferenceSession:
    if not path.is_file():
        raise UserError(f"{path} is missing; 'python -m fer export' writes it.")
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    return ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
