"""Files of a folder, a zip or a tar under one reading interface; nothing is unpacked to disk."""

import bz2
import lzma
import os
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from gzip import BadGzipFile, GzipFile
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import IO, Any, cast

from fer.data.face_image import MAX_IMAGE_BYTES
from fer.errors import UserError

# FER2013 is 35,887 images of together 60 MB, or one table of 287 MB.
MAX_FILES = 200_000
MAX_BYTES = 2 << 30

# Deflate packs real pictures at most a few times over; a bomb hundreds of times. Tables are
# only streamed, so that they need no such limit.
_MAX_RATIO = 100
_RATIO_FROM_BYTES = 64 << 20

_FOLDER_DEPTH = 20
_TAR, _TAR_AT = b"ustar", 257
_UNPACK: dict[str, tuple[bytes, Callable[[IO[bytes]], Any]]] = {
    ".gz": (b"\x1f\x8b", lambda file: GzipFile(fileobj=file)),
    ".bz2": (b"BZh", bz2.BZ2File),
    ".xz": (b"\xfd7zXZ", lzma.LZMAFile),
}
_UNREAD = {b"Rar!": "RAR", b"7z\xbc\xaf": "7-Zip", b"\x28\xb5\x2f\xfd": "Zstandard"}
_ZIP_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA}
_ENCRYPTED = 0x1
_DAMAGES = (
    zipfile.BadZipFile, tarfile.TarError, EOFError, zlib.error, BadGzipFile, lzma.LZMAError,
)  # fmt: skip


@dataclass(frozen=True)
class Entry:
    """One file of a source: its path inside the source, its size in bytes, and how to open it."""

    path: PurePosixPath
    size: int
    open: Callable[[], IO[bytes]]


@contextmanager
def open_entries(source: Path) -> Iterator[list[Entry]]:
    """The files of a folder, a zip, a tar (packed or not), or the one file that ``source`` is.

    Entries stand in the order in which they are fast to read. Hidden files and macOS's
    ``__MACOSX`` copies are left out. What kind of archive it is goes by its content.

    Raises:
        UserError: if the source does not exist, or is an archive that is damaged, locked
            by a password, a bomb, or has entries that would leave its folder; also when
            damage comes to light while the caller reads an entry inside the ``with``.
    """
    if not source.exists():
        raise UserError(f"There is no file or folder {source}; check the path.")
    try:
        if source.is_dir():
            yield _folder_entries(source)
            return
        with source.open("rb") as file:
            entries = [entry for entry in _file_entries(source, file) if _is_wanted(entry.path)]
            yield entries
    except _DAMAGES as error:
        raise UserError(
            f"{source} is damaged, or packed in an unknown way ({error}); "
            "download it again or unpack it."
        ) from error


def _folder_entries(folder: Path) -> list[Entry]:
    """Files of ``folder``; links are followed, and those that go round are refused."""
    entries = []
    for parent, folders, files in os.walk(folder, onerror=_raise, followlinks=True):
        inside = Path(parent).relative_to(folder)
        if len(inside.parts) > _FOLDER_DEPTH:
            raise UserError(f"{parent} is too deep, or a link goes round; nothing was imported.")
        folders[:] = sorted(folders)
        for file in (Path(parent, name) for name in sorted(files)):
            path = PurePosixPath(inside.as_posix(), file.name)
            if _is_wanted(path) and (file.is_file() or not file.exists()):
                size = file.stat().st_size if file.exists() else 0  # a link to nowhere
                entries.append(Entry(path, size, partial(_open_file, file)))
    return entries


def _raise(error: OSError) -> None:
    raise error  # os.walk would leave a closed folder out without a word


def _file_entries(source: Path, file: IO[bytes]) -> Iterator[Entry]:
    head = file.read(_TAR_AT + len(_TAR))
    file.seek(0)
    for magic, kind in _UNREAD.items():
        if head.startswith(magic):
            raise UserError(f"{source} is packed as {kind}, which is not read here; unpack it.")
    packing = next((end for end, (magic, _) in _UNPACK.items() if head.startswith(magic)), "")
    if packing:
        stream = _UNPACK[packing][1](file)
        is_tar = stream.read(_TAR_AT + len(_TAR)).endswith(_TAR)
        stream.seek(0)
        if is_tar:
            yield from _tar_entries(source, stream)
        else:  # one file
            name = source.name if source.suffix.lower() == packing else source.name + packing
            yield Entry(PurePosixPath(name), source.stat().st_size, partial(_open_file, source))
    elif head.endswith(_TAR):
        yield from _tar_entries(source, file)
    elif zipfile.is_zipfile(file):
        yield from _zip_entries(source, file)
    else:
        size = source.stat().st_size
        yield Entry(PurePosixPath(source.name), size, partial(_open_file, source))


def open_unpacked(entry: Entry) -> IO[bytes]:
    """Open a file, and unpack it where its name ends with ``.gz``, ``.bz2`` or ``.xz``."""
    _, unpack = _UNPACK.get(entry.path.suffix.lower(), (b"", None))
    stream = entry.open()
    return cast(IO[bytes], unpack(stream)) if unpack else stream


def name_unpacked(path: PurePosixPath) -> PurePosixPath:
    """The name of a file without the suffix of its packing."""
    return path.with_suffix("") if path.suffix.lower() in _UNPACK else path


def _open_file(path: Path) -> IO[bytes]:
    return path.open("rb")


def _zip_entries(source: Path, file: IO[bytes]) -> Iterator[Entry]:
    archive = zipfile.ZipFile(file)
    guard = _Guard(source)
    for info in archive.infolist():
        if info.flag_bits & _ENCRYPTED or info.compress_type not in _ZIP_METHODS:
            raise UserError(f"{source} has a password or an unusual packing; unpack it yourself.")
        kind = stat.S_IFMT(info.external_attr >> 16)
        guard.check(info.filename, info.file_size, kind in (0, stat.S_IFREG, stat.S_IFDIR))
        if not info.is_dir():
            path = PurePosixPath(info.filename.replace("\\", "/"))
            yield Entry(path, info.file_size, partial(archive.open, info))


def _tar_entries(source: Path, stream: IO[bytes]) -> Iterator[Entry]:
    archive = tarfile.TarFile(fileobj=cast(IO[bytes], _SmallReads(source, stream)))
    guard = _Guard(source)
    for member in archive:
        plain = member.isreg() and not member.issparse()
        guard.check(member.name, member.size, plain or member.isdir())
        if plain:
            path = PurePosixPath(member.name.replace("\\", "/"))
            yield Entry(path, member.size, partial(_open_member, archive, member))


def _open_member(archive: tarfile.TarFile, member: tarfile.TarInfo) -> IO[bytes]:
    return cast(IO[bytes], archive.extractfile(member))  # None only for what is not plain


class _Guard:
    """Refuses an archive as soon as one entry shows that it is a bomb or a trap."""

    def __init__(self, source: Path) -> None:
        self._source = source
        self._packed = source.stat().st_size
        self._files = 0
        self._bytes = 0
        self._untabled = 0

    def check(self, name: str, size: int, plain: bool) -> None:
        """Count one entry; ``plain`` is false for links, devices and sparse files."""
        self._files += 1
        self._bytes += size
        self._untabled += 0 if name.lower().endswith(".csv") else size
        ratio_bound = max(_RATIO_FROM_BYTES, _MAX_RATIO * self._packed)
        if not plain:
            _refuse(self._source, f"a link or device '{name}'")
        if _escapes(name):
            _refuse(self._source, f"an entry '{name}' that would leave its folder")
        if self._files > MAX_FILES:
            _refuse(self._source, f"more than {MAX_FILES:,} files")
        if self._bytes > MAX_BYTES or self._untabled > ratio_bound:
            _refuse(self._source, f"far more data ({self._bytes / 1e6:,.0f} MB) than FER2013")


class _SmallReads:
    """A stream for tarfile that no forged header makes read or skip a huge piece at once."""

    def __init__(self, source: Path, stream: IO[bytes]) -> None:
        self._source = source
        self._stream = stream
        self.tell = stream.tell
        self.seekable = stream.seekable

    def read(self, size: int) -> bytes:
        if not 0 <= size <= MAX_IMAGE_BYTES + 1:
            _refuse(self._source, f"a header that claims {size / 1e6:,.0f} MB")
        return self._stream.read(size)

    def seek(self, offset: int) -> int:
        if offset > MAX_BYTES:
            _refuse(self._source, f"far more data ({offset / 1e6:,.0f} MB) than FER2013")
        return self._stream.seek(offset)


def _refuse(source: Path, what: str) -> None:
    raise UserError(f"{source} holds {what}; this is not FER2013, nothing was imported.")


def _escapes(name: str) -> bool:
    path = PureWindowsPath(name)  # takes both kinds of slash and drive letters
    return bool(path.drive or path.root) or ".." in path.parts


def _is_wanted(path: PurePosixPath) -> bool:
    return not any(part.startswith(".") or part == "__MACOSX" for part in path.parts)
