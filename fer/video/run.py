"""Expressions through a video: every face followed, an annotated copy, and a timeline."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType

import numpy as np

from fer.errors import UserError
from fer.video.file import Limits, VideoInfo
from fer.video.read import Frame, VideoReader
from fer.video.timeline import Moment, Timeline, TimelineBuilder, write_csv, write_json
from fer.video.write import VideoWriter
from fer.vision.draw import draw_faces
from fer.vision.faces import Faces
from fer.vision.recognize import Recognizer
from fer.vision.stream import Stream, recognize_next
from fer.vision.track import Tracker

PAUSE = 0.1
"""Seconds between two searches for faces unless told otherwise: a face moves little meanwhile, and
an expression lasts longer. By time, for some files state 1000 frames a second."""

_HELD = 60  # frames at most between two searches: they are in memory, and may be large


@dataclass(frozen=True)
class Progress:
    """How far a video has come.

    Attributes:
        done: seconds of video that have been analysed.
        total: seconds of video that there are, if known.
        elapsed: seconds that it took.
    """

    done: float
    total: float | None
    elapsed: float

    @property
    def share(self) -> float | None:
        """From 0 to 1, if known."""
        return min(1.0, self.done / self.total) if self.total else None

    @property
    def left(self) -> float | None:
        """Seconds that it will still take at the pace so far, if they can be told."""
        if not self.share or self.elapsed < 1:
            return None
        return self.elapsed * (1 - self.share) / self.share

    def sentence(self) -> str:
        """For people: how far, how fast, how long still."""
        total = f" of {self.total:.0f}" if self.total else ""
        said = f"{self.done:.0f}{total} seconds of video analysed"
        if self.left is not None:
            said += f", about {max(1, round(self.left))} s left"
        return said


@dataclass(frozen=True)
class VideoResult:
    """What is known of a video, or of its beginning where the run was stopped.

    Attributes:
        path: the annotated copy.
        info: what the video says of itself.
        every: faces were searched for in every so many frames, or once in ``PAUSE`` seconds.
        analysed: seconds of video that were analysed.
        timeline: every face in every analysed frame.
        moments: the strongest of every label.
        notes: sentences on what could not be read or kept.
    """

    path: Path
    info: VideoInfo
    every: int | None
    analysed: float
    timeline: Timeline
    moments: tuple[Moment, ...]
    notes: tuple[str, ...]


class VideoRun:
    """The analysis of one video: a context manager, and an iterator over its `Progress`.

    Leaving it early keeps what was done: the annotated copy is finished and plays, and
    ``result()`` tells of the part that was analysed. Frames are read, drawn and forgotten: of
    the pictures no more than 60 are held at once, however long the video is.
    """

    def __init__(
        self,
        recognizer: Recognizer,
        source: Path,
        target: Path,
        *,
        every: int | None = None,
        start: float = 0.0,
        end: float | None = None,
        limits: Limits | None = None,
        tracker: Tracker | None = None,
    ) -> None:
        """Open ``source`` for reading and ``target`` for writing.

        Args:
            recognizer: finds and classifies the faces.
            source: the video.
            target: the annotated copy, an MP4 file.
            every: search for faces in every so many frames; between them boxes move on
                straight lines. By default once in ``PAUSE`` seconds.
            start: begin here, in seconds.
            end: end before here.
            limits: what is too large.
            tracker: how faces are followed and smoothed.

        Raises:
            UserError: if the video cannot be read or the copy cannot be written.
        """
        self._recognizer, self._tracker = recognizer, tracker or Tracker()
        self._start, self._end = start, end
        self._reader = VideoReader(source, limits)
        info = self._reader.info
        self._every = every
        try:
            self._writer = VideoWriter(
                target, info.width, info.height, info.frame_rate, source, start
            )
        except BaseException:
            self._reader.close()
            raise
        self._seen = TimelineBuilder()
        self._stream = Stream()
        self._held: list[Frame] = []  # from the last analysed frame on, not yet written
        self._faces = Faces.empty()  # of the last analysed frame
        self._analysed = start

    def __enter__(self) -> "VideoRun":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Write what is held and finish the copy, whatever happened."""
        try:
            if kind is None or not issubclass(kind, Exception):
                self._write_held(None)
        finally:
            self._reader.close()
            self._writer.close()

    def __iter__(self) -> Iterator[Progress]:
        begun = time.monotonic()
        for count, frame in enumerate(self._reader.frames(self._start, self._end)):
            due = self._is_due(count, frame)
            if due:
                self._analyse(frame)
            elif len(self._held) >= _HELD:
                self._write_held(None)
            self._held.append(frame)
            if due:
                done = frame.seconds - self._start
                yield Progress(done, self._total(), time.monotonic() - begun)
        if not self._held:
            raise UserError(f"{self._reader.path.name} has no picture in the part asked for.")

    def result(self) -> VideoResult:
        """What has been seen; complete once the context was left."""
        return VideoResult(
            self._writer.path,
            self._reader.info,
            self._every,
            self._analysed - self._start,
            self._seen.timeline(self._analysed),
            self._seen.moments(),
            (*self._reader.notes, *self._writer.notes),
        )

    def _is_due(self, count: int, frame: Frame) -> bool:
        if self._every:
            return count % self._every == 0
        late = not self._held or frame.seconds - self._held[0].seconds > 0.95 * PAUSE
        return late or len(self._held) >= _HELD

    def _analyse(self, frame: Frame) -> None:
        self._stream, faces = recognize_next(
            self._recognizer, self._tracker, self._stream, frame.rgb, frame.seconds
        )
        self._seen.add(faces, frame.rgb, frame.seconds, frame.number)
        self._write_held((frame.seconds, faces))
        self._faces = faces

    def _write_held(self, following: tuple[float, Faces] | None) -> None:
        """Write the frames since the last analysis; ``following`` is the next one."""
        for frame in self._held:
            faces = self._faces
            if following is not None:
                begin = self._held[0].seconds
                share = (frame.seconds - begin) / (following[0] - begin)
                faces = between(faces, following[1], share)
            self._writer.write(draw_faces(frame.rgb, faces, numbered=True), frame.seconds)
        if self._held:
            last = self._held[-1].seconds
            self._analysed = following[0] if following else last + 1 / self._reader.info.frame_rate
        self._held.clear()

    def _total(self) -> float | None:
        ends = [end for end in (self._reader.info.seconds, self._end) if end is not None]
        return max(0.0, min(ends) - self._start) if ends else None


def write_tables(result: VideoResult, source: Path, weights: str) -> tuple[Path, Path]:
    """Write the timeline beside the annotated copy, as CSV and as JSON; the two paths.

    Args:
        result: of the run.
        source: the video that was analysed.
        weights: the name of the bundle that was used.
    """
    as_csv, as_json = result.path.with_suffix(".csv"), result.path.with_suffix(".json")
    about = {
        "video": source.name,
        **vars(result.info),
        "weights": weights,
        "every": result.every,
        "analysed_seconds": result.analysed,
        "notes": result.notes,
    }
    write_csv(as_csv, result.timeline)
    write_json(as_json, result.timeline, about)
    return as_csv, as_json


def between(before: Faces, after: Faces, share: float) -> Faces:
    """``before``, with boxes moved ``share`` (0..1) of the way to where ``after`` has them.

    A face that ``after`` does not have stays where it was. Both must be tracked.
    """
    if before.ids is None or after.ids is None:
        raise ValueError("Only tracked faces can be moved towards each other.")
    later = dict(zip(after.ids.tolist(), after.boxes, strict=True))
    boxes = before.boxes.copy()
    for i, (face, box) in enumerate(zip(before.ids.tolist(), before.boxes, strict=True)):
        boxes[i] = np.rint(box * (1 - share) + later.get(face, box) * share)
    return replace(before, boxes=boxes)
