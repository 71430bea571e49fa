"""``Faces``: what recognition answers, and the records that programs read."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from fer.labels import LABELS, UNSURE
from fer.values import ArrayValue

_BY_FACE = ("boxes", "probs", "maps", "ids", "turns")
"""The arrays of `Faces`."""

CSV_COLUMNS = ("x0", "y0", "x1", "y1", "label", "best_guess", "confidence", *LABELS)
"""Of the tables of photos and videos, after what tells the picture; see `csv_cells`."""


@dataclass(frozen=True)
class Face:
    """One face and its apparent expression.

    Attributes:
        box: x0 y0 x1 y1 in pixels of the picture, as in `Faces`.
        label: what is shown to people: one of ``LABELS``, or "unsure".
        best_guess: the most probable of ``LABELS``, however improbable.
        confidence: probability of ``label``, 0..1; of ``best_guess`` where it is "unsure".
        probabilities: by label, in the order of ``LABELS``; their sum is 1.
        id: number of the face where faces are followed, else ``None``.
    """

    box: tuple[int, int, int, int]
    label: str
    best_guess: str
    confidence: float
    probabilities: Mapping[str, float]
    id: int | None = None

    def record(self) -> dict[str, Any]:
        """A JSON-ready object: ``box label best_guess confidence probabilities``."""
        return {
            "box": list(self.box),
            "label": self.label,
            "best_guess": self.best_guess,
            "confidence": self.confidence,
            "probabilities": dict(self.probabilities),
        }


@dataclass(frozen=True, eq=False)
class Faces(ArrayValue):
    """The faces of one picture, largest first; no face is ``Faces.empty()``, never ``None``.

    A sequence of `Face`: it has a length, is iterated, indexed and compared; a slice is `Faces`.

    Attributes:
        boxes: ``(n, 4)`` int32, x0 y0 x1 y1 in pixels of the picture as displayed, inside
            the picture: the very square that was classified, clipped at the border. (Where a
            detector with landmarks found a tilted head, the square was turned about its centre.)
        probs: ``(n, 7)`` float32, rows sum to 1, columns follow ``LABELS``.
        maps: ``(n, 7, h, w)`` float32 class activation maps, or ``None`` if not asked for.
        ids: ``(n,)`` int64 track numbers, or ``None`` where faces are not tracked.
        turns: ``(n,)`` float32, how far heads look aside: see `fer.vision.framing.turns`; or
            ``None`` where the detector cannot tell.
        unsure_below: the highest probability must reach this, else the face is "unsure".
        shown: the label of each face on display, where tracking decides; else it follows
            from ``probs``.
    """

    boxes: NDArray[np.int32]
    probs: NDArray[np.float32]
    maps: NDArray[np.float32] | None = None
    ids: NDArray[np.int64] | None = None
    turns: NDArray[np.float32] | None = None
    unsure_below: float = 0.0
    shown: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        n = len(self.boxes)
        _require_shape("boxes", self.boxes, (n, 4))
        _require_shape("probs", self.probs, (n, len(LABELS)))
        if self.maps is not None:
            _require_shape("maps", self.maps, (n, len(LABELS), *self.maps.shape[2:4]))
        for name, numbers in (("ids", self.ids), ("turns", self.turns)):
            if numbers is not None:
                _require_shape(name, numbers, (n,))
        if self.shown is not None and len(self.shown) != n:
            raise ValueError(f"Faces.shown has {len(self.shown)} labels, expected {n}.")

    @classmethod
    def empty(cls) -> "Faces":
        """No faces."""
        return cls(np.zeros((0, 4), np.int32), np.zeros((0, len(LABELS)), np.float32))

    def __len__(self) -> int:
        return len(self.boxes)

    def __iter__(self) -> Iterator[Face]:
        return (self[i] for i in range(len(self)))

    @overload
    def __getitem__(self, index: int) -> Face: ...
    @overload
    def __getitem__(self, index: slice) -> "Faces": ...
    def __getitem__(self, index: int | slice) -> "Face | Faces":
        if isinstance(index, slice):
            arrays = {name: getattr(self, name) for name in _BY_FACE}
            cut = {name: array[index] for name, array in arrays.items() if array is not None}
            return replace(self, **cut, shown=self.shown and self.shown[index])
        if not -len(self) <= index < len(self):
            raise IndexError(f"There is no face {index}: the picture has {len(self)}.")
        probs = [_shortest(p) for p in self.probs[index]]
        best_guess = LABELS[int(self.probs[index].argmax())]
        label = self._label(index)
        x0, y0, x1, y1 = self.boxes[index].tolist()
        return Face(
            (x0, y0, x1, y1),
            label,
            best_guess,
            probs[LABELS.index(best_guess if label == UNSURE else label)],
            dict(zip(LABELS, probs, strict=True)),
            None if self.ids is None else int(self.ids[index]),
        )

    @property
    def labels(self) -> list[str]:
        """What is shown: the most probable label of each face, or "unsure"."""
        return [self._label(face) for face in range(len(self))]

    def _label(self, face: int) -> str:
        if self.shown is not None:
            return self.shown[face]
        best = int(self.probs[face].argmax())
        return LABELS[best] if self.probs[face, best] >= self.unsure_below else UNSURE

    @property
    def best_guesses(self) -> list[str]:
        """The most probable label of each face, however improbable."""
        return [LABELS[i] for i in self.probs.argmax(axis=1)] if len(self) else []

    @property
    def confidences(self) -> NDArray[np.float32]:
        """``(n,)`` probability of the shown label; of the best guess where it is "unsure"."""
        best = self.probs.argmax(axis=1) if len(self) else np.zeros(0, np.int64)
        for face, label in enumerate(self.shown or ()):
            if label != UNSURE:
                best[face] = LABELS.index(label)
        return self.probs[np.arange(len(self)), best]

    def records(self) -> list[dict[str, Any]]:
        """One JSON-ready object per face: see `Face.record`."""
        return [face.record() for face in self]


def csv_cells(record: Mapping[str, Any]) -> list[Any]:
    """The cells of a table under `CSV_COLUMNS`; probabilities with six decimals."""
    shares = [record["confidence"], *record["probabilities"].values()]
    names = [record["label"], record["best_guess"]]
    return [*record["box"], *names, *(f"{share:.6f}" for share in shares)]


def _shortest(value: np.float32) -> float:
    """``value`` with as few digits as 32 bits hold: 0.1, not 0.10000000149."""
    return float(str(value))


def _require_shape(name: str, array: NDArray[Any], expected: tuple[int, ...]) -> None:
    if array.shape != expected:
        raise ValueError(f"Faces.{name} has shape {array.shape}, expected {expected}.")
