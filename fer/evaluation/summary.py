"""From probabilities and labels to every figure with its interval: arrays in, estimates out."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fer.evaluation import metrics
from fer.evaluation.bootstrap import (
    Estimate,
    basic_interval_of,
    estimate_of,
    percentile_interval,
    resample_confusion,
    resample_images,
)
from fer.labels import LABELS

COVERAGE = 0.75
"""The share of images at which ``accuracy_at_75_coverage`` is read."""

_OF_ALL_LABELS = {
    "balanced_accuracy": metrics.balanced_accuracy,
    "macro_f1": metrics.macro_f1,
}
_OF_EACH_LABEL = {"precision": metrics.precision, "recall": metrics.recall, "f1": metrics.f1}


def confusion_estimates(confusion: NDArray[np.int64]) -> dict[str, Estimate]:
    """Balanced accuracy and macro-F1 of a confusion matrix ``(7, 7)`` with images."""
    resampled = resample_confusion(confusion)
    n = int(confusion.sum())
    return {
        name: estimate_of(figure(confusion), figure(resampled), n)
        for name, figure in _OF_ALL_LABELS.items()
    }


def per_label(confusion: NDArray[np.int64]) -> dict[str, dict[str, Any]]:
    """``{label: {precision, recall, f1, support, intervals}}``; ``None`` where undefined."""
    resampled = resample_confusion(confusion)
    table: dict[str, dict[str, Any]] = {
        label: {"support": int(support), "intervals": {}}
        for label, support in zip(LABELS, confusion.sum(axis=1), strict=True)
    }
    for name, figure in _OF_EACH_LABEL.items():
        values = figure(confusion)
        lows, highs = percentile_interval(figure(resampled))
        for label, value, low, high in zip(LABELS, values, lows, highs, strict=True):
            defined = bool(np.isfinite(value))
            table[label][name] = float(value) if defined else None
            if defined:
                table[label]["intervals"][name] = [float(low), float(high)]
    return table


def probability_estimates(
    probs: NDArray[np.floating], targets: NDArray[np.integer], unsure_below: float
) -> dict[str, Estimate | None]:
    """Figures that need the probabilities themselves, with intervals from resampled images.

    ``log_loss``; ``ece`` (noise in a bin can only add to the error, in the images at hand and
    once more in every resample, so its interval is that of `basic_interval_of`);
    ``accuracy_at_75_coverage``; ``coverage``, the share of images whose top probability reaches
    ``unsure_below``; and ``accuracy_when_sure``, over those images (``None`` if there are none).

    Args:
        probs: ``(n, 7)``, n at least 1.
        targets: ``(n,)``.
        unsure_below: a probability.
    """
    n = len(targets)
    confidences, correct = metrics.confidence_and_correct(probs, targets)
    sure = confidences >= unsure_below
    gaps = metrics.calibration_gaps(probs, targets)
    losses = metrics.log_losses(probs, targets)
    columns = np.column_stack([losses, sure, sure & correct, gaps])  # (n, 3 + bins)

    def figures(counts: NDArray[np.int64]) -> tuple[NDArray[np.float64], ...]:
        sums = counts.astype(np.float64) @ columns
        at_coverage = metrics.accuracy_at_coverage(confidences, correct, COVERAGE, counts)
        ece = metrics.calibration_error_of_sums(sums[..., 3:], n)
        with np.errstate(invalid="ignore"):  # nobody sure: 0 / 0, undefined
            when_sure = sums[..., 2] / sums[..., 1]
        return sums[..., 0] / n, ece, at_coverage, sums[..., 1] / n, when_sure

    names = ("log_loss", "ece", "accuracy_at_75_coverage", "coverage", "accuracy_when_sure")
    values = figures(np.ones(n, np.int64))
    chunks = zip(*(figures(counts) for counts in resample_images(n)), strict=True)
    over = (n, n, int(np.ceil(COVERAGE * n)), n, int(sure.sum()))
    estimates = {name: basic_interval_of if name == "ece" else estimate_of for name in names}
    return {
        name: estimates[name](value, np.concatenate(chunk), count) if np.isfinite(value) else None
        for name, value, chunk, count in zip(names, values, chunks, over, strict=True)
    }
