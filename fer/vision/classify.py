"""Classification of face crops with ONNX Runtime."""

from pathlib import Path

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from fer.bundle import MODEL_ONNX
from fer.errors import UserError
from fer.labels import LABELS
from fer.spec import ONNX_INPUT, ONNX_MAPS, ONNX_PROBABILITIES, ModelSpec


class Classifier:
    """A bundle's ``model.onnx``, opened once; may be called from several threads.

    Attributes:
        spec: what the network requires.
    """

    def __init__(self, bundle: Path, spec: ModelSpec) -> None:
        """Open ``bundle / "model.onnx"``.

        Raises:
            UserError: if the file is missing, damaged, or not such a network.
        """
        self.spec = spec
        self._session = _open_session(bundle / MODEL_ONNX, spec.input_size)

    def __call__(
        self, crops: NDArray[np.float32], maps: bool = False
    ) -> tuple[NDArray[np.float32], NDArray[np.float32] | None]:
        """Probabilities ``(n, 7)`` and, if asked for, class activation maps ``(n, 7, h, w)``.

        Args:
            crops: ``(n, size, size, 1)`` float32 grey values 0..255, run as one batch.
            maps: whether to return the activation maps as well.
        """
        outputs = [ONNX_PROBABILITIES, ONNX_MAPS] if maps else [ONNX_PROBABILITIES]
        answers = self._session.run(outputs, {ONNX_INPUT: crops})
        return answers[0], answers[1] if maps else None


def open_session(network: bytes) -> ort.InferenceSession:
    """A network, ready to run on one thread; may be called from several threads.

    No pool of threads that spins: a run takes a few milliseconds, and the other cores are wanted
    by other visitors.
    """
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    return ort.InferenceSession(network, options, providers=["CPUExecutionProvider"])


def _open_session(path: Path, size: int) -> ort.InferenceSession:
    if not path.is_file():
        raise UserError(f"{path} is missing; 'python -m fer export {path.parent}' writes it.")
    try:
        session = open_session(path.read_bytes())
    except Exception as error:  # ONNX Runtime's errors have no public base class
        raise UserError(
            f"{path} is damaged; 'python -m fer export {path.parent}' writes it anew."
        ) from error
    _require_interface(session, path, size)
    return session


def _require_interface(session: ort.InferenceSession, path: Path, size: int) -> None:
    shapes = {node.name: node.shape for node in (*session.get_inputs(), *session.get_outputs())}
    pixels = shapes.get(ONNX_INPUT, [])[1:]
    labels = [shapes.get(name, [0, 0])[1] for name in (ONNX_PROBABILITIES, ONNX_MAPS)]
    if pixels != [size, size, 1] or labels != [len(LABELS)] * 2:
        raise UserError(
            f"{path} must have the input '{ONNX_INPUT}' (n, {size}, {size}, 1) and the outputs "
            f"'{ONNX_PROBABILITIES}' and '{ONNX_MAPS}' for {len(LABELS)} labels; "
            f"'python -m fer export {path.parent}' writes such a file."
        )
