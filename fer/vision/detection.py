"""Face detection: what every detector answers, and the size at which it searches."""

from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from fer.values import ArrayValue

PHOTO_SIZE = 1024
"""Working size for a picture that may take its time: faces down to 1/40 of its width."""

STREAM_SIZE = 320
"""Working size for a live stream: faces down to 1/13 of its width, at a tenth of the cost."""


@dataclass(frozen=True, eq=False)
class Detections(ArrayValue):
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

    def __post_init__(self) -> None:
        n = len(self.boxes)
        expected = {"boxes": (n, 4), "scores": (n,), "landmarks": (n, 5, 2)}
        for name, shape in expected.items():
            array = getattr(self, name)
            if array is not None and array.shape != shape:
                raise ValueError(f"Detections.{name} has shape {array.shape}, expected {shape}.")

    @classmethod
    def empty(cls) -> "Detections":
        """No faces."""
        return cls(np.zeros((0, 4), np.float32), np.zeros(0, np.float32))

    def __len__(self) -> int:
        return len(self.boxes)


class Detector(Protocol):
    """What every face detector answers; one detector may be called from several threads."""

    name: str

    def __call__(self, rgb: NDArray[np.uint8], working_size: int = PHOTO_SIZE) -> Detections:
        """Faces of ``rgb`` ``(h, w, 3)``, searched in a copy as made by `shrink`."""
        ...


def shrink(rgb: NDArray[np.uint8], working_size: int) -> tuple[NDArray[np.uint8], float]:
    """A copy with the area of a 4:3 picture that is ``working_size`` wide, and its scale.

    Going by area, detection costs the same for any resolution and any shape. A smaller
    picture is not enlarged.
    """
    height, width = rgb.shape[:2]
    scale = float(np.sqrt(0.75 * working_size**2 / (height * width)))
    if scale >= 1.0:
        return rgb, 1.0
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.uint8), scale
