"""From detected boxes to the squares, and the pixels, that the classifier is shown."""

import cv2
import numpy as np
from numpy.typing import NDArray

from fer.bundle import Framing


def frame_squares(boxes: NDArray[np.float32], framing: Framing) -> NDArray[np.int32]:
    """The classifier's squares for detected ``boxes``; they may leave the picture.

    Args:
        boxes: ``(n, 4)`` x0 y0 x1 y1.
        framing: the detector's calibrated `Framing`.

    Returns:
        ``(n, 4)`` int32 x0 y0 x1 y1, exactly square, sides at least one pixel.
    """
    sides = ((boxes[:, 2] - boxes[:, 0]) + (boxes[:, 3] - boxes[:, 1])) / 2
    centre_x = (boxes[:, 0] + boxes[:, 2]) / 2 + framing.shift_x * sides
    centre_y = (boxes[:, 1] + boxes[:, 3]) / 2 + framing.shift_y * sides
    squares = np.maximum(1, np.rint(framing.scale * sides))
    x0 = np.rint(centre_x - squares / 2)
    y0 = np.rint(centre_y - squares / 2)
    return np.stack([x0, y0, x0 + squares, y0 + squares], axis=1).astype(np.int32)


def clip_boxes(boxes: NDArray[np.int32], width: int, height: int) -> NDArray[np.int32]:
    """A copy of ``boxes`` ``(n, 4)`` with every corner inside a ``width`` × ``height`` picture."""
    return np.clip(boxes, 0, [width, height, width, height]).astype(np.int32)


def crop_faces(
    gray: NDArray[np.uint8], squares: NDArray[np.int32], size: int
) -> NDArray[np.float32]:
    """The pixels in ``squares``, ``(n, size, size, 1)`` float32 grey 0..255.

    A square that leaves the picture is filled with the nearest pixel of its border.
    """
    crops = np.empty((len(squares), size, size, 1), np.float32)
    for crop, square in zip(crops, squares, strict=True):
        crop[..., 0] = _resize(_cut(gray, square), size)
    return crops


def _cut(gray: NDArray[np.uint8], square: NDArray[np.int32]) -> NDArray[np.uint8]:
    height, width = gray.shape
    x0, y0, x1, y1 = (int(value) for value in square)
    if min(x0, y0) >= 0 and x1 <= width and y1 <= height:
        return gray[y0:y1, x0:x1]
    rows = np.clip(np.arange(y0, y1), 0, height - 1)
    columns = np.clip(np.arange(x0, x1), 0, width - 1)
    return gray[rows[:, None], columns]


def _resize(patch: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    shrinking = patch.shape[0] > size
    interpolation = cv2.INTER_AREA if shrinking else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(patch, (size, size), interpolation=interpolation), np.uint8)
