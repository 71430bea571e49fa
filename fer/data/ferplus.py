"""FER+ votes: ten annotators for every FER2013 image (Barsoum et al., 2016, arXiv:1608.01041)."""

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fer.data.names import PARTS, part_of
from fer.errors import UserError
from fer.files import write_text
from fer.labels import LABELS, NO_MAJORITY

VOTE_COLUMNS: tuple[str, ...] = (
    "neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear",
    "contempt", "unknown", "NF",
)  # fmt: skip
"""Columns of ``fer2013new.csv`` after ``Usage`` and ``Image name``; ``NF`` is "not a face"."""

ANSWERS: tuple[str, ...] = (
    "neutral", "happy", "surprise", "sad", "angry", "disgust", "fear",
    "contempt", "unknown", "not a face",
)  # fmt: skip
"""What the votes of a column mean, in our words: one of ``LABELS``, or another answer."""

_COLUMN_OF_LABEL = [ANSWERS.index(label) for label in LABELS]
_LABEL_OF_COLUMN = np.array(
    [LABELS.index(answer) if answer in LABELS else NO_MAJORITY for answer in ANSWERS]
)


def label_votes(votes: NDArray[np.integer]) -> NDArray[np.float32]:
    """Votes for the seven labels: ``(n, 10)`` vote columns → ``(n, 7)`` in ``LABELS`` order."""
    return votes[:, _COLUMN_OF_LABEL].astype(np.float32)


def majority(votes: NDArray[np.integer]) -> NDArray[np.int64]:
    """The label with most of all ten columns' votes, ``(n,)`` indices into ``LABELS``.

    ``NO_MAJORITY`` where two columns tie for the most votes, or the most votes went to
    contempt, unknown or not-a-face.
    """
    return np.where(has_winner(votes), _LABEL_OF_COLUMN[votes.argmax(axis=1)], NO_MAJORITY)


def has_winner(votes: NDArray[np.integer]) -> NDArray[np.bool_]:
    """Whether one of ten columns has more votes than each other one, ``(n,)``."""
    return (votes == votes.max(axis=1, keepdims=True)).sum(axis=1) == 1


@dataclass(frozen=True)
class FerPlus:
    """The file ``fer2013new.csv``, one line per row of Kaggle's table.

    Attributes:
        path: the file.
        parts: official part (``PARTS``) of every row.
        votes: ``(n, 10)`` int64 in ``VOTE_COLUMNS`` order.
    """

    path: Path
    parts: tuple[str, ...]
    votes: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.parts)


def read_ferplus(path: Path) -> FerPlus:
    """Read ``fer2013new.csv``; its ``Image name``, blank for images that are no face, is not used.

    Raises:
        UserError: if the file is missing or is not such a table; names the first wrong line.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            lines = [[field.strip() for field in line] for line in csv.reader(file)]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UserError(f"{path} cannot be read as the FER+ table: {error}.") from error
    expected = ("Usage", "Image name", *VOTE_COLUMNS)
    header = lines[0] if lines else []
    if [name.lower() for name in header] != [name.lower() for name in expected]:
        raise UserError(
            f"{path} is not FER+'s fer2013new.csv: its first line is not {','.join(expected)}."
        )
    parsed = [_vote_line(line, f"{path} line {i}") for i, line in enumerate(lines[1:], 2) if line]
    votes = np.array([votes for _, votes in parsed], np.int64).reshape(-1, len(VOTE_COLUMNS))
    return FerPlus(path, tuple(part for part, _ in parsed), votes)


def _vote_line(line: list[str], place: str) -> tuple[str, list[int]]:
    part = part_of(line[0])
    counts = line[2:]
    if part is None:
        raise UserError(f"{place} has the Usage '{line[0]}' instead of {', '.join(PARTS)}.")
    if len(counts) != len(VOTE_COLUMNS) or not all(
        count.isascii() and count.isdecimal() and len(count) < 4 for count in counts
    ):
        raise UserError(f"{place} does not hold {len(VOTE_COLUMNS)} numbers of votes.")
    return part, [int(count) for count in counts]


def require_alignment(
    table: FerPlus, parts: Mapping[int, tuple[str, ...]], total: int | None = None
) -> None:
    """Refuse votes that do not belong to the images.

    Args:
        table: the votes.
        parts: row of every image → the official parts that it may belong to.
        total: number of rows where the source has all rows of its parts: the table must
            then not go on with rows of the same parts.

    Raises:
        UserError: names the first differing row.
    """
    for row in sorted(parts):
        if row >= len(table):
            raise UserError(
                f"{table.path} does not fit the images: it ends after {len(table):,} rows, "
                f"but there is an image of row {row}; use the fer2013new.csv of the same images."
            )
        if table.parts[row] not in parts[row]:
            raise UserError(
                f"{table.path} does not fit the images: its row {row} is {table.parts[row]}, but "
                f"the image of that row is {' or '.join(parts[row])}; use the file as published."
            )
    covered = {table.parts[row] for row in parts}
    for row in range(len(table) if total is None else total, len(table)):
        if table.parts[row] in covered:
            raise UserError(
                f"{table.path} does not fit the images: its row {row} is {table.parts[row]}, but "
                f"the images end after {total:,} rows; use the fer2013new.csv of the same images."
            )


def write_votes(path: Path, table: FerPlus, rows: Iterable[int]) -> None:
    """Write the votes of ``rows`` as the dataset's table, whole or not at all."""
    lines = [",".join(("row", *VOTE_COLUMNS))]
    lines += [",".join(map(str, (row, *table.votes[row]))) for row in sorted(rows)]
    write_text(path, "\n".join(lines) + "\n")


def read_votes(path: Path, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """The votes of ``rows`` in the dataset's table, ``(n, 10)``; zeros for rows without votes.

    Raises:
        UserError: if the table is damaged.
    """
    try:
        values = np.loadtxt(path, dtype=np.int64, delimiter=",", skiprows=1, ndmin=2)
        of_row = {int(line[0]): line[1:] for line in values}
        nothing = np.zeros(len(VOTE_COLUMNS), np.int64)
        votes = [of_row.get(int(row), nothing) for row in rows]
        return np.array(votes, np.int64).reshape(len(rows), len(VOTE_COLUMNS))
    except ValueError as error:
        raise UserError(
            f"{path} is not a table of votes (row, then {', '.join(VOTE_COLUMNS)}): {error}"
        ) from error
