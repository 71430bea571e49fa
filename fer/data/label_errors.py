"""Images whose label a trained model most confidently contradicts."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


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
        checked: split → how many of its images had a prediction.
        in_sample: splits that the model was trained on: it has learned some of their wrong
            labels by heart, so that fewer of them are found.
        suspects: most confident contradiction (``p_suggested - p_given``) first.
    """

    method: str
    weights: str
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
            dict(values["checked"]),
            tuple(values["in_sample"]),
            tuple(LabelSuspect(**suspect) for suspect in values["suspects"]),
        )
