"""Classification of face crops with ONNX Runtime."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from fer.bundle import ONNX, Bundle
from fer.errors import UserError
from fer.labels import LABELS
from fer.spec import ONNX_INPUT, ONNX_MAPS, ONNX_PROBABILITIES, ModelSpec
from fer.vision.network import load_session

_AT_ONCE = 256
"""Crops in one run: more would be no faster, and each takes memory in every layer."""


class Classifier:
    """A bundle's ``model.onnx``, opened once; may be called from several threads, and pickled.

    Attributes:
        spec: what the network requires.
    """

    def __init__(self, bundle: Bundle | str | Path, spec: ModelSpec | None = None) -> None:
        """Open the network of ``bundle``; ``spec``, if given, counts in place of its own.

        Raises:
            UserError: if the file is missing, damaged, or not such a network.
        """
        self._bundle = Bundle.open(bundle)
        self.spec = spec or self._bundle.spec
        self._session = _open_session(self._bundle, self.spec.input_size)

    def __reduce__(self) -> tuple[Callable[..., "Classifier"], tuple[Bundle, ModelSpec]]:
        """In another process the file is opened again."""
        return Classifier, (Bundle(self._bundle.folder.resolve()), self.spec)

    def __call__(
        self, crops: NDArray[np.float32], maps: bool = False
    ) -> tuple[NDArray[np.float32], NDArray[np.float32] | None]:
        """Probabilities ``(n, 7)`` and, if asked for, class activation maps ``(n, 7, h, w)``.

        Args:
            crops: ``(n, size, size, 1)`` float32 grey values 0..255, run as one batch.
            maps: whether to return the activation maps as well.
        """
        outputs = [ONNX_PROBABILITIES, ONNX_MAPS] if maps else [ONNX_PROBABILITIES]
        parts = [
            self._session.run(outputs, {ONNX_INPUT: crops[start : start + _AT_ONCE]})
            for start in range(0, max(1, len(crops)), _AT_ONCE)
        ]
        answers = [np.concatenate(part) for part in zip(*parts, strict=True)]
        return answers[0], answers[1] if maps else None


def _open_session(bundle: Bundle, size: int) -> ort.InferenceSession:
    path = bundle.require(ONNX)
    try:
        session = load_session(path.read_bytes())
    except Exception as error:  # ONNX Runtime's errors have no public base class
        raise UserError(
            f"{path} is damaged, made by a newer version, or wants other files or operators; "
            f"'{bundle.command(ONNX)}' writes it anew."
        ) from error
    shapes = {node.name: node.shape for node in (*session.get_inputs(), *session.get_outputs())}
    pixels = shapes.get(ONNX_INPUT, [])[1:]
    labels = [shapes.get(name, [0, 0])[1] for name in (ONNX_PROBABILITIES, ONNX_MAPS)]
    if pixels != [size, size, 1] or labels != [len(LABELS)] * 2:
        raise UserError(
            f"{path} must have the input '{ONNX_INPUT}' (n, {size}, {size}, 1) and the outputs "
            f"'{ONNX_PROBABILITIES}' and '{ONNX_MAPS}' for {len(LABELS)} labels; "
            f"'{bundle.command(ONNX)}' writes such a file."
        )
    return session
