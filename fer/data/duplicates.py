"""Images that stand in a dataset more than once: identical, or the same photograph changed a little."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class DuplicateGroup:
    """Two or more images that look the same.

    Attributes:
        files: paths relative to the folder that holds the splits, ``<split>/<label>/<name>``.
        similarity: correlation of the pixels across the weakest link that holds the group
            together; 1 where all images are identical.
    """

    files: tuple[str, ...]
    similarity: float = 1.0

    def __post_init__(self) -> None:
        if len(self.files) < 2:
            raise ValueError(f"A group of duplicates has two images or more, not {self.files}.")

    @property
    def splits(self) -> tuple[str, ...]:
        """The splits that the group touches, sorted."""
        return tuple(sorted({file.split("/")[0] for file in self.files}))

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels that the group was given, sorted; more than one is a conflict."""
        return tuple(sorted({file.split("/")[1] for file in self.files}))


@dataclass(frozen=True)
class Duplicates:
    """All groups of one kind of duplicate, and how they were found.

    Attributes:
        method: one or two sentences for the reader.
        threshold: least similarity of a pair, -1..1.
        groups: largest first.
    """

    method: str
    threshold: float
    groups: tuple[DuplicateGroup, ...]

    @property
    def images(self) -> int:
        """How many images stand in a group."""
        return sum(len(group.files) for group in self.groups)

    @property
    def conflicting(self) -> tuple[DuplicateGroup, ...]:
        """Groups whose images were given different labels."""
        return tuple(group for group in self.groups if len(group.labels) > 1)

    @property
    def across_splits(self) -> tuple[DuplicateGroup, ...]:
        """Groups that touch more than one split."""
        return tuple(group for group in self.groups if len(group.splits) > 1)

    def also_in_train(self, split: str) -> tuple[str, ...]:
        """Files of ``split`` that have a duplicate in ``train``."""
        return tuple(
            file
            for group in self.groups
            if "train" in group.splits
            for file in group.files
            if file.split("/")[0] == split != "train"
        )

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "Duplicates":
        """The inverse of ``dataclasses.asdict``."""
        groups = tuple(
            DuplicateGroup(tuple(group["files"]), group["similarity"]) for group in values["groups"]
        )
        return cls(values["method"], values["threshold"], groups)
