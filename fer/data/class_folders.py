"""FER2013 as class folders of image files, as it is passed around on Kaggle."""

import io
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from fer.data.archives import MAX_IMAGE_BYTES, Entry
from fer.data.folder import IMAGE_SIZE, IMAGE_SUFFIXES, row_in_name, rows_in_names
from fer.data.names import label_of, part_of, part_of_file, split_of
from fer.data.sources import BadRow, Face, Note, RowNumbers
from fer.errors import UserError
from fer.labels import LABELS

_MAX_SIDE = 4096


@dataclass(frozen=True)
class _Place:
    """Where an image stands: ``root / [split folder] / class folder / file``."""

    root: PurePosixPath
    split_folder: str | None
    label: int | None


@dataclass(frozen=True)
class ClassFolders:
    """A `Source`: image files in class folders under one root.

    Attributes:
        images: the image files with their places, in the order in which they are fast to read.
        default_split: the split of images that stand in no split folder.
        left_out: files that are no images in class folders, or stand under another root.
    """

    images: tuple[tuple[Entry, _Place], ...]
    default_split: str
    left_out: int
    form: str = "class folders"
    unit: str = "images"

    @property
    def size(self) -> int:
        """Number of images."""
        return len(self.images)

    @property
    def rows(self) -> RowNumbers:
        """File names that are numbers, each its own, are rows of Kaggle's table."""
        names = [str(entry.path) for entry, _ in self.images]
        return "none" if rows_in_names(names) is None else "some"

    def read(self, advance: Callable[[int], object]) -> Iterator[Face | BadRow | Note]:
        """Decode the images one by one."""
        changed: Counter[str] = Counter()
        for entry, place in self.images:
            advance(1)
            try:
                yield self._face(entry, place, changed)
            except ValueError as error:
                yield BadRow(str(entry.path), str(error))
        yield from (Note(f"Images that {what}: {n:,}.") for what, n in changed.items())
        if self.left_out:
            yield Note(f"Files beside the class folders that were left out: {self.left_out:,}.")
        if any(place.split_folder is None for _, place in self.images):
            yield Note(f"Images in no split folder were taken as {self.default_split}.")

    def _face(self, entry: Entry, place: _Place, changed: Counter[str]) -> Face:
        if place.label is None:
            folder = entry.path.parent.name
            raise ValueError(f"unknown emotion '{folder}' ({', '.join(LABELS)} are known)")
        folder = place.split_folder or ""
        name = entry.path.stem
        pixels, changes = _decode(entry)
        changed.update(changes)
        return Face(
            pixels=pixels,
            label=place.label,
            split=split_of(folder) or self.default_split,
            part=part_of_file(name) or part_of(folder),
            name=name,
            row=row_in_name(name),
        )


def find_class_folders(entries: list[Entry], source_name: str) -> ClassFolders | None:
    """The class folders among ``entries``, or ``None`` if there are none.

    Downloads often hold the same images a second time in a deeper folder, so only those
    under the root nearest to the top are taken. ``source_name`` is what tells the split
    ("test.zip") of images that stand in no split folder.

    Raises:
        UserError: if several roots are equally near to the top.
    """
    images = [
        (entry, place)
        for entry in entries
        if entry.path.suffix.lower() in IMAGE_SUFFIXES and (place := _place(entry.path))
    ]
    roots = {place.root for _, place in images if place.label is not None}
    if not roots:
        return None
    depth = min(len(root.parts) for root in roots)
    root, *others = sorted(root for root in roots if len(root.parts) == depth)
    if others:
        raise UserError(
            f"Class folders stand both in {root} and in {others[0]}; name the one to import."
        )
    chosen = tuple((entry, place) for entry, place in images if place.root == root)
    default_split = split_of(source_name) or "train"
    return ClassFolders(chosen, default_split, left_out=len(entries) - len(chosen))


def _place(path: PurePosixPath) -> _Place | None:
    """Where an image belongs; ``None`` if neither its folder nor the one above is known."""
    if len(path.parts) < 2:
        return None
    label = label_of(path.parts[-2])
    above = path.parts[-3] if len(path.parts) > 2 else ""
    if split_of(above):
        return _Place(PurePosixPath(*path.parts[:-3]), above, label)
    if label is None:
        return None
    return _Place(PurePosixPath(*path.parts[:-2]), None, label)


def _decode(entry: Entry) -> tuple[NDArray[np.uint8], list[str]]:
    """``(48, 48)`` grey pixels, and in words what had to be changed for that.

    Raises:
        ValueError: if the image cannot be read; says why.
    """
    if entry.size > MAX_IMAGE_BYTES:
        raise ValueError(f"{entry.size / 1e6:,.0f} MB are far too many for an image of a face")
    try:
        with entry.open() as stream:
            content = stream.read()
    except (PermissionError, FileNotFoundError) as error:
        raise ValueError(f"cannot be opened ({error.strerror})") from error
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the number of pixels is checked below
            image: Image.Image = Image.open(io.BytesIO(content))
        if max(image.size) <= _MAX_SIDE:
            return _to_face(ImageOps.exif_transpose(image))
    except Exception as error:  # decoders of damaged files raise errors of every kind
        raise ValueError("not a readable image, or one that breaks off") from error
    raise ValueError(f"{image.width}×{image.height} pixels are far too many for a face")


def _to_face(image: Image.Image) -> tuple[NDArray[np.uint8], list[str]]:
    changes = []
    if image.mode != "L":
        changes.append("were not 8-bit grey and were converted")
    if image.mode.startswith("I"):  # 16 bits, which Pillow would clip instead of scaling
        pixels = (np.asarray(image).astype(np.int64) >> 8).clip(0, 255).astype(np.uint8)
    else:
        pixels = np.asarray(image.convert("L"))
    if pixels.shape != (IMAGE_SIZE, IMAGE_SIZE):
        changes.append(f"were not {IMAGE_SIZE}×{IMAGE_SIZE} pixels and were resized")
        shrinks = min(pixels.shape) > IMAGE_SIZE
        how = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
        pixels = np.asarray(cv2.resize(_square(pixels), (IMAGE_SIZE, IMAGE_SIZE), None, 0, 0, how))
    return pixels, changes


def _square(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The middle square of an image, so that a face keeps its proportions."""
    height, width = pixels.shape
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    return pixels[top : top + side, left : left + side]
