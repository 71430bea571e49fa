"""How faces become squares: the one way, for data and for vision."""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray


def middle_square(pixels: NDArray[Any]) -> NDArray[Any]:
    """The middle square of ``(h, w)`` or ``(h, w, c)``, as a view.

    A picture that is not square is cut, never squeezed: a face keeps its proportions, by which
    the networks go.
    """
    height, width = pixels.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    return pixels[top : top + side, left : left + side]


def resize_square(pixels: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    """A square ``(s, s)`` or ``(s, s, c)`` as ``size`` × ``size`` pixels.

    Reduced by the mean over areas, which skips no pixel; enlarged by cubic interpolation.
    """
    how = cv2.INTER_AREA if pixels.shape[0] > size else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(pixels, (size, size), interpolation=how), np.uint8)
