"""How far the labels of a dataset agree with the majority of the ten FER+ annotators."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fer.data.ferplus import ANSWERS, has_winner
from fer.data.folder import FolderDataset, rows_in_names
from fer.labels import LABELS

NO_CLEAR_WINNER = "no clear winner"
MAJORITY_COLUMNS = (*LABELS, *ANSWERS[len(LABELS) :], NO_CLEAR_WINNER)
"""What ten annotators can decide on: a label, another answer, or nothing (two answers tie)."""


@dataclass(frozen=True)
class VoteAgreement:
    """Labels against FER+ majorities (Barsoum et al., 2016, arXiv:1608.01041).

    Attributes:
        matrix: ``(7, 11)`` counts; rows are the labels in ``LABELS`` order, columns the
            majorities in ``MAJORITY_COLUMNS`` order.
        disagreeing: label → majority → files, for every cell off the diagonal that has any.
    """

    matrix: tuple[tuple[int, ...], ...]
    disagreeing: Mapping[str, Mapping[str, tuple[str, ...]]]

    def __post_init__(self) -> None:
        shape = [len(row) for row in self.matrix]
        if shape != [len(MAJORITY_COLUMNS)] * len(LABELS):
            raise ValueError(
                f"matrix must be {len(LABELS)} rows of {len(MAJORITY_COLUMNS)}, not {shape}."
            )

    @property
    def images(self) -> int:
        """How many images have votes."""
        return sum(map(sum, self.matrix))

    @property
    def agreeing(self) -> int:
        """How many images have the label that most annotators chose."""
        return sum(self.matrix[i][i] for i in range(len(LABELS)))

    @property
    def share(self) -> float:
        """Agreeing images over all images with votes, 0..1; a tie counts as disagreement."""
        return self.agreeing / self.images if self.images else 0.0

    @property
    def share_among_clear(self) -> float:
        """Agreement over the images whose majority is one of the seven labels, 0..1."""
        clear = sum(sum(row[: len(LABELS)]) for row in self.matrix)
        return self.agreeing / clear if clear else 0.0

    @property
    def share_by_label(self) -> dict[str, float]:
        """`share` for each label that has images with votes."""
        return {
            label: row[i] / sum(row)
            for i, (label, row) in enumerate(zip(LABELS, self.matrix, strict=True))
            if sum(row)
        }


def majorities_of(dataset: FolderDataset, files: Sequence[str]) -> list[str]:
    """What most annotators chose for every one of ``files``, as `name_majorities` names it.

    Empty where an image has no votes, and for all where the file names are not rows.
    """
    rows = rows_in_names(files)
    votes = None if rows is None else dataset.votes(rows)
    return [""] * len(files) if votes is None else name_majorities(votes)


def name_majorities(votes: NDArray[np.integer]) -> list[str]:
    """What most annotators chose, one of ``MAJORITY_COLUMNS`` a row; empty where nobody voted.

    Args:
        votes: ``(n, 10)`` in ``VOTE_COLUMNS`` order.
    """
    names = np.where(has_winner(votes), np.array(ANSWERS)[votes.argmax(axis=1)], NO_CLEAR_WINNER)
    return np.where(votes.any(axis=1), names, "").tolist()


def compare_with_votes(
    files: Sequence[str], targets: NDArray[np.integer], majorities: Sequence[str]
) -> VoteAgreement:
    """Hold the labels against the majorities that `name_majorities` found.

    Args:
        files: ``n`` paths relative to the folder that holds the splits.
        targets: ``(n,)`` indices into ``LABELS``.
        majorities: ``n`` names of ``MAJORITY_COLUMNS``; empty without votes.
    """
    matrix = np.zeros((len(LABELS), len(MAJORITY_COLUMNS)), np.int64)
    disagreeing: dict[str, dict[str, list[str]]] = {}
    for file, target, chosen in zip(files, targets, majorities, strict=True):
        if not chosen:
            continue
        label = LABELS[target]
        matrix[target, MAJORITY_COLUMNS.index(chosen)] += 1
        if chosen != label:
            disagreeing.setdefault(label, {}).setdefault(chosen, []).append(file)
    return VoteAgreement(
        matrix=tuple(tuple(row) for row in matrix.tolist()),
        disagreeing={
            label: {chosen: tuple(names) for chosen, names in cells.items()}
            for label, cells in disagreeing.items()
        },
    )
