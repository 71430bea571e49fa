"""`python -m fer evaluate` on small datasets that the tests make."""

import json

import numpy as np
import pandas as pd
import pytest

from fer.bundle import METRICS, ONNX, PREDICTIONS, Bundle
from fer.errors import UserError
from fer.evaluation import report
from fer.labels import LABELS
from fer.spec import ModelSpec
from tests.support.annotated import ANNOTATED, labelled_images
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


def test_predictions_carry_majority_and_agreement():
    probs = np.full((5, 7), 1 / 7, np.float32)
    table = report.predictions_table("validation", ANNOTATED, probs)
    assert table["ferplus"].isna().tolist() == [False, False, True, True, False]
    assert table["ferplus"][0] == "surprise"
    assert table["agreement"].tolist() == pytest.approx([0.8, 1.0, 0.5, 0.6, 0.9])


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
    assert one != report.dataset_sha256(labelled_images([0, 0, 0, 0, 0], None))


def test_the_spec_says_who_judges(bundle):
    Bundle(bundle).write_spec(ModelSpec("toy", "toy", judged_by="ferplus"))
    assert Bundle(bundle).spec.judged_by == "ferplus"
    with pytest.raises(ValueError, match="judged_by"):
        ModelSpec("toy", "toy", judged_by="me")
