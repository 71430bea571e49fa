"""Files written whole or not at all, and JSON read with a sentence for what is wrong with it."""

import hashlib
import json
import os
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from fer.errors import UserError

_LONGEST_STEM = 200  # bytes
_MOST_JSON = 32 << 20  # bytes; what is written here has one, and as objects takes ten times as much


@contextmanager
def written_whole(path: Path, durable: bool = False) -> Iterator[Path]:
    """The path of a file to write; it becomes ``path`` when the ``with`` block ends well.

    A kill at any moment leaves ``path`` as it was; so does a power failure where it is ``durable``,
    which waits for the disk. The folder is made if needed.

    Raises:
        UserError: if the system does not let it be written.
    """
    aside = path.with_name(f"part-{path.name}")  # keeps the suffix, by which writers go
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield aside
        if durable:
            with aside.open("rb+") as file:
                os.fsync(file.fileno())
        aside.replace(path)
    except OSError as error:
        raise UserError(
            f"{path} cannot be written: {error.strerror or error}; "
            "name another folder, or make room there."
        ) from error
    finally:
        if aside.is_file():
            aside.unlink()


def free_path(
    folder: Path, stem: str, suffixes: Sequence[str], taken: Collection[Path] = ()
) -> Path:
    """``photo`` as ``folder/photo-faces.jpg``, or ``photo-faces-2.jpg``: nothing is overwritten.

    Args:
        folder: need not exist yet.
        stem: ``photo``; it is cut off where it is longer than file systems take.
        suffixes: of all files that will be written with this name; the answer has the first.
        taken: names that are given away already.
    """
    # Most file systems take names of 255 bytes; here is room for a number and for `written_whole`.
    stem = os.fsencode(stem)[:_LONGEST_STEM].decode(sys.getfilesystemencoding(), "ignore")
    for number in count(1):
        name = f"{stem}-faces" if number == 1 else f"{stem}-faces-{number}"
        paths = [folder / f"{name}{suffix}" for suffix in suffixes]
        if not any(path in taken or os.path.lexists(path) for path in paths):
            return paths[0]
    raise AssertionError("there is always another number")


def write_json(path: Path, values: Mapping[str, Any], durable: bool = False) -> None:
    """Write ``values`` to ``path``, whole or not at all; ``durable`` as in `written_whole`.

    Raises:
        UserError: if it cannot be written.
    """
    # File names that are no UTF-8 become JSON's own escapes.
    text = json.dumps(values, indent=2, ensure_ascii=False) + "\n"
    write_text(path, text, "backslashreplace", durable)


def write_text(path: Path, text: str, errors: str = "strict", durable: bool = False) -> None:
    """Write ``text`` to ``path`` as UTF-8, whole or not at all; ``durable`` as in `written_whole`.

    Raises:
        UserError: if it cannot be written.
    """
    with written_whole(path, durable) as aside:
        aside.write_text(text, encoding="utf-8", errors=errors)


def read_json(path: Path, command: str = "", advice: str = "") -> dict[str, Any]:
    """The JSON object in ``path``.

    Raises:
        UserError: if it is missing or is not a JSON object; ``command`` is what writes it anew, or
            there is other ``advice``.
    """
    anew = advice or _writes_anew(command)
    try:
        if path.stat().st_size > _MOST_JSON:
            raise ValueError(f"more than {_MOST_JSON >> 20} MB")
        values = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise UserError(f"{path} is missing; {anew.removesuffix(' anew')}.") from error
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}.") from error
    except (ValueError, RecursionError) as error:  # not JSON, no UTF-8, a number too long
        raise UserError(f"{path} is damaged ({error}); {anew}.") from error
    if not isinstance(values, dict):
        raise UserError(f"{path} does not hold a JSON object; {anew}.")
    return values


def sha256(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal; empty if there is no such file."""
    if not path.is_file():
        return ""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _writes_anew(command: str) -> str:
    return f"'{command}' writes it anew"


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    """Made once: it takes twenty milliseconds, and a page of the dashboard reads several files."""
    return TypeAdapter(kind)


def checked(kind: Any, value: Any, fault: str, command: str = "", advice: str = "") -> Any:
    """``value`` as pydantic reads a ``kind``.

    Raises:
        UserError: if it is none: ``fault``, the first thing that is wrong, and the ``command``
            that writes it anew, or other ``advice``.
    """
    try:
        return _adapter(kind).validate_python(value)
    except ValidationError as error:
        advice = advice or _writes_anew(command)
        raise UserError(f"{fault} ({first_fault(error)}); {advice}.") from error


def first_fault(error: ValidationError) -> str:
    """Pydantic's first complaint as half a sentence."""
    fault = error.errors()[0]
    where = ".".join(map(str, fault["loc"]))
    said = str(fault["msg"]).removeprefix("Value error, ")  # of our own checks
    return f"{where}: {said}" if where else said
