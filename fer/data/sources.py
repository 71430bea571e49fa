"""What every form of FER2013 is read into, one record at a time."""

from dataclasses import dataclass
from typing import Literal

from fer.data.face_image import FaceImage


@dataclass(frozen=True)
class Face:
    """One labelled image.

    Attributes:
        image: its pixels, and what it was in the source.
        label: index into ``LABELS``.
        split: the split that the source puts it in.
        part: Kaggle's official part (``PARTS``), where the source marks it.
        name: its file name in the dataset, without suffix.
        row: its row in Kaggle's table, counted from 0, where the source tells.
        origin: the folder or table of the source that it comes from.
    """

    image: FaceImage
    label: int
    split: str
    part: str | None
    name: str
    row: int | None
    origin: str


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
    """A file of the folder ``place`` that is no labelled image of its own, and why not."""

    place: str
    reason: str


@dataclass(frozen=True)
class Note:
    """One sentence about the source that the user should know."""

    text: str


Record = Face | BadRow | LeftOut | Note

RowNumbers = Literal["all", "some", "none"]
"""All rows of the splits that there are, some of them, or no row numbers at all."""
