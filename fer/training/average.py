"""The mean of the weights of several networks that began alike: a model soup."""

import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np

from fer.bundle import HISTORY, TRAIN, Bundle
from fer.errors import UserError
from fer.files import written_whole
from fer.training.keras_file import load_keras, save_keras


def average(bundles: Sequence[str | Path | Bundle], out: Path) -> None:
    """Write the mean of the bundles' weights as the bundle ``out``.

    Worth trying for runs that began with the same weights, or one with the other's: their mean
    is often as good as the mean of their answers, for the work of one (Wortsman et al., 2022,
    arXiv:2203.05482). The rest of ``out`` is that of the first bundle; its ``train.json`` names
    all of them under ``averaged``.

    Raises:
        UserError: for fewer than two bundles, one that cannot be read or written, or networks that
            differ in shape or head.
    """
    opened = [Bundle.open(bundle) for bundle in bundles]
    if len(opened) < 2:
        raise UserError("A mean needs two bundles or more.")
    first, *others = opened
    model = load_keras(first)
    weights = [model.get_weights()]
    for bundle in others:
        other = load_keras(bundle)
        weights.append(other.get_weights())
        if _layout(other) != _layout(model):
            raise UserError(
                f"{bundle} and {first} have different shapes or heads; only weights of one "
                "architecture and head can be averaged."
            )
    model.set_weights([np.mean(arrays, axis=0) for arrays in zip(*weights, strict=True)])
    spec, made, history = first.spec, first.read(TRAIN), first.require(HISTORY)
    result = Bundle(out)
    save_keras(model, result)
    if out.resolve() != first.folder.resolve():
        with written_whole(result.path(HISTORY)) as aside:
            shutil.copyfile(history, aside)
    result.write_spec(replace(spec, name=result.name))
    result.write(TRAIN, made | {"averaged": [str(bundle) for bundle in bundles]})


def _layout(model: keras.Model) -> list[tuple[str, tuple[int, ...]]]:
    """Name and shape of every array, the head's included: equal where a mean has a meaning."""
    return [(weight.path, tuple(weight.shape)) for weight in model.weights]
