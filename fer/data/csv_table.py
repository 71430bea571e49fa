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
from fer.data.face_image import IMAGE_SIZE, to_face
from fer.data.names import PARTS, label_of, label_of_number, part_of, split_of, unknown_label
from fer.data.sources import BadRow, Face, Note, Record, RowNumbers
from fer.errors import UserError

LABEL_COLUMNS = ("emotion", "emotions", "label", "labels")
USAGE_COLUMNS = ("usage", "split")
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
    """

    entry: Entry
    encoding: str
    delimiter: str
    columns: tuple[str, ...]
    rows: RowNumbers = "all"

    @property
    def name(self) -> str:
        """The file name without folders."""
        return self.entry.path.name

    @property
    def labelled(self) -> bool:
        """Whether it has a column of labels."""
        return column_of(LABEL_COLUMNS, self.columns) is not None

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
            if self.labelled:
                try:
                    values, label, usage = self._parse(line)
                    expected = expected or _pixels_of_all(len(values))
                    pixels = as_pixels(values, expected)
                    part = part_of(usage)
                    of_row = split_of(usage) or split or "train"
                    told = f"{isqrt(expected)} × {isqrt(expected)} grey"
                    yield Face(pixels, label, of_row, part, str(row), row, self.name, told)
                except ValueError as error:
                    yield BadRow(
                        f"{self.name} line {line_number}", str(error), row, origin=self.name
                    )
            row += 1
        if not self.labelled:
            yield Note(f"{self.name} has no labels: its {row - first_row:,} images were left out.")
        elif column_of(USAGE_COLUMNS, self.columns) is None and split is None:
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

    def _parse(self, line: str) -> tuple[NDArray[np.int64], int, str]:
        """``(grey values, label, usage)`` of one row; a ValueError says what is wrong with it."""
        fields = _fields(line, self.delimiter)
        if len(fields) != len(self.columns):
            raise ValueError(f"{len(fields)} columns instead of {len(self.columns)}")
        values = dict(zip(self.columns, fields, strict=True))
        label = label_in(values[column_of(LABEL_COLUMNS, self.columns) or ""])
        usage = values.get(column_of(USAGE_COLUMNS, self.columns) or "", "").strip()
        if split_of(usage) is None and column_of(USAGE_COLUMNS, self.columns):
            raise ValueError(f"unknown Usage '{usage[:20]}' ({', '.join(PARTS)} are known)")
        return _grey_values(values["pixels"]), label, usage


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
            return CsvTable(entry, encoding, delimiter, columns)
    return None


def column_of(names: tuple[str, ...], columns: tuple[str, ...]) -> str | None:
    """The first of ``names`` that is among ``columns``."""
    return next((name for name in names if name in columns), None)


def label_in(text: str) -> int:
    """The label that a table's cell tells: Kaggle's number ("3", "3.0") or a name.

    Raises:
        ValueError: if it is none of them.
    """
    number = label_of_number(text)
    label = label_of(text) if number is None else number
    if label is None:
        raise ValueError(unknown_label(text.strip()[:20]))
    return label


def as_pixels(values: NDArray[np.int64], expected: int = _PIXELS) -> NDArray[np.uint8]:
    """``(48, 48)`` of the ``expected`` grey values of a square image.

    Raises:
        ValueError: if there are more or fewer, or one is outside 0 to 255.
    """
    if len(values) != expected:
        raise ValueError(f"{len(values):,} pixel values instead of {expected:,}")
    outside = values[(values < 0) | (values > 255)]
    if len(outside):
        raise ValueError(f"pixel value {outside[0]} is outside 0–255")
    return to_face(values.astype(np.uint8).reshape(isqrt(expected), isqrt(expected)))


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
