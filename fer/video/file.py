"""Opening a video file: what is let in, and what it says of itself."""

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
from av.container import InputContainer
from av.video.stream import VideoStream
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


def first_picture(stream: VideoStream) -> float:
    """When ``stream`` begins, in seconds of its own time stamps."""
    begin, unit = stream.start_time, stream.time_base
    return float(begin * unit) if begin is not None and unit is not None else 0.0


def open_video(path: Path) -> tuple[InputContainer, VideoStream]:
    """The file and the stream of its pictures.

    Raises:
        UserError: if there is no such file, or it is no video.
    """
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


def describe(container: InputContainer, stream: VideoStream, picture: av.VideoFrame) -> VideoInfo:
    """What the file says of itself; its size is that of ``picture``, its first."""
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


def require_size(path: Path, limits: Limits) -> None:
    """Raise `UserError` unless ``path`` is a file of a size within ``limits``."""
    if path.is_dir():
        raise UserError(f"{path} is a folder; name a video in it.")
    if not path.exists():
        raise UserError(f"{path} does not exist; check its name.")
    size = path.stat().st_size
    if size == 0:
        raise UserError(f"{path.name} is empty; copy the video again.")
    if limits.megabytes is not None and size > limits.megabytes * 1_000_000:
        raise UserError(f"{path.name} is larger than {limits.megabytes:g} MB; save it smaller.")


def require_fits(path: Path, info: VideoInfo, limits: Limits) -> None:
    """Raise `UserError` if the pictures are too large or too many for ``limits``."""
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
