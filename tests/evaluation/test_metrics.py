"""Metrics and curves against tables computed by hand, or taken from the papers."""

from math import erfc, sqrt

import numpy as np
import pytest
import scipy.stats
import sklearn.calibration
import sklearn.metrics

from fer.evaluation import curves, metrics
from fer.evaluation.comparison import compare, mcnemar
from fer.labels import LABELS, NO_MAJORITY
from fer.predictions import Predictions


def _probs(*rows):
    """Rows of ``(label index, confidence)``; the rest of the mass is spread evenly."""
    probs = np.empty((len(rows), len(LABELS)))
    for row, (label, confidence) in zip(probs, rows, strict=True):
        row[:] = (1 - confidence) / (len(LABELS) - 1)
        row[label] = confidence
    return probs


def _confusion(cells):
    confusion = np.zeros((7, 7), np.int64)
    for (true, predicted), count in cells.items():
        confusion[true, predicted] = count
    return confusion


def test_no_images_are_undefined_not_an_exception():
    confusion = metrics.confusion_matrix(np.zeros(0, int), np.zeros(0, int))
    assert confusion.shape == (7, 7) and confusion.sum() == 0
    assert np.isnan(metrics.accuracy(confusion))
    assert np.isnan(metrics.balanced_accuracy(confusion))
    assert np.isnan(metrics.macro_f1(confusion))


def test_confusion_has_true_labels_in_rows():
    confusion = metrics.confusion_matrix(np.array([0, 0, 3]), np.array([0, 5, 3]))
    assert confusion[0, 5] == 1 and confusion[5, 0] == 0
    assert confusion[0, 0] == confusion[3, 3] == 1


def test_images_without_a_true_label_are_not_counted():
    confusion = metrics.confusion_matrix(np.array([NO_MAJORITY, 1]), np.array([2, 1]))
    assert confusion[1, 1] == confusion.sum() == 1


def test_figures_of_a_small_confusion_matrix():
    # Three labels occur; a fourth (neutral) is predicted once without ever being true.
    confusion = _confusion({(0, 0): 3, (0, 3): 1, (3, 3): 4, (4, 3): 2, (4, 6): 1, (4, 4): 1})
    assert metrics.accuracy(confusion) == pytest.approx(8 / 12)
    recall, precision, f1 = (f(confusion) for f in (metrics.recall, metrics.precision, metrics.f1))
    assert recall[[0, 3, 4]] == pytest.approx([3 / 4, 1.0, 1 / 4])
    assert precision[[0, 3, 4, 6]] == pytest.approx([1.0, 4 / 7, 1.0, 0.0])
    assert f1[[0, 3, 4, 6]] == pytest.approx([6 / 7, 8 / 11, 2 / 5, 0.0])
    assert np.isnan(recall[6]) and np.isnan(precision[1]) and np.isnan(f1[1])
    assert metrics.balanced_accuracy(confusion) == pytest.approx(2 / 3)
    assert metrics.macro_f1(confusion) == pytest.approx((6 / 7 + 8 / 11 + 2 / 5) / 4)


def test_figures_are_those_of_scikit_learn():
    random = np.random.default_rng(1)
    targets, answers = random.integers(0, 6, 200), random.integers(1, 7, 200)
    confusion = metrics.confusion_matrix(targets, answers)
    np.testing.assert_array_equal(
        confusion, sklearn.metrics.confusion_matrix(targets, answers, labels=range(7))
    )
    theirs = sklearn.metrics.precision_recall_fscore_support(
        targets, answers, labels=range(7), zero_division=np.nan
    )
    ours = (metrics.precision(confusion), metrics.recall(confusion), metrics.f1(confusion))
    for figure, expected in zip(ours, theirs, strict=False):
        np.testing.assert_allclose(figure, expected)
    assert metrics.accuracy(confusion) == sklearn.metrics.accuracy_score(targets, answers)
    macro_f1 = sklearn.metrics.f1_score(targets, answers, average="macro")
    assert metrics.macro_f1(confusion) == pytest.approx(macro_f1)
    balanced = sklearn.metrics.recall_score(targets, answers, labels=range(6), average="macro")
    assert metrics.balanced_accuracy(confusion) == pytest.approx(balanced)


def test_curves_are_those_of_scikit_learn():
    random = np.random.default_rng(2)
    # Few distinct probabilities, so that images tie.
    probs = np.round(random.dirichlet(np.ones(7), 300), 2)
    targets = np.where(random.random(300) < 0.5, probs.argmax(axis=1), random.integers(0, 7, 300))
    top, right = probs.max(axis=1), probs.argmax(axis=1) == targets
    accuracy, confidence = sklearn.calibration.calibration_curve(
        right, top, n_bins=metrics.CALIBRATION_BINS
    )
    diagram = curves.reliability_diagram(probs, targets)
    np.testing.assert_allclose(diagram.accuracy, accuracy)
    np.testing.assert_allclose(diagram.confidence, confidence)
    for index, label in enumerate(LABELS):
        ours = curves.precision_recall_curves(probs, targets)[label]
        precision, recall, _ = sklearn.metrics.precision_recall_curve(
            targets == index, probs[:, index]
        )
        # Theirs begins with the lowest threshold and adds a point at recall 0.
        np.testing.assert_allclose(ours.precision, precision[-2::-1])
        np.testing.assert_allclose(ours.recall, recall[-2::-1])
        area = sklearn.metrics.average_precision_score(targets == index, probs[:, index])
        assert ours.average_precision == pytest.approx(area)


@pytest.mark.parametrize("right, n", [(0, 1), (1, 1), (3, 40), (39, 40), (2624, 3589)])
def test_intervals_and_tails_are_those_of_scipy(right, n):
    theirs = scipy.stats.binomtest(right, n).proportion_ci(0.95, method="wilson")
    assert curves.wilson_interval(right / n, n) == pytest.approx(tuple(theirs), abs=1e-12)
    fewer = min(right, n - right)
    tail = 2 * scipy.stats.binom.cdf(fewer, n, 0.5) - scipy.stats.binom.pmf(fewer, n, 0.5)
    assert mcnemar(right, n - right) == pytest.approx(tail)
    assert mcnemar(np.int64(right), np.int64(n - right)) == pytest.approx(tail)


def test_confusion_functions_take_many_matrices_at_once():
    one, other = _confusion({(0, 0): 1}), _confusion({(0, 0): 1, (2, 0): 3})
    both = np.stack([one, other])
    assert metrics.accuracy(both) == pytest.approx([1.0, 0.25])
    assert metrics.balanced_accuracy(both) == pytest.approx([1.0, 0.5])
    assert metrics.recall(both).shape == (2, 7)


def test_log_loss_is_clipped():
    probs = np.zeros((2, 7))
    probs[:, 3] = 1.0
    losses = metrics.log_losses(probs, np.array([3, 4]))
    assert losses == pytest.approx([0.0, -np.log(1e-7)])


@pytest.mark.parametrize(
    ("confidence", "expected"), [(0.0, 0), (1 / 15, 0), (0.0667, 1), (0.5, 7), (1.0, 14)]
)
def test_calibration_bins_include_their_upper_edge(confidence, expected):
    assert metrics.calibration_bins(np.array([confidence])) == [expected]


def test_calibration_error_by_hand():
    # Bin (14/15, 1]: confidence 0.95, one of two right. Bin (7/15, 8/15]: 0.5, right.
    probs = _probs((3, 0.95), (3, 0.95), (0, 0.5))
    targets = np.array([3, 4, 0])
    expected = 2 / 3 * abs(0.5 - 0.95) + 1 / 3 * abs(1.0 - 0.5)
    assert metrics.expected_calibration_error(probs, targets) == pytest.approx(expected)
    diagram = curves.reliability_diagram(probs, targets)
    assert diagram.ece == pytest.approx(expected)
    assert diagram.count.tolist() == [1, 2]  # bins without images are left out
    assert diagram.accuracy == pytest.approx([1.0, 0.5])
    assert diagram.confidence == pytest.approx([0.5, 0.95])
    assert diagram.intervals[1] == pytest.approx(curves.wilson_interval(0.5, 2))


def test_a_reliability_diagram_takes_a_probability_a_little_over_one():
    probs = _probs((3, 1.0), (3, 0.9)).astype(np.float32)
    probs[0, 3] = np.nextafter(np.float32(1.0), np.float32(2.0))
    diagram = curves.reliability_diagram(probs, np.array([3, 3]))
    assert diagram.count.tolist() == [1, 1] and diagram.accuracy.tolist() == [1.0, 1.0]


@pytest.mark.parametrize(
    ("coverage", "expected"),
    [
        (0.2, 1.0),
        (0.4, 1.0),
        (0.75, 3 / 5),  # four would do, but the fourth and fifth tie
        (1.0, 3 / 5),
    ],
)
def test_accuracy_at_coverage_takes_ties_whole(coverage, expected):
    confidences = np.array([0.5, 0.9, 0.5, 0.8, 0.7])
    correct = np.array([True, True, False, True, False])
    assert metrics.accuracy_at_coverage(confidences, correct, coverage) == pytest.approx(expected)


def test_accuracy_at_coverage_counts_resampled_images():
    confidences = np.array([0.9, 0.8, 0.7, 0.6])
    correct = np.array([True, False, True, False])
    counts = np.array([[1, 1, 1, 1], [0, 3, 1, 0], [4, 0, 0, 0]])
    found = metrics.accuracy_at_coverage(confidences, correct, 0.75, counts)
    assert found == pytest.approx([2 / 3, 0.0, 1.0])


def test_coverage_curve_by_hand():
    probs = _probs((0, 0.5), (1, 0.9), (2, 0.5), (3, 0.8))
    curve = curves.coverage_curve(probs, np.array([0, 1, 0, 0]))
    assert curve.threshold == pytest.approx([0.9, 0.8, 0.5])
    assert curve.coverage == pytest.approx([0.25, 0.5, 1.0])
    assert curve.accuracy == pytest.approx([1.0, 0.5, 0.5])
    assert curve.at_threshold(0.8) == pytest.approx((0.5, 0.5))
    assert curve.at_threshold(0.81) == pytest.approx((0.25, 1.0))
    coverage, accuracy = curve.at_threshold(0.95)
    assert coverage == 0.0 and np.isnan(accuracy)


def test_curves_of_no_images_are_empty():
    none = np.zeros((0, 7))
    assert len(curves.coverage_curve(none, np.zeros(0, int)).threshold) == 0
    assert curves.precision_recall_curves(none, np.zeros(0, int)) == {}
    assert curves.reliability_diagram(none, np.zeros(0, int)).count.sum() == 0
    agreement = curves.agreement_curve(np.array([True]), np.array([np.nan]))
    assert len(agreement.accuracy) == len(agreement.intervals) == 0


def test_precision_recall_by_hand():
    # scikit-learn's own example: scores 0.1, 0.4, 0.35, 0.8 of 0, 0, 1, 1 have 0.83.
    probs = np.zeros((4, 7))
    probs[:, 2] = [0.1, 0.4, 0.35, 0.8]
    curve = curves.precision_recall_curves(probs, np.array([0, 0, 2, 2]))["fear"]
    assert curve.recall == pytest.approx([0.5, 0.5, 1.0, 1.0])
    assert curve.precision == pytest.approx([1.0, 1 / 2, 2 / 3, 1 / 2])
    assert curve.average_precision == pytest.approx(0.5 + 0.5 * 2 / 3)


def test_average_precision_takes_ties_whole():
    probs = np.zeros((4, 7))
    probs[:, 5] = 0.3
    curve = curves.precision_recall_curves(probs, np.array([5, 0, 0, 0]))["surprise"]
    assert curve.average_precision == pytest.approx(0.25)


def test_a_label_without_images_has_no_precision_recall_curve():
    assert list(curves.precision_recall_curves(_probs((0, 0.6)), np.array([0]))) == ["angry"]


def test_agreement_bins_include_their_upper_edge():
    share = np.array([1.0, 0.6, 0.5, np.nan, 6 / 10 + 1e-9])
    curve = curves.agreement_curve(np.array([True, False, True, True, True]), share)
    assert curve.above.tolist() == [0.4, 0.5, 0.9] and curve.up_to.tolist() == [0.5, 0.6, 1.0]
    assert curve.count.tolist() == [1, 2, 1]
    assert curve.accuracy == pytest.approx([1.0, 0.5, 1.0])


@pytest.mark.parametrize(
    ("share", "n", "interval"),
    [
        (0.0, 10, (0.0, 0.2775)),
        (1.0, 10, (0.7225, 1.0)),
        (0.5, 10, (0.2366, 0.7634)),
        (0.5, 100, (0.4038, 0.5962)),
        (0.1, 10, (0.0179, 0.4042)),  # Newcombe (1998), as every table of Wilson's has it
    ],
)
def test_wilson_interval(share, n, interval):
    assert curves.wilson_interval(share, n) == pytest.approx(interval, abs=1e-4)


@pytest.mark.parametrize(
    ("only_first", "only_second", "p_value"),
    [
        (0, 0, 1.0),
        (1, 1, 1 - 0.5 / 2),
        (1, 5, 8 / 64),
        (1, 7, 0.0390625),  # Bentur et al. as worked by Fagerland et al. (2013)
        (7, 1, 0.0390625),
        (0, 3000, 0.0),
    ],
)
def test_mcnemar(only_first, only_second, p_value):
    assert mcnemar(only_first, only_second) == pytest.approx(p_value)


def test_mcnemar_agrees_with_the_normal_approximation_for_many_images():
    z = (10_000 - 9_800) / sqrt(19_800)
    assert mcnemar(9_800, 10_000) == pytest.approx(erfc(z / sqrt(2)), abs=1e-3)


def _predictions(rows, targets, answers):
    rows, targets = np.array(rows), np.array(targets)
    votes, agreement = np.full(len(rows), NO_MAJORITY), np.full(len(rows), np.nan)
    files = np.array([f"test/{LABELS[t]}/{r}.png" for r, t in zip(rows, targets, strict=True)])
    probs = _probs(*((answer, 0.3 + 0.1 * i) for i, answer in enumerate(answers)))
    return Predictions(rows, files, targets, probs, votes, agreement)


def test_models_are_compared_on_the_images_that_both_answered():
    first = _predictions([7, 3, 9, 4], [0, 1, 2, 3], [0, 1, 0, 0])
    second = _predictions([9, 1, 7, 4], [2, 5, 0, 3], [2, 5, 0, 0])
    found = compare(first, second)
    assert found.first.rows.tolist() == found.second.rows.tolist() == [4, 7, 9]
    assert found.both_right.tolist() == [False, True, False]
    assert found.only_second_right.tolist() == [False, False, True]
    assert found.both_wrong.tolist() == [True, False, False]
    assert not found.only_first_right.any()
    assert len(compare(first, _predictions([1], [0], [0]))) == 0


@pytest.mark.parametrize(
    ("true", "predicted", "expected"),
    [("angry", "happy", [3, 0]), ("angry", None, [3, 1, 0]), (None, "happy", [3, 2, 0]),
     ("fear", "angry", []), (None, None, [3, 2, 1, 0])],
)  # fmt: skip
def test_images_of_a_cell_come_most_confident_first(true, predicted, expected):
    found = _predictions([1, 2, 3, 4], [0, 0, 3, 0], [3, 0, 3, 3])
    assert found.of_cell(true, predicted).tolist() == expected
