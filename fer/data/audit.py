"""The audit of a folder dataset: what a person should know before trusting numbers made from it."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fer.data.agreement import VoteAgreement, compare_with_votes, name_majorities
from fer.data.duplicates import Duplicates, find_identical, find_near
from fer.data.folder import FERPLUS_FILE, FolderDataset, rows_in_names
from fer.data.label_errors import LabelErrors, find_label_errors
from fer.data.scan import Scan, scan
from fer.errors import UserError
from fer.files import read_json

BLANK_BELOW = 5.0
"""Standard deviation of the grey values (0 to 255) under which an image counts as blank.

In FER2013 the empty images lie at 0 to 4.2, and the darkest image that shows a face at 9.1.
"""


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
        label_errors: candidate label errors; ``None`` if no bundle with predictions was given.
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
    label_errors: LabelErrors | None = None

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
            "label_suspects": len(self.label_errors.suspects) if self.label_errors else None,
        }

    def to_json(self) -> dict[str, Any]:
        """A JSON object that `from_json` reads; `summary` is added for other readers."""
        return {"summary": self.summary, **asdict(self)}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "DatasetAudit":
        """The inverse of `to_json`.

        Raises:
            KeyError, TypeError, ValueError: if ``values`` is no audit.
        """
        agreement, label_errors = values["agreement"], values["label_errors"]
        counts = {
            split: {label: int(n) for label, n in of_label.items()}
            for split, of_label in values["counts"].items()
        }
        if not counts:
            raise ValueError("it counts no images")
        return cls(
            dataset=values["dataset"],
            counts=counts,
            identical=Duplicates.from_json(values["identical"]),
            near=Duplicates.from_json(values["near"]),
            blank=tuple(values["blank"]),
            unreadable=tuple(values["unreadable"]),
            odd_formats={name: tuple(files) for name, files in values["odd_formats"].items()},
            ignored=tuple(values["ignored"]),
            agreement=VoteAgreement.from_json(agreement) if agreement else None,
            label_errors=LabelErrors.from_json(label_errors) if label_errors else None,
        )


@dataclass(frozen=True)
class Predictions:
    """What a bundle says about the images of a dataset.

    Attributes:
        weights: name of the bundle.
        judged_by: whose labels it learned, one of ``bundle.JUDGED_BY``.
        probabilities: file, relative to the dataset's root → ``(7,)``, columns follow ``LABELS``.
    """

    weights: str
    judged_by: str
    probabilities: Mapping[str, NDArray[np.floating]]


def audit_dataset(
    data: str | Path, predictions: Predictions | None = None, progress: bool = True
) -> DatasetAudit:
    """Audit a folder dataset; FER2013 takes about 15 s on one core.

    Args:
        data: the dataset folder.
        predictions: of any number of its images; needed to find label errors.
        progress: show bars on stderr.

    Raises:
        UserError: for a missing or empty dataset, an empty split, an unknown class folder, a
            damaged table of votes, or predictions of other images.
    """
    dataset = FolderDataset.open(data)
    counts = dataset.counts()
    images = scan(dataset, progress)
    majorities = _majorities(dataset, images)
    label_errors = _label_errors(images, majorities, predictions) if predictions else None
    # One by one: the deviations of all at once would take 600 MB.
    blank = np.array([image.std() < BLANK_BELOW for image in images.pixels], bool)  # (n,)
    shown = np.flatnonzero(~blank)
    unused = (FERPLUS_FILE,) if dataset.votes_path.is_file() and not any(majorities) else ()
    return DatasetAudit(
        dataset=dataset.name,
        counts=counts,
        identical=find_identical(images.files, images.pixels),
        near=find_near([images.files[i] for i in shown], images.pixels[shown], progress),
        blank=tuple(images.files[i] for i in np.flatnonzero(blank)),
        unreadable=images.unreadable,
        odd_formats=images.odd_formats,
        ignored=images.ignored + unused,
        agreement=compare_with_votes(images.files, images.targets, majorities)
        if any(majorities)
        else None,
        label_errors=label_errors,
    )


def _majorities(dataset: FolderDataset, images: Scan) -> list[str]:
    """What most FER+ annotators chose for every image; empty without votes."""
    rows = rows_in_names(images.files)
    votes = None if rows is None else dataset.votes(rows)
    return [""] * len(images.files) if votes is None else name_majorities(votes)


def _label_errors(images: Scan, majorities: Sequence[str], predictions: Predictions) -> LabelErrors:
    known = [i for i, file in enumerate(images.files) if file in predictions.probabilities]
    if not known:
        raise UserError(
            f"The predictions of {predictions.weights} are of none of these images; "
            "'python -m fer evaluate' with this dataset writes them anew."
        )
    files = [images.files[i] for i in known]
    return find_label_errors(
        files,
        images.targets[known],
        np.array([predictions.probabilities[file] for file in files]),
        [majorities[i] for i in known],
        predictions.weights,
        predictions.judged_by,
    )


def read_audit(path: Path) -> DatasetAudit:
    """Read a ``dataset.json``.

    Raises:
        UserError: if it is missing or damaged; names the file and the command that writes it.
    """
    command = f"python -m fer data audit DATA --out {path}"
    values = read_json(path, command)
    try:
        return DatasetAudit.from_json(values)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise UserError(
            f"{path} is not an audit ({error!r}); '{command}' writes it anew."
        ) from error
