"""Face detection: what every detector answers, and the size at which it searches."""

from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from fer.values import ArrayValue

STREAM_SIZE = 320
"""Working size for a live stream: faces down to 1/13 of its width, at a tenth of the cost."""

_PHOTO_SIZES = (1024, 2048)
_PHOTO_SHARE = 0.4
"""A photo is searched at this share of its width, but no smaller and no larger than these sizes: in
24 megapixels are group photos whose faces have 85 pixels; and the largest size limits the time."""


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

    def __call__(self, rgb: NDArray[np.uint8], working_size: int | None = None) -> Detections:
        """Faces of ``rgb`` ``(h, w, 3)``, searched in a copy as made by `resized`.

        Without a working size it is a photo, which may take its time: see `photo_size`.
        """
        ...


def photo_size(rgb: NDArray[np.uint8]) -> int:
    """The working size for a photo; it follows the picture."""
    height, width = rgb.shape[:2]
    wide = float(np.sqrt(height * width / 0.75))  # a 4:3 picture of this area
    return round(min(max(_PHOTO_SHARE * wide, _PHOTO_SIZES[0]), _PHOTO_SIZES[1]))


def resized(
    picture: NDArray[np.uint8], working_size: int, most: float = 1.0
) -> tuple[NDArray[np.uint8], float]:
    """A copy with the area of a 4:3 picture that is ``working_size`` wide, and its scale.

    Going by area, detection costs the same for any resolution and any shape. A smaller picture
    is enlarged ``most`` times at most. The picture is grey ``(h, w)`` or RGB ``(h, w, 3)``.
    """
    height, width = picture.shape[:2]
    scale = min(most, float(np.sqrt(0.75 * working_size**2 / (height * width))))
    if scale == 1.0:
        return picture, scale
    size = max(1, round(width * scale)), max(1, round(height * scale))
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(picture, size, interpolation=how), np.uint8), scale
