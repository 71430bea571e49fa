"""The checkpoint of an unfinished run: everything that the next epoch depends on, in one file."""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from fer.bundle import KERAS, ONNX
from fer.errors import UserError
from fer.files import written_whole
from fer.training.config import TrainConfig, config_from

CHECKPOINT = "checkpoint.npz"

_OF_A_BUNDLE = (CHECKPOINT, KERAS, ONNX)


@dataclass(frozen=True)
class RunState:
    """A run after a whole epoch.

    Attributes:
        epoch: epochs done.
        seconds: time spent training so far.
        history: one entry per epoch done, as in ``history.csv``.
        arrays: name → weights, their moving average and the optimizer's variables, in their order.
        bundles: how many it writes; 0 where an old checkpoint does not tell.
    """

    epoch: int
    seconds: float
    history: list[dict[str, float]]
    arrays: dict[str, list[NDArray[Any]]]
    bundles: int = 0


def save_state(folder: Path, config: TrainConfig, state: RunState) -> None:
    """Write the checkpoint whole or not at all, so that a kill at any moment loses one epoch.

    Raises:
        UserError: if it cannot be written.
    """
    meta = {
        "config": asdict(config),
        "epoch": state.epoch,
        "seconds": state.seconds,
        "history": state.history,
        "bundles": state.bundles,
    }
    entries = {
        f"{name}/{index:04d}": array
        for name, arrays in state.arrays.items()
        for index, array in enumerate(arrays)
    }
    with written_whole(folder / CHECKPOINT) as aside, aside.open("wb") as file:
        np.savez(file, meta=np.array(json.dumps(meta)), **entries)  # type: ignore[arg-type]
        file.flush()
        os.fsync(file.fileno())


def load_state(folder: Path, config: TrainConfig) -> RunState:
    """Read the checkpoint of ``folder``.

    Raises:
        UserError: if there is none, it is damaged, or it was made with another configuration
            (the differing settings are named).
    """
    path = folder / CHECKPOINT
    if not path.is_file():
        raise UserError(
            f"{path} does not exist, so there is nothing to resume; leave out --resume."
        )
    try:
        with np.load(path) as file:
            meta = json.loads(str(file["meta"]))
            arrays: dict[str, list[NDArray[Any]]] = {}
            for key in sorted(file.files):
                if key != "meta":
                    arrays.setdefault(key.split("/")[0], []).append(file[key])
        # A setting that is newer than the checkpoint was its default then.
        config_of_run = config_from(meta["config"])
        state = RunState(
            meta["epoch"], meta["seconds"], meta["history"], arrays, meta.get("bundles", 0)
        )
    except (OSError, EOFError, ValueError, KeyError, TypeError, BadZipFile) as error:
        raise UserError(f"{path} is damaged ({error}); start again in another folder.") from error
    _require_same_config(path, config_of_run, config)
    return state


def _require_same_config(path: Path, saved: TrainConfig, config: TrainConfig) -> None:
    before, wanted = asdict(saved), asdict(config_from(asdict(config)))  # both as JSON has them
    differing = sorted(key for key in wanted if before[key] != wanted[key])
    if differing:
        pairs = ", ".join(f"{key} {before[key]} → {wanted[key]}" for key in differing)
        raise UserError(
            f"{path} was made with other settings ({pairs}); resume with the same ones, "
            "or start again in another folder."
        )


def holds_a_bundle(folder: Path) -> bool:
    """Whether ``folder`` has weights, or a run that goes on."""
    return any((folder / name).exists() for name in _OF_A_BUNDLE)


def run_folder(folder: Path, config: TrainConfig) -> tuple[Path, bool]:
    """Where a run with these settings belongs, and whether it goes on there.

    ``folder`` itself if it is free or its run has these settings; else ``folder-2``,
    ``folder-3`` …: other settings make another bundle, and none is lost.
    """
    candidate, number = folder, 1
    while holds_a_bundle(candidate):
        try:
            load_state(candidate, config)
            return candidate, True
        except UserError:  # of other settings, or damaged
            number += 1
            candidate = folder.with_name(f"{folder.name}-{number}")
    return candidate, False
