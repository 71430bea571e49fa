"""FFmpeg's doors: how files are opened with it, and which sentence its errors become."""

import warnings
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

import av
from av.container import InputContainer, OutputContainer
from av.video.stream import VideoStream
from PIL import Image

from fer.errors import UserError

_CONTAINERS = (
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,mpegvideo,flv,asf,ogg,gif,mjpeg,"
    "mxf,dv,ivf,yuv4mpegpipe,h264,hevc,mp3,wav,flac,aac"
)
"""What is opened, by FFmpeg's names. Playlists and scripts, which name other files and hosts to
be read, are not; those with sound only are, so that they can be named for what they are."""

_READ = {
    "format_whitelist": _CONTAINERS,
    "protocol_whitelist": "file",
    "max_pixels": "36000000",  # 8K; looking for what a file holds decodes its first frames already
}

_WRITE = {"movflags": "+faststart"}  # the index comes first, so that it plays while loading


class Closing(ABC):
    """Something that is closed where its ``with`` block ends."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    @abstractmethod
    def close(self) -> None:
        """Close it; once more does nothing."""


def address(path: Path) -> str:
    """``path`` for FFmpeg, which takes what stands before a colon for a protocol otherwise."""
    return f"file:{path}"


def open_input(path: Path) -> InputContainer:
    """The file ``path``, open for reading.

    Raises:
        UserError: if it cannot be opened, or is neither a video nor sound.
    """
    require_readable(path)
    try:
        return av.open(address(path), options=_READ)
    except av.FFmpegError as error:
        raise UserError(_not_a_video(path)) from error


def open_pictures(path: Path) -> tuple[InputContainer, VideoStream]:
    """The file ``path``, open for reading, and the stream of its pictures.

    Raises:
        UserError: if it cannot be opened, or is no video.
    """
    container = open_input(path)
    streams = [stream for stream in container.streams.video if not _is_cover(stream)]
    problem = None
    if not container.streams:
        problem = f"{path.name} is a video without pictures or sound; copy or record it again."
    elif not streams:
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


def open_output(path: Path) -> OutputContainer:
    """An MP4 file to be written; nothing is written before its streams are known."""
    return av.open(address(path), "w", format="mp4", options=_WRITE)


@contextmanager
def system_errors() -> Iterator[None]:
    """FFmpeg's errors inside the ``with`` block leave it as ``OSError``, with FFmpeg's reason.

    For writing: `fer.files.written_whole` makes its sentence of them as of every other.
    """
    try:
        yield
    except OSError:
        raise
    except av.FFmpegError as error:
        raise OSError(error.errno, error.strerror) from error


def require_readable(path: Path) -> None:
    """Raise `UserError` unless ``path`` is a file with something in it that may be read."""
    try:
        if path.is_dir():
            raise UserError(f"{path} is a folder; name a video in it.")
        if path.exists() and not path.is_file():  # opening a pipe would wait for ever
            raise UserError(f"{path} is no file; save the video as one first.")
        with path.open("rb") as file:
            if not file.read(1):
                raise UserError(f"{path.name} is empty; copy the video again.")
    except FileNotFoundError as error:
        raise UserError(f"{path} does not exist; check its name.") from error
    except OSError as error:
        raise UserError(
            f"{path} cannot be opened: {error.strerror}; copy it to where you may read it."
        ) from error


def _is_cover(stream: VideoStream) -> bool:
    """Whether ``stream`` is the picture on the cover of a piece of music."""
    return bool(stream.disposition & av.stream.Disposition.attached_pic)


def _not_a_video(path: Path) -> str:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what is wrong with the picture is not the question
            with Image.open(path):
                pass
        return f"{path.name} is a picture, not a video; it can be read as a photo."
    except Exception:  # decoders raise every kind of error on damaged files
        return (
            f"{path.name} is not a video that can be read, or its end is missing; use MP4, MOV, "
            "WebM, MKV or AVI."
        )
