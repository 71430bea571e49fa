"""Figures of merit of a classifier, as pure functions of arrays: no files, no model.

Three shapes recur: ``probs (n, 7)`` in ``LABELS`` order, ``targets (n,)`` indices into
``LABELS``, and ``confusion (..., 7, 7)`` counts whose rows are the true and whose columns
the predicted labels. Functions of a confusion matrix take any leading axes, because the
bootstrap hands them thousands of matrices at once. They agree with scikit-learn's, which the
tests compare; pages that show them do without its and SciPy's 113 MB. What is undefined (a
recall without images, say) is NaN, and means leave it out.
"""

import warnings

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fer.labels import LABELS

CALIBRATION_BINS = 15
"""Equal-width bins of the calibration error, as in Guo et al. (2017)."""

LOWEST_PROBABILITY = 1e-7
"""Probabilities are clipped here before the logarithm, so that one face costs at most 16.1."""

Floats = NDArray[np.float64]


def confusion_matrix(
    targets: NDArray[np.integer], predictions: NDArray[np.integer]
) -> NDArray[np.int64]:
    """Counts ``(7, 7)``: rows are true labels, columns are predicted ones.

    Images without a true label (`fer.labels.NO_MAJORITY`) are left out.
    """
    counts = np.zeros((len(LABELS), len(LABELS)), np.int64)
    known = targets >= 0
    np.add.at(counts, (targets[known], predictions[known]), 1)
    return counts


def accuracy(confusion: NDArray[np.number]) -> Floats:
    """Share of images on the diagonal, ``(...)``."""
    return _ratio(_diagonal(confusion).sum(axis=-1), confusion.sum(axis=(-2, -1)))


def recall(confusion: NDArray[np.number]) -> Floats:
    """Of the images of each label, the share that is found, ``(..., 7)``."""
    return _ratio(_diagonal(confusion), confusion.sum(axis=-1))


def precision(confusion: NDArray[np.number]) -> Floats:
    """Of the answers of each label, the share that is right, ``(..., 7)``."""
    return _ratio(_diagonal(confusion), confusion.sum(axis=-2))


def f1(confusion: NDArray[np.number]) -> Floats:
    """Harmonic mean of precision and recall, ``(..., 7)``: 2 TP / (2 TP + FP + FN)."""
    return _ratio(2 * _diagonal(confusion), confusion.sum(axis=-1) + confusion.sum(axis=-2))


def balanced_accuracy(confusion: NDArray[np.number]) -> Floats:
    """Mean recall of the labels that occur, ``(...)`` (Brodersen et al., 2010)."""
    return nan_mean(recall(confusion))


def macro_f1(confusion: NDArray[np.number]) -> Floats:
    """Mean F1 of the labels that occur or are predicted, ``(...)``, as scikit-learn has it.

    The mean of F1 scores, not the F1 of means: see Opitz & Burst (2019) for the difference.
    """
    return nan_mean(f1(confusion))


def log_losses(probs: NDArray[np.floating], targets: NDArray[np.integer]) -> Floats:
    """Minus the natural logarithm of each image's true label's probability, ``(n,)``.

    Clipped at ``LOWEST_PROBABILITY``; the mean is the log-loss (cross-entropy in nats).
    """
    true = np.asarray(probs, np.float64)[np.arange(len(targets)), targets]
    return -np.log(np.maximum(true, LOWEST_PROBABILITY))


def calibration_bins(confidences: NDArray[np.floating]) -> NDArray[np.int64]:
    """Bin of each confidence, ``(n,)`` from 0 on; a bin includes its upper edge."""
    inner_edges = np.linspace(0.0, 1.0, CALIBRATION_BINS + 1)[1:-1]
    return np.searchsorted(inner_edges, np.asarray(confidences, np.float64))


def expected_calibration_error(probs: NDArray[np.floating], targets: NDArray[np.integer]) -> float:
    """Mean over images of ``|accuracy - mean confidence|`` of their bin of top probability.

    Equal-width bins: Naeini et al. (2015), equation 3 of Guo et al. (2017, arXiv:1706.04599).
    """
    gaps = calibration_gaps(probs, targets)
    return float(calibration_error_of_sums(gaps.sum(axis=0), len(targets)))


def calibration_gaps(probs: NDArray[np.floating], targets: NDArray[np.integer]) -> Floats:
    """Each image's ``correct - confidence`` in the column of its bin, ``(n, bins)``, else 0.

    Column sums are all that the calibration error needs, which makes it cheap to resample.
    """
    confidences, right = confidence_and_correct(probs, targets)
    gaps = np.zeros((len(right), CALIBRATION_BINS))
    gaps[np.arange(len(right)), calibration_bins(confidences)] = right - confidences
    return gaps


def calibration_error_of_sums(sums: Floats, n: int) -> Floats:
    """Calibration error from column sums ``(..., bins)`` of `calibration_gaps` over n images."""
    return _ratio(np.abs(sums).sum(axis=-1), n)


def accuracy_at_coverage(
    confidences: NDArray[np.floating],
    correct: NDArray[np.bool_],
    coverage: float,
    counts: NDArray[np.integer] | None = None,
) -> Floats:
    """Accuracy over the most confident images that make up at least ``coverage`` of all.

    Images that tie with the last one taken are taken as well, since no threshold parts
    them. Selective classification: Geifman & El-Yaniv (2017, arXiv:1705.08500).

    Args:
        confidences: ``(n,)`` top probabilities.
        correct: ``(n,)`` whether the most probable label is the true one.
        coverage: share of images in (0, 1].
        counts: ``(..., n)`` how often each image counts; once each if left out.

    Returns:
        ``(...)``, the shape of ``counts`` without its last axis.
    """
    order = np.argsort(-confidences, kind="stable")
    sorted_down = -confidences[order]
    ends = np.searchsorted(sorted_down, sorted_down, side="right") - 1  # (n,) last of each tie
    weights = np.ones(len(order), np.int64) if counts is None else counts[..., order]
    taken = np.cumsum(weights, axis=-1)  # (..., n)
    right = np.cumsum(weights * correct[order], axis=-1)
    enough = taken >= coverage * taken[..., -1:] - 1e-9
    last = ends[enough.argmax(axis=-1)][..., None]
    at = np.take_along_axis(right, last, axis=-1), np.take_along_axis(taken, last, axis=-1)
    return _ratio(at[0][..., 0], at[1][..., 0])


def confidence_and_correct(
    probs: NDArray[np.floating], targets: NDArray[np.integer]
) -> tuple[Floats, NDArray[np.bool_]]:
    """Top probability ``(n,)``, and whether its label is the true one ``(n,)``."""
    return np.asarray(probs, np.float64).max(axis=1), probs.argmax(axis=1) == targets


def nan_mean(values: Floats) -> Floats:
    """Mean over the last axis without NaN; NaN where nothing is left."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # the mean of nothing is meant
        return np.nanmean(values, axis=-1)


def _diagonal(confusion: NDArray[np.number]) -> NDArray[np.number]:
    return np.diagonal(confusion, axis1=-2, axis2=-1)


def _ratio(numerator: NDArray[np.number], denominator: ArrayLike) -> Floats:
    """``numerator / denominator``, NaN where the denominator is 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        below = np.where(np.equal(denominator, 0), np.nan, denominator)
        return np.asarray(numerator, np.float64) / below
