"""Pictures of a video: of every face, and of when one showed a label most clearly."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fer.labels import LABELS, UNSURE
from fer.values import ArrayValue
from fer.vision.faces import Faces
from fer.vision.thumbnail import face_thumbnail

_KEPT = 3  # per label, each of another face
_SIDE = 160  # pixels of a picture
_PORTRAIT = 64  # pixels


@dataclass(frozen=True, eq=False)
class Moment(ArrayValue):
    """When a face showed a label most strongly.

    Attributes:
        label: the shown label.
        face: the face's number.
        probability: of that label.
        seconds: when, since the first picture of the video.
        frame: the number of the frame.
        picture: the face, RGB uint8, its longer side 160 pixels at most.
    """

    label: str
    face: int
    probability: float
    seconds: float
    frame: int
    picture: NDArray[np.uint8]


class Moments:
    """Keeps the three strongest of every label, each of another face."""

    def __init__(self) -> None:
        self._strongest: dict[str, dict[int, Moment]] = {label: {} for label in LABELS}

    def add(self, faces: Faces, rgb: NDArray[np.uint8], seconds: float, number: int) -> None:
        """Look at the tracked ``faces`` of frame ``number``, ``rgb`` ``(h, w, 3)``."""
        assert faces.ids is not None
        shown = zip(faces.ids.tolist(), faces.labels, faces.confidences, faces.boxes, strict=True)
        for face, label, confidence, box in shown:
            if label == UNSURE or not self._make_room(label, face, float(confidence)):
                continue
            picture = face_thumbnail(rgb, box, _SIDE)
            self._strongest[label][face] = Moment(
                label, face, float(confidence), seconds, number, picture
            )

    def all(self) -> tuple[Moment, ...]:
        """In the order of ``LABELS``, of each the strongest first."""
        return tuple(
            moment
            for found in self._strongest.values()
            for moment in sorted(found.values(), key=lambda moment: -moment.probability)
        )

    def _make_room(self, label: str, face: int, probability: float) -> bool:
        """Whether this is among the strongest; what is no longer is forgotten."""
        best = self._strongest[label]
        if face in best:
            return best[face].probability < probability
        if len(best) < _KEPT:
            return True
        weakest = min(best.values(), key=lambda moment: moment.probability)
        if weakest.probability >= probability:
            return False
        del best[weakest.face]
        return True


class Portraits:
    """Keeps a picture of every face, from where it was seen largest: 12 kB each."""

    def __init__(self) -> None:
        self.pictures: dict[int, NDArray[np.uint8]] = {}
        self._sides: dict[int, int] = {}

    def add(self, faces: Faces, rgb: NDArray[np.uint8]) -> None:
        """Look at the tracked ``faces`` of a frame, ``rgb`` ``(h, w, 3)``."""
        assert faces.ids is not None
        for face, box in zip(faces.ids.tolist(), faces.boxes, strict=True):
            side = int((box[2:] - box[:2]).min())
            if side > self._sides.get(face, 0) or face not in self.pictures:
                self._sides[face] = side
                self.pictures[face] = face_thumbnail(rgb, box, _PORTRAIT)
