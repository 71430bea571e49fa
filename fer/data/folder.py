"""The folder dataset: ``<data>/images/<split>/<label>/<row>.png``."""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from fer.data.ferplus import VOTE_COLUMNS
from fer.errors import UserError
from fer.labels import LABELS

IMAGE_SIZE = 48
FERPLUS_FILE = "ferplus.csv"
_SUFFIXES = {".png", ".jpg", ".jpeg", ".bmp"}


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


def images_root(data: str | Path) -> Path:
    """The folder that holds the splits: ``data/images``, or ``data`` itself.

    Raises:
        UserError: if neither has a split with at least one known class folder.
    """
    data = Path(data)
    if not data.is_dir():
        raise UserError(f"There is no dataset folder {data}; 'python -m fer data import' makes one.")
    for root in (data / "images", data):
        if root.is_dir() and _splits(root):
            return root
    raise UserError(
        f"{data} has no class folders images/<split>/<label> "
        f"(labels: {', '.join(LABELS)}); 'python -m fer data import' makes them."
    )


def split_names(data: str | Path) -> tuple[str, ...]:
    """Names of the splits of a dataset: train, validation, test first, then any other."""
    known = ("train", "validation", "test")
    found = _splits(images_root(data))
    return tuple(sorted(found, key=lambda s: (known.index(s) if s in known else 3, s)))


def list_files(data: str | Path, split: str) -> list[tuple[str, int]]:
    """``(path relative to images_root, label index)`` of every image of ``split``.

    Raises:
        UserError: if the split does not exist, or a class folder is not one of ``LABELS``.
    """
    root = images_root(data)
    folder = root / split
    if not folder.is_dir():
        found = ", ".join(split_names(data))
        raise UserError(f"{root} has no split '{split}'; it has {found}.")
    files: list[tuple[str, int]] = []
    for class_folder in sorted(path for path in folder.iterdir() if path.is_dir()):
        if class_folder.name not in LABELS:
            raise UserError(
                f"{class_folder} is not one of the labels {', '.join(LABELS)}; "
                "rename or remove that folder."
            )
        label = LABELS.index(class_folder.name)
        files += [
            (f"{split}/{class_folder.name}/{path.name}", label)
            for path in sorted(class_folder.iterdir())
            if path.suffix.lower() in _SUFFIXES
        ]
    if not files:
        raise UserError(f"{folder} holds no images; 'python -m fer data import' fills it.")
    return files


def load_split(data: str | Path, split: str) -> LabelledImages:
    """Read a whole split into memory (FER2013's train: 66 MB).

    Raises:
        UserError: for a missing split, an unknown class folder, or an unreadable image
            (named, with the command that lists all of them).
    """
    root = images_root(data)
    files = list_files(data, split)
    names = [Path(name).stem for name, _ in files]
    rows = [int(n) for n in names] if all(n.isdecimal() for n in names) else range(len(names))
    pixels = np.empty((len(files), IMAGE_SIZE, IMAGE_SIZE), np.uint8)
    for i, (name, _) in enumerate(files):
        pixels[i] = _read_face(root / name)
    targets = np.array([label for _, label in files], np.int64)
    order = np.argsort(np.array(rows, np.int64), kind="stable")
    sorted_rows = np.array(rows, np.int64)[order]
    return LabelledImages(
        pixels=pixels[order],
        targets=targets[order],
        rows=sorted_rows,
        files=tuple(files[i][0] for i in order),
        votes=load_votes(data, sorted_rows),
    )


def load_votes(data: str | Path, rows: NDArray[np.int64]) -> NDArray[np.int64] | None:
    """FER+ votes of ``rows``, ``(n, 10)``; zeros for rows without votes, ``None`` without a table."""
    table = images_root(data).parent / FERPLUS_FILE
    if images_root(data).name != "images":
        table = images_root(data) / FERPLUS_FILE
    if not table.is_file():
        return None
    values = np.loadtxt(table, dtype=np.int64, delimiter=",", skiprows=1, ndmin=2)
    votes = np.zeros((max(int(rows.max(initial=0)), int(values[:, 0].max())) + 1, len(VOTE_COLUMNS)), np.int64)
    votes[values[:, 0]] = values[:, 1:]
    return votes[rows]


def _splits(root: Path) -> list[str]:
    return [
        split.name
        for split in root.iterdir()
        if split.is_dir() and any((split / label).is_dir() for label in LABELS)
    ]


def _read_face(path: Path) -> NDArray[np.uint8]:
    image = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    if image is None:
        raise UserError(
            f"{path} is not a readable image; 'python -m fer data audit' lists all such files."
        )
    if image.shape != (IMAGE_SIZE, IMAGE_SIZE):
        image = cv2.resize(image, (IMAGE_SIZE, IMAGE_SIZE), interpolation=cv2.INTER_AREA)
    return np.asarray(image, np.uint8)
