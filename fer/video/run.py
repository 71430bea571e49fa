"""Expressions through a video: every face followed, an annotated copy, and a timeline."""

import math
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fer.errors import UserError
from fer.video.follow import follow
from fer.video.info import Limits, VideoInfo
from fer.video.moments import Moment, Moments, Portraits
from fer.video.read import VideoReader
from fer.video.timeline import Timeline, TimelineBuilder
from fer.video.write import VideoWriter
from fer.vision.draw import draw_faces
from fer.vision.recognize import Recognizer
from fer.vision.track import Tracker


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
        path: the annotated copy; ``None`` where none was asked for or none could be written.
        info: what the video says of itself.
        every: faces were searched for in every so many frames, or by time.
        analysed: seconds of video that were analysed.
        timeline: every face in every analysed frame.
        moments: the strongest of every label.
        portraits: a picture of every face, RGB uint8, its longer side 64 pixels at most.
        notes: sentences on what could not be read or kept.
        problem: a sentence on why the annotated copy could not be written, if it could not.
    """

    path: Path | None
    info: VideoInfo
    every: int | None
    analysed: float
    timeline: Timeline
    moments: tuple[Moment, ...]
    portraits: Mapping[int, NDArray[np.uint8]]
    notes: tuple[str, ...]
    problem: str | None = None


@dataclass(eq=False)
class VideoRun:
    """The analysis of one video: an iterator over its `Progress`, and then its `VideoResult`.

    After every step what was done so far is whole: stop when you like. Frames are read, drawn
    and forgotten: of the pictures no more than 60 are held at once, however long the video is.
    """

    _recognizer: Recognizer
    _reader: VideoReader
    _writer: VideoWriter | None
    _every: int | None
    _start: float
    _end: float | None
    _tracker: Tracker

    def __post_init__(self) -> None:
        self._seen, self._moments, self._portraits = TimelineBuilder(), Moments(), Portraits()
        self._analysed = self._start

    @classmethod
    @contextmanager
    def open(
        cls,
        recognizer: Recognizer,
        source: Path,
        target: Path | None = None,
        *,
        every: int | None = None,
        start: float = 0.0,
        end: float | None = None,
        limits: Limits | None = None,
        tracker: Tracker | None = None,
    ) -> "Iterator[VideoRun]":
        """A run from ``source`` to ``target``, both of which are closed in the end.

        Nothing is read yet. Leaving early keeps what was done: the annotated copy is finished and
        plays, and ``result()`` tells of the part that was analysed.

        Args:
            recognizer: finds and classifies the faces.
            source: the video.
            target: where the annotated copy goes; none is made by default.
            every: search for faces in every so many frames; between them boxes move on
                straight lines. By default ten times a second.
            start: begin here, in seconds.
            end: end before here.
            limits: what is too large.
            tracker: how faces are followed and smoothed.

        Raises:
            UserError: if the video cannot be read or the copy cannot be begun.
        """
        with VideoReader(source, limits) as reader, ExitStack() as stack:
            writer = None
            if target is not None:
                writer = stack.enter_context(VideoWriter(target, reader.info, source, start))
            yield cls(recognizer, reader, writer, every, start, end, tracker or Tracker())

    def __iter__(self) -> Iterator[Progress]:
        begun = time.monotonic()
        frames = self._reader.frames(self._start, self._end)
        step = 1 / self._reader.info.frame_rate
        for stretch in follow(self._recognizer, self._tracker, frames, self._every, step=step):
            first, faces = stretch.frames[0], stretch.faces[0]
            if stretch.analysed:
                self._seen.add(faces, first.seconds, first.number)
                self._moments.add(faces, first.rgb, first.seconds, first.number)
                self._portraits.add(faces, first.rgb)
            if self._writer is not None:
                for frame, faces in zip(stretch.frames, stretch.faces, strict=True):
                    self._writer.write(draw_faces(frame.rgb, faces, numbered=True), frame.seconds)
                self._writer.keep_sound(stretch.until)
            self._analysed = stretch.until
            yield Progress(self._analysed - self._start, self._total(), time.monotonic() - begun)
        if self._writer is not None and self._end is None:  # the last picture may stand for long
            self._writer.keep_sound(self._reader.limits.seconds or math.inf)
        if self._analysed == self._start:
            raise UserError(f"{self._reader.path.name} has no picture in the part asked for.")

    def result(self) -> VideoResult:
        """What has been seen; complete once the writer was closed."""
        writer = self._writer
        return VideoResult(
            writer.path if writer and writer.written else None,
            self._reader.info,
            self._every,
            self._analysed - self._start,
            self._seen.timeline(self._analysed),
            self._moments.all(),
            self._portraits.pictures,
            (*self._reader.notes, *(writer.notes if writer else ())),
            writer.problem if writer else None,
        )

    def _total(self) -> float | None:
        ends = [end for end in (self._reader.info.seconds, self._end) if end is not None]
        return max(0.0, min(ends) - self._start) if ends else None
