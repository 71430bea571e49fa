"""Videos as they enter: frames are RGB uint8 as displayed, with the time at which they are shown.

Orientation, pixel shape, variable frame rate, clocks and damage are settled here, once.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from fer.errors import UserError
from fer.video.clock import Clock
from fer.video.ffmpeg import Closing, open_pictures
from fer.video.info import (
    Limits,
    VideoInfo,
    describe,
    require_length,
    require_pixels,
    require_size,
)
from fer.video.orientation import Orientation


@dataclass(frozen=True)
class Frame:
    """One picture of a video.

    Attributes:
        rgb: ``(h, w, 3)`` uint8, as displayed.
        seconds: when it is shown; the video begins at 0.
        number: of the frame, from 0 at the beginning of the video.
    """

    rgb: NDArray[np.uint8]
    seconds: float
    number: int


class VideoReader(Closing):
    """A video file, open for reading; a context manager.

    Attributes:
        path: the file.
        info: what it says of itself.
        notes: sentences on what could not be read, complete once the frames have been read.
        until: when the last picture that `frames` has decoded gives way to the next, in seconds;
            those that a pause leaves out count as well.
    """

    def __init__(self, path: str | Path, limits: Limits | None = None) -> None:
        """Open ``path`` and decode its first frame.

        Raises:
            UserError: if there is no such file, it is no video, has no frame that can be
                decoded, or exceeds ``limits``.
        """
        self.path = Path(path)
        self.notes: list[str] = []
        self.until = 0.0
        self.limits = limits or Limits()
        self._container, self._stream = open_pictures(self.path)
        try:
            require_size(self.path, self.limits)
            stated = self._stream.codec_context  # decoding a bomb takes the memory already
            require_pixels(self.path, stated.width, stated.height, self.limits)
            self.info = self._look_at_first_frame()
            require_pixels(self.path, self.info.width, self.info.height, self.limits)
            require_length(self.path, self.info, self.limits)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close the file."""
        self._container.close()

    def frames(
        self, start: float = 0.0, end: float | None = None, pause: float = 0.0
    ) -> Iterator[Frame]:
        """The frames shown from ``start`` on and before ``end`` (seconds), in order.

        With a ``pause`` only those that are shown about so many seconds after the one before:
        the others are decoded, but no picture is made of them. What is damaged is left out, and
        ``notes`` says so. May be called once.
        """
        step, longest = 1 / self.info.frame_rate, self.limits.seconds
        clock = Clock(self.info.clock_begin, step)
        last, count, damaged, due = -1.0, 0, False, start
        for number, picture in self._decoded(self._frames_before_key(start)):
            if picture is None:
                damaged = True
                continue
            seconds = clock.seconds(_stamp(picture))
            if end is not None and seconds >= end:
                break
            if longest is not None and seconds >= start + longest:
                self.notes.append(f"Only {longest:g} seconds were analysed, the limit here.")
                break
            last, count, self.until = seconds, number + 1, seconds + step
            if seconds >= due:
                due = seconds + 0.95 * pause  # clocks of files are rounded
                yield Frame(self._displayed(picture), seconds, number)
        else:
            # A clock that begins anew in the middle says nothing about the length of the whole.
            broke_off = not clock.joins and self._breaks_off(last, end)
            self._note_damage(broke_off, damaged, last, count)
        self._note_joins(clock.joins)

    def _decoded(self, skip: int) -> Iterator[tuple[int, av.VideoFrame | None]]:
        """Every frame with its number, ``None`` for damage; ``skip`` frames are not decoded."""
        number = skip
        packets = self._packets()
        for _ in range(skip):
            next(packets)
        for packet in packets:
            try:
                pictures = packet.decode() if packet is not None else [None]
            except av.FFmpegError:
                pictures = [None]
            for picture in pictures:
                yield number, picture
                number += picture is not None

    def _packets(self) -> Iterator[av.Packet | None]:
        """The packets of the pictures from the beginning; ``None`` where the file breaks off."""
        self._rewind()
        try:
            yield from self._container.demux(self._stream)
        except av.FFmpegError:
            yield None

    def _rewind(self) -> None:
        # Not all files can be sought in: those of a stream, or without their index, cannot.
        self._container.close()
        self._container, self._stream = open_pictures(self.path)

    def _frames_before_key(self, start: float) -> int:
        """How many frames come before the last key frame that is not after ``start``."""
        found, latest = 0, -np.inf
        if start <= 0:
            return found
        for number, packet in enumerate(self._packets()):
            if packet is None or packet.pts is None or packet.time_base is None:
                break
            seconds = float(packet.pts * packet.time_base) - self.info.clock_begin
            if seconds > start or (packet.is_keyframe and seconds <= latest):
                break  # at the latter the clock begins anew: where, only decoding tells
            if packet.is_keyframe:
                found = number
            latest = max(latest, seconds)
        return found

    def _displayed(self, picture: av.VideoFrame) -> NDArray[np.uint8]:
        # One size for all: a stream may change its size on the way.
        orientation = Orientation.of(picture)
        width, height = orientation.size(self.info.width, self.info.height)
        rgb = picture.to_ndarray(format="rgb24", width=width, height=height)
        return orientation.upright(np.asarray(rgb, np.uint8))

    def _look_at_first_frame(self) -> VideoInfo:
        for _, picture in self._decoded(0):
            if picture is not None:
                return describe(self._container, self._stream, picture)
        raise UserError(
            f"{self.path.name} has no picture that can be decoded; copy it again, or save it as "
            "MP4 (H.264)."
        )

    def _end_of_sound(self) -> float:
        """When the last sound that the file still holds is heard, in seconds."""
        self._rewind()
        end = -1.0
        if self._container.streams.audio:
            try:
                for packet in self._container.demux(self._container.streams.audio[0]):
                    if packet.pts is not None and packet.time_base is not None:
                        end = float(packet.pts * packet.time_base) - self.info.clock_begin
            except av.FFmpegError:
                pass
        return end

    def _breaks_off(self, last: float, end: float | None) -> bool:
        """Whether the file says that it is longer than ``last``, when its last picture is shown."""
        stated = self.info.seconds
        if stated is None:
            return False
        limit = min(stated, np.inf if end is None else end) - 1.0 - 2 / self.info.frame_rate
        # Where only the whole file states how long it is, its sound may outlast its pictures.
        only_the_whole = self._stream.duration is None
        return last < limit and not (only_the_whole and self._end_of_sound() >= limit)

    def _note_damage(self, broke_off: bool, damaged: bool, last: float, count: int) -> None:
        if broke_off:
            self.notes.append(
                f"The file breaks off after {last:.1f} of {self.info.seconds:.1f} seconds: what "
                "could be read until there was kept."
            )
        elif damaged:
            self.notes.append(
                f"The file is damaged: {count} frames could be read, the others are left out."
            )

    def _note_joins(self, joins: list[float]) -> None:
        if joins:
            said = ", ".join(f"{seconds:.1f}" for seconds in joins[:3])
            more = "" if len(joins) <= 3 else f" and {len(joins) - 3} times more"
            self.notes.append(
                f"{len(joins) + 1} recordings were joined in this file: its clock begins anew "
                f"after {said}{more} seconds. Times go on from there."
            )


def _stamp(picture: av.VideoFrame) -> float | None:
    return float(picture.time) if picture.pts is not None else None
