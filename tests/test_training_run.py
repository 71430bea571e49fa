"""Whole training runs on a toy dataset: it learns, survives a kill, exports, keeps its word."""

import csv
import json
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import onnxruntime
import pytest

from fer.bundle import (
    HISTORY,
    MODEL_KERAS,
    MODEL_ONNX,
    ONNX_INPUT,
    ONNX_MAPS,
    ONNX_PROBABILITIES,
    QUANTIZATION,
    TRAIN,
    read_spec,
)
from fer.cli import main
from fer.data.folder import load_split
from fer.errors import UserError
from fer.evaluation import quantize as quantizing
from fer.training import export as exporting
from fer.training import loop
from fer.training.architecture import LABEL_HEAD, VOTE_HEAD, Architecture
from fer.training.augment import mix
from fer.training.config import Augmentation, TrainConfig
from fer.training.export import export, validation_faces
from fer.training.loop import Trainer
from fer.training.state import CHECKPOINT
from fer.training.targets import blend_teachers, make_training_set
from fer.training.train import train
from fer.vision.classify import Classifier
from tests.toy_dataset import write_toy_dataset

ROOT = Path(__file__).resolve().parent.parent
# Zoom would turn one period of stripes into another, so the toy labels forbid it.
TINY = TrainConfig(
    epochs=8,
    batch_size=20,
    learning_rate=0.1,
    warmup_epochs=1,
    averaging=0.8,
    dropout=0.0,
    sizes=((0.0, 48),),
    precision="float32",
    architecture=Architecture(stem=8, widths=(16, 16), depths=(1, 1), squeeze=4),
    augmentation=Augmentation(rotation=5, zoom=0, stretch=0, erase_probability=0.2),
)


@pytest.fixture(scope="module")
def dataset(tmp_path_factory) -> Path:
    return write_toy_dataset(tmp_path_factory.mktemp("toy"), train=40)


@pytest.fixture(scope="module")
def run(dataset, tmp_path_factory) -> Path:
    """A finished run with both bundles: ``<run>/fer`` and ``<run>/votes``."""
    folder = tmp_path_factory.mktemp("run")
    train(dataset, folder / "fer", TINY, consensus=folder / "votes")
    return folder


def _history(bundle: Path) -> list[dict[str, str]]:
    with (bundle / HISTORY).open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_it_learns_a_separable_set(run, dataset):
    validation = load_split(dataset, "validation")
    for name in ("fer", "votes"):
        model = keras.saving.load_model(run / name / MODEL_KERAS)
        probabilities = np.asarray(model(validation.pixels[..., None].astype(np.float32))[0])
        assert (probabilities.argmax(1) == validation.targets).mean() > 0.9


def test_the_bundle_tells_how_it_was_made(run):
    for name, title, judge in (
        ("fer", "original labels", "original"),
        ("votes", "consensus of ten", "ferplus"),
    ):
        spec = read_spec(run / name)
        assert (spec.name, spec.title, spec.judged_by) == (name, title, judge)
        assert spec.parameters > 0
        assert spec.multiply_adds > 0
        made = json.loads((run / name / TRAIN).read_text(encoding="utf-8"))
        assert made["config"]["epochs"] == made["epochs_done"] == TINY.epochs
        assert 1 <= made["best_epoch"] <= TINY.epochs
        assert made["versions"]["tensorflow"]
        assert made["machine"]["threads"] >= 1
        history = _history(run / name)
        assert [int(entry["epoch"]) for entry in history] == list(range(1, TINY.epochs + 1))
        scores = [float(entry[made["selected_by"]]) for entry in history]
        assert scores[made["best_epoch"] - 1] == max(scores)


def test_teachers_change_the_targets_by_their_share(run, dataset):
    images = make_training_set(load_split(dataset, "train"), smoothing=0.0)
    teacher = str(run / "fer")
    blended = blend_teachers(images, [teacher, teacher], 0.25)
    model = keras.saving.load_model(run / "fer" / MODEL_KERAS)
    views = (images.pixels, images.pixels[:, :, ::-1])
    answers = np.mean([model(view.astype(np.float32))[0] for view in views], axis=0)
    np.testing.assert_allclose(blended.labels, 0.75 * images.labels + 0.25 * answers, atol=1e-5)
    assert blend_teachers(images, [], 0.25) is images


def test_mixup_blends_what_is_learned(dataset, tmp_path, monkeypatch):
    """Faces, labels and votes go through one blend, and only where a recipe asks for it."""
    seen = []

    def watched(arrays, alpha, strength, seed):
        seen.append(([array.shape[1:] for array in arrays], alpha))
        return mix(arrays, alpha, strength, seed)

    monkeypatch.setattr(loop, "mix", watched)
    for mixup in (0.0, 0.5):
        config = replace(TINY, epochs=1, augmentation=replace(TINY.augmentation, mixup=mixup))
        (epoch,) = train(dataset, tmp_path / f"{mixup}", config)
        assert np.isfinite(epoch["train_loss"])
    size = TINY.image_size(0)
    assert seen and all(each == ([(size, size, 1), (7,), (7,)], 0.5) for each in seen)


def test_a_step_uphill_has_its_length_and_is_taken_back(dataset):
    """Sharpness-aware: the gradient is that of weights ``sharpness`` further up the slope."""
    images = make_training_set(load_split(dataset, "train"), smoothing=0.1)
    trainer = Trainer(replace(TINY, learning_rate=0.0, sharpness=0.1), images)
    before = [np.array(variable) for variable in trainer.model.trainable_variables]
    batch = [images.pixels.astype(np.float32), images.labels, images.votes, images.votes.sum(1)]
    level = trainer._losses(*batch)[0]
    steps = trainer._climb(*batch)
    assert np.sqrt(sum(np.square(step).sum() for step in steps)) == pytest.approx(0.1, rel=1e-4)
    assert trainer._losses(*batch)[0] > level
    for variable, value in zip(trainer.model.trainable_variables, before, strict=True):
        variable.assign(value)
    trainer.run_epoch(0)
    for variable, value in zip(trainer.model.trainable_variables, before, strict=True):
        np.testing.assert_allclose(variable, value, atol=1e-6)


def test_the_step_uphill_changes_what_is_learned(dataset, tmp_path):
    losses = [
        train(dataset, tmp_path / f"{radius}", replace(TINY, epochs=2, sharpness=radius))[1]
        for radius in (0.0, 0.5)
    ]
    assert losses[0]["train_loss"] != losses[1]["train_loss"]


def test_new_weights_leave_no_older_model_file_to_be_served(run, dataset, tmp_path):
    (tmp_path / MODEL_ONNX).write_bytes(b"of other weights")
    train(dataset, tmp_path, replace(TINY, epochs=1, title="small"))
    assert read_spec(tmp_path).title == "small"
    assert (tmp_path / MODEL_KERAS).exists() and not (tmp_path / MODEL_ONNX).exists()


def test_a_second_bundle_cannot_join_a_run_in_the_middle(run, dataset, tmp_path):
    bundle = tmp_path / "fer"
    shutil.copytree(run / "fer", bundle)
    with pytest.raises(UserError, match="same --consensus"):
        train(dataset, bundle, TINY, consensus=tmp_path / "late", resume=True)


@pytest.mark.parametrize(
    "told", ['{"config": 5}', '{"learning_rate": "fast"}', '{"epochs": 2.5}', "[]"]
)
def test_settings_that_are_none_are_a_sentence(dataset, tmp_path, told, capsys):
    (tmp_path / "told.json").write_text(told, encoding="utf-8")
    options = ["--data", str(dataset), "--out", str(tmp_path / "out")]
    assert main(["train", *options, "--config", str(tmp_path / "told.json")]) == 2
    assert capsys.readouterr().err.startswith("error: ")


def test_a_folder_that_cannot_be_made_is_a_sentence(dataset, tmp_path, capsys):
    (tmp_path / "file").touch()
    assert main(["train", "--data", str(dataset), "--out", str(tmp_path / "file" / "x")]) == 2
    assert "cannot be made" in capsys.readouterr().err


def test_eight_bits_answer_alike_and_calibrate(run, dataset, tmp_path, monkeypatch, capsys):
    bundle = tmp_path / "fer"
    shutil.copytree(run / "fer", bundle)
    assert main(["export", str(bundle), "--data", str(dataset)]) == 0
    pixels = load_split(dataset, "validation").pixels[..., None].astype(np.float32)
    exact = Classifier(bundle, read_spec(bundle))(pixels)[0]
    float_file = (bundle / MODEL_ONNX).read_bytes()
    quantize_it = ["quantize", str(bundle), "--data", str(dataset)]
    monkeypatch.setattr(quantizing, "MIN_GAIN", 1e6)  # a toy gains little, and by chance
    assert main(quantize_it) == 2
    assert "stays as it was" in capsys.readouterr().err
    assert (bundle / MODEL_ONNX).read_bytes() == float_file
    monkeypatch.setattr(quantizing, "MIN_GAIN", 0.0)
    assert main(quantize_it) == 0
    rounded = Classifier(bundle, read_spec(bundle))(pixels)[0]
    assert (rounded.argmax(1) == exact.argmax(1)).mean() > 0.95
    assert 0 < np.abs(rounded - exact).max() < 0.2
    told = json.loads((bundle / QUANTIZATION).read_text(encoding="utf-8"))
    assert told["n"] == len(pixels) and told["bytes_float"] == len(float_file)
    assert sorted(path.suffix for path in bundle.glob("*.onnx")) == [".onnx"]
    assert main(quantize_it) == 2
    assert "quantised already" in capsys.readouterr().err
    calibrate_it = ["calibrate", "--data", str(dataset), "--weights", str(bundle)]
    assert main(calibrate_it) == 0
    calibrated = read_spec(bundle)
    assert calibrated.temperature != 1.0
    # The other order: what calibration put into the file is still there to be replaced.
    assert main(["export", str(bundle), "--data", str(dataset)]) == 0
    for command in (calibrate_it, quantize_it, calibrate_it):
        assert main(command) == 0
    again = read_spec(bundle)
    assert again.temperature == pytest.approx(calibrated.temperature, rel=0.05)
    assert again.offsets == pytest.approx(calibrated.offsets, abs=0.1)
    assert main(["export", str(bundle), "--data", str(dataset)]) == 0
    assert not (bundle / QUANTIZATION).exists()


def test_a_run_begins_with_the_weights_it_is_told(run, dataset):
    images = make_training_set(load_split(dataset, "train"), smoothing=0.0)
    trainer = Trainer(replace(TINY, seed=7), images)
    for name in ("votes", "fer"):
        trainer.start_from(keras.saving.load_model(run / name / MODEL_KERAS))
    for name, head in (("fer", LABEL_HEAD), ("votes", VOTE_HEAD)):
        shipped = keras.saving.load_model(run / name / MODEL_KERAS)
        for network in (trainer.model, trainer.averaged):
            for mine, theirs in zip(
                network.get_layer(head).get_weights(),
                shipped.get_layer(head).get_weights(),
                strict=True,
            ):
                np.testing.assert_array_equal(mine, theirs)
    fer = keras.saving.load_model(run / "fer" / MODEL_KERAS)
    stem = trainer.model.get_layer("stem").get_weights()[0]
    np.testing.assert_array_equal(stem, fer.get_layer("stem").get_weights()[0])


def test_weights_of_another_architecture_are_refused(run, dataset, tmp_path):
    wider = replace(
        TINY,
        architecture=replace(TINY.architecture, stem=16),
        start=(str(run / "fer"),),
    )
    with pytest.raises(UserError, match="do not fit this network"):
        train(dataset, tmp_path / "out", wider)


def test_a_bundle_tells_the_command_line_how_to_train_again(run, dataset, tmp_path):
    out = tmp_path / "again"
    told = ["--config", str(run / "fer" / TRAIN), "--epochs", "1", "--start", str(run / "fer")]
    assert main(["train", "--data", str(dataset), "--out", str(out), *told]) == 0
    made = json.loads((out / TRAIN).read_text(encoding="utf-8"))["config"]
    first = json.loads((run / "fer" / TRAIN).read_text(encoding="utf-8"))["config"]
    assert made == first | {"epochs": 1, "start": [str(run / "fer")]}


def test_images_without_votes_teach_the_vote_head_nothing(dataset):
    images = make_training_set(load_split(dataset, "train"), smoothing=0.1)
    trainer = Trainer(TINY, replace(images, votes=np.zeros_like(images.votes)))
    trainer.run_epoch(0)
    label_bias, vote_bias = (
        trainer.model.get_layer(head).get_weights()[1] for head in (LABEL_HEAD, VOTE_HEAD)
    )
    assert np.abs(label_bias).max() > 0
    np.testing.assert_array_equal(vote_bias, np.zeros(7))


_RUN_AND_DIE = """
import os, signal, sys
from tests.test_training_run import TINY
from fer.training.train import train
data, out = sys.argv[1:]
def report(epoch):
    if epoch["epoch"] == 3:
        os.kill(os.getpid(), signal.SIGKILL)
train(data, out, TINY, report=report)
"""


def test_a_killed_run_resumes_as_if_nothing_had_happened(run, dataset, tmp_path):
    out = tmp_path / "fer"
    killed = subprocess.run(
        [sys.executable, "-c", _RUN_AND_DIE, str(dataset), str(out)], cwd=ROOT, check=False
    )
    assert killed.returncode == -signal.SIGKILL
    assert len(_history(out)) == 3
    # What a kill in the middle of a write leaves behind must not matter.
    (out / f"{CHECKPOINT}.part").write_bytes(b"half a checkpoint")
    history = train(dataset, out, TINY, resume=True)
    straight = _history(run / "fer")
    for key in ("epoch", "learning_rate", "train_loss", "validation_accuracy"):
        expected = [float(entry[key]) for entry in straight]
        np.testing.assert_allclose([entry[key] for entry in history], expected, atol=2e-3)


@pytest.mark.parametrize(
    ("prepare", "resume", "message"),
    [
        (lambda out: None, True, "nothing to resume"),
        (lambda out: (out / CHECKPOINT).write_bytes(b"junk"), True, "damaged"),
        (lambda out: (out / CHECKPOINT).write_bytes(b""), True, "damaged"),
        (lambda out: (out / CHECKPOINT).write_bytes(b"PK\3\4half"), True, "damaged"),
        (lambda out: np.savez(out / CHECKPOINT, meta=np.array('{"epoch": 1}')), True, "damaged"),
        (lambda out: (out / CHECKPOINT).write_bytes(b"junk"), False, "go on with --resume"),
    ],
)
def test_a_checkpoint_that_does_not_fit_is_refused(dataset, tmp_path, prepare, resume, message):
    prepare(tmp_path)
    with pytest.raises(UserError, match=message):
        train(dataset, tmp_path, TINY, resume=resume)


def test_a_checkpoint_older_than_some_settings_resumes(run, dataset, tmp_path):
    shutil.copytree(run / "fer", tmp_path / "fer")
    path = tmp_path / "fer" / CHECKPOINT
    with np.load(path) as file:
        contents = dict(file)
    meta = json.loads(str(contents["meta"]))
    del meta["config"]["title"], meta["config"]["augmentation"]["mixup"]
    contents["meta"] = np.array(json.dumps(meta))
    np.savez(path, **contents)
    assert len(train(dataset, tmp_path / "fer", TINY, resume=True)) == TINY.epochs


def test_resuming_with_other_settings_names_them(run, dataset, tmp_path):
    shutil.copytree(run / "fer", tmp_path / "fer")
    other = TrainConfig(epochs=9)
    with pytest.raises(UserError, match=r"epochs 8 → 9"):
        train(dataset, tmp_path / "fer", other, resume=True)


def test_consensus_needs_votes(tmp_path):
    data = write_toy_dataset(tmp_path / "data", train=1, validation=1, votes=False)
    with pytest.raises(UserError, match="--ferplus"):
        train(data, tmp_path / "fer", TINY, consensus=tmp_path / "votes")


def test_export_agrees_with_keras_and_follows_the_contract(run, dataset, capsys):
    assert main(["export", str(run / "fer"), "--data", str(dataset)]) == 0
    assert "differs from Keras by at most" in capsys.readouterr().out
    session = onnxruntime.InferenceSession(run / "fer" / MODEL_ONNX)
    assert [value.name for value in session.get_inputs()] == [ONNX_INPUT]
    assert [value.name for value in session.get_outputs()] == [ONNX_PROBABILITIES, ONNX_MAPS]
    faces = validation_faces(dataset, 48, count=5)
    probabilities, maps = session.run(None, {ONNX_INPUT: faces[..., None].astype(np.float32)})
    model = keras.saving.load_model(run / "fer" / MODEL_KERAS)
    expected = model(faces[..., None].astype(np.float32))
    np.testing.assert_allclose(probabilities, expected[0], atol=1e-4)
    np.testing.assert_allclose(maps, expected[1], atol=1e-4)
    assert read_spec(run / "fer").opset > 0


def test_the_mean_of_two_bundles_is_that_of_their_weights(run, dataset, tmp_path):
    other = tmp_path / "other"
    train(dataset, other, replace(TINY, epochs=1, start=(str(run / "fer"),), seed=5))
    out = tmp_path / "mean"
    assert main(["average", str(run / "fer"), str(other), "--out", str(out)]) == 0
    models = [keras.saving.load_model(each / MODEL_KERAS) for each in (run / "fer", other, out)]
    for first, second, mean in zip(*(model.get_weights() for model in models), strict=True):
        np.testing.assert_allclose(mean, (first + second) / 2, atol=1e-6)
    made = json.loads((out / TRAIN).read_text(encoding="utf-8"))
    assert made["averaged"] == [str(run / "fer"), str(other)]
    assert read_spec(out).name == "mean"
    assert _history(out) == _history(run / "fer")


def test_networks_that_differ_or_stand_alone_have_no_mean(run, dataset, tmp_path, capsys):
    wide = replace(TINY, epochs=1, architecture=replace(TINY.architecture, stem=6))
    train(dataset, tmp_path / "wide", wide)
    for others, said in (([], "two bundles"), ([str(tmp_path / "wide")], "different shapes")):
        assert main(["average", str(run / "fer"), *others, "--out", str(tmp_path / "mean")]) == 2
        assert said in capsys.readouterr().err
    assert not (tmp_path / "mean").exists()


def test_the_mirror_gives_a_face_and_its_mirror_image_one_answer(run, dataset, tmp_path):
    bundle = shutil.copytree(run / "fer", tmp_path / "fer")
    faces = validation_faces(dataset, 48)
    export(bundle, faces)
    plain = Classifier(bundle, read_spec(bundle))
    pixels = faces[..., None].astype(np.float32)
    apart = [plain(view, maps=True) for view in (pixels, pixels[:, :, ::-1])]
    work = read_spec(bundle).multiply_adds
    for _ in range(2):  # a second export finds the same
        export(bundle, faces, mirror=True)
    spec = read_spec(bundle)
    assert (spec.views, spec.multiply_adds) == (2, 2 * work)
    both = Classifier(bundle, spec)
    for view in (pixels, pixels[:, :, ::-1]):
        expected = np.sqrt(apart[0][0] * apart[1][0])  # the mean of the logits
        expected /= expected.sum(axis=1, keepdims=True)
        np.testing.assert_allclose(both(view)[0], expected, atol=1e-4)
    maps = (apart[0][1] + apart[1][1][..., ::-1]) / 2
    np.testing.assert_allclose(both(pixels, maps=True)[1], maps, atol=1e-4)
    np.testing.assert_allclose(both(pixels[:1])[0], both(pixels)[0][:1], atol=1e-5)


def test_export_refuses_a_file_that_answers_differently(run, dataset, tmp_path, monkeypatch):
    bundle = shutil.copytree(run / "fer", tmp_path / "fer")
    (bundle / MODEL_ONNX).write_bytes(b"the older file")
    monkeypatch.setattr(exporting, "TOLERANCE", 0.0)
    with pytest.raises(UserError, match="differ by"):
        export(bundle, validation_faces(dataset, 48))
    assert (bundle / MODEL_ONNX).read_bytes() == b"the older file"
    assert not list(bundle.glob("part-*"))


@pytest.mark.parametrize("damage", ["missing", "truncated"])
def test_export_says_which_file_is_damaged(run, dataset, tmp_path, damage):
    bundle = shutil.copytree(run / "fer", tmp_path / "fer")
    path = bundle / MODEL_KERAS
    if damage == "missing":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(UserError, match=r"model\.keras"):
        export(bundle, validation_faces(dataset, 48))


def test_the_command_line_reports_mistakes_in_one_sentence(tmp_path, capsys):
    out = str(tmp_path / "out")
    assert main(["train", "--data", str(tmp_path / "nowhere"), "--out", out]) == 2
    error = capsys.readouterr().err
    assert "nowhere" in error
    assert "Traceback" not in error
