"""Whether a face that a detector missed may be there after all, tilted."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from fer.vision.detection import STREAM_SIZE, Detector

_TURNS = (-30, 30, -60, 60, -90, 90, 180)  # degrees; the cascade sees 15 to either side


def turned_face(detector: Detector, rgb: NDArray[np.uint8]) -> bool:
    """Whether ``detector`` finds a face once ``rgb`` ``(h, w, 3)`` is turned.

    It is searched at the size of a live stream: a guess for a sentence, not a result.
    """
    image = Image.fromarray(rgb)
    image.thumbnail((2 * STREAM_SIZE, 2 * STREAM_SIZE))
    fill = tuple(int(value) for value in np.asarray(image).reshape(-1, 3).mean(axis=0))
    return any(
        len(detector(np.asarray(image.rotate(turn, expand=True, fillcolor=fill))))
        for turn in _TURNS
    )
