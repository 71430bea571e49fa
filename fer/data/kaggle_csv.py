"""Kaggle's tables: ``fer2013.csv``, ``icml_face_data.csv``, ``train.csv`` with ``test.csv``."""

import csv
import io
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from typing import TextIO

import numpy as np
from numpy.typing import NDArray

from fer.data.archives import MAX_FILES, Entry
from fer.data.folder import IMAGE_SIZE
from fer.data.names import PARTS, SPLITS, part_of, split_of
from fer.data.sources import BadRow, Face, Note, RowNumbers
from fer.errors import UserError
from fer.labels import LABELS

_WHOLE_TABLES = ("fer2013.csv", "icml_face_data.csv")
_DEPTH = 6
_PIXELS = IMAGE_SIZE * IMAGE_SIZE
# A row of 48×48 pixels has at most 9,300 characters.
_LINE_LIMIT = 1 << 17


@dataclass(frozen=True)
class Table:
    """One CSV table: the file and its column names in lower case, without blanks."""

    entry: Entry
    columns: tuple[str, ...]

    @property
    def name(self) -> str:
        """The file name without folders."""
        return self.entry.path.name

    @property
    def split(self) -> str | None:
        """The split that the file name tells ("train.csv"), or ``None``."""
        return split_of(self.entry.path.stem)


@dataclass(frozen=True)
class KaggleTables:
    """A `Source`: tables whose rows follow each other in Kaggle's order."""

    tables: tuple[Table, ...]
    unit: str = "B"
    rows: RowNumbers = "all"

    @property
    def form(self) -> str:
        """The names of the tables."""
        return "the table " + " and ".join(table.name for table in self.tables)

    @property
    def size(self) -> int:
        """Bytes of all tables."""
        return sum(table.entry.size for table in self.tables)

    def read(self, advance: Callable[[int], object]) -> Iterator[Face | BadRow | Note]:
        """Stream the rows; rows are numbered through all tables from 0, lines per table from 1."""
        row = 0
        for table in self.tables:
            row = yield from _read_table(table, row, advance)


def find_tables(entries: list[Entry]) -> KaggleTables | None:
    """The tables of pixels among ``entries``, or ``None`` if there are none.

    Raises:
        UserError: if it is unclear which of several tables is meant, or none has labels.
    """
    found = [table for entry in entries if (table := _open_table(entry)) is not None]
    if not found:
        return None
    tables = _choose(found)
    if not any("emotion" in table.columns for table in tables):
        raise UserError(
            f"{tables[0].name} has no column 'emotion', so that it holds no labels; "
            "import fer2013.csv, icml_face_data.csv or train.csv."
        )
    return KaggleTables(tuple(tables))


def _choose(tables: list[Table]) -> list[Table]:
    """The one whole table, or the tables that are named after splits, in their order."""
    for name in _WHOLE_TABLES:
        whole = [table for table in tables if table.name.lower() == name]
        if whole:
            return whole[:1]
    if len(tables) == 1:
        return tables
    splits = [table.split for table in tables]
    if None in splits or len(set(splits)) < len(splits):
        names = ", ".join(str(table.entry.path) for table in tables)
        raise UserError(f"There are several tables ({names}); name the one to import.")
    return sorted(tables, key=lambda table: SPLITS.index(table.split or ""))


def _open_table(entry: Entry) -> Table | None:
    """The table in ``entry`` if it is a CSV file with a column of pixels."""
    if entry.path.suffix.lower() != ".csv" or len(entry.path.parts) > _DEPTH:
        return None
    with _text(entry) as text:
        header = text.readline(_LINE_LIMIT)
    columns = tuple(name.strip().lower() for name in _fields(header))
    return Table(entry, columns) if "pixels" in columns else None


def _text(entry: Entry) -> TextIO:
    return io.TextIOWrapper(entry.open(), encoding="utf-8-sig", errors="replace")


def _fields(line: str) -> list[str]:
    """Columns of one line; a row never spans lines, so that a stray quote harms one row only."""
    return next(csv.reader([line.rstrip("\r\n")]), [])


def _read_table(
    table: Table, first_row: int, advance: Callable[[int], object]
) -> Generator[Face | BadRow | Note, None, int]:
    """The records of one table; returns the row that follows its last one."""
    labelled = "emotion" in table.columns
    split = table.split or "train"
    row = first_row
    for line_number, line in _numbered_lines(table, advance):
        if labelled:
            try:
                pixels, label, part = _parse(_fields(line), table.columns)
                yield Face(pixels, label, split, part, str(row), row)
            except ValueError as error:
                yield BadRow(f"{table.name} line {line_number}", str(error), row)
        row += 1
    if not labelled:
        yield Note(f"{table.name} has no labels: its {row - first_row:,} images were left out.")
    elif "usage" not in table.columns and table.split is None:
        yield Note(f"{table.name} has no column 'Usage': all of its images were taken as train.")
    return row


def _numbered_lines(table: Table, advance: Callable[[int], object]) -> Iterator[tuple[int, str]]:
    """``(line number, line)`` of every data row; empty lines are no rows."""
    with _text(table.entry) as text:
        advance(len(text.readline(_LINE_LIMIT)))
        line_number = 1
        while line := text.readline(_LINE_LIMIT):
            line_number += 1
            advance(len(line))
            if len(line) == _LINE_LIMIT or line_number > MAX_FILES:
                raise UserError(
                    f"{table.name} line {line_number} is too long, or one too many, for a table "
                    f"of {IMAGE_SIZE}×{IMAGE_SIZE} pixels; this is not FER2013."
                )
            if line.strip():
                yield line_number, line


def _parse(
    fields: list[str], columns: tuple[str, ...]
) -> tuple[NDArray[np.uint8], int, str | None]:
    """``(pixels, label, part)`` of one row; a ValueError says what is wrong with it."""
    if len(fields) != len(columns):
        raise ValueError(f"{len(fields)} columns instead of {len(columns)}")
    values = dict(zip(columns, fields, strict=True))
    emotion = values["emotion"].strip()
    if emotion not in map(str, range(len(LABELS))):
        raise ValueError(f"unknown emotion '{emotion[:20]}' (0 to {len(LABELS) - 1} are known)")
    part = None
    if "usage" in values:
        part = part_of(values["usage"])
        if part is None:
            usage = values["usage"].strip()[:20]
            raise ValueError(f"unknown Usage '{usage}' ({', '.join(PARTS)} are known)")
    return _parse_pixels(values["pixels"]), int(emotion), part


def _parse_pixels(text: str) -> NDArray[np.uint8]:
    try:
        values = np.fromstring(text, np.int64, sep=" ")
    except ValueError:
        wrong = next((word for word in text.split() if not word.isdecimal()), "")
        raise ValueError(f"'{wrong[:20]}' is no pixel value") from None
    if len(values) != _PIXELS:
        raise ValueError(f"{len(values):,} pixel values instead of {_PIXELS:,}")
    outside = values[(values < 0) | (values > 255)]
    if len(outside):
        raise ValueError(f"pixel value {outside[0]} is outside 0–255")
    return values.astype(np.uint8).reshape(IMAGE_SIZE, IMAGE_SIZE)
