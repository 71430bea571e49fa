"""Geometry of boxes x0 y0 x1 y1: areas, overlap, clipping. All functions answer with copies."""

import numpy as np
from numpy.typing import NDArray


def areas(boxes: NDArray[np.number]) -> NDArray[np.number]:
    """Areas ``(n,)`` of ``boxes`` ``(n, 4)``.

    >>> areas(np.array([[0, 0, 10, 4]])).tolist()
    [40]
    """
    return np.asarray((boxes[:, 2:] - boxes[:, :2]).prod(axis=1))


def intersections(a: NDArray[np.number], b: NDArray[np.number]) -> NDArray[np.number]:
    """Areas shared by every pair of boxes: ``(n, 4), (m, 4)`` → ``(n, m)``."""
    # Column by column: NumPy's products along an axis of two take four times as long.
    width, height = (
        np.minimum(a[:, None, i + 2], b[None, :, i + 2]) - np.maximum(a[:, None, i], b[None, :, i])
        for i in (0, 1)
    )  # (n, m) each
    return np.asarray(np.clip(width, 0, None) * np.clip(height, 0, None))


def overlaps(a: NDArray[np.number], b: NDArray[np.number]) -> NDArray[np.floating]:
    """Intersection over union (IoU), 0..1, of every pair of boxes: ``(n, 4), (m, 4)`` → ``(n, m)``.

    >>> overlaps(np.array([[0, 0, 10, 4]]), np.array([[0, 0, 5, 4]])).tolist()
    [[0.5]]
    """
    shared = intersections(a, b)
    union = areas(a)[:, None] + areas(b)[None, :] - shared
    return np.asarray(shared / np.maximum(union, np.finfo(np.float32).tiny))


def clip_boxes(boxes: NDArray[np.int32], width: int, height: int) -> NDArray[np.int32]:
    """``boxes`` ``(n, 4)`` with every corner inside a ``width`` × ``height`` picture.

    >>> clip_boxes(np.array([[-5, 3, 9, 77]], np.int32), 64, 48).tolist()
    [[0, 3, 9, 48]]
    """
    return np.clip(boxes, 0, [width, height, width, height]).astype(np.int32)


def uncut(box: NDArray[np.int32], width: int, height: int) -> NDArray[np.int32]:
    """The square ``(4,)`` whose part inside a ``width`` × ``height`` picture is ``box`` ``(4,)``.

    Of one that is cut at both ends, the middle of the part is taken for its own.

    >>> uncut(np.array([0, 3, 9, 23], np.int32), 64, 48).tolist()
    [-11, 3, 9, 23]
    >>> uncut(np.array([0, 2, 20, 28], np.int32), 20, 30).tolist()
    [-3, 2, 23, 28]
    """
    x0, y0, x1, y1 = (int(value) for value in box)
    side = max(x1 - x0, y1 - y0)
    x0, y0 = _begin(x0, x1, side, width), _begin(y0, y1, side, height)
    return np.array([x0, y0, x0 + side, y0 + side], np.int32)


def _begin(first: int, last: int, side: int, length: int) -> int:
    """Where ``side`` pixels begin of which a picture of ``length`` shows ``first`` to ``last``."""
    if first > 0 or last - first == side:
        return first
    return last - side if last < length else (first + last - side) // 2
