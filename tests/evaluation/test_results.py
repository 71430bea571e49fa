"""The figures of a split: who judges, what they are, their intervals, and damaged ones."""

import json

import numpy as np
import pytest

from fer.bundle import METRICS, Bundle
from fer.errors import UserError
from fer.evaluation import bootstrap, results, summary
from fer.evaluation.metrics import confusion_matrix
from fer.labels import LABELS
from fer.spec import ModelSpec
from tests.support.annotated import ANNOTATED, labelled_images, ten_votes
from tests.support.bundles import write_toy_bundle

KEYS = {
    "accuracy", "balanced_accuracy", "macro_f1", "per_label", "confusion", "log_loss", "ece",
    "ferplus_accuracy", "accuracy_without_train_duplicates", "ms_per_face", "n", "split",
    "weights", "intervals",
}  # fmt: skip


PREDICTED = ("surprise", "happy", "sad", "angry", "sad")


def _measure(spec, images=ANNOTATED, copies=None):
    probs = np.full((len(images), 7), 0.05, np.float32)
    for row, label in zip(probs, PREDICTED, strict=True):
        row[LABELS.index(label)] = 0.7
    return results.measure(probs, images, copies, spec, np.array([3.0, 4.0, 5.0]))


def test_original_labels_judge_by_default():
    figures = _measure(ModelSpec("toy", "toy"), copies=np.array([True, False, False, False, False]))
    assert (figures["judged_by"], figures["n"], figures["n_images"]) == ("original", 5, 5)
    assert figures["accuracy"] == figures["original_accuracy"] == pytest.approx(3 / 5)
    assert figures["ferplus_accuracy"] == pytest.approx(2 / 3)
    assert figures["accuracy_without_train_duplicates"] == pytest.approx(3 / 4)
    assert figures["ferplus_accuracy_without_train_duplicates"] == pytest.approx(1 / 2)
    assert figures["counts"]["ferplus_accuracy"] == 3
    assert figures["ms_per_face"] == 4.0


def test_votes_judge_a_consensus_bundle():
    spec = ModelSpec("toy", "toy", judged_by="ferplus")
    figures = _measure(spec, copies=np.array([True, False, True, False, False]))
    assert (figures["judged_by"], figures["n"], figures["n_images"]) == ("ferplus", 3, 5)
    assert figures["accuracy"] == figures["ferplus_accuracy"] == pytest.approx(2 / 3)
    assert figures["original_accuracy"] == pytest.approx(3 / 5)
    assert figures["accuracy_without_train_duplicates"] == pytest.approx(1 / 2)
    assert figures["per_label"]["surprise"]["support"] == 1
    assert figures["per_label"]["angry"]["recall"] is None
    assert sum(map(sum, figures["confusion"])) == 3


@pytest.mark.parametrize("votes", [None, [ten_votes()] * 5])
def test_a_consensus_bundle_without_votes_says_that_labels_judge_it(votes):
    images = labelled_images(ANNOTATED.targets, votes)
    figures = _measure(ModelSpec("toy", "toy", judged_by="ferplus"), images)
    assert (figures["judged_by"], figures["n"]) == ("original", 5)
    assert figures["accuracy"] == pytest.approx(3 / 5)
    assert figures["ferplus_accuracy"] is None and "ferplus_accuracy" not in figures["intervals"]
    assert "folder labels" in figures["notes"][0]


@pytest.mark.parametrize(
    ("damage", "named"),
    [
        (lambda entry: entry.update(accuracy="0.7"), "accuracy"),
        (lambda entry: entry.update(ece=True), "ece"),
        (lambda entry: entry.update(judged_by="me"), "judged_by"),
        (lambda entry: entry.update(intervals={}), "intervals"),
        (lambda entry: entry["confusion"].pop(), "confusion"),
        (lambda entry: entry["per_label"].pop("fear"), "per_label"),
        (lambda entry: entry["per_label"]["fear"].pop("recall"), "per_label.fear.recall"),
        (lambda entry: entry.clear(), "Field required"),
    ],
)
def test_damaged_entries_are_named(tmp_path, damage, named):
    bundle = Bundle(write_toy_bundle(tmp_path))
    entry = _measure(ModelSpec("toy", "toy"))
    bundle.write(METRICS, {"validation": entry})
    assert results.read_metrics(bundle)["validation"]["n"] == 5
    damage(entry)
    bundle.write(METRICS, {"validation": entry})
    with pytest.raises(UserError, match=rf"'validation'.*{named}.*fer evaluate"):
        results.read_metrics(bundle)


def test_scores_of_a_label_that_are_undefined_are_left_out():
    entry = _measure(ModelSpec("toy", "toy"))
    scores = results.label_intervals(entry)
    assert "disgust" not in scores
    value, low, high = scores["happy"]["recall"]
    assert low <= value <= high and value == entry["per_label"]["happy"]["recall"]


def test_the_unsure_threshold_is_measured():
    probs = np.full((4, 7), 0.02, np.float32)
    probs[np.arange(4), [0, 1, 2, 3]] = [0.88, 0.6, 0.5, 0.4]
    found = summary.probability_estimates(probs, np.array([0, 1, 0, 0]), 0.55)
    assert found["coverage"].value == 0.5 and found["accuracy_when_sure"].value == 1.0
    assert found["accuracy_when_sure"].n == 2
    assert found["accuracy_at_75_coverage"].value == pytest.approx(2 / 3)
    nobody = summary.probability_estimates(probs, np.array([0, 1, 0, 0]), 0.9)
    assert nobody["coverage"].value == 0.0 and nobody["accuracy_when_sure"] is None


def test_intervals_are_those_of_the_binomial():
    """400 right of 500: the normal approximation gives 0.80 ± 0.035."""
    right = np.arange(500) < 400
    shared = bootstrap.share_estimate(right)
    confusion = confusion_matrix(np.zeros(500, int), np.where(right, 0, 1))
    # With one label, its recall, and so the balanced accuracy, is the accuracy.
    from_confusion = summary.confusion_estimates(confusion)["balanced_accuracy"]
    for estimate in (shared, from_confusion):
        assert estimate.value == 0.8 and estimate.n == 500
        assert (estimate.low, estimate.high) == pytest.approx((0.765, 0.835), abs=0.005)
    assert bootstrap.share_estimate(np.zeros(0, bool)) is None


def test_resampled_images_are_drawn_with_replacement():
    chunks = list(bootstrap.resample_images(30))
    counts = np.concatenate(chunks)
    assert counts.shape == (bootstrap.RESAMPLES, 30)
    assert (counts.sum(axis=1) == 30).all()
    assert counts.mean(axis=0) == pytest.approx(np.ones(30), abs=0.15)
    assert counts.var() == pytest.approx(1 - 1 / 30, abs=0.03)
    assert (np.concatenate(list(bootstrap.resample_images(30))) == counts).all()


@pytest.mark.parametrize("label", [0, 6])
@pytest.mark.parametrize("unsure_below", [0.0, 1.0])
def test_one_image_is_enough_and_its_json_is_valid(label, unsure_below):
    probs = np.full((1, 7), 0.1, np.float32)
    probs[0, 0] = 0.4
    spec = ModelSpec("toy", "toy", unsure_below=unsure_below)
    figures = results.measure(probs, labelled_images([label], None), None, spec, np.array([1.0]))
    text = json.dumps(figures, allow_nan=False)
    assert json.loads(text)["accuracy"] == float(label == 0)
    assert figures["accuracy_at_75_coverage"] == figures["accuracy"]
    assert (figures["accuracy_when_sure"] is None) == (unsure_below == 1.0)
