"""Reading a folder dataset tolerantly: whatever is wrong with its files becomes a finding."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fer.data.face_image import IMAGE_SIZE, USUAL_FORMAT, decode_face
from fer.data.folder import OWN_FILES, FolderDataset
from fer.data.progress import Progress, silent
from fer.labels import LABELS


@dataclass(frozen=True)
class Scan:
    """A whole dataset in memory, and the files that are not as they should be.

    Attributes:
        files: readable images, relative to the dataset's root, split after split.
        pixels: ``(n, 48, 48)`` uint8 grey, as training sees them.
        targets: ``(n,)`` int64 indices into ``LABELS``.
        unreadable: image files that cannot be decoded, or break off.
        odd_formats: format in words → files that are not 48 × 48 8-bit grey.
        ignored: files and folders in the dataset that training does not read.
    """

    files: tuple[str, ...]
    pixels: NDArray[np.uint8]
    targets: NDArray[np.int64]
    unreadable: tuple[str, ...]
    odd_formats: Mapping[str, tuple[str, ...]]
    ignored: tuple[str, ...]


def scan(dataset: FolderDataset, progress: Progress = silent) -> Scan:
    """Read every image of every split; ``progress`` shows how far it is.

    Raises:
        UserError: for a missing or empty dataset, an empty split or an unknown class folder.
    """
    root = dataset.root
    listed = [item for split in dataset.splits for item in dataset.files(split)]
    readable: list[tuple[str, int]] = []
    faces: list[NDArray[np.uint8]] = []
    unreadable: list[str] = []
    odd_formats: dict[str, list[str]] = {}
    for name, label in progress(listed, "reading"):
        try:
            face = decode_face((root / name).read_bytes())
        except (OSError, ValueError):
            unreadable.append(name)
            continue
        readable.append((name, label))
        faces.append(face.pixels)
        if face.format != USUAL_FORMAT:
            odd_formats.setdefault(face.format, []).append(name)
    return Scan(
        files=tuple(name for name, _ in readable),
        pixels=np.array(faces, np.uint8).reshape(-1, IMAGE_SIZE, IMAGE_SIZE),
        targets=np.array([label for _, label in readable], np.int64),
        unreadable=tuple(unreadable),
        odd_formats={words: tuple(names) for words, names in odd_formats.items()},
        ignored=_ignored(root, {name for name, _ in listed}),
    )


def _ignored(root: Path, known: set[str]) -> tuple[str, ...]:
    """Everything in ``root`` that is neither an image in ``known`` nor a split or class folder."""
    splits = {Path(name.split("/")[0]) for name in known}
    classes = {
        split / label for split in splits for label in LABELS if (root / split / label).is_dir()
    }
    folders = [root, *(root / folder for folder in sorted(splits | classes))]
    inside = [path for folder in folders for path in folder.iterdir()]
    names = {path.relative_to(root) for path in inside if not path.name.startswith(".")}
    ours = set(map(Path, OWN_FILES | known))
    strangers = names - splits - classes - ours
    return tuple(sorted(path.as_posix() for path in strangers))
