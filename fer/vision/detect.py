"""Face detection: where the faces of a picture are."""

import threading
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from fer.errors import UserError

PHOTO_SIZE = 1024
STREAM_SIZE = 320


@dataclass(frozen=True)
class Detections:
    """Detected faces, most certain first, before any framing.

    Attributes:
        boxes: ``(n, 4)`` float32, x0 y0 x1 y1 in pixels of the frame.
        scores: ``(n,)`` float32, the detector's own confidence (no common unit).
        landmarks: ``(n, 5, 2)`` float32 x y in pixels of the frame, or ``None`` for a
            detector that has none.
    """

    boxes: NDArray[np.float32]
    scores: NDArray[np.float32]
    landmarks: NDArray[np.float32] | None = None

    def __len__(self) -> int:
        return len(self.boxes)


class Detector(Protocol):
    """What every face detector can be asked."""

    name: str

    def __call__(self, rgb: NDArray[np.uint8], working_size: int = PHOTO_SIZE) -> Detections:
        """Faces of ``rgb`` (h, w, 3), searched in a copy whose longer side is ``working_size``."""


class HaarDetector:
    """OpenCV's frontal face cascade."""

    name = "haar"

    def __init__(self) -> None:
        self._path = _cascade_file()
        self._local = threading.local()

    def __call__(self, rgb: NDArray[np.uint8], working_size: int = PHOTO_SIZE) -> Detections:
        """See `Detector`."""
        height, width = rgb.shape[:2]
        scale = min(1.0, working_size / max(height, width))
        gray = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
        small = cv2.resize(gray, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        found, _, weights = self._cascade().detectMultiScale3(
            small, 1.1, 5, outputRejectLevels=True
        )
        if len(found) == 0:
            return Detections(np.zeros((0, 4), np.float32), np.zeros(0, np.float32))
        boxes = np.asarray(found, np.float32) / np.float32(scale)
        boxes[:, 2:] += boxes[:, :2]
        return Detections(boxes, np.asarray(weights, np.float32).ravel())

    def _cascade(self) -> cv2.CascadeClassifier:
        if not hasattr(self._local, "cascade"):
            self._local.cascade = cv2.CascadeClassifier(str(self._path))
        return self._local.cascade


def _cascade_file() -> Path:
    path = Path(cv2.data.haarcascades) / "haarcascade_frontalface_default.xml"
    if not hasattr(cv2, "CascadeClassifier") or not path.is_file():
        raise UserError(
            f"OpenCV {cv2.__version__} has no Haar cascades; "
            "install 'opencv-python-headless>=4.14,<5'."
        )
    return path


@cache
def open_detector(name: str = "haar") -> Detector:
    """The detector called ``name``, opened once per process.

    Raises:
        UserError: for an unknown name, or if the detector cannot be opened.
    """
    if name != "haar":
        raise UserError(f"There is no detector '{name}'; the detectors are: haar.")
    return HaarDetector()


def detect_faces(
    frame: NDArray[np.uint8], detector: str = "haar", working_size: int = PHOTO_SIZE
) -> Detections:
    """Faces of ``frame`` ``(h, w, 3)`` RGB uint8, boxes in frame pixels."""
    return open_detector(detector)(frame, working_size)
