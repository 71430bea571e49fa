"""What every form of FER2013 is read into, one record at a time."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Face:
    """One labelled image.

    Attributes:
        pixels: ``(48, 48)`` uint8 grey.
        label: index into ``LABELS``.
        split: the split that the source puts it in.
        part: Kaggle's official part (``PARTS``), where the source marks it.
        name: its file name in the dataset, without suffix.
        row: its row in Kaggle's table, counted from 0, where the source tells.
    """

    pixels: NDArray[np.uint8]
    label: int
    split: str
    part: str | None
    name: str
    row: int | None


@dataclass(frozen=True)
class BadRow:
    """One image that cannot be used: where it stands, why not, and its row where it has one."""

    place: str
    reason: str
    row: int | None = None

    def __str__(self) -> str:
        return f"{self.place}: {self.reason}"


@dataclass(frozen=True)
class Note:
    """One sentence about the source that the user should know."""

    text: str


RowNumbers = Literal["all", "some", "none"]
"""All rows of the splits that there are, some of them, or no row numbers at all."""


class Source(Protocol):
    """A recognised form of FER2013, open for reading."""

    @property
    def form(self) -> str:
        """What it is, in the user's words."""

    @property
    def size(self) -> int:
        """How much work reading it is, in ``unit``."""

    @property
    def unit(self) -> str:
        """``B`` for bytes, ``images`` for files."""

    @property
    def rows(self) -> RowNumbers:
        """Whether its images are numbered by their rows in Kaggle's table."""

    def read(self, advance: Callable[[int], object]) -> Iterator[Face | BadRow | Note]:
        """All records in the source's order; ``advance`` is told the work done meanwhile."""
