"""From detected boxes to the squares, and the pixels, that the classifier is shown."""

import cv2
import numpy as np
from numpy.typing import NDArray

from fer.pixels import resize_square
from fer.spec import Framing

LEAST_TILT = 20.0
"""Degrees from which heads are levelled; the classifier has seen smaller tilts in training.
Measured on 300 FER2013 faces in scenes, YuNet's landmarks: levelling all costs 0.4 points
upright, 1.2 at 10 degrees, 0.9 at 20, and brings 2.3 points at 30 and 10.4 at 45."""


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


def tilts(landmarks: NDArray[np.float32] | None, count: int) -> NDArray[np.float32]:
    """How far heads are tilted, ``(n,)`` float32 degrees, positive clockwise.

    By the line from between the eyes to the middle of the mouth: in a head that looks sideways
    and down the line between the eyes slopes, though the head is not tilted.

    Args:
        landmarks: ``(n, 5, 2)`` x y in pixels: two eyes, nose, two corners of the mouth; or
            ``None`` for a detector without landmarks, which only finds upright faces.
        count: ``n``; the answer is zeros where there are no landmarks.
    """
    if landmarks is None:
        return np.zeros(count, np.float32)
    across, down = (landmarks[:, 3:].mean(axis=1) - landmarks[:, :2].mean(axis=1)).T
    return np.degrees(np.arctan2(-across, down)).astype(np.float32)


def turns(landmarks: NDArray[np.float32] | None) -> NDArray[np.float32] | None:
    """How far heads look aside: the nose is between the eyes at 0, before an eye at ±0.5.

    Args:
        landmarks: as for `tilts`; the answer is ``None`` where there are none.
    """
    if landmarks is None:
        return None
    across, nose = landmarks[:, 1] - landmarks[:, 0], landmarks[:, 2] - landmarks[:, 0]
    length = np.maximum((across**2).sum(axis=1), 1e-6)
    return np.asarray((nose * across).sum(axis=1) / length - 0.5, np.float32)


def crop_faces(
    gray: NDArray[np.uint8],
    squares: NDArray[np.int32],
    size: int,
    tilts: NDArray[np.floating] | None = None,
) -> NDArray[np.float32]:
    """The pixels in ``squares``, ``(n, size, size, 1)`` float32 grey 0..255.

    A square that leaves the picture is filled with the nearest pixel of its border.

    Args:
        gray: the picture ``(h, w)``.
        squares: ``(n, 4)`` x0 y0 x1 y1.
        size: side of the crops in pixels.
        tilts: ``(n,)`` degrees by which squares are turned clockwise about their centres, so
            that tilted heads come out upright; under `LEAST_TILT` they stay as they are.
    """
    crops = np.empty((len(squares), size, size, 1), np.float32)
    angles = np.zeros(len(squares)) if tilts is None else tilts
    for crop, square, angle in zip(crops, squares, angles.tolist(), strict=True):
        if abs(angle) < LEAST_TILT:
            crop[..., 0] = resize_square(cut(gray, square), size)
        else:
            crop[..., 0] = _level(gray, square, size, angle)
    return crops


def turn_back(maps: NDArray[np.float32], tilts: NDArray[np.floating]) -> NDArray[np.float32]:
    """``maps`` ``(n, 7, h, w)`` of levelled crops as they lie over the tilted faces."""
    turned = maps.copy()
    height, width = maps.shape[2:]
    for planes, angle in zip(turned, tilts.tolist(), strict=True):
        if abs(angle) >= LEAST_TILT:
            turn = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), -angle, 1.0)
            for plane in planes:
                plane[:] = cv2.warpAffine(
                    plane, turn, (width, height), borderMode=cv2.BORDER_REPLICATE
                )
    return turned


def _level(
    gray: NDArray[np.uint8], square: NDArray[np.int32], size: int, angle: float
) -> NDArray[np.uint8]:
    """Reduced first and turned then: a turn alone would skip pixels of a large face."""
    margin = size // 4  # the corners of the turned square lie up to 0.21 sides outside
    x0, y0, x1, y1 = (int(value) for value in square)
    around = round((x1 - x0) * margin / size)
    grown = np.array([x0 - around, y0 - around, x1 + around, y1 + around], np.int32)
    patch = resize_square(cut(gray, grown), size + 2 * margin)
    middle = (len(patch) - 1) / 2
    turn = cv2.getRotationMatrix2D((middle, middle), angle, 1.0)
    turn[:, 2] -= margin
    return np.asarray(
        cv2.warpAffine(patch, turn, (size, size), borderMode=cv2.BORDER_REPLICATE), np.uint8
    )


def cut(picture: NDArray[np.uint8], square: NDArray[np.int32]) -> NDArray[np.uint8]:
    """The pixels of ``picture`` ``(h, w)`` or ``(h, w, c)`` in ``square`` x0 y0 x1 y1.

    Outside the picture the nearest pixel of its border goes on.
    """
    height, width = picture.shape[:2]
    x0, y0, x1, y1 = (int(value) for value in square)
    if min(x0, y0) >= 0 and x1 <= width and y1 <= height:
        return picture[y0:y1, x0:x1]
    rows = np.clip(np.arange(y0, y1), 0, height - 1)
    columns = np.clip(np.arange(x0, x1), 0, width - 1)
    return picture[rows[:, None], columns]
