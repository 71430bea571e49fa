"""The mean of the weights of networks that began alike, and their statistics taken anew."""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from fer.bundle import HISTORY, TRAIN, Bundle
from fer.data.folder import FolderDataset
from fer.errors import UserError
from fer.files import written_whole
from fer.training.camera import distort
from fer.training.config import TrainConfig, config_from
from fer.training.keras_file import load_keras, save_keras
from fer.training.memory import memory_of
from fer.training.targets import make_training_set

_IMAGES, _BATCH = 20_480, 512  # that statistics are taken from


def average(
    bundles: Sequence[str | Path | Bundle], out: Path, data: Path | FolderDataset | None = None
) -> None:
    """Write the mean of the bundles' weights as the bundle ``out``.

    Worth trying for runs that began with the same weights, or one with the other's: their mean
    is often as good as the mean of their answers, for the work of one (Wortsman et al., 2022,
    arXiv:2203.05482). The rest of ``out`` is that of the first bundle; its ``train.json`` names
    all of them under ``averaged``.

    With ``data``, the statistics of the normalisation are taken anew on its training images, as the
    first bundle's run distorts them at its end: those of a mean are not the mean of those
    (Izmailov et al., 2018, arXiv:1803.05407). One bundle is then enough.

    Raises:
        UserError: for fewer bundles than that, one that cannot be read or written, networks that
            differ in shape or head or have a memory, data that cannot be read or settings that are
            damaged.
    """
    opened = [Bundle.open(bundle) for bundle in bundles]
    if len(opened) < 2 and data is None:
        raise UserError("A mean needs two bundles or more.")
    images = None if data is None else FolderDataset.open(data).load("train")
    first, *others = opened
    model = load_keras(first)
    if memory_of(model) is not None:
        raise UserError(f"{first} has a memory, which has no mean; name the bundle it was made of.")
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
    if len(opened) > 1:
        made = {name: value for name, value in made.items() if name != "statistics"}
        made["averaged"] = [str(bundle) for bundle in bundles]
    if images is not None:
        settings = settings_of(made, first)
        faces = make_training_set(images, settings.label_smoothing).pixels
        _take_statistics(model, faces, settings)
        made = made | {"statistics": "taken anew"}
    result = Bundle(out)
    save_keras(model, result)
    if out.resolve() != first.folder.resolve():
        with written_whole(result.path(HISTORY)) as aside:
            shutil.copyfile(history, aside)
    result.write_spec(replace(spec, name=result.name))
    result.write(TRAIN, made)


def settings_of(made: Mapping[str, Any], bundle: Bundle) -> TrainConfig:
    """How the run distorted images, by its ``train.json``.

    Raises:
        UserError: if that does not tell.
    """
    try:
        return config_from(made["config"])
    except (KeyError, ValueError) as error:
        raise UserError(f"{bundle.path(TRAIN)} does not say how images were distorted.") from error


def _take_statistics(model: keras.Model, images: NDArray[np.uint8], settings: TrainConfig) -> None:
    """Replace means and variances of ``model`` by their mean over batches of distorted images.

    Of what a run does to images, compression and blending (mixup) are left out.
    """
    norms = [one for one in model.layers if isinstance(one, keras.layers.BatchNormalization)]
    momenta = [norm.momentum for norm in norms]
    order = np.random.default_rng(settings.seed).permutation(len(images))[:_IMAGES]
    strength = tf.constant(settings.strength(settings.epochs), tf.float32)
    for count, batch in enumerate(np.array_split(order, -(-len(order) // _BATCH))):
        seed = tf.constant((settings.seed, count), tf.int32)
        size, augmentation = model.input_shape[1], settings.augmentation
        faces = distort(images[batch], size, strength, augmentation, settings.camera, seed)
        for norm in norms:
            norm.momentum = count / (count + 1)
        model(faces, training=True)
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum


def _layout(model: keras.Model) -> list[tuple[str, tuple[int, ...]]]:
    """Name and shape of every array, the head's included: equal where a mean has a meaning."""
    return [(weight.path, tuple(weight.shape)) for weight in model.weights]
