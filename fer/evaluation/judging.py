"""Whose labels judge a bundle, and every figure of a split against them: arrays in, JSON out.

An entry of ``metrics.json`` holds, next to who was measured on what:

- over the ``n`` images (of ``n_images``) that have a label of the kind ``judged_by`` names,
  against that label: ``accuracy``, ``balanced_accuracy``, ``macro_f1``, ``per_label``,
  ``confusion`` (rows are true labels), ``log_loss``, ``ece``, ``accuracy_at_75_coverage``,
  ``coverage`` and ``accuracy_when_sure`` (at or above ``unsure_below``), and
  ``accuracy_without_train_duplicates``;
- whoever judges: ``original_accuracy`` against the folder's labels, ``ferplus_accuracy``
  against the clear FER+ majority, and the latter without copies of training images;
- ``ms_per_face``, ``intervals`` (95 %) and ``counts`` (images, or runs) of all these.

What does not exist is null and has no interval: an accuracy against votes without votes, the
recall of a label without images.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fer.data.ferplus import majority
from fer.data.folder import LabelledImages
from fer.evaluation import bootstrap, summary
from fer.evaluation.bootstrap import Estimate, share_estimate
from fer.evaluation.metrics import CALIBRATION_BINS, confusion_matrix
from fer.labels import NO_MAJORITY
from fer.spec import ModelSpec


def clear_majority(images: LabelledImages) -> NDArray[np.int64]:
    """The clear FER+ majority of each image, ``(n,)``; ``NO_MAJORITY`` where there is none."""
    if images.votes is None:
        return np.full(len(images), NO_MAJORITY)
    return majority(images.votes)


def judging_labels(images: LabelledImages, spec: ModelSpec) -> tuple[NDArray[np.int64], str]:
    """The labels that judge a bundle, ``(n,)``, and whose they are: ``original`` or ``ferplus``.

    A bundle is judged by the labels it was made to give. One that is judged by FER+ has
    ``NO_MAJORITY`` where the votes have no clear winner: such images are left out. Without
    any votes it falls back on the folder's labels, and the second value says so.
    """
    votes = clear_majority(images)
    if spec.judged_by == "ferplus" and (votes != NO_MAJORITY).any():
        return votes, "ferplus"
    return images.targets, "original"


def measure(
    probs: NDArray[np.float32],
    images: LabelledImages,
    copies: NDArray[np.bool_] | None,
    spec: ModelSpec,
    milliseconds: NDArray[np.float64],
) -> dict[str, Any]:
    """Every figure of a split, as ``metrics.json`` keeps it; see the list above.

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
        "method": {
            "ece_bins": CALIBRATION_BINS,
            "interval": bootstrap.LEVEL,
            "resamples": bootstrap.RESAMPLES,
            "seed": bootstrap.SEED,
        },
        "notes": _notes(spec, judged_by, estimates),
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
