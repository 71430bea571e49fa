"""What was seen in a video: one row per face and analysed frame, and what it adds up to."""

from array import array
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fer.labels import LABELS, UNSURE
from fer.values import ArrayValue
from fer.vision.faces import Faces

OTHERS = 0
"""The number of all faces that were seen too briefly to be told apart; others count from 1."""

_SHOWN = np.array([*LABELS, UNSURE])
_ROW = np.dtype(
    [
        ("time", "f8"), ("frame", "i8"), ("id", "i8"),
        ("box", "i4", 4), ("probs", "f4", 7), ("label", "u1"),
    ]
)  # fmt: skip
_CHUNK = 1000  # rows that are records at the same time: those take much more memory


@dataclass(frozen=True, eq=False)
class Timeline(ArrayValue):
    """``n`` rows, each one face in one analysed frame, in the order of time.

    Attributes:
        times: ``(n,)`` float64 seconds since the first picture of the video.
        frames: ``(n,)`` int64 numbers of the frames, from 0 at the beginning of the video.
        ids: ``(n,)`` int64 numbers of the faces.
        boxes: ``(n, 4)`` int32, as in `Faces`.
        probs: ``(n, 7)`` float32, as in `Faces`; smoothed as they are on display.
        labels: ``(n,)`` shown labels, "unsure" among them.
        lasting: ``(n,)`` float64 seconds until the next analysed frame: what a row stands for.
    """

    times: NDArray[np.float64]
    frames: NDArray[np.int64]
    ids: NDArray[np.int64]
    boxes: NDArray[np.int32]
    probs: NDArray[np.float32]
    labels: NDArray[np.str_]
    lasting: NDArray[np.float64]

    def __post_init__(self) -> None:
        n = len(self.times)
        shapes = {"boxes": (n, 4), "probs": (n, len(LABELS))}
        for field in fields(self):
            expected, actual = shapes.get(field.name, (n,)), getattr(self, field.name).shape
            if actual != expected:
                raise ValueError(f"Timeline.{field.name} has shape {actual}, expected {expected}.")

    def __len__(self) -> int:
        return len(self.times)

    def rows(self, which: NDArray[Any] | slice) -> "Timeline":
        """Some of the rows: those ``which`` names, as an index of NumPy."""
        return Timeline(*(getattr(self, field.name)[which] for field in fields(self)))

    def by_face(self) -> dict[int, "Timeline"]:
        """The rows of every face by its number, longest seen first, `OTHERS` last."""
        mine = {int(face): self.rows(self.ids == face) for face in np.unique(self.ids)}
        return dict(sorted(mine.items(), key=lambda one: (one[0] == OTHERS, -one[1].lasting.sum())))

    def records(self) -> Iterator[dict[str, Any]]:
        """Each row as `Face.record` tells it, with ``time``, ``frame`` and ``face`` before."""
        for begin in range(0, len(self), _CHUNK):
            part = self.rows(slice(begin, begin + _CHUNK))
            faces = Faces(part.boxes, part.probs, shown=tuple(part.labels.tolist()))
            for time, frame, face, record in zip(
                part.times.tolist(),
                part.frames.tolist(),
                part.ids.tolist(),
                faces.records(),
                strict=True,
            ):
                yield {"time": time, "frame": frame, "face": face, **record}


@dataclass(frozen=True)
class FaceSummary:
    """One line of the table of faces.

    Attributes:
        face: its number; or `OTHERS`.
        first, last: when it was first and last seen, in seconds.
        seconds: for how long it was seen; of several `OTHERS` the sum.
        shares: share of that time, 0..1, by shown label; labels never shown are left out.
        transitions: how often its shown label changed.
    """

    face: int
    first: float
    last: float
    seconds: float
    shares: dict[str, float]
    transitions: int


@dataclass(frozen=True)
class Run:
    """A stretch of time in which a face was seen without a break and showed one label.

    Attributes:
        begin, end: in seconds.
        label: the shown label.
        best_guess: of ``LABELS``; the label itself unless that is "unsure".
        confidence: mean probability of ``best_guess``, 0..1.
    """

    begin: float
    end: float
    label: str
    best_guess: str
    confidence: float


class TimelineBuilder:
    """Collects a `Timeline`; a row takes 69 bytes."""

    def __init__(self) -> None:
        self._rows = bytearray()
        self._times = array("d")  # of all analysed frames, with faces or without

    def add(self, faces: Faces, seconds: float, number: int) -> None:
        """Note the tracked ``faces`` of an analysed frame."""
        assert faces.ids is not None
        rows = np.zeros(len(faces), _ROW)
        rows["time"], rows["frame"], rows["id"] = seconds, number, faces.ids
        rows["box"], rows["probs"] = faces.boxes, faces.probs
        rows["label"] = [_SHOWN.tolist().index(label) for label in faces.labels]
        self._rows += rows.tobytes()
        self._times.append(seconds)

    def timeline(self, end: float) -> Timeline:
        """Everything so far; ``end`` is when the last analysed frame gave way, in seconds."""
        rows = np.frombuffer(bytes(self._rows), _ROW)
        times = np.array([*self._times, end])
        following = times[
            np.searchsorted(times, rows["time"], side="right").clip(max=len(times) - 1)
        ]
        return Timeline(
            rows["time"],
            rows["frame"],
            rows["id"],
            rows["box"],
            rows["probs"],
            _SHOWN[rows["label"]],
            np.maximum(following - rows["time"], 0.0),
        )


def fold_brief(timeline: Timeline, under: float = 0.5) -> Timeline:
    """The same rows, where every face that was seen for less than ``under`` seconds is `OTHERS`."""
    faces, mine = np.unique(timeline.ids, return_inverse=True)
    seconds = np.bincount(mine, weights=timeline.lasting, minlength=len(faces))
    return replace(timeline, ids=np.where(seconds[mine] < under, OTHERS, timeline.ids))


def summarize(timeline: Timeline) -> list[FaceSummary]:
    """The table of faces, longest seen first, `OTHERS` last."""
    return [_summary(face, rows) for face, rows in timeline.by_face().items()]


def runs(rows: Timeline) -> list[Run]:
    """The ``rows`` of one face as few stretches as there are; those of `OTHERS` may overlap."""
    ends = rows.times + rows.lasting
    new = (rows.labels[1:] != rows.labels[:-1]) | (rows.times[1:] > ends[:-1] + 1e-6)
    starts = [0, *(np.flatnonzero(new) + 1).tolist(), len(rows)]
    return [_run(rows.rows(slice(first, after))) for first, after in pairwise(starts) if len(rows)]


def _run(rows: Timeline) -> Run:
    probs, label = rows.probs.mean(axis=0), str(rows.labels[0])
    best = LABELS.index(label) if label in LABELS else int(probs.argmax())
    end = float(rows.times[-1] + rows.lasting[-1])
    return Run(float(rows.times[0]), end, label, LABELS[best], float(probs[best]))


def _summary(face: int, rows: Timeline) -> FaceSummary:
    seconds = float(rows.lasting.sum())
    # A single row at the very end lasts no time at all; then rows are counted.
    weights = rows.lasting / seconds if seconds else np.full(len(rows), 1 / len(rows))
    shares = {
        str(label): float(weights[rows.labels == label].sum())
        for label in _SHOWN
        if (rows.labels == label).any()
    }
    changes = 0 if face == OTHERS else sum(a != b for a, b in pairwise(rows.labels.tolist()))
    first, last = float(rows.times[0]), float(rows.times[-1] + rows.lasting[-1])
    return FaceSummary(face, first, last, seconds, shares, changes)
