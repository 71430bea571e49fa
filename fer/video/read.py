"""Videos as they enter: frames are RGB uint8 as displayed, with the time at which they are shown.

Rotation, pixel shape, variable frame rate and damage are settled here, once.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import av
import numpy as np
from numpy.typing import NDArray

from fer.errors import UserError
from fer.video.file import (
    Limits,
    VideoInfo,
    describe,
    first_picture,
    open_video,
    require_fits,
    require_size,
)


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


class VideoReader:
    """A video file, open for reading; a context manager.

    Attributes:
        path: the file.
        info: what it says of itself.
        notes: sentences on what could not be read, complete once the frames have been read.
    """

    def __init__(self, path: str | Path, limits: Limits | None = None) -> None:
        """Open ``path`` and decode its first frame.

        Raises:
            UserError: if there is no such file, it is no video, has no frame that can be
                decoded, or exceeds ``limits``.
        """
        self.path = Path(path)
        self.notes: list[str] = []
        self._limits = limits or Limits()
        require_size(self.path, self._limits)
        self._container, self._stream = open_video(self.path)
        try:
            self.info = self._look_at_first_frame()
            require_fits(self.path, self.info, self._limits)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> "VideoReader":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._container.close()

    def frames(self, start: float = 0.0, end: float | None = None) -> Iterator[Frame]:
        """The frames shown from ``start`` on and before ``end`` (seconds), in order.

        What is damaged is left out, and ``notes`` says so. May be called once.
        """
        last, last_number, damaged = -1.0, -1, False
        longest, step, shift = self._limits.seconds, 1 / self.info.frame_rate, 0.0
        for number, picture in self._decoded(self._frames_before_key(start)):
            if picture is None:
                damaged = True
                continue
            seconds = self._seconds(picture, last - shift) + shift
            if seconds < last - 1.0:  # recordings that were joined: the clock begins anew
                shift += last + step - seconds
                seconds = last + step
            if seconds <= last:
                continue
            if end is not None and seconds >= end:
                break
            if longest is not None and seconds >= start + longest:
                self.notes.append(f"Only {longest:g} seconds were analysed, the limit here.")
                return
            last, last_number = seconds, number
            if seconds >= start:
                yield Frame(self._displayed(picture), seconds, number)
        self._note_damage(damaged, last, last_number, end)

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
        self._container.close()
        self._container, self._stream = open_video(self.path)

    def _frames_before_key(self, start: float) -> int:
        """How many frames come before the last key frame that is not after ``start``."""
        found = 0
        if start <= 0:
            return found
        for number, packet in enumerate(self._packets()):
            if packet is None or packet.pts is None or packet.time_base is None:
                break
            if float(packet.pts * packet.time_base) - first_picture(self._stream) > start:
                break
            if packet.is_keyframe:
                found = number
        return found

    def _seconds(self, picture: av.VideoFrame, last: float) -> float:
        if picture.pts is None:
            return last + 1 / self.info.frame_rate if last >= 0 else 0.0
        return max(0.0, float(picture.time) - first_picture(self._stream))

    def _displayed(self, picture: av.VideoFrame) -> NDArray[np.uint8]:
        # One size for all: a stream may change its size on the way.
        turned = picture.rotation % 180 != 0
        width, height = self.info.width, self.info.height
        if turned:
            width, height = height, width
        rgb = picture.to_ndarray(format="rgb24", width=width, height=height)
        upright = np.rot90(rgb, round(picture.rotation / 90)) if picture.rotation else rgb
        return np.ascontiguousarray(upright, np.uint8)

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
                        end = float(packet.pts * packet.time_base)
            except av.FFmpegError:
                pass
        return end - first_picture(self._stream)

    def _note_damage(self, damaged: bool, last: float, number: int, end: float | None) -> None:
        stated = self.info.seconds
        expected = min(x for x in (stated, end, np.inf) if x is not None)
        limit = expected - 1.0 - 2 / self.info.frame_rate
        broke_off = stated is not None and last < limit
        if broke_off and self._stream.duration is None:
            # Only the whole file states how long it is, and its sound may outlast its pictures.
            broke_off = self._end_of_sound() < limit
        if broke_off:
            self.notes.append(
                f"The file breaks off after {last:.1f} of {stated:.1f} seconds: what could be "
                "read until there was kept."
            )
        elif damaged:
            self.notes.append(
                f"The file is damaged: {number + 1} frames could be read, the others are left out."
            )
