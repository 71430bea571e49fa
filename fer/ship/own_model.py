"""A classifier that somebody trained elsewhere with Keras becomes a bundle.

The bundle's ``model.keras`` is the classifier inside the contract that everything here expects:
grey pixels 0..255 in, probabilities in the order of ``LABELS`` and activation maps out. It has no
maps of its own: each is one number, the logit, and says nothing about places.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import layers, ops
from numpy.typing import NDArray

from fer.bundle import TRAIN, Bundle
from fer.errors import UserError, reason_of
from fer.labels import LABELS
from fer.ship.export import example_faces
from fer.ship.interface import SCALES, Interface, Range, all_layers, read_interface
from fer.spec import ModelSpec
from fer.training.architecture import count_multiply_adds
from fer.training.keras_file import save_keras

_LEAST_PROBABILITY = 1e-7  # as in the metrics
_AUGMENTATION = ("Rand", "AugMix", "CutMix", "MixUp")  # begin the names of Keras' layers for it
_ABSENT = -100.0  # the logit of a label that the classifier does not know


def adopt(
    file: Path,
    out: Path,
    labels: Sequence[str],
    size: int | None = None,
    channels: int | None = None,
    scaling: Range | None = None,
) -> Bundle:
    """Write the bundle ``out`` around the Keras classifier in ``file``; `export` comes next.

    Args:
        file: ``.keras`` or ``.h5``, with one image as input and one row of answers as output,
            probabilities or logits.
        out: folder of the bundle.
        labels: what the outputs stand for, in their order; any of the seven may be missing.
        size: side of the input, where the model leaves it open.
        channels: of the input, where the model leaves them open.
        scaling: range of the input; known without it where the model has a layer that rescales.

    Raises:
        UserError: for a file that is no such classifier, or says too little about itself.
    """
    bundle = Bundle(out)
    if bundle.has(TRAIN):
        raise UserError(f"{out} holds a model that was trained here; name another folder.")
    model = _load(file)
    interface = read_interface(model, file, labels, size, channels, scaling)
    wrapped = _wrap(_without_augmentation(model), interface, file)
    try:
        spec = ModelSpec(
            name=bundle.name,
            title=file.stem,
            input_size=interface.size,
            parameters=model.count_params(),
            multiply_adds=count_multiply_adds(model),
        )
    except ValueError as error:
        raise UserError(f"{file} does not fit: {error}") from error
    save_keras(wrapped, bundle)
    bundle.write_spec(spec)
    return bundle


def _load(file: Path) -> keras.Model:
    if not file.is_file():
        raise UserError(f"There is no file {file}.")
    try:
        return keras.saving.load_model(file, compile=False, safe_mode=True)
    except Exception as error:  # Keras raises whatever it likes
        raise UserError(
            f"{file} cannot be read as a Keras model ({reason_of(error)}); save it with "
            "model.save(…), without Lambda layers and classes of your own."
        ) from error


def _without_augmentation(model: keras.Model) -> keras.Model:
    """The model without the layers that work in training only, and that ONNX cannot express."""

    def kept(layer: layers.Layer) -> layers.Layer:
        if type(layer).__name__.startswith(_AUGMENTATION):
            return layers.Identity(name=layer.name)
        return layer.__class__.from_config(layer.get_config())

    if not any(type(layer).__name__.startswith(_AUGMENTATION) for layer in all_layers(model)):
        return model
    clone = keras.models.clone_model(model, clone_function=kept, recursive=True)
    clone.set_weights(model.get_weights())
    return clone


def _wrap(model: keras.Model, interface: Interface, file: Path) -> keras.Model:
    """The model behind our contract; see `fer.spec.ONNX_INPUT` and the names below it."""
    factor, offset = SCALES[interface.scaling]
    pixels = keras.Input((interface.size, interface.size, 1), dtype="float32", name="pixels")
    image = layers.Rescaling(factor, offset, dtype="float32")(pixels)
    if interface.channels == 3:
        image = ops.concatenate([image] * 3, axis=-1)
    try:
        answers = model(ops.cast(image, model.inputs[0].dtype))
        logits = ops.cast(answers, "float32")
        if _gives_probabilities(keras.Model(pixels, answers), interface.size, file):
            logits = ops.log(ops.maximum(logits, _LEAST_PROBABILITY))
    except (ValueError, TypeError, NotImplementedError) as error:
        if isinstance(error, UserError):
            raise
        raise UserError(f"{file} cannot be run: {reason_of(error)}.") from error
    absent = ops.full_like(logits[:, :1], _ABSENT)
    columns = [
        interface.labels.index(label) if label in interface.labels else len(interface.labels)
        for label in range(len(LABELS))
    ]
    logits = ops.take(ops.concatenate([logits, absent], axis=1), columns, axis=1)
    probabilities = layers.Softmax(dtype="float32", name="probabilities")(logits)
    maps = layers.Reshape((len(LABELS), 1, 1), dtype="float32", name="activation_maps")(logits)
    return keras.Model(pixels, [probabilities, maps], name="classifier")


def _gives_probabilities(model: keras.Model, size: int, file: Path) -> bool:
    """Whether the model's answers are probabilities; else they are taken for logits."""
    answers: NDArray[Any] = np.asarray(model(example_faces(size)[..., None].astype(np.float32)))
    if not np.isfinite(answers).all():
        raise UserError(f"{file} answers with values that are no numbers.")
    within = answers.min() >= 0.0 and answers.max() <= 1.0
    if within and not np.allclose(answers.sum(axis=1), 1.0, atol=1e-3):
        raise UserError(
            f"{file} gives every label a number of its own between 0 and 1; its last layer must be "
            "a softmax, or give logits."
        )
    return bool(within)
