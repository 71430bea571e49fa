"""What a folder, a pattern, a list, a shard or an address holds, one source after the other.

Nothing is kept but what is being listed: a folder's names, or one member of a shard.
"""

import csv
import os
import re
import tarfile
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from glob import glob, has_magic
from io import TextIOWrapper
from pathlib import Path, PurePosixPath
from typing import Any, TextIO

import fsspec

from fer.archive.source import PHOTO, Source, is_remote, kind_of, open_address, path_of, shown
from fer.errors import UserError, printable
from fer.wording import count

_OTHER = ""  # the kind of a file that is neither photo nor video: counted, and left out
_LISTS = (".txt", ".csv", ".tsv")
_DELIMITERS = "\t;,"
_HERE = "file://"
_PACKED = (".zip", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz", ".tar.zst", ".7z", ".rar")
_COLUMNS = ("path", "file", "filename", "file_name", "source", "image", "video", "url", "address")
"""What lists call their column of paths, in small letters."""
_Key = tuple[str, int | None, str]
"""What tells one source from another: its file, its place in it, and what is wrong with it."""
_MAGIC = re.compile("[*?[]")  # where a pattern begins to be one
_ENDINGS = 6  # that are named of what was left out


def list_sources(given: Sequence[str]) -> Iterator[Source]:
    """Every photo and video of what was ``given``, each once, folders in the order of names.

    Args:
        given: folders (with all folders in them), patterns, single files, ``.tar`` shards, lists
            (``.txt`` with a path a line, ``.csv`` with a column of paths) and fsspec addresses.
            In lists, addresses are files unless they are patterns or end in ``/``. Hidden files
            and links to folders are left out.

    Warns:
        UserWarning: in the end, of files by whose endings they are neither; one sentence.

    Raises:
        UserError: if something does not exist, cannot be read or is packed in another way.
    """
    left_out = Counter[str]()
    for source in _each_once(given):
        if source.kind == _OTHER:
            left_out[PurePosixPath(source.name).suffix.lower() or "without an ending"] += 1
        else:
            yield source
    if left_out:
        endings = [f"{n:,} {ending}" for ending, n in left_out.most_common(_ENDINGS)]
        endings += ["others"] if len(left_out) > _ENDINGS else []
        files = count(left_out.total(), "file")
        said = f"{files} left out, neither photo nor video: {', '.join(endings)}."
        warnings.warn(printable(said), UserWarning, stacklevel=2)


def _each_once(given: Sequence[str]) -> Iterator[Source]:
    # One folder or one shard names nothing twice; only what may is remembered.
    given = [name.removeprefix(_HERE) for name in given]
    for name in given:
        if path_of(name).lower().endswith(_PACKED) and not os.path.isdir(name):
            raise UserError(_packed(shown(name)))
    if len(given) == 1 and not given[0].lower().endswith(_LISTS):
        yield from _expanded(given[0])
        return
    seen: set[_Key] = set()
    for name in given:
        yield from _unseen(_expanded(name), seen, str)


def _unseen(
    sources: Iterator[Source], seen: set[_Key], place: Callable[[str], str]
) -> Iterator[Source]:
    """Those of ``sources`` that are not in ``seen`` yet; ``place`` makes a file of an address."""
    for source in sources:
        # What is wrong with a shard has no offset, and there may be more of it than one.
        key = place(source.address), source.offset, source.problem
        if key not in seen:
            seen.add(key)
            yield source


def _expanded(name: str) -> Iterator[Source]:
    if is_remote(name):
        yield from _listed_there(name) if name.lower().endswith(_LISTS) else _remote(name)
    elif os.path.isdir(name):
        yield from _folder(Path(name))
    elif os.path.exists(name):
        lists = name.lower().endswith(_LISTS)
        yield from _listed(Path(name)) if lists else _file(name, _size(name))
    elif has_magic(name):
        yield from _matching(name)
    else:
        raise UserError(f"There is no file or folder {shown(name)}; check the path.")


def _matching(pattern: str) -> Iterator[Source]:
    """What fits a pattern; a folder that fits is as one that is given."""
    matches = [m for m in sorted(glob(pattern, recursive=True)) if os.path.isdir(m) or _is_file(m)]
    if not matches:
        raise UserError(f"No file fits the pattern {shown(pattern)}; check it.")
    by_ending = any(os.path.isdir(match) or _wanted(match) for match in matches)
    walked: set[str] = set()
    seen: set[_Key] = set()
    for match in matches:
        if os.path.isdir(match):
            real = os.path.realpath(match)
            below = os.path.dirname(real) in walked and not os.path.islink(match)
            sources = iter(()) if below or real in walked else _folder(Path(match))
            walked.add(real)
        else:
            sources = _found(match, _size(match)) if by_ending else _file(match, _size(match))
        # A link to a folder may lead back into it: then a file fits under many names.
        yield from _unseen(sources, seen, os.path.realpath)


def _folder(folder: Path) -> Iterator[Source]:
    closed: list[OSError] = []
    for parent, folders, files in os.walk(folder, onerror=closed.append):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            path = os.path.join(parent, name)  # ten times as fast
            if not name.startswith(".") and _is_file(path):
                yield from _found(path, _size(path))
    for error in closed:
        name = shown(str(error.filename))
        said = f"The folder {name} cannot be read: {error.strerror}; make it readable."
        yield Source(name, PHOTO, os.path.abspath(error.filename), problem=said)


def _is_file(path: str) -> bool:
    """Whether a path is no pipe or device; a link to nowhere is a file, which reading names."""
    return os.path.isfile(path) or (os.path.islink(path) and not os.path.exists(path))


def _wanted(name: str) -> bool:
    """Whether a name is that of a photo, a video or a shard of them, packed ones among them."""
    return bool(kind_of(name)) or path_of(name).lower().endswith((".tar", *_PACKED))


def _found(path: str, size: int) -> Iterator[Source]:
    """One file that nobody named, by its path or address: what it is, its ending tells."""
    if _wanted(path):
        yield from _file(path, size)
    else:
        yield Source(shown(path), _OTHER, _address(path), size)


def _address(path: str) -> str:
    return path if is_remote(path) else os.path.abspath(path)  # follows no link


def _packed(name: str) -> str:
    return f"{name} is packed; unpack it, or make a plain .tar of it."


def _file(path: str, size: int) -> Iterator[Source]:
    """One file by its path or address; of a shard all that is in it."""
    name = shown(path)
    address = _address(path)
    named = path_of(path).lower()
    if named.endswith(_PACKED):
        yield Source(name, PHOTO, address, size, problem=_packed(name))
    elif named.endswith(".tar"):
        yield from _shard(address, name)
    elif not is_remote(path) and os.path.exists(path) and not os.path.isfile(path):
        yield Source(name, PHOTO, address, problem=f"{name} is neither a file nor a folder.")
    else:
        yield Source(name, kind_of(path) or PHOTO, address, size)


def _shard(address: str, name: str) -> Iterator[Source]:
    """The photos and videos of a plain tar: where each begins, so that all are read at once."""
    seen: set[int] = set()
    try:
        with open_address(address) as file, tarfile.open(fileobj=file, mode="r:") as shard:
            while member := shard.next():
                shard.members.clear()  # type: ignore[attr-defined]  # it would keep them all
                kind = kind_of(member.name)
                parts = member.name.removeprefix("./").split("/")
                if not kind or member.isdir() or any(part.startswith(".") for part in parts):
                    continue
                inside, problem = f"{name}/{shown(member.name)}", ""
                if not member.isreg() or member.issparse():
                    problem = f"{inside} is a link or has holes; unpack {name} to read it."
                elif hash(member.name) in seen:
                    problem = f"{inside} is in {name} twice, and the first is read; unpack it."
                seen.add(hash(member.name))
                if problem:
                    yield Source(inside, kind, address, member.size, problem=problem)
                else:
                    begin, header = member.offset_data, member.offset_data - member.offset
                    yield Source(inside, kind, address, member.size, begin, header)
            # A header that is damaged ends the loop as the end of the tar does, which is zeros.
            file.seek(shard.offset)
            if file.read(tarfile.BLOCKSIZE).strip(b"\0"):
                raise tarfile.ReadError(f"it is damaged after {shard.offset:,} bytes")
    except FileNotFoundError:
        problem = f"There is no {name}; once there is, analyse it into a folder of its own."
        yield Source(name, PHOTO, address, problem=problem)
    except Exception as error:  # every store has errors of its own
        problem = (
            f"{name} cannot be read as a tar to its end ({shown(str(error))}); copy it again, and "
            "analyse it into a folder of its own: --retry lists no shard anew."
        )
        yield Source(name, PHOTO, address, problem=problem)


def _listed(path: Path) -> Iterator[Source]:
    """What a list names; relative paths count from the list's folder, else from this one."""
    for entry in _entries(str(path)):
        beside = str(path.parent / entry)
        if is_remote(entry):
            yield from _addressed(entry)
            continue
        found = beside if os.path.exists(beside) or not os.path.exists(entry) else entry
        if os.path.isdir(found):
            yield from _folder(Path(found))
        else:
            yield from _file(found, _size(found))


def _listed_there(address: str) -> Iterator[Source]:
    """What a list at an address names; paths count from where it is."""
    folder = address.rsplit("/", 1)[0]
    for entry in _entries(address):
        yield from _addressed(entry if is_remote(entry) else f"{folder}/{entry.lstrip('/')}")


def _addressed(entry: str) -> Iterator[Source]:
    """An address in a list: a file, without asking its store, unless it says that it is more."""
    if not _is_pattern(entry) and not entry.endswith("/"):
        yield from _file(entry, 0)
        return
    try:
        yield from _remote(entry)
    except UserError as error:  # costs the others nothing
        yield Source(shown(entry), kind_of(entry) or PHOTO, entry, problem=str(error))


def _entries(name: str) -> Iterator[str]:
    """The lines of a list, or its column of paths.

    Raises:
        UserError: if it cannot be read, is no text, or has no such column.
    """
    try:
        # Names of files may be in no encoding: what is no UTF-8 survives as it is.
        with TextIOWrapper(
            open_address(name), encoding="utf-8-sig", errors="surrogateescape", newline=""
        ) as file:
            for entry in _column(file, name) if not name.lower().endswith(".txt") else file:
                if "\0" in entry:
                    raise UserError(f"{shown(name)} is no UTF-8 text; save it as UTF-8.")
                if entry.strip():
                    yield entry.rstrip("\r\n").removeprefix(_HERE)
    except UserError:
        raise
    except csv.Error as error:
        raise UserError(f"{shown(name)} is no table ({error}); save it as CSV in UTF-8.") from error
    except Exception as error:  # every store has errors of its own
        said = getattr(error, "strerror", None) or shown(str(error))
        raise UserError(f"{shown(name)} cannot be read: {said}.") from error


def _column(file: TextIO, name: str) -> Iterator[str]:
    """The column of paths of a table."""
    head = file.readline()
    titles = [next(csv.reader([head], delimiter=delimiter), []) for delimiter in _DELIMITERS]
    delimiter, split = max(zip(_DELIMITERS, titles, strict=True), key=lambda one: len(one[1]))
    names = [title.strip().lower() for title in split]
    column = next((names.index(known) for known in _COLUMNS if known in names), None)
    if column is None:
        told = ", ".join(names).replace("\0", "") or "none"
        raise UserError(
            f"{shown(name)} has no column of paths; save it as UTF-8 and name the column 'path' "
            f"(its columns are: {told})."
        )
    for row in csv.reader(file, delimiter=delimiter, strict=True):
        if len(row) > column:
            yield row[column].strip()


def _remote(address: str) -> Iterator[Source]:
    """What an fsspec address, a pattern of addresses or a folder there holds."""
    name = shown(address)
    if "::" in address:
        raise UserError(f"{name} is a chain of addresses, which is not read here; unpack it.")
    try:
        system, path = fsspec.core.url_to_fs(address)
        if system.isfile(path):  # also where its name looks like a pattern
            yield from _file(address, int(system.info(path).get("size") or 0))
            return
        found = (_fitting if _is_pattern(path) else _below)(system, path)
    except (ImportError, ValueError) as error:  # an unknown protocol, or its package is missing
        raise UserError(f"{name} cannot be opened: {shown(str(error))}") from error
    except Exception as error:  # every store has errors of its own
        raise UserError(f"{name} cannot be listed ({shown(str(error))}); check it.") from error
    if not found:
        raise UserError(f"There is nothing at {name}; check the address.")
    # The address as it was given, up to where it goes on as the store's path does: paths know
    # nothing of hosts and user names.
    address, path = address if address.endswith("://") else address.rstrip("/"), path.rstrip("/")
    shared = len(os.path.commonprefix([address[::-1], path[::-1]]))  # noqa: RUF071  # characters
    host, above = address[: len(address) - shared], path[: len(path) - shared]
    for one, size in sorted(found.items()):
        below = one.removeprefix(above)
        slash = "/" if host and not host.endswith("/") and not below.startswith("/") else ""
        yield from (_file if len(found) == 1 else _found)(f"{host}{slash}{below}", size)


def _fitting(system: Any, pattern: str) -> dict[str, int]:
    """The files that fit a pattern in a store, and those below folders that do, by their sizes."""
    found = system.glob(pattern, detail=True)
    folders = {path for path, about in found.items() if about.get("type") == "directory"}
    for folder in folders:
        if folder.rpartition("/")[0] not in folders:
            found |= system.find(folder, detail=True)
    fixed = _MAGIC.split(pattern)[0].rpartition("/")[0]
    return _sizes(found, fixed, hidden="/." in pattern.removeprefix(fixed))


def _below(system: Any, folder: str) -> dict[str, int]:
    """The files below a folder of a store, by their sizes."""
    return _sizes(system.find(folder, detail=True), folder)


def _sizes(
    found: Mapping[str, Mapping[str, Any]], above: str, hidden: bool = False
) -> dict[str, int]:
    """Files by their sizes, those that are ``hidden`` below a folder only where they are meant."""
    return {
        path: int(about.get("size") or 0)
        for path, about in found.items()
        if about.get("type") == "file" and (hidden or "/." not in f"/{path.removeprefix(above)}")
    }


def _is_pattern(address: str) -> bool:
    return has_magic(path_of(address))


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size
    except OSError:  # a link to nowhere: reading it will say so
        return 0
