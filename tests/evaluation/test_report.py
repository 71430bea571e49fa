"""`python -m fer evaluate` on small datasets that the tests make."""

import json

import numpy as np
import pandas as pd
import pytest

from fer.bundle import METRICS, ONNX, PREDICTIONS, Bundle
from fer.data.ferplus import VOTE_COLUMNS
from fer.data.folder import LabelledImages
from fer.errors import UserError
from fer.evaluation import bootstrap, report, results, summary
from fer.evaluation.metrics import confusion_matrix
from fer.labels import LABELS
from fer.spec import ModelSpec
from tests.support.bundles import write_toy_bundle
from tests.support.evaluated import run_evaluate, write_images

KEYS = {
    "accuracy", "balanced_accuracy", "macro_f1", "per_label", "confusion", "log_loss", "ece",
    "ferplus_accuracy", "accuracy_without_train_duplicates", "ms_per_face", "n", "split",
    "weights", "intervals",
}  # fmt: skip


@pytest.fixture
def bundle(tmp_path):
    return write_toy_bundle(tmp_path / "weights")


def test_a_lone_test_split_without_votes(bundle, tmp_path, capsys):
    data = write_images(tmp_path / "data", "test", 20, seed=3)
    assert run_evaluate(bundle, data, "test", "--json") == 0
    figures = json.loads(capsys.readouterr().out)
    assert figures.keys() >= KEYS
    assert (figures["split"], figures["weights"], figures["n"]) == ("test", "toy", 20)
    assert figures["ferplus_accuracy"] is None
    assert figures["accuracy_without_train_duplicates"] is None
    assert figures["judged_by"] == "original" and len(figures["notes"]) == 2
    assert np.sum(figures["confusion"]) == 20
    assert figures["accuracy"] == np.trace(figures["confusion"]) / 20
    assert figures["ms_per_face"] > 0 and figures["counts"]["ms_per_face"] == 200
    for name, (low, high) in figures["intervals"].items():
        assert low <= high, name
        assert name == "ece" or low <= figures[name] <= high, name


def test_files_of_the_bundle(bundle, tmp_path, capsys):
    data = write_images(tmp_path / "data", "test", 14, seed=3)
    write_images(data, "validation", 9, seed=4)
    assert not Bundle(bundle).current(METRICS)
    run_evaluate(bundle, data, "validation")
    run_evaluate(bundle, data, "test")
    run_evaluate(bundle, data, "test")  # again: replaced, not added
    metrics = json.loads((bundle / METRICS).read_text())
    assert {split: figures["n"] for split, figures in metrics.items()} == {
        "validation": 9,
        "test": 14,
    }
    table = pd.read_parquet(bundle / PREDICTIONS)
    assert list(table.columns[:11]) == ["split", "row", "file", "label", *LABELS]
    assert table["split"].value_counts().to_dict() == {"test": 14, "validation": 9}
    assert table["row"].tolist()[:2] == [4000, 4001] and table["row"].dtype == np.int64
    assert (table[list(LABELS)].dtypes == np.float32).all()
    probs = table[list(LABELS)].to_numpy()
    assert probs.sum(axis=1) == pytest.approx(np.ones(23), abs=1e-5)
    first = table.iloc[0]
    assert first["file"] == f"validation/{first['label']}/04000.png"
    right = np.array(LABELS)[probs[9:].argmax(axis=1)] == table["label"][9:]
    assert metrics["test"]["accuracy"] == pytest.approx(right.mean())
    assert set(Bundle(bundle).current(METRICS)) == {"test", "validation"}
    assert "toy on test: 14 of 14 images" in capsys.readouterr().out


def test_figures_of_other_weights_are_found(bundle, tmp_path, capsys):
    data = write_images(tmp_path / "data", "test", 8, seed=3)
    write_images(data, "validation", 8, seed=4)
    run_evaluate(bundle, data, "test")
    write_toy_bundle(bundle.parent, seed=1)
    assert report.stale_splits(Bundle(bundle)) == ("test",)
    run_evaluate(bundle, data, "validation")
    assert "figures of test belong to an earlier model.onnx" in capsys.readouterr().err
    run_evaluate(bundle, data, "test")
    assert report.stale_splits(Bundle(bundle)) == ()
    (bundle / ONNX).unlink()
    assert report.stale_splits(Bundle(bundle)) == ("test", "validation")


def test_copies_of_training_images_are_left_out(bundle, tmp_path, capsys):
    data = write_images(tmp_path / "data", "validation", 12, seed=4)
    write_images(data, "train", 10, seed=5)
    images = data / "images"
    copy = images / "train" / "happy" / "09999.png"  # another label: the pixels decide
    copy.write_bytes((images / "validation" / "angry" / "04000.png").read_bytes())
    run_evaluate(bundle, data, "validation", "--json")
    figures = json.loads(capsys.readouterr().out)
    assert figures["counts"]["accuracy_without_train_duplicates"] == 11
    run_evaluate(bundle, data, "train", "--json")
    assert json.loads(capsys.readouterr().out)["accuracy_without_train_duplicates"] is None


@pytest.mark.parametrize("name", [METRICS, PREDICTIONS])
def test_damaged_files_are_written_anew(bundle, tmp_path, name):
    data = write_images(tmp_path / "data", "test", 7, seed=3)
    (bundle / name).write_text("{ not what it should be")
    assert run_evaluate(bundle, data, "test") == 0
    assert set(Bundle(bundle).current(METRICS)) == {"test"}
    assert len(pd.read_parquet(bundle / PREDICTIONS)) == 7


def test_a_bundle_that_cannot_be_written_still_prints(bundle, tmp_path, capsys):
    data = write_images(tmp_path / "data", "test", 7, seed=3)
    (bundle / f"part-{PREDICTIONS}").mkdir()
    assert run_evaluate(bundle, data, "test", "--json") == 0
    printed = capsys.readouterr()
    assert json.loads(printed.out)["n"] == 7
    assert printed.err.startswith("warning: The figures are not saved: ")
    assert not (bundle / METRICS).exists()


@pytest.mark.parametrize(
    ("data", "split", "weights", "words"),
    [
        ("nowhere", "test", "toy", "nowhere"),
        ("data", "validation", "toy", "no split 'validation'"),
        ("data", "test", "missing", "no bundle"),
        ("data", "empty", "toy", "empty"),
    ],
)
def test_mistakes_are_one_sentence(bundle, tmp_path, data, split, weights, words, capsys):
    write_images(tmp_path / "data", "test", 7, seed=3)
    (tmp_path / "data" / "images" / "empty" / "happy").mkdir(parents=True)
    assert run_evaluate(bundle.parent / weights, tmp_path / data, split) == 2
    said = capsys.readouterr().err
    assert words in said and said.count("\n") == 1


def _images(targets, votes):
    n = len(targets)
    return LabelledImages(
        pixels=np.zeros((n, 48, 48), np.uint8),
        targets=np.array(targets),
        rows=np.arange(n),
        files=tuple(f"validation/happy/{i}.png" for i in range(n)),
        votes=None if votes is None else np.array(votes),
    )


def _votes(**counts):
    return [counts.get(column, 0) for column in VOTE_COLUMNS]


ANNOTATED = _images(
    [LABELS.index(label) for label in ("fear", "happy", "sad", "angry", "neutral")],
    [
        _votes(surprise=8, fear=2),
        _votes(happiness=10),
        _votes(sadness=5, neutral=5),  # a tie: no majority
        _votes(contempt=6, anger=4),  # the most votes went to no label of ours
        _votes(neutral=9, sadness=1),
    ],
)
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


@pytest.mark.parametrize("votes", [None, [_votes()] * 5])
def test_a_consensus_bundle_without_votes_says_that_labels_judge_it(votes):
    images = _images(ANNOTATED.targets, votes)
    figures = _measure(ModelSpec("toy", "toy", judged_by="ferplus"), images)
    assert (figures["judged_by"], figures["n"]) == ("original", 5)
    assert figures["accuracy"] == pytest.approx(3 / 5)
    assert figures["ferplus_accuracy"] is None and "ferplus_accuracy" not in figures["intervals"]
    assert "folder labels" in figures["notes"][0]


def test_predictions_carry_majority_and_agreement():
    probs = np.full((5, 7), 1 / 7, np.float32)
    table = report.predictions_table("validation", ANNOTATED, probs)
    assert table["ferplus"].isna().tolist() == [False, False, True, True, False]
    assert table["ferplus"][0] == "surprise"
    assert table["agreement"].tolist() == pytest.approx([0.8, 1.0, 0.5, 0.6, 0.9])


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
def test_damaged_entries_are_named(bundle, damage, named):
    entry = _measure(ModelSpec("toy", "toy"))
    Bundle(bundle).write(METRICS, {"validation": entry})
    assert results.read_metrics(Bundle(bundle))["validation"]["n"] == 5
    damage(entry)
    Bundle(bundle).write(METRICS, {"validation": entry})
    with pytest.raises(UserError, match=rf"'validation'.*{named}.*fer evaluate"):
        results.read_metrics(Bundle(bundle))


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


def test_images_reach_the_network_as_grey_levels_of_its_own_size():
    class Recorder:
        spec = ModelSpec("small", "small", input_size=24)

        def __call__(self, crops):
            self.crops = crops
            return np.full((len(crops), 7), 1 / 7, np.float32), None

    recorder, pixels = Recorder(), np.zeros((3, 48, 48), np.uint8)
    pixels[1, :, 24:] = 200
    report.predict(recorder, pixels)
    assert recorder.crops.shape == (3, 24, 24, 1) and recorder.crops.dtype == np.float32
    assert (recorder.crops[1, :, 12:] == 200).all() and not recorder.crops[1, :, :12].any()
    recorder.spec = ModelSpec("usual", "usual")
    report.predict(recorder, pixels)
    assert (recorder.crops[..., 0] == pixels).all()


@pytest.mark.parametrize("label", [0, 6])
@pytest.mark.parametrize("unsure_below", [0.0, 1.0])
def test_one_image_is_enough_and_its_json_is_valid(label, unsure_below):
    probs = np.full((1, 7), 0.1, np.float32)
    probs[0, 0] = 0.4
    spec = ModelSpec("toy", "toy", unsure_below=unsure_below)
    figures = results.measure(probs, _images([label], None), None, spec, np.array([1.0]))
    text = json.dumps(figures, allow_nan=False)
    assert json.loads(text)["accuracy"] == float(label == 0)
    assert figures["accuracy_at_75_coverage"] == figures["accuracy"]
    assert (figures["accuracy_when_sure"] is None) == (unsure_below == 1.0)


def test_answers_that_are_no_probabilities_are_refused():
    class Broken:
        spec = ModelSpec("broken", "broken")

        def __call__(self, crops):
            return np.full((len(crops), 7), np.nan, np.float32), None

    with pytest.raises(UserError, match="does not answer with probabilities"):
        report.predict(Broken(), np.zeros((3, 48, 48), np.uint8))


def test_the_identity_of_a_dataset_covers_labels_and_pixels():
    one = report.dataset_sha256(ANNOTATED)
    assert one == report.dataset_sha256(ANNOTATED) and len(one) == 64
    assert one != report.dataset_sha256(_images([0, 0, 0, 0, 0], None))


def test_the_spec_says_who_judges(bundle):
    Bundle(bundle).write_spec(ModelSpec("toy", "toy", judged_by="ferplus"))
    assert Bundle(bundle).spec.judged_by == "ferplus"
    with pytest.raises(ValueError, match="judged_by"):
        ModelSpec("toy", "toy", judged_by="me")
