"""``Source``: one photo or video, wherever it is kept, and how its content is read."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import BinaryIO, cast

import fsspec

from fer.errors import UserError
from fer.pictures import SUFFIXES
from fer.vision import image

PHOTO, VIDEO = "photo", "video"

VIDEO_SUFFIXES = {
    ".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".mpg", ".mpeg", ".ts", ".mts", ".m2ts",
    ".wmv", ".asf", ".flv", ".3gp", ".3g2", ".ogv", ".mxf", ".dv", ".mjpeg", ".mjpg",
}  # fmt: skip
"""By which videos are known; an animated GIF is a photo, of which the first picture counts."""

_LONGEST_NAME = 120  # characters of a temporary copy's name, which errors repeat


@dataclass(frozen=True)
class Source:
    r"""One photo or video.

    Attributes:
        name: what people call it: its path as it was found, ``shard.tar/face.jpg`` in a shard.
            Bytes that are no text stand as ``\xff``.
        kind: ``photo`` or ``video``.
        address: an absolute path or an fsspec address of the file, or of the shard that holds it.
        size: in bytes; 0 where it is not known.
        offset: where it begins in its shard, in bytes; ``None`` outside of shards.
        problem: why it cannot be read, where that is known already.
    """

    name: str
    kind: str
    address: str
    size: int = 0
    offset: int | None = None
    problem: str = ""


def kind_of(name: str) -> str | None:
    """``photo`` or ``video`` by the ending of a file's name, ``None`` for neither."""
    suffix = PurePosixPath(path_of(name)).suffix.lower()
    if suffix in VIDEO_SUFFIXES:
        return VIDEO
    return PHOTO if suffix in SUFFIXES else None


def path_of(address: str) -> str:
    """``address`` without what follows a question mark, where that is no part of a file's name."""
    return address.partition("?")[0] if address.startswith(("http://", "https://")) else address


def is_remote(address: str) -> bool:
    """Whether ``address`` is fsspec's, such as ``s3://bucket/photo.jpg``."""
    return "://" in address


def shown(name: str) -> str:
    r"""``name`` as text: bytes of it that are no UTF-8 as ``\xff``."""
    return name.encode(errors="surrogateescape").decode(errors="backslashreplace")


def open_address(address: str) -> BinaryIO:
    """The file at a path or an fsspec address, open for reading bytes."""
    if is_remote(address):
        return cast(BinaryIO, fsspec.open(address, "rb").open())
    return Path(address).open("rb")


def read_bytes(source: Source) -> bytes:
    """The content of a photo; one byte more than `fer.vision.image.read_image` takes at most.

    Raises:
        UserError: if its shard ends in the middle of it.
    """
    most = image.MAX_MEGABYTES * 1_000_000 + 1
    with open_address(source.address) as file:
        if source.offset is None:
            return file.read(most)
        file.seek(source.offset)
        content = file.read(min(source.size, most))
    if len(content) < min(source.size, most):
        raise UserError(_cut_off(source))
    return content


@contextmanager
def as_file(source: Source) -> Iterator[Path]:
    """The path of a video's file: its own, or that of a copy which is deleted afterwards.

    Raises:
        UserError: if its shard ends in the middle of it.
    """
    if source.offset is None and not is_remote(source.address):
        yield Path(source.address)
        return
    name = os.fsencode(PurePosixPath(source.name).name)[-_LONGEST_NAME:].decode(errors="ignore")
    with TemporaryDirectory(prefix="fer-") as folder:
        path = Path(folder, name.replace("\0", ""))
        with open_address(source.address) as file, path.open("wb") as copy:
            file.seek(source.offset or 0)
            if source.offset is None:
                shutil.copyfileobj(file, copy, 1 << 20)
            else:
                _copy(source, file, copy)
        yield path


def _copy(source: Source, file: BinaryIO, copy: BinaryIO) -> None:
    left = source.size
    while left:
        block = file.read(min(left, 1 << 20))
        if not block:
            raise UserError(_cut_off(source))
        copy.write(block)
        left -= len(block)


def _cut_off(source: Source) -> str:
    return f"{source.name} is cut off: its shard ends in the middle of it; copy the shard again."
