"""The mean of the weights of several networks that began alike: a model soup."""

import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np

from fer.bundle import HISTORY, TRAIN, bundle_path, read_spec, write_spec
from fer.errors import UserError
from fer.files import read_json, write_json
from fer.ship.export import load_keras, save_keras


def average(bundles: Sequence[str | Path], out: Path) -> None:
    """Write the mean of the bundles' weights as the bundle ``out``.

    Worth trying for runs that began with the same weights, or one with the other's: their mean
    is often as good as the mean of their answers, for the work of one (Wortsman et al., 2022,
    arXiv:2203.05482). The rest of ``out`` is that of the first bundle; its ``train.json`` names
    all of them under ``averaged``.

    Raises:
        UserError: for fewer than two bundles, one that cannot be read or written, or networks that
            differ in shape or head.
    """
    folders = [bundle_path(bundle) for bundle in bundles]
    if len(folders) < 2:
        raise UserError("A mean needs two bundles or more.")
    model = load_keras(folders[0])
    weights = [model.get_weights()]
    for folder in folders[1:]:
        other = load_keras(folder)
        weights.append(other.get_weights())
        if _layout(other) != _layout(model):
            raise UserError(
                f"{folder} and {folders[0]} are networks of different shapes or heads; "
                "only like ones have a mean."
            )
    model.set_weights([np.mean(arrays, axis=0) for arrays in zip(*weights, strict=True)])
    spec, made = read_spec(folders[0]), read_json(folders[0] / TRAIN, "python -m fer train")
    try:
        out.mkdir(parents=True, exist_ok=True)
        save_keras(model, out)
        if out.resolve() != folders[0].resolve():
            shutil.copyfile(folders[0] / HISTORY, out / HISTORY)
    except OSError as error:
        raise UserError(f"{out} cannot be written: {error.strerror or error}.") from error
    write_spec(out, replace(spec, name=out.name))
    write_json(out / TRAIN, made | {"averaged": [str(bundle) for bundle in bundles]})


def _layout(model: keras.Model) -> list[tuple[str, tuple[int, ...]]]:
    """Name and shape of every array, the head's included: equal where a mean has a meaning."""
    return [(weight.path, tuple(weight.shape)) for weight in model.weights]
