"""Facial expression recognition that a person can open in a browser and trust.

>>> import fer
>>> recognizer = fer.load()
>>> recognizer("photo.jpg").labels  # doctest: +SKIP
['happy']
"""

from typing import TYPE_CHECKING

from fer.labels import LABELS

if TYPE_CHECKING:
    from pathlib import Path

    from fer.vision.recognize import Recognizer

__all__ = ["LABELS", "load"]


def load(weights: "str | Path" = "fer", detector: str = "auto") -> "Recognizer":
    """Open a bundle and a face detector once; call the result for every picture.

    Args:
        weights: a bundle's name under ``weights/``, or its folder.
        detector: the face detector: ``"haar"``, ``"yunet"`` (its file must have been fetched)
            or ``"auto"``, which is ``"yunet"`` where its file is.

    Raises:
        UserError: if the bundle or the detector cannot be opened.
    """
    from fer.vision.recognize import Recognizer

    return Recognizer.open(weights, detector)
