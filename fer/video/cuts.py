"""Cuts: after one, faces are followed anew, and a face that comes back gets its number again.

Only by what a face and the clothes under it look like in this one video: nothing is stored, and no
network that knows persons is asked. Where two could be meant, or there is no colour to go by, the
number is a new one: numbers are of faces, not of people.
"""

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from fer.vision.appearance import likeness, looks
from fer.vision.faces import Faces
from fer.vision.stream import Stream
from fer.vision.track import Tracks, match

_CUT = 20.0
"""Mean difference, in grey levels, of two frames a tenth of a second apart in a grid of 16×9."""

_ALIKE = 0.3
"""Least likeness of face and clothes together (geometric mean). On 30 portraits of packages, with
boxes that jitter by 4 %, light that changes by 15 % and JPEG at quality 60, it was over 0.42 for
three of four second looks, and under 0.25 for 99 of 100 pairs of others."""

_CLEAR = 1.5  # by how much the likeliest must be likelier than the next

_UNSEEN = 0.15  # likeness of clothes that are outside the picture: then the face must be very alike

_COLORLESS = (
    0.01  # mean difference of the shares of red and green, under which a look tells nothing
)

_LEARNED = 0.2  # of a look at every further sight


class Numbers:
    """Tells cuts, and gives the faces of one video their numbers, from 1."""

    def __init__(self) -> None:
        self._small: NDArray[np.float32] | None = None  # the last frame, as a grid
        self._numbers: dict[int, int] = {}  # by what the tracker calls a face
        self._looks: dict[int, NDArray[np.float32]] = {}  # (2, 16, 2) by number: face and clothes

    def is_cut(self, rgb: NDArray[np.uint8]) -> bool:
        """Whether another shot began with ``rgb`` ``(h, w, 3)``, the next analysed frame."""
        small = cv2.resize(rgb, (16, 9), interpolation=cv2.INTER_AREA).astype(np.float32)
        before, self._small = self._small, small
        return before is not None and float(np.abs(small - before).mean()) > _CUT

    def numbered(self, faces: Faces, rgb: NDArray[np.uint8]) -> Faces:
        """The tracked ``faces`` of ``rgb`` with numbers of this video for the tracker's."""
        assert faces.ids is not None
        ids, seen = faces.ids.tolist(), _looks(rgb, faces.boxes)
        new = [i for i, face in enumerate(ids) if face not in self._numbers]
        here = {self._numbers.get(face) for face in ids}
        gone = [number for number in self._looks if number not in here]
        scores = np.zeros((len(gone), len(new)))
        for row, number in enumerate(gone):
            scores[row] = [_alike(self._looks[number], seen[i]) for i in new]
        for i, partner in zip(new, match(_clear(scores)), strict=True):
            self._numbers[ids[i]] = len(self._looks) + 1 if partner is None else gone[partner]
            self._looks.setdefault(self._numbers[ids[i]], seen[i])
        numbers = [self._numbers[face] for face in ids]
        for number, look in zip(numbers, seen, strict=True):
            self._looks[number] = _learned(self._looks[number], look)
        return replace(faces, ids=np.array(numbers, np.int64))


def anew(stream: Stream) -> Stream:
    """The state after a cut: nobody is known, and no number is given twice."""
    return Stream(Tracks((), stream.tracks.next_id, stream.tracks.seconds))


def _looks(rgb: NDArray[np.uint8], boxes: NDArray[np.int32]) -> NDArray[np.float32]:
    """``(n, 2, 16, 2)``: of each face, and of what is under it; NaN where that is not seen."""
    height, width = rgb.shape[:2]
    sizes = boxes[:, 2:] - boxes[:, :2]
    under = np.concatenate(
        [boxes[:, :2] + [-0.3, 1.1] * sizes, boxes[:, 2:] + [0.3, 1.0] * sizes], 1
    )
    under = np.clip(under, 0, [width, height, width, height]).astype(np.int32)
    found = np.stack([looks(rgb, boxes), looks(rgb, under)], axis=1)
    found[(under[:, 3] - under[:, 1]) < 0.4 * sizes[:, 1], 1] = np.nan
    return found


def _alike(known: NDArray[np.float32], seen: NDArray[np.float32]) -> float:
    """How much face and clothes ``(2, 16, 2)`` are alike, 0..1."""
    if np.abs(seen[0, :, 0] - seen[0, :, 1]).mean() < _COLORLESS:
        return 0.0
    both = not np.isnan(known[1] + seen[1]).any()
    clothes = likeness(known[1], seen[1]) if both else _UNSEEN
    return float(np.sqrt(likeness(known[0], seen[0]) * clothes))


def _learned(known: NDArray[np.float32], seen: NDArray[np.float32]) -> NDArray[np.float32]:
    """What is known after one more sight; what one of them did not see is as the other saw it."""
    known, seen = np.where(np.isnan(known), seen, known), np.where(np.isnan(seen), known, seen)
    return (1 - _LEARNED) * known + _LEARNED * seen


def _clear(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """``scores`` ``(n, m)``, 0 where they are too low or another in the row or column is close."""
    kept = np.where(scores < _ALIKE, 0.0, scores)
    for row, column in np.argwhere(kept > 0):
        rivals = np.concatenate([np.delete(scores[row], column), np.delete(scores[:, column], row)])
        if len(rivals) and scores[row, column] < _CLEAR * rivals.max():
            kept[row, column] = 0.0
    return kept
