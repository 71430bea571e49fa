"""OpenCV's Haar cascade, which needs no file: the detector that works out of the box."""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from queue import LifoQueue
from typing import Any, Generic, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from fer.errors import UserError
from fer.vision.boxes import areas, intersections, overlaps
from fer.vision.detection import Detections, photo_size, resized
from fer.vision.framing import cut

Resource = TypeVar("Resource")

WINDOW = 24
"""Pixels: the side of the window that the cascade was trained on."""


class HaarDetector:
    """OpenCV's frontal face cascade: a coarse look at the whole, a fine one where it may pay.

    The coarse look moves one window by two pixels over copies of the picture that become smaller
    in large steps. Wherever a window passes, every position and size around it is looked at;
    the windows of one face are merged, and the sum of their weights is the score: a face passes
    in many neighbouring windows, a tie or a coin in few.

    Thread safety: a ``cv2.CascadeClassifier`` keeps the picture it works on. Four threads
    that called one of them with pictures of different sizes ended in a segmentation fault
    within 40 calls (OpenCV 4.14); with one cascade per call at a time, 160 of 160 answers were
    those of a single thread. So a call borrows one from a `Pool`, and nothing else is shared.
    """

    name = "haar"

    COARSE_START = 1.1
    COARSE_STEP = 1.38
    FINE_STEP = 1.2
    FINE_FROM = 2.5
    UNHURRIED = 1_000_000
    """The coarse look's first size in `WINDOW`, and ratios of neighbouring sizes. Fine steps cost
    little from `FINE_FROM` on, where the copies are small; and in pictures of so many pixels, large
    photos, it is the small faces of a group that are searched for."""

    LARGE = 2.5
    EDGE = WINDOW // 4
    """Where fewer windows than LARGE fit side by side, they may leave the picture by EDGE pixels:
    its border goes on, so that a face that fills its picture is found."""

    SAME_PLACE = 0.2
    MARGIN = 0.35
    SMALLER = 1.3
    LARGER = 1.45
    """Of the coarse look's windows, those with a higher IoU count as one place; the fine look goes
    so many sides further in every direction, and from one 1.3th of its size to 1.45 times."""

    MIN_WINDOWS = 3
    MIN_SCORE = 4.0
    """What a box needs. Measured on the scenes of `fer bench` (42 faces), 120 scenes with a FER2013
    face of 32, 72 or 200 pixels, and 40 photographs of skimage, against a search of every
    position in steps of 1.2: 42, 18, 28 and 28 of 40 faces found instead of 42, 17, 28 and 28;
    false boxes 2, 19 and 3 instead of 2, 26 and 4; and 18, 98 and 47 ms instead of 35, 174 and
    118 (one face, 16 faces, a FER2013 scene; one thread of a busy machine). Starting at 1.3 would
    spare a fifth more and lose 6 faces."""

    def __init__(self) -> None:
        path = str(_cascade_file())
        self._pool: Pool[Any] = Pool(lambda: cv2.CascadeClassifier(path))

    def __reduce__(self) -> "tuple[type[HaarDetector], tuple[()]]":
        """In another process the cascade is opened again."""
        return HaarDetector, ()

    def __call__(self, rgb: NDArray[np.uint8], working_size: int | None = None) -> Detections:
        """See `fer.vision.detection.Detector`."""
        gray = np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), np.uint8)
        gray, scale = resized(gray, working_size or photo_size(rgb))
        with self._pool.borrow() as cascade:
            windows, weights = self._look_coarsely(cascade, gray)
        groups = group_windows(windows, weights, self.SAME_PLACE)
        places = [windows[group].mean(axis=0) for group in groups]
        windows, weights = self._look_closely(gray, places)
        boxes, scores = merge_windows(windows, weights, self.MIN_WINDOWS)
        certain = scores >= self.MIN_SCORE
        return Detections(boxes[certain] / np.float32(scale), scores[certain])

    def _look_coarsely(self, cascade: Any, gray: NDArray[np.uint8]) -> "Windows":
        """Windows in which a face passes, few of them for each face."""
        height, width = gray.shape
        found = [_NOTHING]
        factor = self.COARSE_START
        while min(height, width) >= WINDOW * factor:
            size = max(WINDOW, round(width / factor)), max(WINDOW, round(height / factor))
            smaller = cv2.resize(gray, size, interpolation=cv2.INTER_LINEAR)
            edge = self.EDGE if min(size) < self.LARGE * WINDOW else 0
            if edge:
                smaller = cv2.copyMakeBorder(smaller, edge, edge, edge, edge, cv2.BORDER_REPLICATE)
            windows, weights = _windows(
                cascade, np.asarray(smaller, np.uint8), self.FINE_STEP, WINDOW, WINDOW
            )
            found.append(((windows - edge) * np.float32(factor), weights))
            hurried = factor < self.FINE_FROM and gray.size < self.UNHURRIED
            factor *= self.COARSE_STEP if hurried else self.FINE_STEP
        return _joined(found)

    def _look_closely(
        self, gray: NDArray[np.uint8], places: Sequence[NDArray[np.float32]]
    ) -> "Windows":
        """Every window in which a face passes at one of ``places`` ``(4,)`` or around it, once."""

        def look(place: NDArray[np.float32]) -> Windows:
            side = float(place[2] - place[0])
            margin = np.array([-1, -1, 1, 1], np.float32) * self.MARGIN * side
            around = np.rint(place + margin).astype(np.int32)
            part = np.ascontiguousarray(cut(gray, around))
            smallest, largest = round(side / self.SMALLER), round(side * self.LARGER)
            with self._pool.borrow() as cascade:
                windows, weights = _windows(cascade, part, self.FINE_STEP, smallest, largest)
            return windows + np.tile(around[:2], 2).astype(np.float32), weights

        # OpenCV divides a picture among its threads; these parts are too small for that.
        threads = min(len(places), cv2.getNumThreads())
        if threads > 1:
            with ThreadPoolExecutor(threads) as pool:
                found = list(pool.map(look, places))
        else:
            found = list(map(look, places))
        windows, weights = _joined([_NOTHING, *found])
        # Places overlap; sorted as well, for OpenCV's threads deliver windows in any order.
        windows, first = np.unique(windows, axis=0, return_index=True)
        return windows, weights[first]


Windows = tuple[NDArray[np.float32], NDArray[np.float32]]
"""``(n, 4)`` x0 y0 x1 y1 and the weights ``(n,)``, not negative, by which they passed."""

_NOTHING: Windows = (np.zeros((0, 4), np.float32), np.zeros(0, np.float32))


def _windows(
    cascade: Any, gray: NDArray[np.uint8], step: float, smallest: int, largest: int
) -> Windows:
    """The windows of ``gray`` ``(h, w)`` that pass, with sides from ``smallest`` to ``largest``."""
    # No grouping by OpenCV (0 neighbours): it would keep a group's best weight only.
    found, _, weights = cascade.detectMultiScale3(
        gray,
        step,
        0,
        minSize=(smallest, smallest),
        maxSize=(largest, largest),
        outputRejectLevels=True,
    )
    if len(found) == 0:
        return _NOTHING
    windows = np.asarray(found, np.float32)
    windows[:, 2:] += windows[:, :2]
    return windows, np.maximum(np.ravel(weights), 0.0).astype(np.float32)


def _joined(parts: Sequence[Windows]) -> Windows:
    return np.concatenate([part[0] for part in parts]), np.concatenate([part[1] for part in parts])


def group_windows(
    windows: NDArray[np.float32], weights: NDArray[np.float32], least: float
) -> list[NDArray[np.intp]]:
    """Indices of windows ``(n, 4)`` that overlap, group by group.

    Those that overlap the heaviest by an IoU above ``least`` are with it; then the next heaviest.
    """
    left = np.argsort(-weights, kind="stable")
    groups = []
    while len(left):  # one row at a time: all pairs of a crowd's windows would take gigabytes
        alike = overlaps(windows[left[:1]], windows[left])[0] > least
        alike[0] = True  # also one without an area, which overlaps nothing
        groups.append(np.sort(left[alike]))
        left = left[~alike]
    return groups


def merge_windows(
    windows: NDArray[np.float32], weights: NDArray[np.float32], fewest: int = 1
) -> Windows:
    """One box per face from the many windows in which a cascade found it.

    Windows that overlap by an IoU above 0.4 are averaged and their weights added, as by
    `group_windows`. Of two boxes of which one covers most of the other, the one with the
    higher score remains.

    Args:
        windows: ``(n, 4)`` x0 y0 x1 y1.
        weights: ``(n,)``, not negative.
        fewest: boxes made of fewer windows are left out.

    Returns:
        Boxes ``(m, 4)`` and scores ``(m,)`` float32, highest score first.
    """
    groups = [group for group in group_windows(windows, weights, 0.4) if len(group) >= fewest]
    boxes = np.array([windows[group].mean(axis=0) for group in groups], np.float32).reshape(-1, 4)
    scores = np.array([weights[group].sum() for group in groups], np.float32)
    kept = _without_nested(boxes, scores)
    return boxes[kept], scores[kept]


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
