"""Kaggle's tables: ``fer2013.csv``, ``icml_face_data.csv``, ``train.csv`` with ``test.csv``."""

import csv
import io
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from math import isqrt
from typing import TextIO

import numpy as np
from numpy.typing import NDArray

from fer.data.archives import MAX_FILES, Entry, name_unpacked, open_unpacked
from fer.data.face_image import IMAGE_SIZE, face_of_values
from fer.data.names import (
    LABEL_COLUMNS,
    USAGE_COLUMNS,
    column_of,
    label_in,
    part_of,
    split_in,
)
from fer.data.sources import BadRow, Face, Note, Record, RowNumbers
from fer.errors import UserError

_SUFFIXES = {".csv", ".tsv"}
_DELIMITERS = ",;\t|"
_PIXELS = IMAGE_SIZE * IMAGE_SIZE
_SMALLEST = 16
# A row of 48×48 pixels has at most 9,300 characters, one of 224×224 pixels 200,000.
_LINE_LIMIT = 1 << 18


@dataclass(frozen=True)
class CsvTable:
    """One table of pixels.

    Attributes:
        entry: its file.
        encoding: how its letters are written.
        delimiter: what stands between its columns.
        columns: their names in small letters, without blanks.
        labels: the name of the column of labels; ``None`` if there is none.
        usage: the name of the column of splits; ``None`` if there is none.
    """

    entry: Entry
    encoding: str
    delimiter: str
    columns: tuple[str, ...]
    labels: str | None
    usage: str | None
    rows: RowNumbers = "all"

    @property
    def name(self) -> str:
        """The file name without folders."""
        return self.entry.path.name

    @property
    def size(self) -> int:
        """Its bytes; 0 if they are packed."""
        return self.entry.size if name_unpacked(self.entry.path) == self.entry.path else 0

    def read(
        self, split: str | None, first_row: int, advance: Callable[[int], object]
    ) -> Generator[Record, None, int]:
        """The records of the table; returns the row that follows its last one."""
        row, expected = first_row, 0
        for line_number, line in self._lines(advance):
            if self.labels:
                try:
                    cells = self._cells(line)
                    label = label_in(cells[self.labels])
                    usage = cells[self.usage] if self.usage else ""
                    of_row = split_in(usage) if self.usage else split or "train"
                    values = _grey_values(cells["pixels"])
                    expected = expected or _pixels_of_all(len(values))
                    if len(values) != expected:
                        raise ValueError(f"{len(values):,} pixel values instead of {expected:,}")
                    image = face_of_values(values)
                    yield Face(image, label, of_row, part_of(usage), str(row), row, self.name)
                except ValueError as error:
                    yield BadRow(
                        f"{self.name} line {line_number}", str(error), row, origin=self.name
                    )
            row += 1
        if not self.labels:
            yield Note(f"{self.name} has no labels: its {row - first_row:,} images were left out.")
        elif self.usage is None and split is None:
            yield Note(f"{self.name} has no column 'Usage': all of its images were taken as train.")
        return row

    def _lines(self, advance: Callable[[int], object]) -> Iterator[tuple[int, str]]:
        """``(line number, line)`` of every data row; empty lines are no rows."""
        with _text(self.entry, self.encoding) as text:
            advance(len(text.readline(_LINE_LIMIT)))
            line_number = 1
            while line := text.readline(_LINE_LIMIT):
                line_number += 1
                advance(len(line))
                if len(line) == _LINE_LIMIT or line_number > MAX_FILES:
                    raise UserError(
                        f"{self.name} line {line_number} is too long, or one too many, for a "
                        f"table of faces of {IMAGE_SIZE}×{IMAGE_SIZE} pixels; this is not FER2013."
                    )
                if line.strip():
                    yield line_number, line

    def _cells(self, line: str) -> dict[str, str]:
        """The cells of one row by the names of their columns."""
        fields = _fields(line, self.delimiter)
        if len(fields) != len(self.columns):
            raise ValueError(f"{len(fields)} columns instead of {len(self.columns)}")
        return dict(zip(self.columns, fields, strict=True))


def open_csv(entry: Entry, of_any_name: bool = False) -> CsvTable | None:
    """The table in ``entry`` if it is a CSV file, packed or not, with a column of pixels.

    ``of_any_name`` is for the one file that the user named; of many, only those are opened whose
    names are those of tables.
    """
    if not of_any_name and name_unpacked(entry.path).suffix.lower() not in _SUFFIXES:
        return None
    encoding = _encoding(entry)
    with _text(entry, encoding) as text:
        header = text.readline(_LINE_LIMIT)
    for delimiter in _DELIMITERS:
        columns = tuple(name.strip().lower() for name in _fields(header, delimiter))
        if "pixels" in columns:
            labels, usage = column_of(LABEL_COLUMNS, columns), column_of(USAGE_COLUMNS, columns)
            return CsvTable(entry, encoding, delimiter, columns, labels, usage)
    return None


def _pixels_of_all(count: int) -> int:
    """How many pixels the images of a table have whose first image has ``count``."""
    is_square = isqrt(count) ** 2 == count and isqrt(count) >= _SMALLEST
    return count if is_square else _PIXELS


def _grey_values(text: str) -> NDArray[np.int64]:
    try:
        return np.fromstring(text, np.int64, sep=" ")
    except ValueError:
        wrong = next((word for word in text.split() if not word.isdecimal()), "")
        raise ValueError(f"'{wrong[:20]}' is no pixel value") from None


def _encoding(entry: Entry) -> str:
    """UTF-16 where the file begins so, or every other byte is zero; otherwise UTF-8."""
    with open_unpacked(entry) as stream:
        head = stream.read(64)
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    if head and not any(head[1::2]):
        return "utf-16-le"
    return "utf-16-be" if head and not any(head[::2]) else "utf-8-sig"


def _text(entry: Entry, encoding: str) -> TextIO:
    return io.TextIOWrapper(open_unpacked(entry), encoding=encoding, errors="replace")


def _fields(line: str, delimiter: str) -> list[str]:
    """Columns of one line; a row never spans lines, so that a stray quote harms one row only."""
    return next(csv.reader([line.rstrip("\r\n")], delimiter=delimiter), [])
