"""Videos as they enter: frames are RGB uint8 as displayed, with the time at which they are shown.

Rotation, pixel shape, variable frame rate and damage are settled here, once.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any

import av
import numpy as np
from av.container import InputContainer
from av.video.stream import VideoStream
from numpy.typing import NDArray
from PIL import Image

from fer.errors import UserError

_CONTAINERS = (
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,mpegvideo,flv,asf,ogg,gif,mjpeg,"
    "yuv4mpegpipe,h264,hevc,mp3,wav,flac,aac"
)
"""What is opened, by FFmpeg's names. Playlists and scripts, which name other files and hosts to
be read, are not; those with sound only are, so that they can be named for what they are."""

OPEN_OPTIONS = {"format_whitelist": _CONTAINERS, "protocol_whitelist": "file"}


@dataclass(frozen=True)
class Limits:
    """What is refused, or cut off, because it would take too long or too much memory.

    Attributes:
        megabytes: of the file; ``None`` for any.
        seconds: of video; ``None`` for any. Where a file does not say how long it is, as a
            browser's recordings do not, the rest is left out.
        megapixels: of a frame.
    """

    megabytes: float | None = None
    seconds: float | None = None
    megapixels: float = 9.0


@dataclass(frozen=True)
class VideoInfo:
    """What a video says of itself.

    Attributes:
        width, height: in pixels, as displayed.
        frame_rate: frames per second, on average.
        seconds: how long it is, where it says so.
    """

    width: int
    height: int
    frame_rate: float
    seconds: float | None


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
        _require_size(self.path, self._limits)
        self._container, self._stream = _open(self.path)
        try:
            self.info = self._look_at_first_frame()
            _require_fits(self.path, self.info, self._limits)
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
        self._container, self._stream = _open(self.path)

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
                return _info(self._container, self._stream, picture)
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


def first_picture(stream: VideoStream) -> float:
    """When ``stream`` begins, in seconds of its own time stamps."""
    begin, unit = stream.start_time, stream.time_base
    return float(begin * unit) if begin is not None and unit is not None else 0.0


def _open(path: Path) -> tuple[InputContainer, VideoStream]:
    try:
        container = av.open(str(path), options=OPEN_OPTIONS)
    except FileNotFoundError as error:
        raise UserError(f"{path} does not exist; check its name.") from error
    except (av.FFmpegError, OSError) as error:
        raise UserError(_not_a_video(path)) from error
    streams = [s for s in container.streams.video if not _is_cover(s)]
    problem = None
    if not streams:
        problem = f"{path.name} has sound but no picture; choose a video."
    elif streams[0].codec_context is None:
        problem = (
            f"The pictures in {path.name} are encoded in a way that is not known here; save it "
            "as MP4 (H.264)."
        )
    if problem:
        container.close()
        raise UserError(problem)
    streams[0].thread_type = "AUTO"
    return container, streams[0]


def _is_cover(stream: VideoStream) -> bool:
    """Whether ``stream`` is the picture on the cover of a piece of music."""
    return bool(stream.disposition & av.stream.Disposition.attached_pic)


def _not_a_video(path: Path) -> str:
    try:
        with Image.open(path):
            return f"{path.name} is a picture, not a video; the Photo tab and 'predict' read it."
    except OSError:
        return (
            f"{path.name} is not a video that can be read, or its end is missing; use MP4, MOV, "
            "WebM, MKV or AVI."
        )


def _info(container: InputContainer, stream: VideoStream, picture: av.VideoFrame) -> VideoInfo:
    shape = stream.sample_aspect_ratio or Fraction(1)  # of a pixel: width to height
    width, height = max(1, round(picture.width * shape)), picture.height
    if picture.rotation % 180 != 0:
        width, height = height, width
    rate = float(stream.average_rate or stream.guessed_rate or 25)
    return VideoInfo(width, height, min(max(rate, 1.0), 240.0), _duration(container, stream))


def _duration(container: InputContainer, stream: VideoStream) -> float | None:
    if stream.duration is not None and stream.time_base is not None:
        return float(stream.duration * stream.time_base)
    return container.duration / av.time_base if container.duration else None


def _require_size(path: Path, limits: Limits) -> None:
    if path.is_dir():
        raise UserError(f"{path} is a folder; name a video in it.")
    if not path.exists():
        raise UserError(f"{path} does not exist; check its name.")
    size: Any = path.stat().st_size
    if size == 0:
        raise UserError(f"{path.name} is empty; copy the video again.")
    if limits.megabytes is not None and size > limits.megabytes * 1_000_000:
        raise UserError(f"{path.name} is larger than {limits.megabytes:g} MB; save it smaller.")


def _require_fits(path: Path, info: VideoInfo, limits: Limits) -> None:
    if info.width * info.height > limits.megapixels * 1_000_000:
        raise UserError(
            f"{path.name} has {info.width} × {info.height} pixels, more than "
            f"{limits.megapixels:g} megapixels; save it smaller."
        )
    if limits.seconds is not None and info.seconds is not None and info.seconds > limits.seconds:
        raise UserError(
            f"{path.name} lasts {info.seconds:.0f} seconds, more than {limits.seconds:g}; "
            "cut it, or use 'python -m fer video' on your own machine."
        )
