"""Curves behind the dashboard's figures, as pure functions of arrays.

Everything here takes ``probs (n, 7)`` and ``targets (n,)`` as `fer.evaluation.metrics` does
and answers with frozen values; drawing them is the business of ``fer/plots``.
"""

from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from fer.evaluation.metrics import (
    calibration_bins,
    confidence_and_correct,
    expected_calibration_error,
)
from fer.labels import LABELS

Floats = NDArray[np.float64]
Intervals = tuple[tuple[float, float], ...]

AGREEMENT_EDGES: tuple[float, ...] = (0.0, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
"""Edges of the bins of annotator agreement; a bin includes its upper edge."""


@dataclass(frozen=True)
class ReliabilityDiagram:
    """Stated confidence against what came true, in the bins of top probability with images.

    Attributes:
        confidence: ``(bins,)`` mean top probability, rising.
        accuracy: ``(bins,)`` share of right answers.
        intervals: of each ``accuracy``, see `wilson_interval`.
        count: ``(bins,)`` images.
        ece: the expected calibration error of the same bins; NaN without images.
    """

    confidence: Floats
    accuracy: Floats
    intervals: Intervals
    count: NDArray[np.int64]
    ece: float


def reliability_diagram(
    probs: NDArray[np.floating], targets: NDArray[np.integer]
) -> ReliabilityDiagram:
    """Reliability diagram over equal-width bins (Guo et al., 2017, arXiv:1706.04599, figure 1)."""
    confidences, correct = confidence_and_correct(probs, targets)
    bins = calibration_bins(confidences)
    filled, count = np.unique(bins, return_counts=True)
    confidence, accuracy = (
        np.bincount(bins, weights=values)[filled] / count for values in (confidences, correct)
    )
    return ReliabilityDiagram(
        confidence,
        accuracy,
        _intervals(accuracy, count),
        count,
        expected_calibration_error(probs, targets),
    )


@dataclass(frozen=True)
class CoverageCurve:
    """What answering "unsure" below a threshold buys; one point for each distinct threshold.

    Attributes:
        threshold: ``(m,)`` top probabilities, falling.
        coverage: ``(m,)`` share of images at or above the threshold, rising to 1.
        accuracy: ``(m,)`` accuracy over those images.
    """

    threshold: Floats
    coverage: Floats
    accuracy: Floats

    def at_threshold(self, threshold: float) -> tuple[float, float]:
        """``(coverage, accuracy)`` when faces below ``threshold`` are "unsure"; NaN if all are."""
        covered = int(np.count_nonzero(self.threshold >= threshold))
        if not covered:
            return 0.0, float("nan")
        return float(self.coverage[covered - 1]), float(self.accuracy[covered - 1])


def coverage_curve(probs: NDArray[np.floating], targets: NDArray[np.integer]) -> CoverageCurve:
    """Accuracy against coverage (Geifman & El-Yaniv, 2017, arXiv:1705.08500)."""
    confidences, correct = confidence_and_correct(probs, targets)
    threshold, taken, right = _from_the_top(confidences, correct)
    return CoverageCurve(threshold, taken / max(len(correct), 1), right / taken)


@dataclass(frozen=True)
class PrecisionRecallCurve:
    """One label against all others; one point for each distinct probability of that label.

    Attributes:
        recall: ``(m,)`` of the images with the label, the share at or above a threshold; rising.
        precision: ``(m,)`` of the images at or above it, the share with the label.
        average_precision: area under the steps.
    """

    recall: Floats
    precision: Floats
    average_precision: float


def precision_recall_curves(
    probs: NDArray[np.floating], targets: NDArray[np.integer]
) -> dict[str, PrecisionRecallCurve]:
    """The curve of every label that has an image.

    The average precision is not interpolated, which would flatter (Davis & Goadrich, 2006).
    """
    curves = {}
    for index, label in enumerate(LABELS):
        of_label = targets == index
        if of_label.any():
            _, taken, right = _from_the_top(probs[:, index], of_label)
            recall, precision = right / right[-1], right / taken
            area = float(np.diff(recall, prepend=0.0) @ precision)
            curves[label] = PrecisionRecallCurve(recall, precision, area)
    return curves


@dataclass(frozen=True)
class AgreementCurve:
    """Accuracy on images that annotators found easy or hard, in the bins with images.

    Attributes:
        above: ``(bins,)`` lower edge of each bin, a share of the votes that lies outside of it.
        up_to: ``(bins,)`` upper edge, inside.
        accuracy: ``(bins,)`` share of right answers.
        intervals: of each ``accuracy``, see `wilson_interval`.
        count: ``(bins,)`` images.
    """

    above: Floats
    up_to: Floats
    accuracy: Floats
    intervals: Intervals
    count: NDArray[np.int64]


def agreement_curve(
    correct: NDArray[np.bool_],
    share: NDArray[np.floating],
) -> AgreementCurve:
    """Accuracy in bins of the share of votes for the winner; images with NaN are left out.

    Human agreement as a measure of difficulty: Barsoum et al. (2016, arXiv:1608.01041).
    """
    voted, bins = np.isfinite(share), len(AGREEMENT_EDGES) - 1
    # A share is a fraction of at most ten votes: rounding keeps 6/10 from missing its edge 0.6.
    cells = np.searchsorted(AGREEMENT_EDGES[1:-1], np.round(share[voted], 6))
    count = np.bincount(cells, minlength=bins)
    filled = np.flatnonzero(count)
    count = count[filled]
    accuracy = np.bincount(cells, weights=correct[voted], minlength=bins)[filled] / count
    bounds = np.array(AGREEMENT_EDGES)
    return AgreementCurve(
        bounds[filled], bounds[filled + 1], accuracy, _intervals(accuracy, count), count
    )


def wilson_interval(share: float, n: int) -> tuple[float, float]:
    """95 % interval of a share of ``n`` images (Wilson, 1927)."""
    z = NormalDist().inv_cdf(0.975)
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return max(middle - half, 0.0), min(middle + half, 1.0)


def _from_the_top(
    scores: NDArray[np.floating], flags: NDArray[np.bool_]
) -> tuple[Floats, NDArray[np.int64], Floats]:
    """Distinct scores, falling, and how many images reach each, of all and of those with a flag."""
    falling, point, images = np.unique(-scores, return_inverse=True, return_counts=True)
    flagged = np.bincount(point, weights=flags, minlength=len(falling))
    return -falling, np.cumsum(images), np.cumsum(flagged)


def _intervals(shares: Floats, counts: NDArray[np.int64]) -> Intervals:
    return tuple(wilson_interval(share, int(n)) for share, n in zip(shares, counts, strict=True))
