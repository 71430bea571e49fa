"""OpenCV's Haar cascade, which needs no file: the detector that works out of the box."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import LifoQueue
from typing import Any, Generic, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from fer.errors import UserError
from fer.vision.boxes import areas, intersections, overlaps
from fer.vision.detection import PHOTO_SIZE, Detections, shrink

Resource = TypeVar("Resource")


class HaarDetector:
    """OpenCV's frontal face cascade, with its scattered answers merged and weighed.

    The cascade answers with every window that passes its last stage, and with the weight
    by which it passed. Here the windows of one face are merged, and the sum of their weights
    is the score: a face passes in many neighbouring windows, a tie or a coin in few. At the
    price of five false boxes in 90 pictures this finds 18 of 28 faces in photographs (the others
    are in profile, tilted or cut off), as OpenCV's count of neighbours does; the highest
    single weight finds 11.

    Thread safety: a ``cv2.CascadeClassifier`` keeps the picture it works on. Four threads
    that called one of them with pictures of different sizes ended in a segmentation fault
    within 40 calls (OpenCV 4.14); with one cascade per call at a time, 160 of 160 answers were
    those of a single thread. So a call borrows one from a `Pool`, and nothing else is shared.
    """

    name = "haar"

    SCALE_STEP = 1.2
    """Ratio of neighbouring window sizes. 1.1 costs twice as much; at equal numbers of false
    boxes it finds the same faces."""

    MIN_WINDOWS = 4
    MIN_SCORE = 5.0
    """What a box needs. Measured on 84 pictures (14 faces, suits, animals, textures, and all
    mirrored) and on 220 FER2013 faces, as photo: 18 of 28 faces, 67 % of FER2013, 6 false boxes
    (a coin, a fist), none on ties. With OpenCV's usual 5 neighbours, a step of 1.1 and no
    weights: 75 % of FER2013, but 11 false boxes in 26 of the pictures alone. A score of 8
    would spare one false box and lose 3 % of FER2013 and every tenth small face."""

    def __init__(self) -> None:
        path = str(_cascade_file())
        self._pool: Pool[Any] = Pool(lambda: cv2.CascadeClassifier(path))

    def __reduce__(self) -> "tuple[type[HaarDetector], tuple[()]]":
        """In another process the cascade is opened again."""
        return HaarDetector, ()

    def __call__(self, rgb: NDArray[np.uint8], working_size: int = PHOTO_SIZE) -> Detections:
        """See `fer.vision.detection.Detector`."""
        small, scale = shrink(rgb, working_size)
        gray = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY)
        # No grouping by OpenCV (0 neighbours): it would keep a group's best weight only.
        with self._pool.borrow() as cascade:
            found, _, weights = cascade.detectMultiScale3(
                gray, self.SCALE_STEP, 0, outputRejectLevels=True
            )
        if len(found) == 0:
            return Detections.empty()
        windows = np.asarray(found, np.float32)
        windows[:, 2:] += windows[:, :2]
        order = np.lexsort(windows.T)  # OpenCV's threads deliver them in any order
        weights = np.maximum(np.ravel(weights), 0.0)
        boxes, scores = merge_windows(windows[order], weights[order], self.MIN_WINDOWS)
        certain = scores >= self.MIN_SCORE
        return Detections(boxes[certain] / np.float32(scale), scores[certain])


class Pool(Generic[Resource]):
    """A few copies of something that only one thread may use at a time; others wait.

    More at once than there are processors would be no faster, and each takes memory: after a
    large picture a cascade keeps 27 MB.
    """

    def __init__(self, open_one: Callable[[], Resource]) -> None:
        """``open_one`` makes a copy, when one is needed for the first time."""
        self._open_one = open_one
        # The last one given back is the first one lent: a single thread opens a single copy.
        self._free: LifoQueue[Resource | None] = LifoQueue()
        for _ in range(max(2, os.cpu_count() or 1)):
            self._free.put(None)

    @contextmanager
    def borrow(self) -> Iterator[Resource]:
        """A copy for the length of a ``with`` block."""
        lent = self._free.get()
        try:
            if lent is None:
                lent = self._open_one()
            yield lent
        finally:
            self._free.put(lent)


def merge_windows(
    windows: NDArray[np.float32], weights: NDArray[np.floating], fewest: int = 1
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """One box per face from the many windows in which a cascade found it.

    Windows that overlap the heaviest by an IoU above 0.4 are averaged with it and their
    weights added; then the next heaviest. Of two boxes of which one covers most of
    the other, the one with the higher score remains.

    Args:
        windows: ``(n, 4)`` x0 y0 x1 y1.
        weights: ``(n,)``, not negative.
        fewest: boxes made of fewer windows are left out.

    Returns:
        Boxes ``(m, 4)`` and scores ``(m,)`` float32, highest score first.
    """
    alike = overlaps(windows, windows) > 0.4  # (n, n)
    left = np.ones(len(windows), bool)
    groups: list[NDArray[np.bool_]] = []
    for i in np.argsort(-weights, kind="stable"):
        if left[i]:
            groups.append(left & alike[i])
            left &= ~alike[i]
    groups = [group for group in groups if group.sum() >= fewest]
    boxes = np.array([windows[group].mean(axis=0) for group in groups], np.float32).reshape(-1, 4)
    scores = np.array([weights[group].sum() for group in groups], np.float32)
    kept = _without_nested(boxes, scores)
    return boxes[kept], scores[kept]


def _without_nested(boxes: NDArray[np.float32], scores: NDArray[np.float32]) -> list[int]:
    sizes = areas(boxes)
    smaller = np.minimum(sizes[:, None], sizes[None, :])
    mostly_covered = intersections(boxes, boxes) > 0.5 * smaller
    kept: list[int] = []
    for i in np.argsort(-scores, kind="stable"):
        if not mostly_covered[i, kept].any():
            kept.append(int(i))
    return kept


def _cascade_file() -> Path:
    folder = getattr(getattr(cv2, "data", None), "haarcascades", "")
    path = Path(folder) / "haarcascade_frontalface_default.xml"
    if not hasattr(cv2, "CascadeClassifier") or not path.is_file():
        raise UserError(
            f"OpenCV {cv2.__version__} has no Haar cascades (5.0 dropped them); "
            "install 'opencv-python-headless>=4.14,<5'."
        )
    return path
