"""One finished toy run, trained once for all tests that look at what a run leaves behind."""

import csv
from functools import partial
from pathlib import Path

import pytest

from fer.bundle import HISTORY
from fer.training.architecture import Architecture
from fer.training.config import Augmentation, TrainConfig
from fer.training.train import train
from tests.support.shared import shared_folder
from tests.support.toy_dataset import write_toy_dataset

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


@pytest.fixture(scope="session")
def tiny_dataset(tmp_path_factory) -> Path:
    """Nobody changes it."""
    return shared_folder(tmp_path_factory, "toy", partial(write_toy_dataset, train=40))


@pytest.fixture(scope="session")
def tiny_run(tiny_dataset, tmp_path_factory) -> Path:
    """A finished run with both bundles, ``<run>/fer`` and ``<run>/votes``; nobody changes it."""

    def make(folder: Path) -> None:
        train(tiny_dataset, folder / "fer", TINY, consensus=folder / "votes")

    return shared_folder(tmp_path_factory, "run", make)


def history_of(bundle: Path) -> list[dict[str, str]]:
    with (bundle / HISTORY).open(encoding="utf-8") as file:
        return list(csv.DictReader(file))
