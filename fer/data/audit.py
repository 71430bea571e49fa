"""The audit of a folder dataset: what a person should know before trusting numbers made from it."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import compress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fer.bundle import TRAIN, Bundle
from fer.data.agreement import VoteAgreement, compare_with_votes, majorities_of
from fer.data.duplicates import Duplicates, find_identical, find_near
from fer.data.face_image import IMAGE_SIZE, USUAL_FORMAT, decode_face, is_blank
from fer.data.folder import FERPLUS_FILE, OWN_FILES, FolderDataset
from fer.data.progress import Progress, silent
from fer.errors import UserError
from fer.files import checked, read_json
from fer.labels import LABELS


@dataclass(frozen=True)
class DatasetAudit:
    """What was found; every finding names the files behind it, relative to the dataset's root.

    Attributes:
        dataset: name of the dataset folder.
        counts: split → label → number of image files, unreadable ones included; splits in
            the order of ``FolderDataset.splits``, labels in the order of ``LABELS``.
        identical: images whose pixels are equal, byte for byte.
        near: images that look the same and are not all identical; a group holds the
            identical copies of its images as well.
        blank: images without visible content.
        unreadable: image files that cannot be decoded, or break off.
        odd_formats: format in words ("64 × 64 colour") → files that are not 48 × 48 8-bit grey.
        ignored: files and folders in the dataset that nothing reads; the table of votes too, if
            no image has votes in it.
        agreement: labels against FER+ votes; ``None`` if the dataset has no votes.
    """

    dataset: str
    counts: Mapping[str, Mapping[str, int]]
    identical: Duplicates
    near: Duplicates
    blank: tuple[str, ...] = ()
    unreadable: tuple[str, ...] = ()
    odd_formats: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    ignored: tuple[str, ...] = ()
    agreement: VoteAgreement | None = None

    def __post_init__(self) -> None:
        if not self.counts:
            raise ValueError("An audit counts the images of one split or more, not of none.")

    @property
    def images(self) -> int:
        """Number of image files."""
        return sum(sum(labels.values()) for labels in self.counts.values())

    def also_in_train(self, split: str) -> tuple[str, ...]:
        """Files of ``split`` that stand in ``train`` as well, identical or nearly."""
        files = {*self.identical.also_in_train(split), *self.near.also_in_train(split)}
        return tuple(sorted(files))

    def share_in_train(self, split: str) -> float:
        """Share of ``split``, 0..1, that `also_in_train` names."""
        return len(self.also_in_train(split)) / sum(self.counts[split].values())

    @property
    def summary(self) -> dict[str, Any]:
        """The headline figures."""
        return {
            "images": self.images,
            "images_by_split": {split: sum(n.values()) for split, n in self.counts.items()},
            "identical": self.identical.summary,
            "near": self.near.summary,
            "share_also_in_train": {
                split: self.share_in_train(split) for split in self.counts if split != "train"
            },
            "blank": len(self.blank),
            "unreadable": len(self.unreadable),
            "odd_formats": sum(map(len, self.odd_formats.values())),
            "ferplus_agreement": self.agreement.share if self.agreement else None,
        }

    def as_json(self) -> dict[str, Any]:
        """A JSON object that `read_audit` reads; `summary` is added for other readers."""
        return {"summary": self.summary, **asdict(self)}


def audit_dataset(data: FolderDataset | str | Path, progress: Progress = silent) -> DatasetAudit:
    """Audit a folder dataset; FER2013 takes about 15 s on one core.

    Args:
        data: the dataset.
        progress: shows how far it is.

    Raises:
        UserError: for a missing or empty dataset, an empty split, an unknown class folder, or
            a damaged table of votes.
    """
    dataset = FolderDataset.open(data)
    listed = [item for split in dataset.splits for item in dataset.files(split)]
    images = _read(dataset.root, listed, progress)
    majorities = majorities_of(dataset, images.files)
    voted = any(majorities)
    unused = (FERPLUS_FILE,) if dataset.votes_path.is_file() and not voted else ()
    return DatasetAudit(
        dataset=dataset.name,
        counts=dataset.counts(),
        identical=find_identical(images.files, images.pixels),
        near=find_near(images.files, images.pixels, progress),
        blank=tuple(compress(images.files, is_blank(images.pixels))),
        unreadable=tuple(images.unreadable),
        odd_formats={words: tuple(names) for words, names in images.odd_formats.items()},
        ignored=_ignored(dataset.root, {name for name, _ in listed}) + unused,
        agreement=compare_with_votes(images.files, images.targets, majorities) if voted else None,
    )


@dataclass(frozen=True)
class _Images:
    """The readable ones of the listed files, and those that are not as they should be."""

    files: list[str]
    pixels: NDArray[np.uint8]  # (n, 48, 48)
    targets: NDArray[np.int64]  # (n,)
    unreadable: list[str]
    odd_formats: dict[str, list[str]]


def _read(root: Path, listed: Sequence[tuple[str, int]], progress: Progress) -> _Images:
    """Read every listed ``(file, label)``; unlike `FolderDataset.load` it goes on after a fault."""
    files: list[str] = []
    faces: list[NDArray[np.uint8]] = []
    targets: list[int] = []
    unreadable: list[str] = []
    odd_formats: dict[str, list[str]] = {}
    for name, label in progress(listed, "reading"):
        try:
            face = decode_face((root / name).read_bytes())
        except (OSError, ValueError):
            unreadable.append(name)
            continue
        files.append(name)
        faces.append(face.pixels)
        targets.append(label)
        if face.format != USUAL_FORMAT:
            odd_formats.setdefault(face.format, []).append(name)
    pixels = np.array(faces, np.uint8).reshape(-1, IMAGE_SIZE, IMAGE_SIZE)
    return _Images(files, pixels, np.array(targets, np.int64), unreadable, odd_formats)


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


def read_audit(path: Path) -> DatasetAudit:
    """Read an audit, ``FolderDataset.audit_path`` or `training_audit_path`.

    Raises:
        UserError: if it is missing or damaged; names the file and the command that writes it.
    """
    command = f"python -m fer data audit DATA --out {path}"
    audit: DatasetAudit = checked(
        DatasetAudit, read_json(path, command), f"{path} is not an audit", command
    )
    return audit


def training_audit_path(bundle: Bundle) -> Path:
    """Where the audit of the dataset that a bundle learned from stands: beside the bundle.

    The dataset's name is in ``train.json``; FER2013's audit is shipped as
    ``weights/fer2013.audit.json``, once for all bundles.

    Raises:
        UserError: if ``train.json`` does not name the dataset.
    """
    dataset = bundle.training.get("dataset")
    if not isinstance(dataset, str) or not dataset:
        raise UserError(
            f"{bundle.path(TRAIN)} does not say which dataset the model learned from; "
            f"'{bundle.command(TRAIN)}' writes it anew."
        )
    return bundle.folder.parent / f"{dataset}.audit.json"
