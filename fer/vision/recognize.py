"""Recognition: a picture in, `Faces` out."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, overload

import cv2
import numpy as np
from numpy.typing import NDArray

from fer.bundle import Bundle
from fer.errors import UserError
from fer.spec import ModelSpec
from fer.vision.boxes import areas, clip_boxes
from fer.vision.classify import Classifier
from fer.vision.detection import Detections, Detector
from fer.vision.detectors import open_detector
from fer.vision.faces import Faces
from fer.vision.framing import crop_faces, frame_squares, tilts, turn_back, turns
from fer.vision.image import Picture, read_image


@dataclass(frozen=True)
class _Cut:
    """The faces of one picture as they go to the classifier, largest first.

    Attributes:
        boxes: ``(n, 4)`` int32, the squares inside the picture.
        angles: ``(n,)`` degrees by which heads are tilted.
        turns: ``(n,)`` how far they look aside, where the detector can tell.
        crops: ``(n, size, size, 1)`` float32.
    """

    boxes: NDArray[np.int32]
    angles: NDArray[np.float32]
    turns: NDArray[np.float32] | None
    crops: NDArray[np.float32]


class Recognizer:
    """Detect, crop, classify: everything that is opened once, and no state between calls.

    One recognizer may be called from several threads at once. It can be pickled, and opens its
    files again where it arrives, such as in a worker process.

    Attributes:
        detector: finds the faces.
        classifier: tells their expressions.
    """

    def __init__(self, detector: Detector, classifier: Classifier) -> None:
        self.detector = detector
        self.classifier = classifier

    @classmethod
    def open(cls, weights: Bundle | str | Path = "fer", detector: str = "auto") -> "Recognizer":
        """Open a bundle (a name under ``weights/`` or a folder) and a detector by name.

        Raises:
            UserError: if either cannot be opened.
        """
        return cls(open_detector(detector), Classifier(weights))

    @property
    def spec(self) -> ModelSpec:
        """What the weights are and require."""
        return self.classifier.spec

    @overload
    def __call__(
        self, image: Picture, maps: bool = False, working_size: int | None = None
    ) -> Faces: ...
    @overload
    def __call__(
        self,
        image: list[Any] | tuple[Any, ...],
        maps: bool = False,
        working_size: int | None = None,
    ) -> list[Faces]: ...
    def __call__(
        self,
        image: Picture | list[Any] | tuple[Any, ...],
        maps: bool = False,
        working_size: int | None = None,
    ) -> Faces | list[Faces]:
        """The faces of a picture and their expressions, largest first; of a list, a list.

        Args:
            image: a picture of any kind that `read_image` takes: a path, the bytes of a file, a
                file opened for reading bytes, a PIL image, or an array in the order RGB (OpenCV's
                are BGR: pass ``frame[..., ::-1]``). Or a list of them, whose faces all go
                through the network as one batch.
            maps: whether to compute class activation maps as well.
            working_size: width in pixels of the reduced copy in which faces are searched, such as
                ``STREAM_SIZE`` for a live stream; by default as for a photo, see `photo_size`.

        Raises:
            UserError: if a picture cannot be read; of a list, it says which.
        """
        if not isinstance(image, list | tuple):
            return self._classify([self._cut_out(image, working_size)], maps)[0]
        cuts = []
        for number, picture in enumerate(image, start=1):
            try:
                cuts.append(self._cut_out(picture, working_size))
            except UserError as error:
                raise UserError(f"Picture {number} of {len(image)}: {error}") from error
        return self._classify(cuts, maps)

    def classify(
        self, rgb: NDArray[np.uint8], found: Detections, mirrored: bool | None = None
    ) -> Faces:
        """The expressions of faces that were ``found`` in ``rgb`` ``(h, w, 3)``, largest first.

        ``mirrored`` is as in `fer.vision.classify.Classifier`.
        """
        return self._classify([self._cut(rgb, found)], False, mirrored)[0]

    def _cut_out(self, image: Picture, working_size: int | None) -> _Cut:
        rgb = read_image(image)
        return self._cut(rgb, self.detector(rgb, working_size))

    def _cut(self, rgb: NDArray[np.uint8], found: Detections) -> _Cut:
        squares = frame_squares(found.boxes, self.spec.framing_for(self.detector.name))
        boxes = clip_boxes(squares, rgb.shape[1], rgb.shape[0])
        order = np.argsort(squares[:, 0] - squares[:, 2], kind="stable")  # largest first
        order = order[areas(boxes)[order] > 0]  # a strange framing may move a face out of sight
        squares, boxes = squares[order], boxes[order]
        angles, aside = tilts(found.landmarks, len(found))[order], turns(found.landmarks)
        # A picture without faces needs no grey copy.
        gray = cv2.cvtColor(rgb if len(boxes) else rgb[:1, :1], cv2.COLOR_RGB2GRAY)
        crops = crop_faces(np.asarray(gray, np.uint8), squares, self.spec.input_size, angles)
        return _Cut(boxes, angles, None if aside is None else aside[order], crops)

    def _classify(
        self, cuts: Sequence[_Cut], maps: bool, mirrored: bool | None = None
    ) -> list[Faces]:
        """One batch through the network, dealt out again to the pictures."""
        ends = np.cumsum([0, *(len(cut.boxes) for cut in cuts)]).tolist()
        if ends[-1] == 0:
            return [Faces.empty() for _ in cuts]
        crops = np.concatenate([cut.crops for cut in cuts])
        probs, activations = self.classifier(crops, maps, mirrored)
        answers = []
        for cut, start, end in zip(cuts, ends, ends[1:], strict=False):
            evidence = None
            if activations is not None:
                evidence = turn_back(activations[start:end], cut.angles)
            faces = Faces(
                cut.boxes,
                probs[start:end],
                evidence,
                turns=cut.turns,
                unsure_below=self.spec.unsure_below,
            )
            answers.append(faces if len(faces) else Faces.empty())
        return answers
