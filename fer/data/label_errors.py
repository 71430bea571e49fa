"""Images whose label a trained model most confidently contradicts.

Confident learning (Northcutt, Jiang & Chuang, 2021, arXiv:1911.00068): a model is confident
of a label where its probability reaches the mean that it gives to images which have that
label. Images that it is confident show another label (the cells off the diagonal of the
paper's confident joint) are suspects. Here the other label must be the more probable of the
two as well, and thresholds are taken per split, because a model is far surer of the images
that it was trained on.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fer.labels import LABELS

METHOD = (
    "Confident learning (Northcutt et al., 2021): the model's probability of another label reaches "
    "the mean that it gives to images with that label, and is higher than that of the given label."
)


@dataclass(frozen=True)
class LabelSuspect:
    """One image that may have the wrong label.

    Attributes:
        file: path relative to the folder that holds the splits, ``<split>/<label>/<name>``.
        suggested: the label that the model is confident of.
        p_given: the model's probability of the label that the image has.
        p_suggested: the model's probability of ``suggested``.
        votes: what most FER+ annotators chose, one of ``agreement.MAJORITY_COLUMNS``;
            empty without votes.
    """

    file: str
    suggested: str
    p_given: float
    p_suggested: float
    votes: str = ""

    @property
    def split(self) -> str:
        """The split that the image stands in."""
        return self.file.split("/")[0]

    @property
    def given(self) -> str:
        """The label that the image has."""
        return self.file.split("/")[1]


@dataclass(frozen=True)
class LabelErrors:
    """Candidate label errors, and how they were found.

    Attributes:
        method: one or two sentences for the reader.
        weights: name of the bundle whose predictions were used.
        judged_by: whose labels the bundle learned, one of ``bundle.JUDGED_BY``: a bundle of
            the FER+ consensus contradicts original labels because the votes do.
        checked: split → how many of its images had a prediction.
        in_sample: splits that the model was trained on: it has learned some of their wrong
            labels by heart, so that fewer of them are found.
        suspects: most confident contradiction (``p_suggested - p_given``) first.
    """

    method: str
    weights: str
    judged_by: str
    checked: Mapping[str, int]
    in_sample: tuple[str, ...]
    suspects: tuple[LabelSuspect, ...]

    @property
    def confirmed(self) -> tuple[LabelSuspect, ...]:
        """Suspects for which most FER+ annotators chose the very label that is suggested."""
        return tuple(suspect for suspect in self.suspects if suspect.votes == suspect.suggested)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "LabelErrors":
        """The inverse of ``dataclasses.asdict``."""
        return cls(
            values["method"],
            values["weights"],
            values["judged_by"],
            dict(values["checked"]),
            tuple(values["in_sample"]),
            tuple(LabelSuspect(**suspect) for suspect in values["suspects"]),
        )


def find_label_errors(
    files: Sequence[str],
    targets: NDArray[np.integer],
    probabilities: NDArray[np.floating],
    majorities: Sequence[str],
    weights: str,
    judged_by: str = "original",
) -> LabelErrors:
    """Images that a model is confident have another label.

    Args:
        files: ``n`` paths relative to the folder that holds the splits.
        targets: ``(n,)`` indices into ``LABELS``, the labels under suspicion.
        probabilities: ``(n, 7)``, rows sum to 1, columns follow ``LABELS``.
        majorities: ``n`` names from ``agreement.name_majorities``; empty without votes.
        weights: name of the bundle that the probabilities come from.
        judged_by: whose labels it learned, one of ``bundle.JUDGED_BY``.
    """
    split_of = np.array([file.split("/")[0] for file in files])
    suspects: list[LabelSuspect] = []
    for split in dict.fromkeys(split_of.tolist()):
        rows = np.flatnonzero(split_of == split).tolist()
        suggested = confident_labels(targets[rows], probabilities[rows])
        for row, other in zip(rows, suggested, strict=True):
            p_given, p_other = probabilities[row, targets[row]], probabilities[row, other]
            if p_other > p_given:
                suspects.append(
                    LabelSuspect(
                        files[row], LABELS[other], float(p_given), float(p_other), majorities[row]
                    )
                )
    suspects.sort(key=lambda suspect: suspect.p_given - suspect.p_suggested)
    names, counts = np.unique(split_of, return_counts=True)
    return LabelErrors(
        method=METHOD,
        weights=weights,
        judged_by=judged_by,
        checked=dict(zip(names.tolist(), counts.tolist(), strict=True)),
        in_sample=tuple(name for name in names.tolist() if name == "train"),
        suspects=tuple(suspects),
    )


def confident_labels(
    targets: NDArray[np.integer], probabilities: NDArray[np.floating]
) -> NDArray[np.int64]:
    """The label that a model is confident of, ``(n,)``; the given one where it is of none.

    Args:
        targets: ``(n,)`` indices into ``LABELS``.
        probabilities: ``(n, 7)``, of one split.
    """
    n, labels = probabilities.shape
    given = np.eye(labels, dtype=bool)[targets]  # (n, 7)
    thresholds = [
        probabilities[given[:, k], k].mean() if given[:, k].any() else np.inf for k in range(labels)
    ]
    confident = np.where(probabilities >= np.array(thresholds), probabilities, -1.0)
    best = confident.argmax(axis=1)
    return np.where(confident[np.arange(n), best] >= 0, best, targets)
