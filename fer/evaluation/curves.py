"""Curves behind the dashboard's figures, as pure functions of arrays.

Everything here takes ``probs (n, 7)`` and ``targets (n,)`` as `fer.evaluation.metrics` does
and answers with frozen values; drawing them is the business of ``fer/plots.py``.
"""

from dataclasses import dataclass
from math import comb

import numpy as np
from numpy.typing import NDArray

from fer.evaluation.metrics import (
    CALIBRATION_BINS,
    calibration_bins,
    confidence_and_correct,
    expected_calibration_error,
)

Floats = NDArray[np.float64]

AGREEMENT_EDGES: tuple[float, ...] = (0.0, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
"""Edges of the bins of annotator agreement; a bin includes its upper edge."""


@dataclass(frozen=True)
class ReliabilityDiagram:
    """Stated confidence against what came true, in bins of top probability.

    Attributes:
        edges: ``(bins + 1,)`` from 0 to 1; a bin includes its upper edge.
        confidence: ``(bins,)`` mean top probability, NaN in empty bins.
        accuracy: ``(bins,)`` share of right answers, NaN in empty bins.
        count: ``(bins,)`` images.
        ece: the expected calibration error of the same bins.
    """

    edges: Floats
    confidence: Floats
    accuracy: Floats
    count: NDArray[np.int64]
    ece: float


def reliability_diagram(
    probs: NDArray[np.floating], targets: NDArray[np.integer], bins: int = CALIBRATION_BINS
) -> ReliabilityDiagram:
    """Reliability diagram over equal-width bins (Guo et al., 2017, arXiv:1706.04599, figure 1)."""
    confidences, correct = confidence_and_correct(probs, targets)
    cells = calibration_bins(confidences, bins)
    confidence, count = _means_in_bins(cells, confidences, bins)
    accuracy, _ = _means_in_bins(cells, correct.astype(np.float64), bins)
    edges = np.linspace(0.0, 1.0, bins + 1)
    ece = expected_calibration_error(probs, targets, bins)
    return ReliabilityDiagram(edges, confidence, accuracy, count, ece)


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
    order, last = _falling_order(confidences)
    taken = last + 1
    right = np.cumsum(correct[order])[last]
    return CoverageCurve(confidences[order][last], taken / max(len(order), 1), right / taken)


@dataclass(frozen=True)
class PrecisionRecallCurve:
    """One label against all others; one point for each distinct probability of that label.

    Attributes:
        threshold: ``(m,)`` probabilities, falling.
        precision: ``(m,)`` of the images at or above the threshold, the share with the label.
        recall: ``(m,)`` of the images with the label, the share at or above; NaN without any.
        average_precision: area under the steps, NaN without any image of the label.
    """

    threshold: Floats
    precision: Floats
    recall: Floats
    average_precision: float


def precision_recall_curve(
    probs: NDArray[np.floating], targets: NDArray[np.integer], label: int
) -> PrecisionRecallCurve:
    """Precision and recall of column ``label`` at every threshold.

    The average precision is ``sum((R[k] - R[k-1]) * P[k])``, without interpolation, which
    would flatter (Davis & Goadrich, 2006; the definition of scikit-learn).
    """
    scores = np.asarray(probs[:, label], np.float64)
    order, last = _falling_order(scores)
    hits = np.cumsum(np.asarray(targets)[order] == label)[last]
    precision = hits / (last + 1)
    total = hits[-1] if len(hits) else 0
    recall = hits / total if total else np.full(len(hits), np.nan)
    average = float(np.sum(np.diff(recall, prepend=0.0) * precision)) if total else float("nan")
    return PrecisionRecallCurve(scores[order][last], precision, recall, average)


@dataclass(frozen=True)
class AgreementCurve:
    """Accuracy on images that annotators found easy or hard.

    Attributes:
        edges: ``(bins + 1,)`` share of votes for the winner; a bin includes its upper edge.
        accuracy: ``(bins,)`` NaN in empty bins.
        count: ``(bins,)`` images.
    """

    edges: Floats
    accuracy: Floats
    count: NDArray[np.int64]


def winning_share(votes: NDArray[np.integer]) -> Floats:
    """Share of the votes for the most voted column, ``(n, k)`` → ``(n,)``; NaN without votes."""
    total = votes.sum(axis=1)
    return np.where(total > 0, votes.max(axis=1, initial=0) / np.maximum(total, 1), np.nan)


def agreement_curve(
    correct: NDArray[np.bool_],
    share: NDArray[np.floating],
    edges: tuple[float, ...] = AGREEMENT_EDGES,
) -> AgreementCurve:
    """Accuracy in bins of `winning_share`; images whose share is NaN are left out.

    Human agreement as a measure of difficulty: Barsoum et al. (2016, arXiv:1608.01041).
    """
    voted = np.isfinite(share)
    # A share is a fraction of at most ten votes: rounding keeps 6/10 from missing its edge 0.6.
    cells = np.searchsorted(edges, np.round(share[voted], 6), side="left") - 1
    cells = np.clip(cells, 0, len(edges) - 2)
    accuracy, count = _means_in_bins(cells, correct[voted].astype(np.float64), len(edges) - 1)
    return AgreementCurve(np.array(edges), accuracy, count)


@dataclass(frozen=True)
class McNemar:
    """Two classifiers on the same images: is the difference more than chance?

    Attributes:
        n: images compared.
        only_first: images that only the first gets right.
        only_second: images that only the second gets right.
        p_exact: two-sided exact conditional p-value; conservative.
        p_mid: two-sided mid-p value, which Fagerland et al. recommend.
    """

    n: int
    only_first: int
    only_second: int
    p_exact: float
    p_mid: float


def mcnemar(first_correct: NDArray[np.bool_], second_correct: NDArray[np.bool_]) -> McNemar:
    """McNemar's test (1947), exact and mid-p (Fagerland et al., 2013, BMC Med Res Methodol 13:91).

    Of the images on which exactly one is right, the first's share is binomial with one half
    if both are equally good. Both arrays ``(n,)`` are about the same images in the same
    order; `common_rows` brings two sets of predictions into that form.

    Raises:
        ValueError: if the lengths differ.
    """
    if len(first_correct) != len(second_correct):
        raise ValueError(
            f"Compare the same images: {len(first_correct)} and {len(second_correct)}."
        )
    only_first = int(np.count_nonzero(first_correct & ~second_correct))
    only_second = int(np.count_nonzero(second_correct & ~first_correct))
    exact, mid = _binomial_p_values(only_first, only_second)
    return McNemar(len(first_correct), only_first, only_second, exact, mid)


def common_rows(
    first: NDArray[np.integer], second: NDArray[np.integer]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Indices into ``first`` and ``second`` of the rows that both have, in rising row order."""
    _, in_first, in_second = np.intersect1d(first, second, return_indices=True)
    return in_first, in_second


def _binomial_p_values(a: int, b: int) -> tuple[float, float]:
    """Two-sided exact and mid-p values of a against b successes under one half."""
    n, fewer = a + b, min(a, b)
    if n == 0:
        return 1.0, 1.0
    ways, tail = 1, 1  # comb(n, 0), and the sum of comb(n, k) up to k: whole numbers, so exact
    for k in range(fewer):
        ways = ways * (n - k) // (k + 1)
        tail += ways
    observed = comb(n, fewer) / 2**n
    if a == b:
        return 1.0, 1.0 - observed / 2
    exact = 2 * tail / 2**n
    return exact, exact - observed


def _falling_order(scores: Floats) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Order of falling scores ``(n,)``, and the position of the last of each distinct score."""
    order = np.argsort(-scores, kind="stable")
    falls = np.diff(scores[order]) < 0
    return order, np.flatnonzero(np.append(falls, np.ones(min(len(order), 1), bool)))


def _means_in_bins(
    cells: NDArray[np.int64], values: Floats, bins: int
) -> tuple[Floats, NDArray[np.int64]]:
    """Mean of ``values`` in each bin (NaN if empty), and how many there are."""
    count = np.bincount(cells, minlength=bins)
    sums = np.bincount(cells, weights=values, minlength=bins)
    return np.where(count > 0, sums / np.maximum(count, 1), np.nan), count
