"""``Source``: one photo or video, wherever it is kept, and how its content is read."""

import os
import re
import shutil
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path, PurePath, PurePosixPath
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
_PIECE = 16_000_000  # bytes of a shard's member that are read at once, and in memory

_USER = re.compile(
    r"\b(?!(?:github|git|abfss?|az|wasbs?)://)"  # which name a repository or a container there
    r"([a-z][a-z0-9+.-]*://)[^/\s]*@",
    re.IGNORECASE,
)
_SIGNED = re.compile(
    r"(https?://[^?]*)\?(?:[^\s'\"]*&)?"
    r"(?:x-(?:amz|goog)-[a-z-]+|sig|signature|expires|policy|key-pair-id|(?:\w+_)?token|api_?key)"
    r"=[^\s'\"]*",
    re.IGNORECASE,
)
"""A web address with a query that gives access; another query may tell photos apart."""


@dataclass(frozen=True)
class Source:
    r"""One photo or video.

    Attributes:
        name: what people call it: its path as it was found, ``shard.tar/face.jpg`` in a shard;
            as `shown`.
        kind: ``photo`` or ``video``.
        address: an absolute path or an fsspec address of the file, or of the shard that holds it.
        size: in bytes; 0 where it is not known.
        offset: where it begins in its shard, in bytes; ``None`` outside of shards.
        header: bytes before ``offset`` that tell its name and size there: 512, or more where the
            name is long.
        problem: why it cannot be read, where that is known already.
    """

    name: str
    kind: str
    address: str
    size: int = 0
    offset: int | None = None
    header: int = 0
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
    r"""``name``, or a sentence, as text: bytes that are no UTF-8 as ``\xff``.

    Of addresses in it, what gives access is left out: user names, passwords, signed queries.
    """
    if is_remote(name):
        name = _SIGNED.sub(r"\1", _USER.sub(r"\1", name))
    return name.encode(errors="surrogateescape").decode(errors="backslashreplace")


def open_address(address: str) -> BinaryIO:
    """The file at a path or an fsspec address, open for reading bytes."""
    if is_remote(address):
        return cast(BinaryIO, fsspec.open(address, "rb").open())
    return Path(address).open("rb")


def read_bytes(source: Source) -> bytes:
    """The content of a photo; one byte more than `fer.vision.image.read_image` takes at most.

    Raises:
        UserError: if its store does not give it, its shard has changed since it was listed, or
            ends in the middle of it.
    """
    most = image.MAX_MEGABYTES * 1_000_000 + 1
    with _told(source):
        if source.offset is not None:
            return b"".join(_member(source, source.offset, min(source.size, most)))
        with open_address(source.address) as file:
            return file.read(most)


@contextmanager
def as_file(source: Source) -> Iterator[Path]:
    """The path of a video's file: its own, or that of a copy which is deleted afterwards.

    Raises:
        UserError: if its store does not give it, its shard has changed since it was listed, or
            ends in the middle of it.
    """
    if source.offset is None and not is_remote(source.address):
        yield Path(source.address)
        return
    name = os.fsencode(PurePosixPath(source.name).name)[-_LONGEST_NAME:].decode(errors="ignore")
    with TemporaryDirectory(prefix="fer-") as folder:
        path = Path(folder, name.replace("\0", ""))
        with _told(source), path.open("wb") as copy:
            if source.offset is not None:
                copy.writelines(_member(source, source.offset, source.size))
            else:
                with open_address(source.address) as file:
                    shutil.copyfileobj(file, copy, 1 << 20)
        yield path


@contextmanager
def _told(source: Source) -> Iterator[None]:
    """What a store says when it gives nothing, as a sentence, in which its address is `shown`."""
    try:
        yield
    except UserError:
        raise
    except Exception as error:  # every store has errors of its own
        if not is_remote(source.address):
            raise
        said = shown(f"{type(error).__name__}: {' '.join(str(error).split())}")
        raise UserError(
            f"{source.name} cannot be read ({said}); look whether it is there, and use --retry."
        ) from error


def _member(source: Source, offset: int, size: int) -> Iterator[bytes]:
    """The first ``size`` bytes of what begins at ``offset`` in a shard, in pieces.

    Its header is read with it: a shard that was packed anew may hold another there, and its faces
    would be filed under this one's name.
    """
    begin, end = offset - source.header, offset + size
    while begin < end:
        piece = _between(source.address, begin, min(begin + _PIECE, end))
        if begin < offset:
            if not _is_header(piece[: source.header], source):
                raise UserError(_changed(source))
            yield piece[source.header :]
        else:
            yield piece
        if begin + len(piece) < min(begin + _PIECE, end):
            raise UserError(_cut_off(source))
        begin += len(piece)


def _between(address: str, begin: int, end: int) -> bytes:
    """The bytes from ``begin`` up to ``end`` of a file; fewer where it ends before."""
    if not is_remote(address):
        with Path(address).open("rb") as file:
            file.seek(begin)
            return file.read(end - begin)
    system, path = fsspec.core.url_to_fs(address)
    # Not as an open file: fsspec would read 5 MiB ahead, which a small photo does not want.
    ahead = {} if system.async_impl else {"cache_type": "none"}
    return bytes(system.cat_file(path, begin, end, **ahead))


def _is_header(content: bytes, source: Source) -> bool:
    """Whether ``content`` is the header in a shard of the member that was listed as ``source``."""
    try:
        with tarfile.open(fileobj=BytesIO(content), mode="r:") as shard:
            member = shard.next()
    except tarfile.TarError:
        return False
    if member is None or (member.offset_data, member.size) != (source.header, source.size):
        return False
    whole = f"{PurePath(shown(source.address)).name}/{shown(member.name)}"
    return source.name.endswith(whole)


def _changed(source: Source) -> str:
    return (
        f"{source.name} is no longer where it was: its shard has changed since it was listed; put "
        "the old one back, or analyse the new one into a folder of its own."
    )


def _cut_off(source: Source) -> str:
    return f"{source.name} is cut off: its shard ends in the middle of it; copy the shard again."
