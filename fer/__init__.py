"""Facial expression recognition that a person can open in a browser and trust.

>>> import fer
>>> recognizer = fer.load()
>>> recognizer("photo.jpg").labels  # doctest: +SKIP
['happy']
>>> for face in recognizer(array):  # doctest: +SKIP
...     print(face.box, face.label, face.confidence, face.probabilities)

A picture is a path, the bytes of a file, a file opened for reading bytes, a PIL image, or a NumPy
array; a list of pictures is answered by a list. Arrays are ``(height, width)`` grey, or ``(height,
width, 3)`` in the order red, green, blue (OpenCV's are blue, green, red: pass ``bgr[..., ::-1]``).
Their values are 0..255 (integers or floats), 0..1 (floats) or 0..65535 (uint16).
"""

import os
from typing import TYPE_CHECKING

from fer.labels import LABELS

if TYPE_CHECKING:
    from pathlib import Path

    from fer.bundle import Bundle
    from fer.vision.recognize import Recognizer

__all__ = ["LABELS", "load"]

# ONNX Runtime's wheels report to Microsoft how they are used, unless told so before they start.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")


def load(weights: "Bundle | str | Path" = "fer", detector: str = "auto") -> "Recognizer":
    """Open a bundle and a face detector once; call the result for every picture.

    Args:
        weights: a bundle's name under ``weights/``, or its folder.
        detector: the face detector: ``"haar"``, ``"yunet"`` (its file must have been fetched),
            ``"auto"``, which is ``"yunet"`` where its file is, or ``"none"`` for pictures that
            are a face already: the middle square of the picture is classified.

    Raises:
        UserError: if the bundle or the detector cannot be opened.
    """
    from fer.vision.recognize import Recognizer

    return Recognizer.open(weights, detector)
