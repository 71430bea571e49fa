"""``robustness.json``: a bundle's figures under corruption, one `Robustness` a split.

Wherever figures stand, ``intervals`` holds those of 95 % under the same names.
"""

from typing import Annotated, Any, Generic, Literal, NotRequired, TypeVar

from pydantic import AfterValidator, Field, Strict
from typing_extensions import TypedDict

T = TypeVar("T")
Number = Annotated[float, Strict()]  # "0.5" and true are none
Interval = Annotated[list[Number], Field(min_length=2, max_length=2)]
Three = Annotated[list[T], Field(min_length=3, max_length=3)]


class Figures(TypedDict, Generic[T]):
    """Of one condition; ``coverage`` is the share of images that reach ``unsure_below``."""

    accuracy: T
    ece: T
    log_loss: T
    coverage: T


class Clean(TypedDict):
    """`Figures` of the images as they are, with their intervals."""

    accuracy: Number
    ece: Number
    log_loss: Number
    coverage: Number
    intervals: Figures[Interval]


class Kind(TypedDict):
    """A kind of `fer.evaluation.corruptions`, and its `Figures` with a value a strength."""

    name: str
    title: str
    group: str
    unit: str
    strengths: Three[Number]
    accuracy: Three[Number]
    ece: Three[Number]
    log_loss: Three[Number]
    coverage: Three[Number]
    intervals: Figures[Three[Interval]]


class MeanIntervals(TypedDict):
    """Of the means in `Robustness`."""

    mean_accuracy: Interval
    relative_accuracy: Interval | None
    mean_coverage: Interval
    mean_ece: Interval
    mean_log_loss: Interval


def _require_intervals(groups: dict[str, Any]) -> dict[str, Any]:
    intervals = groups.get("intervals")
    if not isinstance(intervals, dict) or set(groups) != {"intervals", *intervals}:
        raise ValueError("every group needs an accuracy and its interval")
    return groups


class Robustness(TypedDict):
    """Who was measured on what, and every figure.

    ``groups`` has the accuracy averaged over the kinds of each group. Means are over the strengths
    of a kind, then over all kinds; the relative accuracy, mean over clean accuracy, is null where
    nothing was right on clean images.
    """

    split: str
    weights: NotRequired[str]
    model_sha256: NotRequired[str]
    dataset_sha256: NotRequired[str]
    judged_by: Literal["original", "ferplus"]
    n: Annotated[int, Strict()]
    unsure_below: NotRequired[Number]
    clean: Clean
    kinds: list[Kind]
    groups: Annotated[dict[str, Number | dict[str, Interval]], AfterValidator(_require_intervals)]
    mean_accuracy: Number
    relative_accuracy: Number | None
    mean_coverage: Number
    mean_ece: Number
    mean_log_loss: Number
    intervals: MeanIntervals
    method: NotRequired[dict[str, float]]
