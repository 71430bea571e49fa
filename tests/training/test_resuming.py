"""A run that was interrupted goes on as if nothing had happened, or says why it cannot."""

import json
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fer.bundle import KERAS, TRAIN, Bundle
from fer.data.folder import FolderDataset
from fer.errors import UserError
from fer.training.config import Camera, TrainConfig
from fer.training.loop import Trainer
from fer.training.state import CHECKPOINT, run_folder
from fer.training.targets import make_training_set
from fer.training.train import train
from tests.support.tiny_run import TINY, history_of

ROOT = Path(__file__).resolve().parent.parent.parent


def test_a_second_bundle_cannot_join_a_run_in_the_middle(tiny_run, tiny_dataset, tmp_path):
    bundle = tmp_path / "fer"
    shutil.copytree(tiny_run / "fer", bundle)
    with pytest.raises(UserError, match="same --consensus"):
        train(tiny_dataset, bundle, TINY, consensus=tmp_path / "late", resume=True)
    with pytest.raises(UserError, match="same --consensus"):  # it would be left behind
        train(tiny_dataset, bundle, TINY, resume=True)
    other = shutil.copytree(tiny_run / "votes", tmp_path / "other")
    made = Bundle(other).read(TRAIN)
    Bundle(other).write(TRAIN, made | {"config": made["config"] | {"seed": 99}})
    with pytest.raises(UserError, match="same --consensus"):
        train(tiny_dataset, bundle, TINY, consensus=other, resume=True)


def test_no_weights_are_written_over(tiny_run, tiny_dataset, tmp_path):
    run = shutil.copytree(tiny_run, tmp_path / "run")
    (run / "fer" / CHECKPOINT).unlink()
    for out, second, said in (
        (run / "fer", None, "weights"),
        (tmp_path / "new", run / "votes", "weights"),
        (tmp_path / "new", tmp_path / "." / "new", "two bundles"),
    ):
        with pytest.raises(UserError, match=said):
            train(tiny_dataset, out, TINY, consensus=second)
    for name in ("fer", "votes"):
        assert (run / name / KERAS).read_bytes() == (tiny_run / name / KERAS).read_bytes()


def test_a_restored_trainer_goes_on_bit_by_bit(tiny_dataset):
    """Dropout's random numbers and the optimizer's momentum included."""
    images = make_training_set(FolderDataset.open(tiny_dataset).load("train"), smoothing=0.1)
    config = replace(TINY, epochs=3, dropout=0.3, camera=Camera(share=0.5))
    trainer = Trainer(config, images)
    trainer.run_epoch(0)
    halfway = trainer.arrays()
    trainer.run_epoch(1)
    straight = trainer.arrays()
    trainer.restore(halfway)  # what it forgets to set back has gone on in the meantime
    trainer.run_epoch(1)
    for name, arrays in trainer.arrays().items():
        for mine, theirs in zip(arrays, straight[name], strict=True):
            np.testing.assert_array_equal(mine, theirs)


_RUN_AND_DIE = """
import os, signal, sys
from tests.support.tiny_run import TINY
from fer.training.train import train
data, out = sys.argv[1:]
def report(epoch):
    if epoch["epoch"] == 3:
        os.kill(os.getpid(), signal.SIGKILL)
train(data, out, TINY, report=report)
"""


def test_a_killed_run_resumes_as_if_nothing_had_happened(tiny_run, tiny_dataset, tmp_path):
    out = tmp_path / "fer"
    killed = subprocess.run(
        [sys.executable, "-c", _RUN_AND_DIE, str(tiny_dataset), str(out)], cwd=ROOT, check=False
    )
    assert killed.returncode == -signal.SIGKILL
    assert len(history_of(out)) == 3
    # What a kill in the middle of a write leaves behind must not matter.
    (out / f"part-{CHECKPOINT}").write_bytes(b"half a checkpoint")
    history = train(tiny_dataset, out, TINY, resume=True)
    straight = history_of(tiny_run / "fer")
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
def test_a_checkpoint_that_does_not_fit_is_refused(
    tiny_dataset, tmp_path, prepare, resume, message
):
    prepare(tmp_path)
    with pytest.raises(UserError, match=message):
        train(tiny_dataset, tmp_path, TINY, resume=resume)


def test_a_checkpoint_older_than_some_settings_resumes(tiny_run, tiny_dataset, tmp_path):
    shutil.copytree(tiny_run / "fer", tmp_path / "fer")
    path = tmp_path / "fer" / CHECKPOINT
    with np.load(path) as file:
        contents = dict(file)
    meta = json.loads(str(contents["meta"]))
    del meta["config"]["title"], meta["config"]["augmentation"]["mixup"], meta["bundles"]
    contents["meta"] = np.array(json.dumps(meta))
    np.savez(path, **contents)
    assert len(train(tiny_dataset, tmp_path / "fer", TINY, resume=True)) == TINY.epochs


def test_other_settings_train_beside_the_first_run(tiny_run, tiny_dataset, tmp_path):
    """As the notebook does, whose cells are run again with other settings."""
    first = tmp_path / "mine"
    assert run_folder(first, TINY) == (first, False)
    shutil.copytree(tiny_run / "fer", first)
    assert run_folder(first, TINY) == (first, True)
    other = replace(TINY, epochs=1)
    folder, resume = run_folder(first, other)
    assert (folder, resume) == (tmp_path / "mine-2", False)
    assert len(train(tiny_dataset, folder, other, resume=resume)) == 1
    assert run_folder(first, other) == (folder, True)
    assert run_folder(first, replace(TINY, epochs=2))[0] == tmp_path / "mine-3"


def test_resuming_with_other_settings_names_them(tiny_run, tiny_dataset, tmp_path):
    shutil.copytree(tiny_run / "fer", tmp_path / "fer")
    other = TrainConfig(epochs=9)
    with pytest.raises(UserError, match=r"epochs 8 → 9"):
        train(tiny_dataset, tmp_path / "fer", other, resume=True)
