"""Whether a face can be read at all: too small, too dark or blurred is not the expression's fault.

The same limits as on the visitor's device (``browser/src/quality.js``), which gives advice instead.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from fer.pixels import resize_square

QUALITIES = ("good", "small", "dark", "blurred")
"""What `face_quality` answers; of several the first that applies, after ``good``."""

_SMALLEST = 40  # pixels: below, a face is enlarged from less than the network was made for
_DARKEST = 40  # mean grey level
_FLATTEST = 12  # standard deviation in grey levels
_BLURRIEST = 14  # mean square of the Laplacian over the variance, times 100
_SIDE = 48


def face_quality(rgb: NDArray[np.uint8], boxes: NDArray[np.int32]) -> list[str]:
    """One of `QUALITIES` for each of ``boxes`` ``(n, 4)``, x0 y0 x1 y1 in ``rgb`` ``(h, w, 3)``."""
    return [_quality(rgb[y0:y1, x0:x1]) for x0, y0, x1, y1 in boxes.tolist()]


def _quality(face: NDArray[np.uint8]) -> str:
    if max(face.shape[:2]) < _SMALLEST or min(face.shape[:2]) == 0:
        return "small"
    gray = np.asarray(cv2.cvtColor(face, cv2.COLOR_RGB2GRAY), np.uint8)
    patch = resize_square(gray, _SIDE).astype(np.float64)
    if patch.mean() < _DARKEST or patch.std() < _FLATTEST:
        return "dark"
    edges = cv2.Laplacian(patch, cv2.CV_64F)[1:-1, 1:-1]
    return "blurred" if 100 * np.square(edges).mean() / patch.var() < _BLURRIEST else "good"
