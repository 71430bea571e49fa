"""The audit of a folder dataset: what a person should know before trusting numbers made from it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from fer.bundle import read_json
from fer.data.agreement import VoteAgreement
from fer.data.duplicates import Duplicates
from fer.data.label_errors import LabelErrors
from fer.errors import UserError


@dataclass(frozen=True)
class DatasetAudit:
    """What was found; every finding names the files behind it, relative to ``images_root``.

    Attributes:
        dataset: name of the dataset folder.
        counts: split → label → number of image files, unreadable ones included; splits in
            the order of ``split_names``, labels in the order of ``LABELS``.
        identical: images whose pixels are equal, byte for byte.
        near: images that look the same and are not all identical; a group holds the
            identical copies of its images as well.
        blank: images without visible content.
        unreadable: image files that cannot be decoded, or break off.
        odd_formats: format in words ("64 × 64 colour") → files that are not 48 × 48 8-bit grey.
        ignored: files and folders that are not part of the dataset, although they lie in it.
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

    def to_json(self) -> dict[str, Any]:
        """A JSON object that `from_json` reads."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "DatasetAudit":
        """The inverse of `to_json`.

        Raises:
            KeyError, TypeError, ValueError: if ``values`` is no audit.
        """
        agreement, label_errors = values["agreement"], values["label_errors"]
        return cls(
            dataset=values["dataset"],
            counts=values["counts"],
            identical=Duplicates.from_json(values["identical"]),
            near=Duplicates.from_json(values["near"]),
            blank=tuple(values["blank"]),
            unreadable=tuple(values["unreadable"]),
            odd_formats={name: tuple(files) for name, files in values["odd_formats"].items()},
            ignored=tuple(values["ignored"]),
            agreement=VoteAgreement.from_json(agreement) if agreement else None,
            label_errors=LabelErrors.from_json(label_errors) if label_errors else None,
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
