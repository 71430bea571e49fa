"""What was seen in a video: one row per face and analysed frame, tables, and strongest moments."""

import csv
import json
from array import array
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fer.labels import LABELS, UNSURE
from fer.values import ArrayValue
from fer.vision.faces import CSV_COLUMNS, Faces, csv_cells
from fer.vision.thumbnail import face_thumbnail

_SHOWN = (*LABELS, UNSURE)
_ROW = np.dtype(
    [
        ("time", "f8"), ("frame", "i8"), ("id", "i8"),
        ("box", "i4", 4), ("probs", "f4", 7), ("label", "u1"),
    ]
)  # fmt: skip
_MOMENTS = 3  # per label, each of another face
_THUMBNAIL = 160  # pixels


@dataclass(frozen=True, eq=False)
class Timeline(ArrayValue):
    """``n`` rows, each one face in one analysed frame, in the order of time.

    Attributes:
        times: ``(n,)`` float64 seconds since the beginning of the video.
        frames: ``(n,)`` int64 numbers of the frames, from 0 at the beginning of the video.
        ids: ``(n,)`` int64 numbers of the faces.
        boxes: ``(n, 4)`` int32, as in `Faces`.
        probs: ``(n, 7)`` float32, as in `Faces`; smoothed as they are on display.
        labels: ``n`` shown labels, "unsure" among them.
        lasting: ``(n,)`` float64 seconds until the next analysed frame: what a row stands for.
    """

    times: NDArray[np.float64]
    frames: NDArray[np.int64]
    ids: NDArray[np.int64]
    boxes: NDArray[np.int32]
    probs: NDArray[np.float32]
    labels: tuple[str, ...]
    lasting: NDArray[np.float64]

    def __post_init__(self) -> None:
        n = len(self.times)
        shapes = {"boxes": (n, 4), "probs": (n, len(LABELS))}
        for name in ("times", "frames", "ids", "boxes", "probs", "lasting"):
            expected, actual = shapes.get(name, (n,)), getattr(self, name).shape
            if actual != expected:
                raise ValueError(f"Timeline.{name} has shape {actual}, expected {expected}.")
        if len(self.labels) != n:
            raise ValueError(f"Timeline.labels has {len(self.labels)} labels, expected {n}.")

    def __len__(self) -> int:
        return len(self.times)

    def of_face(self, face: int) -> "Timeline":
        """The rows of one face."""
        rows = np.flatnonzero(self.ids == face)
        return Timeline(
            self.times[rows],
            self.frames[rows],
            self.ids[rows],
            self.boxes[rows],
            self.probs[rows],
            tuple(self.labels[i] for i in rows),
            self.lasting[rows],
        )

    def records(self) -> Iterator[dict[str, Any]]:
        """One JSON-ready object per row, made when it is asked for: the picture, then the face.

        Of the face it tells what a photo's record does, see `fer.vision.faces.Face.record`.
        """
        faces = Faces(self.boxes, self.probs, shown=self.labels)
        for time, frame, face, seen in zip(self.times, self.frames, self.ids, faces, strict=True):
            yield {"time": float(time), "frame": int(frame), "face": int(face), **seen.record()}


@dataclass(frozen=True)
class FaceSummary:
    """One line of the table of faces.

    Attributes:
        face: its number.
        first, last: when it was first and last seen, in seconds.
        seconds: for how long it was seen.
        shares: share of that time, 0..1, by shown label; labels never shown are left out.
        transitions: how often its shown label changed.
    """

    face: int
    first: float
    last: float
    seconds: float
    shares: dict[str, float]
    transitions: int


@dataclass(frozen=True, eq=False)
class Moment(ArrayValue):
    """When a face showed a label most strongly.

    Attributes:
        label: the shown label.
        face: the face's number.
        probability: of that label.
        seconds: when, since the beginning of the video.
        frame: the number of the frame.
        picture: the face, RGB uint8, its longer side 160 pixels at most.
    """

    label: str
    face: int
    probability: float
    seconds: float
    frame: int
    picture: NDArray[np.uint8]


class TimelineBuilder:
    """Collects a `Timeline` and its `Moment`s; a row takes 69 bytes."""

    def __init__(self) -> None:
        self._rows = bytearray()
        self._times = array("d")  # of all analysed frames, with faces or without
        self._strongest: dict[str, dict[int, Moment]] = {}

    def add(self, faces: Faces, rgb: NDArray[np.uint8], seconds: float, number: int) -> None:
        """Note the tracked ``faces`` of an analysed frame."""
        assert faces.ids is not None
        rows = np.zeros(len(faces), _ROW)
        rows["time"], rows["frame"], rows["id"] = seconds, number, faces.ids
        rows["box"], rows["probs"] = faces.boxes, faces.probs
        rows["label"] = [_SHOWN.index(label) for label in faces.labels]
        self._rows += rows.tobytes()
        self._times.append(seconds)
        for face, label in enumerate(faces.labels):
            if label != UNSURE:
                self._consider(faces, face, label, rgb, seconds, number)

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
            tuple(_SHOWN[i] for i in rows["label"]),
            np.maximum(following - rows["time"], 0.0),
        )

    def moments(self) -> tuple[Moment, ...]:
        """The strongest of every label, in the order of ``LABELS``, strongest first."""
        return tuple(
            moment
            for label in LABELS
            for moment in sorted(
                self._strongest.get(label, {}).values(), key=lambda moment: -moment.probability
            )
        )

    def _consider(
        self,
        faces: Faces,
        face: int,
        label: str,
        rgb: NDArray[np.uint8],
        seconds: float,
        number: int,
    ) -> None:
        assert faces.ids is not None
        best = self._strongest.setdefault(label, {})
        who, probability = int(faces.ids[face]), float(faces.confidences[face])
        if who in best and best[who].probability >= probability:
            return
        if who not in best and len(best) == _MOMENTS:
            weakest = min(best.values(), key=lambda moment: moment.probability)
            if weakest.probability >= probability:
                return
            del best[weakest.face]
        picture = face_thumbnail(rgb, faces.boxes[face], _THUMBNAIL)
        best[who] = Moment(label, who, probability, seconds, number, picture)


def summarize(timeline: Timeline) -> list[FaceSummary]:
    """The table of faces, longest seen first."""
    found = [_summary(timeline.of_face(int(face))) for face in np.unique(timeline.ids)]
    return sorted(found, key=lambda summary: -summary.seconds)


def write_csv(path: Path, timeline: Timeline) -> None:
    """Write one line per row: time, frame, number of the face, and `CSV_COLUMNS`."""
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(("time", "frame", "face", *CSV_COLUMNS))
        for row in timeline.records():
            table.writerow((row["time"], row["frame"], row["face"], *csv_cells(row)))


def write_json(path: Path, timeline: Timeline, about: Mapping[str, Any]) -> None:
    """Write ``about``, the table of faces and all rows as one object, row by row."""
    faces = [vars(summary) for summary in summarize(timeline)]
    head = json.dumps({**about, "faces": faces, "rows": []}, ensure_ascii=False)
    with path.open("w", encoding="utf-8", errors="backslashreplace") as file:
        file.write(head.removesuffix("]}"))
        for i, row in enumerate(timeline.records()):
            file.write((",\n" if i else "\n") + json.dumps(row, ensure_ascii=False))
        file.write("]}\n")


def _summary(rows: Timeline) -> FaceSummary:
    seconds = float(rows.lasting.sum())
    shares = {}
    for label in _SHOWN:
        mine = np.array([shown == label for shown in rows.labels])
        if mine.any():
            # A single row at the very end lasts no time at all; then rows are counted.
            shares[label] = float(rows.lasting[mine].sum() / seconds if seconds else mine.mean())
    changes = sum(a != b for a, b in pairwise(rows.labels))
    first, last = float(rows.times[0]), float(rows.times[-1] + rows.lasting[-1])
    return FaceSummary(int(rows.ids[0]), first, last, seconds, shares, changes)
