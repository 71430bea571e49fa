"""The folder dataset: ``<data>/images/<split>/<label>/<row>.png``."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fer.data.face_image import IMAGE_SIZE, decode_face, is_image_name
from fer.data.ferplus import read_votes
from fer.data.names import SPLITS
from fer.errors import UserError
from fer.labels import LABELS

FERPLUS_FILE = "ferplus.csv"
AUDIT_FILE = "audit.json"
VALIDATION_FILE = "validation.json"
OWN_FILES = {FERPLUS_FILE, AUDIT_FILE, VALIDATION_FILE}
"""What stands in a dataset beside its images."""


@dataclass(frozen=True)
class LabelledImages:
    """One split in memory, ordered by row.

    Attributes:
        pixels: ``(n, 48, 48)`` uint8 grey.
        targets: ``(n,)`` int64 indices into ``LABELS``.
        rows: ``(n,)`` int64, the row in Kaggle's ``fer2013.csv`` (the file name), or a
            running number where the file names are not numbers.
        files: paths relative to the folder that holds the splits.
        votes: ``(n, 10)`` int64 FER+ votes in ``VOTE_COLUMNS`` order, all zero for images
            without votes; ``None`` if the dataset has no votes at all.
    """

    pixels: NDArray[np.uint8]
    targets: NDArray[np.int64]
    rows: NDArray[np.int64]
    files: tuple[str, ...]
    votes: NDArray[np.int64] | None = None

    def __len__(self) -> int:
        return len(self.targets)


@dataclass(frozen=True)
class FolderDataset:
    """A dataset of class folders: ``<data>/images/<split>/<label>/<row>.png``.

    Nothing is kept: every answer is read from the folders as they are now.

    Attributes:
        folder: the dataset; FER+ votes and the audit stand here.
        root: the folder that holds the splits, ``folder/images`` or ``folder`` itself; names of
            files are relative to it.
    """

    folder: Path
    root: Path

    @classmethod
    def open(cls, data: "str | Path | FolderDataset") -> "FolderDataset":
        """The dataset in ``data``, or whose ``images`` folder ``data`` is.

        Raises:
            UserError: if it has no split with at least one known class folder.
        """
        if isinstance(data, FolderDataset):
            return data
        data = Path(data)
        if not data.is_dir():
            raise UserError(
                f"There is no dataset folder {data}; 'python -m fer data import' makes one."
            )
        for root in (data / "images", data):
            if root.is_dir() and _splits(root):
                return cls(root.parent if root.name == "images" else root, root)
        raise UserError(
            f"{data} has no class folders images/<split>/<label> "
            f"(labels: {', '.join(LABELS)}); 'python -m fer data import' makes them."
        )

    @property
    def name(self) -> str:
        """Name of the folder."""
        return self.folder.resolve().name

    def __str__(self) -> str:
        return str(self.folder)

    @property
    def splits(self) -> tuple[str, ...]:
        """Names of the splits: train, validation, test first, then any other."""
        found = sorted(_splits(self.root))
        known = [split for split in SPLITS if split in found]
        return (*known, *(split for split in found if split not in known))

    @property
    def strangers(self) -> tuple[str, ...]:
        """Folders beside the splits that are none: no folder in them is named as a label."""
        folders = (path.name for path in self.root.iterdir() if path.is_dir())
        splits = self.splits
        return tuple(
            sorted(name for name in folders if name not in splits and not name.startswith("."))
        )

    @property
    def votes_path(self) -> Path:
        """Where the FER+ votes stand, if there are any."""
        return self.folder / FERPLUS_FILE

    @property
    def audit_path(self) -> Path:
        """Where the audit stands, once it was made."""
        return self.folder / AUDIT_FILE

    def files(self, split: str) -> list[tuple[str, int]]:
        """``(path relative to root, label index)`` of every image of ``split``.

        Raises:
            UserError: if the split does not exist, or a class folder is not one of ``LABELS``.
        """
        folder = self.root / split
        if not folder.is_dir():
            make = f"python -m fer data import {self.folder} {self.folder} --validation 20%"
            advice = f"; '{make}' takes one out of train" if split == "validation" else ""
            raise UserError(
                f"{self.root} has no split '{split}', only {', '.join(self.splits)}{advice}."
            )
        files: list[tuple[str, int]] = []
        for class_folder in sorted(path for path in folder.iterdir() if path.is_dir()):
            if class_folder.name.startswith("."):
                continue  # such as .ipynb_checkpoints
            if class_folder.name not in LABELS:
                raise UserError(
                    f"{class_folder} is not one of the labels {', '.join(LABELS)}; "
                    "rename or remove that folder."
                )
            label = LABELS.index(class_folder.name)
            names = _image_names(class_folder)
            files += [(f"{split}/{class_folder.name}/{name}", label) for name in names]
        if not files:
            raise UserError(f"{folder} holds no images; 'python -m fer data import' fills it.")
        return files

    def counts(self) -> dict[str, dict[str, int]]:
        """``{split: {label: images}}``, splits in their usual order, labels in ``LABELS`` order.

        Raises:
            UserError: as `files`.
        """
        counts = {}
        for split in self.splits:
            found = Counter(label for _, label in self.files(split))
            counts[split] = {label: found[i] for i, label in enumerate(LABELS)}
        return counts

    def load(self, split: str) -> LabelledImages:
        """Read a whole split into memory (FER2013's train: 66 MB).

        Raises:
            UserError: as `files`; for an unreadable image (named, with the command that lists
                all of them); for a damaged table of votes.
        """
        files = self.files(split)
        pixels = np.empty((len(files), IMAGE_SIZE, IMAGE_SIZE), np.uint8)
        for i, (name, _) in enumerate(files):
            try:
                pixels[i] = decode_face((self.root / name).read_bytes()).pixels
            except (OSError, ValueError) as error:
                raise UserError(
                    f"{self.root / name} cannot be used ({error}); "
                    "'python -m fer data audit' lists all such files."
                ) from error
        kaggle_rows = rows_in_names([name for name, _ in files])
        rows = np.arange(len(files)) if kaggle_rows is None else kaggle_rows
        order = np.argsort(rows, kind="stable")
        return LabelledImages(
            pixels=pixels[order],
            targets=np.array([label for _, label in files], np.int64)[order],
            rows=rows[order],
            files=tuple(files[i][0] for i in order),
            votes=None if kaggle_rows is None else self.votes(rows[order]),
        )

    def votes(self, rows: NDArray[np.int64]) -> NDArray[np.int64] | None:
        """FER+ votes of ``rows``, ``(n, 10)``; zeros for rows without, ``None`` without a table.

        Raises:
            UserError: if the table is damaged.
        """
        return read_votes(self.votes_path, rows) if self.votes_path.is_file() else None


def row_in_name(stem: str) -> int | None:
    """The row that a file name without suffix states, or ``None`` if it is not a number."""
    return int(stem) if stem.isascii() and stem.isdecimal() and len(stem) < 10 else None


def rows_in_names(files: Sequence[str]) -> NDArray[np.int64] | None:
    """The rows that file names state, ``(n,)``; ``None`` unless all are numbers, each its own."""
    rows = [row_in_name(Path(file).stem) for file in files]
    if None in rows or len(set(rows)) < len(rows):
        return None
    return np.array(rows, np.int64)


def _splits(root: Path) -> list[str]:
    return [
        split.name
        for split in root.iterdir()
        if split.is_dir() and any((split / label).is_dir() for label in LABELS)
    ]


def _image_names(class_folder: Path) -> list[str]:
    """Names of the images in a class folder, sorted."""
    names = []
    for path in sorted(class_folder.iterdir()):
        if path.name.startswith("."):
            continue
        if is_image_name(path):
            names.append(path.name)
        elif path.is_dir():
            raise UserError(
                f"{path} is a folder inside a class folder, where no images are read; move them "
                "up, or import the whole into a new dataset: 'python -m fer data import'."
            )
    return names
