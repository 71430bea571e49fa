"""``Faces``: what recognition answers."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fer.labels import LABELS, UNSURE


@dataclass(frozen=True)
class Faces:
    """The faces of one picture, largest first; no face is ``Faces.empty()``, never ``None``.

    Attributes:
        boxes: ``(n, 4)`` int32, x0 y0 x1 y1 in pixels of the picture as displayed, inside
            the picture: the very square that was classified, clipped at the border. (Where a
            detector with landmarks found a tilted head, the square was turned about its centre.)
        probs: ``(n, 7)`` float32, rows sum to 1, columns follow ``LABELS``.
        maps: ``(n, 7, h, w)`` float32 class activation maps, or ``None`` if not asked for.
        ids: ``(n,)`` int64 track numbers, or ``None`` where faces are not tracked.
        unsure_below: the highest probability must reach this, else the face is "unsure".
        shown: the label of each face on display, where tracking decides; else it follows
            from ``probs``.
    """

    boxes: NDArray[np.int32]
    probs: NDArray[np.float32]
    maps: NDArray[np.float32] | None = None
    ids: NDArray[np.int64] | None = None
    unsure_below: float = 0.0
    shown: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        n = len(self.boxes)
        _require_shape("boxes", self.boxes, (n, 4))
        _require_shape("probs", self.probs, (n, len(LABELS)))
        if self.maps is not None:
            _require_shape("maps", self.maps, (n, len(LABELS), *self.maps.shape[2:4]))
        if self.ids is not None:
            _require_shape("ids", self.ids, (n,))
        if self.shown is not None and len(self.shown) != n:
            raise ValueError(f"Faces.shown has {len(self.shown)} labels, expected {n}.")

    @classmethod
    def empty(cls) -> "Faces":
        """No faces."""
        return cls(np.zeros((0, 4), np.int32), np.zeros((0, len(LABELS)), np.float32))

    def __len__(self) -> int:
        return len(self.boxes)

    @property
    def labels(self) -> list[str]:
        """The most probable label of each face."""
        return [LABELS[i] for i in self.probs.argmax(axis=1)] if len(self) else []

    @property
    def confidences(self) -> NDArray[np.float32]:
        """``(n,)`` probability of the shown label; of the most probable where it is "unsure"."""
        best = self.probs.argmax(axis=1) if len(self) else np.zeros(0, np.int64)
        for face, label in enumerate(self.shown or ()):
            if label != UNSURE:
                best[face] = LABELS.index(label)
        return self.probs[np.arange(len(self)), best]

    @property
    def shown_labels(self) -> list[str]:
        """``shown``; else ``labels``, "unsure" where the confidence is under ``unsure_below``."""
        if self.shown is not None:
            return list(self.shown)
        return [
            label if confidence >= self.unsure_below else UNSURE
            for label, confidence in zip(self.labels, self.confidences, strict=True)
        ]

    def records(self) -> list[dict[str, Any]]:
        """One JSON-ready object per face.

        Keys: ``box`` x0 y0 x1 y1, ``label``, ``shown_label`` (``label`` or "unsure"),
        ``confidence``, and ``probabilities`` by label name. Nothing is rounded.
        """
        return [
            {
                "box": [int(value) for value in box],
                "label": label,
                "shown_label": shown,
                "confidence": float(confidence),
                "probabilities": {name: float(p) for name, p in zip(LABELS, probs, strict=True)},
            }
            for box, label, shown, confidence, probs in zip(
                self.boxes,
                self.labels,
                self.shown_labels,
                self.probs.max(axis=1),
                self.probs,
                strict=True,
            )
        ]


def csv_rows(records: Iterable[Mapping[str, Any]]) -> Iterator[list[Any]]:
    """A header, then one row per record of `Faces.records` to which ``file`` was added."""
    known = ("label", "shown_label", "confidence")
    yield ["file", "x0", "y0", "x1", "y1", *known, *LABELS]
    for record in records:
        told = [record[name] for name in known]
        yield [record["file"], *record["box"], *told, *record["probabilities"].values()]


def _require_shape(name: str, array: NDArray[Any], expected: tuple[int, ...]) -> None:
    if array.shape != expected:
        raise ValueError(f"Faces.{name} has shape {array.shape}, expected {expected}.")
