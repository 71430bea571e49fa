"""An entry of ``metrics.json``: its shape, how it is measured from arrays, and how it is read."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, NotRequired

import numpy as np
from numpy.typing import NDArray
from pydantic import (
    AfterValidator,
    ConfigDict,
    Field,
    with_config,
)
from typing_extensions import TypedDict

from fer.bundle import METRICS, Bundle
from fer.data.folder import LabelledImages
from fer.evaluation import bootstrap, summary
from fer.evaluation.bootstrap import Estimate, share_estimate
from fer.evaluation.judging import clear_majority, judging_labels
from fer.evaluation.metrics import CALIBRATION_BINS, confusion_matrix
from fer.files import checked
from fer.labels import LABELS, NO_MAJORITY
from fer.spec import ModelSpec


def _require_labels(per_label: dict[str, Any]) -> dict[str, Any]:
    if set(per_label) != set(LABELS):
        raise ValueError("it needs the seven labels, and no other")
    return per_label


def _require_accuracy(intervals: dict[str, list[float]]) -> dict[str, list[float]]:
    if "accuracy" not in intervals:
        raise ValueError("the accuracy has no interval")
    return intervals


Share = Annotated[float, Field(ge=0.0, le=1.0)]
Interval = Annotated[list[float], Field(min_length=2, max_length=2)]
Row = Annotated[list[int], Field(min_length=len(LABELS), max_length=len(LABELS))]


@with_config(ConfigDict(strict=True))  # "0.7" and true are no numbers
class LabelMetrics(TypedDict):
    """One label; what is undefined, such as the recall of a label without images, is null."""

    support: int
    precision: Share | None
    recall: Share | None
    f1: Share | None
    intervals: dict[str, Interval]


@with_config(ConfigDict(strict=True))
class SplitMetrics(TypedDict):
    """Every figure of one split; what does not exist is null and has no interval.

    Measured on the ``n`` of ``n_images`` images that have a label of the kind that ``judged_by``
    names: the figures down to ``accuracy_when_sure``. Whoever judges: ``original_accuracy``
    against the folder's labels, ``ferplus_accuracy`` against the clear FER+ majority, and the
    latter without copies of training images.
    """

    split: NotRequired[str]
    weights: NotRequired[str]
    model_sha256: NotRequired[str]
    dataset_sha256: NotRequired[str]
    judged_by: Literal["original", "ferplus"]
    n: int
    n_images: int
    accuracy: Share
    accuracy_without_train_duplicates: NotRequired[Share | None]
    balanced_accuracy: Share
    macro_f1: Share
    per_label: Annotated[dict[str, LabelMetrics], AfterValidator(_require_labels)]
    confusion: Annotated[list[Row], Field(min_length=len(LABELS), max_length=len(LABELS))]
    log_loss: NotRequired[float]
    ece: Share
    accuracy_at_75_coverage: NotRequired[Share]
    unsure_below: Share
    coverage: NotRequired[Share]
    accuracy_when_sure: NotRequired[Share | None]
    original_accuracy: NotRequired[Share | None]
    ferplus_accuracy: NotRequired[Share | None]
    ferplus_accuracy_without_train_duplicates: NotRequired[Share | None]
    ms_per_face: NotRequired[float | None]
    intervals: Annotated[dict[str, Interval], AfterValidator(_require_accuracy)]
    counts: dict[str, int]
    method: NotRequired[dict[str, float]]
    notes: NotRequired[list[str]]


def measure(
    probs: NDArray[np.float32],
    images: LabelledImages,
    copies: NDArray[np.bool_] | None,
    spec: ModelSpec,
    milliseconds: NDArray[np.float64],
) -> dict[str, Any]:
    """Every figure of a split, as `SplitMetrics` lists them; who was measured is left to add.

    Args:
        probs: ``(n, 7)``, of the images in their order.
        images: at least one.
        copies: ``(n,)`` which images also stand in the training split; ``None`` if unknown.
        spec: whose labels judge the bundle, and its threshold for "unsure".
        milliseconds: ``(runs,)`` of single faces.
    """
    targets, judged_by = judging_labels(images, spec)
    judged = targets != NO_MAJORITY
    confusion = confusion_matrix(targets[judged], probs[judged].argmax(axis=1))
    estimates: dict[str, Estimate | None] = {
        **_accuracies(probs.argmax(axis=1), targets, images, copies),
        **summary.confusion_estimates(confusion),
        **summary.probability_estimates(probs[judged], targets[judged], spec.unsure_below),
        "ms_per_face": bootstrap.statistic_estimate(milliseconds, np.median),
    }
    return {
        "judged_by": judged_by,
        "n": int(judged.sum()),
        "n_images": len(images),
        **{name: None if e is None else e.value for name, e in estimates.items()},
        "per_label": summary.per_label(confusion),
        "confusion": confusion.tolist(),
        "unsure_below": spec.unsure_below,
        "intervals": {name: [e.low, e.high] for name, e in estimates.items() if e},
        "counts": {name: e.n if e else 0 for name, e in estimates.items()},
        "method": METHOD,
        "notes": _notes(spec, judged_by, estimates),
    }


def read_metrics(bundle: Bundle) -> dict[str, SplitMetrics]:
    """``metrics.json`` by split, checked.

    Raises:
        UserError: if it is missing or damaged; names the first value that is wrong.
    """
    fault = f"{bundle.path(METRICS)} has no usable measurement on"
    return {
        split: checked(SplitMetrics, entry, f"{fault} '{split}'", bundle.command(METRICS))
        for split, entry in bundle.read(METRICS).items()
    }


def label_intervals(entry: SplitMetrics) -> dict[str, dict[str, tuple[float, float, float]]]:
    """Precision, recall and F1 of each label as ``(value, low, high)``.

    Labels of which any of the three is undefined are left out.
    """
    scores = {}
    for label, row in entry["per_label"].items():
        values: Mapping[str, Any] = row
        ends = row["intervals"]
        if all(values[name] is not None for name in _LABEL_SCORES):
            scores[label] = {
                name: (values[name], *ends.get(name, [values[name]] * 2)) for name in _LABEL_SCORES
            }
    return scores


_LABEL_SCORES = ("precision", "recall", "f1")

METHOD = {
    "ece_bins": CALIBRATION_BINS,
    "interval": bootstrap.LEVEL,
    "resamples": bootstrap.RESAMPLES,
    "seed": bootstrap.SEED,
}


def _accuracies(
    predicted: NDArray[np.int64],
    targets: NDArray[np.int64],
    images: LabelledImages,
    copies: NDArray[np.bool_] | None,
) -> dict[str, Estimate | None]:
    """Accuracies against either kind of label, on all images and without copies from train."""
    votes = clear_majority(images)

    def accuracy(labels: NDArray[np.int64], among: NDArray[np.bool_] | None) -> Estimate | None:
        if among is None:
            return None
        counted = among & (labels != NO_MAJORITY)
        return share_estimate(predicted[counted] == labels[counted])

    everything = np.ones(len(images), bool)
    new = None if copies is None else ~copies
    return {
        "accuracy": accuracy(targets, everything),
        "original_accuracy": accuracy(images.targets, everything),
        "ferplus_accuracy": accuracy(votes, everything),
        "accuracy_without_train_duplicates": accuracy(targets, new),
        "ferplus_accuracy_without_train_duplicates": accuracy(votes, new),
    }


def _notes(spec: ModelSpec, judged_by: str, estimates: Mapping[str, Estimate | None]) -> list[str]:
    notes = []
    if judged_by == "ferplus":
        notes.append("Judged by the clear FER+ majority, on the images that have one.")
    elif spec.judged_by == "ferplus":
        notes.append("Made to be judged by FER+ votes, which this split lacks: folder labels used.")
    if estimates["ferplus_accuracy"] is None:
        notes.append("No FER+ votes: no accuracy against their majority.")
    if estimates["accuracy_without_train_duplicates"] is None:
        notes.append("No other split 'train' to compare with: copies of its images stay in.")
    return notes
