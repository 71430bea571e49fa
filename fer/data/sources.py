"""What every form of FER2013 is read into, one record at a time."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from fer.data.face_image import USUAL_FORMAT


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
        origin: the folder or table of the source that it comes from.
        format: what it was in the source, in words.
    """

    pixels: NDArray[np.uint8]
    label: int
    split: str
    part: str | None
    name: str
    row: int | None
    origin: str
    format: str = USUAL_FORMAT


@dataclass(frozen=True)
class BadRow:
    """A labelled image that cannot be used, or all those of a folder that cannot.

    Attributes:
        place: the file, the line of a table, or the folder.
        reason: why not, in half a sentence.
        row: its row in Kaggle's table, where the source tells.
        images: how many images it stands for.
        origin: the folder or table that it stands in.
    """

    place: str
    reason: str
    row: int | None = None
    images: int = 1
    origin: str = ""

    def __str__(self) -> str:
        count = "" if self.images == 1 else f" ({self.images:,} images)"
        return f"{self.place}{count}: {self.reason}"


@dataclass(frozen=True)
class LeftOut:
    """Files of a folder that are no labelled images of their own, and why not."""

    place: str
    files: int
    reason: str


@dataclass(frozen=True)
class Note:
    """One sentence about the source that the user should know."""

    text: str


Record = Face | BadRow | LeftOut | Note

RowNumbers = Literal["all", "some", "none"]
"""All rows of the splits that there are, some of them, or no row numbers at all."""


class Source(Protocol):
    """A recognised form of FER2013, open for reading."""

    @property
    def form(self) -> str:
        """What it is, in the user's words."""

    @property
    def size(self) -> int:
        """How much work reading it is, in ``unit``; 0 if that is not known."""

    @property
    def unit(self) -> str:
        """``B`` for bytes, ``images`` for files."""

    @property
    def rows(self) -> RowNumbers:
        """Whether its images are numbered by their rows in Kaggle's table."""

    def read(self, advance: Callable[[int], object]) -> Iterator[Record]:
        """All records in the source's order; ``advance`` is told the work done meanwhile."""
