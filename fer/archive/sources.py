"""What a folder, a pattern, a list, a shard or an address holds, one source after the other.

Nothing is kept but what is being listed: a folder's names, or one member of a shard.
"""

import csv
import os
import tarfile
from collections.abc import Iterator, Sequence
from glob import glob, has_magic
from pathlib import Path
from typing import Any

import fsspec

from fer.archive.source import PHOTO, Source, is_remote, kind_of, open_address, shown
from fer.errors import UserError

_LISTS = (".txt", ".csv", ".tsv")
_PACKED = (".zip", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz", ".tar.zst", ".7z", ".rar")
_COLUMNS = ("path", "file", "filename", "file_name", "source", "image", "video", "url", "address")
"""What lists call their column of paths, in small letters."""


def list_sources(given: Sequence[str]) -> Iterator[Source]:
    """Every photo and video of what was ``given``, each once, folders in the order of names.

    Args:
        given: folders (with all folders in them), patterns, single files, ``.tar`` shards, lists
            (``.txt`` with a path a line, ``.csv`` with a column of paths) and fsspec addresses.
            Hidden files and links to folders are left out.

    Raises:
        UserError: if something does not exist, cannot be read or is packed in another way.
    """
    # One folder or one shard names nothing twice; only what may is remembered.
    if len(given) == 1 and not given[0].lower().endswith(_LISTS):
        yield from _expanded(given[0])
        return
    seen: set[tuple[str, int | None]] = set()
    for name in given:
        for source in _expanded(name):
            if (source.address, source.offset) not in seen:
                seen.add((source.address, source.offset))
                yield source


def _expanded(name: str) -> Iterator[Source]:
    if is_remote(name):
        yield from _remote(name)
    elif Path(name).is_dir():
        yield from _folder(Path(name))
    elif Path(name).exists():
        lists = name.lower().endswith(_LISTS)
        yield from _listed(Path(name)) if lists else _file(name, _size(name))
    elif has_magic(name):
        found = sorted(glob(name, recursive=True))  # noqa: PTH207
        files = [match for match in found if Path(match).is_file()]
        if not files:
            raise UserError(f"No file fits the pattern {shown(name)}; check it.")
        for match in files:
            yield from _file(match, _size(match))
    else:
        raise UserError(f"There is no file or folder {shown(name)}; check the path.")


def _folder(folder: Path) -> Iterator[Source]:
    for parent, folders, files in os.walk(folder, onerror=_refuse):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            path = os.path.join(parent, name)  # noqa: PTH118  ten times as fast
            wanted = kind_of(name) or name.lower().endswith(".tar")
            if wanted and not name.startswith(".") and os.path.isfile(path):  # noqa: PTH113
                yield from _file(path, _size(path))


def _refuse(error: OSError) -> None:
    raise UserError(
        f"The folder {shown(str(error.filename))} cannot be read: {error.strerror}; make it "
        "readable, or list the files that are."
    ) from error


def _file(path: str, size: int, name: str = "") -> Iterator[Source]:
    """One file by its path or address; of a shard all that is in it."""
    name = name or shown(path)
    address = path if is_remote(path) else os.path.abspath(path)  # noqa: PTH100  follows no link
    if path.lower().endswith(_PACKED):
        raise UserError(f"{name} is packed; unpack it, or make a plain .tar of it.")
    if path.lower().endswith(".tar"):
        yield from _shard(address, name)
    elif not is_remote(path) and Path(path).exists() and not Path(path).is_file():
        yield Source(name, PHOTO, address, problem=f"{name} is neither a file nor a folder.")
    else:
        yield Source(name, kind_of(path) or PHOTO, address, size)


def _shard(address: str, name: str) -> Iterator[Source]:
    """The photos and videos of a plain tar: where each begins, so that all are read at once."""
    try:
        with open_address(address) as file, tarfile.open(fileobj=file, mode="r:") as shard:
            while member := shard.next():
                shard.members.clear()  # type: ignore[attr-defined]  # it would keep them all
                kind = kind_of(member.name)
                hidden = any(part.startswith("._") for part in member.name.split("/"))
                if kind and not hidden and member.isreg() and not member.issparse():
                    inside = shown(f"{name}/{member.name}")
                    yield Source(inside, kind, address, member.size, member.offset_data)
    except (tarfile.TarError, OSError) as error:
        problem = f"{name} cannot be read as a tar ({error}); copy it again."
        yield Source(name, PHOTO, address, problem=problem)


def _listed(path: Path) -> Iterator[Source]:
    """What a list names; relative paths count from the list's folder, else from this one."""
    for entry in _entries(path):
        beside = path.parent / entry
        if is_remote(entry):
            yield from _file(entry, 0)
        elif beside.is_dir() or (not beside.exists() and Path(entry).is_dir()):
            yield from _folder(beside if beside.is_dir() else Path(entry))
        else:
            found = beside if beside.exists() or not Path(entry).exists() else Path(entry)
            yield from _file(str(found), _size(str(found)))


def _entries(path: Path) -> Iterator[str]:
    # Names of files may be in no encoding: what is no UTF-8 survives as it is.
    with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
        if path.suffix.lower() == ".txt":
            yield from (line.rstrip("\r\n") for line in file if line.strip())
            return
        head = file.readline()
        delimiter = max("\t;,", key=head.count)
        names = [name.strip().lower() for name in next(csv.reader([head], delimiter=delimiter), [])]
        column = next((names.index(known) for known in _COLUMNS if known in names), None)
        if column is None:
            raise UserError(
                f"{path} has no column of paths; name it 'path' (its columns are: "
                f"{', '.join(names) or 'none'})."
            )
        for row in csv.reader(file, delimiter=delimiter):
            if len(row) > column and row[column].strip():
                yield row[column].strip()


def _remote(address: str) -> Iterator[Source]:
    """What an fsspec address, a pattern of addresses or a folder there holds."""
    if "::" in address:
        raise UserError(f"{address} is a chain of addresses, which is not read here; unpack it.")
    try:
        system, path = fsspec.core.url_to_fs(address)
        if has_magic(path):
            found = system.glob(path, detail=True)
        elif system.isfile(path):
            found = {path: system.info(path)}
        else:
            found = system.find(path, detail=True)
    except (ImportError, ValueError) as error:  # an unknown protocol, or its package is missing
        raise UserError(f"{address} cannot be opened: {error}") from error
    except Exception as error:  # every store has errors of its own
        raise UserError(f"{address} cannot be listed ({error}); check it.") from error
    if not found:
        raise UserError(f"There is nothing at {address}; check the address.")
    for path, about in sorted(found.items()):
        wanted = kind_of(path) or path.lower().endswith(".tar") or len(found) == 1
        if about.get("type") == "file" and wanted:
            yield from _file(_full(system, path), int(about.get("size") or 0))


def _full(system: Any, path: str) -> str:
    return str(system.unstrip_protocol(path))


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size  # noqa: PTH116
    except OSError:  # a link to nowhere: reading it will say so
        return 0
