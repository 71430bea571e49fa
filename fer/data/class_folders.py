"""FER2013 as class folders of image files, as it is passed around on Kaggle."""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from fer.data.archives import Entry
from fer.data.face_image import MAX_IMAGE_BYTES, FaceImage, decode_face, is_image_name
from fer.data.folder import row_in_name, rows_in_names
from fer.data.names import (
    KAGGLES_NUMBERS,
    label_of,
    label_of_number,
    part_of,
    part_of_file,
    split_of,
    unknown_label,
)
from fer.data.sources import BadRow, Face, LeftOut, Note, Record, RowNumbers
from fer.errors import UserError


@dataclass(frozen=True)
class Place:
    """Where a file stands: below ``root`` in folders that tell its split and its label.

    Attributes:
        root: the folder that holds the split folders, or the class folders where there are none.
        split_folder: the name of the split's folder.
        label: index into ``LABELS``.
        problem: why the folders tell no label.
    """

    root: PurePosixPath
    split_folder: str | None
    label: int | None
    problem: str = ""


@dataclass(frozen=True)
class ClassFolders:
    """Image files in class folders, in the order in which they are fast to read.

    Attributes:
        images: the files in class folders with their places; any but images as well.
        refused: folders of images that have no label or no split.
        left_out: files outside the class folders.
        default_split: the split of images where no folder tells one.
        notes: what the user should know.
    """

    images: tuple[tuple[Entry, Place], ...]
    refused: tuple[BadRow, ...]
    left_out: tuple[LeftOut, ...]
    default_split: str
    notes: tuple[Note, ...] = ()
    form: str = "class folders"
    unit: str = "images"

    @property
    def size(self) -> int:
        """Number of images."""
        return len(self.images)

    @property
    def rows(self) -> RowNumbers:
        """File names that are numbers, each its own, are rows of Kaggle's table."""
        names = {
            (place.split_folder, place.label, entry.path.name)
            for entry, place in self.images
            if is_image_name(entry.path)
        }
        return "none" if rows_in_names([name for *_, name in names]) is None else "some"

    def read(self, advance: Callable[[int], object]) -> Iterator[Record]:
        """Decode the images one by one; copies under another root are left out."""
        yield from self.refused
        several_roots = len({place.root for _, place in self.images}) > 1
        seen: dict[tuple[str | None, int | None, str], tuple[PurePosixPath, bytes]] = {}
        yield from self.left_out
        for entry, place in self.images:
            advance(1)
            folder = str(entry.path.parent)
            try:
                content = _content(entry)
                if several_roots:
                    key = (place.split_folder, place.label, entry.path.name)
                    digest = hashlib.sha256(content).digest()
                    root, first = seen.setdefault(key, (place.root, digest))
                    if root != place.root and first == digest:
                        yield LeftOut(folder, f"the same images as in {root}")
                        continue
                yield self._face(entry, place, decode_face(content))
            except ValueError as error:
                if is_image_name(entry.path):
                    yield BadRow(str(entry.path), str(error), origin=folder)
                else:
                    yield LeftOut(folder, f"no image ({entry.path.suffix or entry.path.name})")
        yield from self.notes

    def _face(self, entry: Entry, place: Place, image: FaceImage) -> Face:
        folder, name = place.split_folder or "", entry.path.stem
        return Face(
            image=image,
            label=place.label or 0,
            split=split_of(folder) or self.default_split,
            part=part_of_file(name) or part_of(folder),
            name=name,
            row=row_in_name(name),
            origin=str(entry.path.parent),
        )


def find_class_folders(entries: Sequence[Entry], source_name: str) -> ClassFolders | None:
    """The class folders among ``entries``, or ``None`` if there are none.

    An image's label and split are those of the folders that it stands in, however deep. Folders
    that are numbers are labels only where none has a label's name. ``source_name`` tells the
    split ("test.zip") of images that stand in no split folder.

    Raises:
        UserError: if several roots are equally near to the top.
    """
    places, numbered = _places(entries)
    labelled = [
        place for entry, place in places if is_image_name(entry.path) and place.label is not None
    ]
    if not labelled:
        return None
    main = _main_root(place.root for place in labelled)
    some_split = any(place.split_folder for place in labelled)
    kept = []
    refused: Counter[tuple[str, str]] = Counter()
    left_out = []
    for entry, place in places:
        problem = _problem(entry.path, place, main, some_split)
        if place.label is not None and not problem:
            kept.append((entry, place))
        elif is_image_name(entry.path) and problem:
            refused[str(entry.path.parent), problem] += 1
        else:
            left_out.append(LeftOut(entry.path.parts[0], "not in a class folder"))
    default_split = split_of(source_name) or "train"
    notes = [] if some_split else [Note(f"No folder tells a split: all is {default_split}.")]
    if numbered:
        notes.append(Note(f"Folders that are numbers were read as Kaggle's: {KAGGLES_NUMBERS}."))
    return ClassFolders(
        images=tuple(kept),
        refused=tuple(BadRow(at, why, images=n, origin=at) for (at, why), n in refused.items()),
        left_out=tuple(left_out),
        default_split=default_split,
        notes=tuple(notes),
    )


def _places(entries: Sequence[Entry]) -> tuple[list[tuple[Entry, Place]], bool]:
    """Every file with its place, and whether folders that are numbers tell the labels."""
    named = [(entry, place_of(entry.path)) for entry in entries]
    if any(is_image_name(entry.path) and place.label is not None for entry, place in named):
        return named, False
    numbered = [(entry, place_of(entry.path, label_of_number)) for entry in entries]
    labels = {place.label for entry, place in numbered if is_image_name(entry.path)} - {None}
    return (numbered, True) if len(labels) > 1 else (named, False)  # one may be a mere number


def place_of(path: PurePosixPath, of_name: Callable[[str], int | None] = label_of) -> Place:
    """Where a file belongs by the names of its folders.

    >>> place_of(PurePosixPath("fer/Train/happy/batch 1/7.png")).root
    PurePosixPath('fer')
    """
    folders = path.parts[:-1]
    labels = {i: label for i, name in enumerate(folders) if (label := of_name(name)) is not None}
    splits = [i for i, name in enumerate(folders) if split_of(name)]
    root = PurePosixPath(*folders[: min([*labels, *splits], default=len(folders))])
    split_folder = folders[splits[-1]] if splits else None
    if len(set(labels.values())) == 1:
        return Place(root, split_folder, next(iter(labels.values())))
    if labels:
        names = " and ".join(folders[i] for i in labels)
        return Place(root, split_folder, None, f"in folders of several labels, {names}")
    if not splits:
        return Place(root, None, None)
    below = folders[splits[-1] + 1 :]
    problem = unknown_label(below[0]) if below else "in no folder of a label"
    return Place(root, split_folder, None, problem)


def _problem(path: PurePosixPath, place: Place, main: PurePosixPath, some_split: bool) -> str:
    """Why an image has no label or no split; empty where it has, or is none of the dataset's."""
    if place.problem:
        return place.problem
    inside = path.relative_to(main) if path.is_relative_to(main) else path
    if len(inside.parts) == 1:
        return ""  # beside the class folders, such as the picture of a dataset's page
    if place.label is None:
        return unknown_label(inside.parts[0])
    if not some_split or place.split_folder:
        return ""
    if label_of(inside.parts[0]) is None:
        return f"'{inside.parts[0]}' is no known split (train, validation, test)"
    return "in no folder of a split, as others are (train, validation, test)"


def _main_root(roots: Iterable[PurePosixPath]) -> PurePosixPath:
    """The root nearest to the top."""
    nearest = sorted(set(roots), key=lambda root: (len(root.parts), root))
    main, *others = nearest
    if others and len(others[0].parts) == len(main.parts):
        raise UserError(
            f"Class folders stand both in {main} and in {others[0]}; name the one to import."
        )
    return main


def _content(entry: Entry) -> bytes:
    """The bytes of a file, and of one that is too large for an image enough to tell.

    Raises:
        ValueError: if it cannot be opened.
    """
    try:
        with entry.open() as stream:
            return stream.read(MAX_IMAGE_BYTES + 1)
    except (PermissionError, FileNotFoundError) as error:
        raise ValueError(f"cannot be opened ({error.strerror})") from error
