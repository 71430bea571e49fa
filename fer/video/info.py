"""What a video says of itself, and what is too large."""

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
from av.container import InputContainer
from av.video.stream import VideoStream

from fer.errors import UserError
from fer.video.orientation import Orientation

_END_NOT_LENGTH = ("matroska,webm", "asf")
"""Containers, by FFmpeg's names, that state when the video ends on its own clock, which need not
begin at zero; the others state for how long it plays."""


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
        seconds: how long it is, from its first picture on, where it says so.
        clock_begin: what the file's own clock shows at the first picture, in seconds. Every other
            time in this project is counted from there.
    """

    width: int
    height: int
    frame_rate: float
    seconds: float | None
    clock_begin: float = 0.0


def describe(container: InputContainer, stream: VideoStream, picture: av.VideoFrame) -> VideoInfo:
    """What the file says of itself; ``picture`` is the first of ``stream``."""
    shape = stream.sample_aspect_ratio or Fraction(1)  # of a pixel: width to height
    stored = max(1, round(picture.width * shape)), picture.height
    width, height = Orientation.of(picture).size(*stored)
    rate = min(max(float(stream.average_rate or stream.guessed_rate or 25), 0.01), 240.0)
    begin = float(picture.time) if picture.pts is not None else 0.0
    return VideoInfo(width, height, rate, _length(container, stream, begin), begin)


def _length(container: InputContainer, stream: VideoStream, begin: float) -> float | None:
    if stream.duration is not None and stream.time_base is not None:
        stated = float(stream.duration * stream.time_base)
    elif container.duration:
        stated = container.duration / av.time_base
    else:
        return None
    if container.format.name in _END_NOT_LENGTH and stated > begin:
        return stated - begin
    return stated


def require_size(path: Path, limits: Limits) -> None:
    """Raise `UserError` if the file is larger than ``limits`` let it be."""
    if limits.megabytes is not None and path.stat().st_size > limits.megabytes * 1_000_000:
        raise UserError(f"{path.name} is larger than {limits.megabytes:g} MB; save it smaller.")


def require_pixels(path: Path, width: int, height: int, limits: Limits) -> None:
    """Raise `UserError` if pictures of ``width`` × ``height`` pixels are too large."""
    if width * height > limits.megapixels * 1_000_000:
        raise UserError(
            f"{path.name} has {width} × {height} pixels, more than {limits.megapixels:g} "
            "megapixels; save it smaller."
        )


def require_length(path: Path, info: VideoInfo, limits: Limits) -> None:
    """Raise `UserError` if the video is longer than ``limits`` let it be."""
    if limits.seconds is not None and info.seconds is not None and info.seconds > limits.seconds:
        raise UserError(
            f"{path.name} lasts {info.seconds:.0f} seconds, more than {limits.seconds:g}; "
            "cut it shorter."
        )
