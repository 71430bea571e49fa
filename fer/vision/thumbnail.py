"""Small copies of pictures, and of the faces in them."""

import cv2
import numpy as np
from numpy.typing import NDArray


def thumbnail(rgb: NDArray[np.uint8], side: int, enlarge: bool = False) -> NDArray[np.uint8]:
    """A copy of ``rgb`` ``(h, w, 3)`` or ``(h, w)`` whose longer side is ``side`` pixels.

    A picture that is smaller stays as it is, unless told to ``enlarge``.
    """
    height, width = rgb.shape[:2]
    scale = side / max(height, width)
    if scale >= 1 and not enlarge:
        return rgb.copy()  # a view would keep a whole frame in memory
    size = max(1, round(scale * width)), max(1, round(scale * height))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(rgb, size, interpolation=method), np.uint8)


def face_thumbnail(
    rgb: NDArray[np.uint8], box: NDArray[np.int32], side: int, enlarge: bool = False
) -> NDArray[np.uint8]:
    """The part of ``rgb`` in ``box`` (x0 y0 x1 y1), as by `thumbnail`; at least one pixel."""
    x0, y0, x1, y1 = (int(value) for value in box)
    return thumbnail(rgb[y0 : max(y1, y0 + 1), x0 : max(x1, x0 + 1)], side, enlarge)
