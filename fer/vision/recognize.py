"""Recognition: a picture in, `Faces` out."""

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from fer.bundle import bundle_path, read_spec
from fer.errors import UserError
from fer.spec import ModelSpec
from fer.vision.classify import Classifier
from fer.vision.detection import PHOTO_SIZE, Detections, Detector, open_detector
from fer.vision.faces import Faces
from fer.vision.framing import clip_boxes, crop_faces, frame_squares, tilts, turn_back
from fer.vision.image import read_image, to_rgb


class Recognizer:
    """Detect, crop, classify: everything that is opened once, and no state between calls.

    One recognizer may be called from several threads at once.

    Attributes:
        detector: finds the faces.
        classifier: tells their expressions.
    """

    def __init__(self, detector: Detector, classifier: Classifier) -> None:
        self.detector = detector
        self.classifier = classifier

    @classmethod
    def open(cls, weights: str | Path = "fer", detector: str = "auto") -> "Recognizer":
        """Open a bundle (a name under ``weights/`` or a folder) and a detector by name.

        Raises:
            UserError: if either cannot be opened.
        """
        bundle = bundle_path(weights)
        return cls(open_detector(detector), Classifier(bundle, read_spec(bundle)))

    @property
    def spec(self) -> ModelSpec:
        """What the weights are and require."""
        return self.classifier.spec

    def __call__(
        self,
        image: NDArray[np.uint8] | str | Path,
        maps: bool = False,
        working_size: int = PHOTO_SIZE,
    ) -> Faces:
        """The faces of a picture and their expressions, largest first.

        Args:
            image: ``(h, w, 3)`` RGB uint8, an array that `to_rgb` understands, or a path.
            maps: whether to compute class activation maps as well.
            working_size: longer side in pixels of the reduced copy in which faces are
                searched: ``PHOTO_SIZE``, or ``STREAM_SIZE`` for a live stream.

        Raises:
            UserError: if the picture cannot be read.
        """
        rgb = _read(image)
        return self.classify(rgb, self.detector(rgb, working_size), maps)

    def classify(self, rgb: NDArray[np.uint8], found: Detections, maps: bool = False) -> Faces:
        """The expressions of faces that were ``found`` in ``rgb`` ``(h, w, 3)``, largest first."""
        if len(found) == 0:
            return Faces.empty()
        squares = frame_squares(found.boxes, self.spec.framing_for(self.detector.name))
        order = np.argsort(squares[:, 0] - squares[:, 2], kind="stable")  # largest first
        squares, angles = squares[order], tilts(found.landmarks, len(found))[order]
        gray = np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), np.uint8)
        crops = crop_faces(gray, squares, self.spec.input_size, angles)
        probs, activations = self.classifier(crops, maps)
        if activations is not None:
            activations = turn_back(activations, angles)
        boxes = clip_boxes(squares, rgb.shape[1], rgb.shape[0])
        return Faces(boxes, probs, activations, unsure_below=self.spec.unsure_below)


def _read(image: NDArray[np.uint8] | str | Path) -> NDArray[np.uint8]:
    if isinstance(image, np.ndarray):
        return to_rgb(image)
    if isinstance(image, str | Path):
        return read_image(image)
    raise UserError(f"A picture is a NumPy array or a path, not {type(image).__name__}.")
