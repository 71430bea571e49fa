"""Whole training runs on a toy dataset: it learns, exports, refuses what it cannot do."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest

from fer.bundle import KERAS, ONNX, TRAIN, Bundle
from fer.cli import main
from fer.data.folder import FolderDataset
from fer.errors import UserError
from fer.training import loop
from fer.training.architecture import LABEL_HEAD, VOTE_HEAD
from fer.training.augment import mix
from fer.training.keras_file import load_keras, save_keras
from fer.training.loop import Trainer
from fer.training.targets import make_training_set
from fer.training.train import label_notes, train
from tests.support.tiny_run import TINY, history_of
from tests.support.toy_dataset import write_toy_dataset

ROOT = Path(__file__).resolve().parent.parent.parent


def test_it_learns_a_separable_set(tiny_run, tiny_dataset):
    validation = FolderDataset.open(tiny_dataset).load("validation")
    for name in ("fer", "votes"):
        model = keras.saving.load_model(tiny_run / name / KERAS)
        probabilities = np.asarray(model(validation.pixels[..., None].astype(np.float32))[0])
        assert (probabilities.argmax(1) == validation.targets).mean() > 0.9


def test_the_bundle_tells_how_it_was_made(tiny_run):
    for name, title, judge in (
        ("fer", "original labels", "original"),
        ("votes", "consensus of ten", "ferplus"),
    ):
        spec = Bundle(tiny_run / name).spec
        assert (spec.name, spec.title, spec.judged_by) == (name, title, judge)
        assert spec.parameters > 0
        assert spec.multiply_adds > 0
        made = json.loads((tiny_run / name / TRAIN).read_text(encoding="utf-8"))
        assert made["config"]["epochs"] == made["epochs_done"] == TINY.epochs
        assert 1 <= made["best_epoch"] <= TINY.epochs
        assert made["versions"]["tensorflow"]
        assert made["machine"]["threads"] >= 1
        history = history_of(tiny_run / name)
        assert [int(entry["epoch"]) for entry in history] == list(range(1, TINY.epochs + 1))
        scores = [float(entry[made["selected_by"]]) for entry in history]
        assert scores[made["best_epoch"] - 1] == max(scores)


@pytest.mark.parametrize(
    ("variable", "keras_json", "named"),
    [
        ("jax", None, "KERAS_BACKEND"),
        (None, {"backend": "torch"}, "KERAS_BACKEND"),
    ],
)
def test_another_keras_is_refused_in_a_sentence(
    tiny_dataset, tmp_path, variable, keras_json, named
):
    environment = os.environ | {"KERAS_HOME": str(tmp_path)}
    environment.pop("KERAS_BACKEND", None)
    if variable:
        environment["KERAS_BACKEND"] = variable
    if keras_json:
        (tmp_path / "keras.json").write_text(json.dumps(keras_json), encoding="utf-8")
    command = ["train", "--data", str(tiny_dataset), "--out", str(tmp_path / "out")]
    refused = subprocess.run(
        [sys.executable, "-m", "fer", *command],
        cwd=ROOT, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert refused.returncode == 2
    assert "Traceback" not in refused.stderr
    (said,) = [line for line in refused.stderr.splitlines() if line.startswith("error: ")]
    assert named in said


def test_channels_first_are_refused_in_a_sentence(tiny_dataset, tmp_path, capsys):
    keras.config.set_image_data_format("channels_first")  # as a keras.json does
    try:
        assert main(["train", "--data", str(tiny_dataset), "--out", str(tmp_path / "out")]) == 2
    finally:
        keras.config.set_image_data_format("channels_last")
    assert "channels_last" in capsys.readouterr().err


def test_labels_without_images_are_named_and_the_rarest_is_counted(tmp_path):
    data = write_toy_dataset(tmp_path / "data", train=3, validation=1)
    shutil.rmtree(data / "images/train/fear")
    shutil.rmtree(data / "images/train/sad")
    next((data / "images/train/disgust").iterdir()).unlink()
    rarest, missing = label_notes(FolderDataset.open(data).load("train"))
    assert "disgust" in rarest and "2 of 14" in rarest
    assert "fear, sad" in missing


def test_without_a_validation_split_the_command_that_makes_one_is_named(tmp_path):
    data = write_toy_dataset(tmp_path / "data", train=1, validation=1)
    shutil.rmtree(data / "images/validation")
    with pytest.raises(UserError, match="--validation"):
        train(data, tmp_path / "fer", TINY)


def test_mixup_blends_what_is_learned(tiny_dataset, tmp_path, monkeypatch):
    """Faces, labels and votes go through one blend."""
    seen = []

    def watched(arrays, alpha, strength, seed):
        seen.append(([array.shape[1:] for array in arrays], alpha))
        return mix(arrays, alpha, strength, seed)

    monkeypatch.setattr(loop, "mix", watched)
    blended = replace(TINY.augmentation, mixup=0.5)
    config = replace(TINY, epochs=1, title="small", augmentation=blended)
    (epoch,) = train(tiny_dataset, tmp_path, config)
    assert np.isfinite(epoch["train_loss"])
    assert Bundle(tmp_path).spec.title == "small"
    (tmp_path / ONNX).write_bytes(b"of other weights")
    save_keras(load_keras(Bundle(tmp_path)), Bundle(tmp_path))
    assert (tmp_path / KERAS).exists() and not (tmp_path / ONNX).exists()  # nobody is served both
    size = TINY.image_size(0)
    assert seen and all(each == ([(size, size, 1), (7,), (7,)], 0.5) for each in seen)


def test_a_step_uphill_has_its_length_and_is_taken_back(tiny_dataset):
    """Sharpness-aware: the gradient is that of weights ``sharpness`` further up the slope."""
    images = make_training_set(FolderDataset.open(tiny_dataset).load("train"), smoothing=0.1)
    trainer = Trainer(replace(TINY, learning_rate=0.0, sharpness=0.1), images)
    before = [np.array(variable) for variable in trainer.model.trainable_variables]
    batch = [images.pixels.astype(np.float32), images.labels, images.votes, images.votes.sum(1)]
    level = trainer._losses(*batch)[0]
    steps = trainer._ascend(*batch)
    assert np.sqrt(sum(np.square(step).sum() for step in steps)) == pytest.approx(0.1, rel=1e-4)
    assert trainer._losses(*batch)[0] > level
    for variable, value in zip(trainer.model.trainable_variables, before, strict=True):
        variable.assign(value)
    trainer.run_epoch(0)
    for variable, value in zip(trainer.model.trainable_variables, before, strict=True):
        np.testing.assert_allclose(variable, value, atol=1e-6)


def test_what_is_seen_uphill_leaves_no_statistics(tiny_dataset):
    images = make_training_set(FolderDataset.open(tiny_dataset).load("train"), smoothing=0.1)
    far, near = (
        Trainer(replace(TINY, learning_rate=0.0, sharpness=length), images)
        for length in (2.0, 1e-6)
    )
    for trainer in (far, near):
        trainer.run_epoch(0)
    for one, other in zip(
        far.model.non_trainable_weights, near.model.non_trainable_weights, strict=True
    ):
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-4)


def test_the_step_uphill_changes_what_is_learned(tiny_run, tiny_dataset, tmp_path):
    def report(epoch):
        raise StopIteration(epoch["train_loss"])

    with pytest.raises(StopIteration) as found:
        train(tiny_dataset, tmp_path, replace(TINY, sharpness=0.5), report=report)
    flat = float(history_of(tiny_run / "fer")[0]["train_loss"])
    assert abs(found.value.args[0] - flat) > 0.01  # a run that is repeated differs by 0.002


@pytest.mark.parametrize(
    "told", ['{"config": 5}', '{"learning_rate": "fast"}', '{"epochs": 2.5}', "[]"]
)
def test_settings_that_are_none_are_a_sentence(tiny_dataset, tmp_path, told, capsys):
    (tmp_path / "told.json").write_text(told, encoding="utf-8")
    options = ["--data", str(tiny_dataset), "--out", str(tmp_path / "out")]
    assert main(["train", *options, "--config", str(tmp_path / "told.json")]) == 2
    assert capsys.readouterr().err.startswith("error: ")


def test_a_folder_that_cannot_be_made_is_a_sentence(tiny_dataset, tmp_path, capsys):
    (tmp_path / "file").touch()
    assert main(["train", "--data", str(tiny_dataset), "--out", str(tmp_path / "file" / "x")]) == 2
    assert "cannot be made" in capsys.readouterr().err


def test_a_run_begins_with_the_weights_it_is_told(tiny_run, tiny_dataset):
    images = make_training_set(FolderDataset.open(tiny_dataset).load("train"), smoothing=0.0)
    trainer = Trainer(replace(TINY, seed=7), images)
    for name in ("votes", "fer"):
        trainer.start_from(keras.saving.load_model(tiny_run / name / KERAS))
    for name, head in (("fer", LABEL_HEAD), ("votes", VOTE_HEAD)):
        shipped = keras.saving.load_model(tiny_run / name / KERAS)
        for network in (trainer.model, trainer.ema):
            for mine, theirs in zip(
                network.get_layer(head).get_weights(),
                shipped.get_layer(head).get_weights(),
                strict=True,
            ):
                np.testing.assert_array_equal(mine, theirs)
    fer = keras.saving.load_model(tiny_run / "fer" / KERAS)
    stem = trainer.model.get_layer("stem").get_weights()[0]
    np.testing.assert_array_equal(stem, fer.get_layer("stem").get_weights()[0])


def test_weights_of_another_architecture_are_refused(tiny_run, tiny_dataset, tmp_path):
    wider = replace(
        TINY,
        architecture=replace(TINY.architecture, stem=16),
        start=(str(tiny_run / "fer"),),
    )
    with pytest.raises(UserError, match="do not fit this network"):
        train(tiny_dataset, tmp_path / "out", wider)


def test_a_bundle_tells_the_command_line_how_to_train_again(tiny_run, tiny_dataset, tmp_path):
    out = tmp_path / "again"
    bundle = str(tiny_run / "fer")
    told = ["--config", f"{bundle}/{TRAIN}", "--epochs", "1", "--start", bundle]
    assert main(["train", "--data", str(tiny_dataset), "--out", str(out), *told]) == 0
    made = json.loads((out / TRAIN).read_text(encoding="utf-8"))["config"]
    first = json.loads((tiny_run / "fer" / TRAIN).read_text(encoding="utf-8"))["config"]
    assert made == first | {"epochs": 1, "start": [str(tiny_run / "fer")]}


def test_images_without_votes_teach_the_vote_head_nothing(tiny_dataset, monkeypatch):
    monkeypatch.setattr(loop, "mix", None)  # nothing is blended where no recipe asks for it
    images = make_training_set(FolderDataset.open(tiny_dataset).load("train"), smoothing=0.1)
    trainer = Trainer(TINY, replace(images, votes=np.zeros_like(images.votes)))
    trainer.run_epoch(0)
    label_bias, vote_bias = (
        trainer.model.get_layer(head).get_weights()[1] for head in (LABEL_HEAD, VOTE_HEAD)
    )
    assert np.abs(label_bias).max() > 0
    np.testing.assert_array_equal(vote_bias, np.zeros(7))


def test_consensus_needs_votes(tmp_path):
    data = write_toy_dataset(tmp_path / "data", train=1, validation=1, votes=False)
    with pytest.raises(UserError, match="--ferplus"):
        train(data, tmp_path / "fer", TINY, consensus=tmp_path / "votes")


def test_the_command_line_reports_mistakes_in_one_sentence(tmp_path, capsys):
    out = str(tmp_path / "out")
    assert main(["train", "--data", str(tmp_path / "nowhere"), "--out", out]) == 2
    error = capsys.readouterr().err
    assert "nowhere" in error
    assert "Traceback" not in error
