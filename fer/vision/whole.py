"""Pictures that are a face already, cropped by somebody else, such as those of a dataset."""

import cv2
import numpy as np
from numpy.typing import NDArray

from fer.vision.boxes import areas, intersections
from fer.vision.detection import Detections, Detector

SMALL = 64
"""Pixels: a picture with no longer side is hardly a photograph; datasets hold faces of 48 to 64."""

_LOOKED_AT = 240  # pixels: the longer side of the picture whose border is continued
_COVERED = 0.4  # of the picture, by the face in it


class WholePicture:
    """The detector that does not search: the middle square of the picture is one face."""

    name = "none"

    def __call__(self, rgb: NDArray[np.uint8], working_size: int | None = None) -> Detections:
        """See `fer.vision.detection.Detector`; the working size does not matter."""
        height, width = rgb.shape[:2]
        side = min(height, width)
        left, top = (width - side) // 2, (height - side) // 2
        box = np.array([[left, top, left + side, top + side]], np.float32)
        return Detections(box, np.ones(1, np.float32))


def looks_cropped(rgb: NDArray[np.uint8], detector: Detector) -> bool:
    """Whether ``rgb`` ``(h, w, 3)`` seems to be a face already: people are told of ``"none"`` then.

    It is, if it is as small as a dataset's (`SMALL`), or if ``detector`` finds a face that fills
    it once its border is continued on every side. Ask only where nothing was found, or about
    pictures as small as that.
    """
    height, width = rgb.shape[:2]
    if rgb.min() == rgb.max():
        return False  # nothing is on it
    if max(height, width) <= SMALL:
        return True
    if max(height, width) > 2 * min(height, width):
        return False
    scale = min(1.0, _LOOKED_AT / max(height, width))
    size = (round(scale * width), round(scale * height))
    small = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA)
    margin = max(size) // 2
    framed = cv2.copyMakeBorder(small, margin, margin, margin, margin, cv2.BORDER_REPLICATE)
    boxes = detector(np.asarray(framed, np.uint8)).boxes
    picture = np.array([[margin, margin, margin + size[0], margin + size[1]]], np.float32)
    covered = intersections(boxes, picture)[:, 0] / areas(picture)
    return bool((covered > _COVERED).any())
