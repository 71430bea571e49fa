"""A classifier that somebody trained elsewhere with Keras becomes a bundle.

The bundle's ``model.keras`` is the classifier inside the contract that everything here expects:
grey pixels 0..255 in, probabilities in the order of ``LABELS`` and activation maps out. It has no
maps of its own: each is one number, the logit, and says nothing about places.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import keras
import numpy as np
from keras import layers, ops
from numpy.typing import NDArray

from fer.bundle import TRAIN, Bundle
from fer.data.names import label_of
from fer.errors import UserError
from fer.labels import LABELS
from fer.ship.export import example_faces
from fer.spec import ModelSpec
from fer.training.architecture import count_multiply_adds
from fer.training.keras_file import save_keras

Range = Literal["0..1", "-1..1", "0..255"]
"""What a classifier wants black and white to be."""

_SCALES: dict[str, tuple[float, float]] = {
    "0..1": (1 / 255, 0.0),
    "-1..1": (2 / 255, -1.0),
    "0..255": (1.0, 0.0),
}
_LEAST_PROBABILITY = 1e-7  # as in the metrics
_ABSENT = -100.0  # the logit of a label that the classifier does not know


@dataclass(frozen=True)
class Interface:
    """How a classifier is fed, and what its answers mean.

    Attributes:
        labels: for each output, its index into ``LABELS``.
        size: side of its square input in pixels.
        channels: 1, or 3 for grey values three times.
        scaling: range of its input.
    """

    labels: tuple[int, ...]
    size: int
    channels: int
    scaling: Range


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
    wrapped = _wrap(model, interface, file)
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


def read_interface(
    model: keras.Model,
    file: Path,
    labels: Sequence[str],
    size: int | None,
    channels: int | None,
    scaling: Range | None,
) -> Interface:
    """What the model says about itself, completed by what was said about it.

    Raises:
        UserError: naming the option for what neither says, or what the two disagree about.
    """
    inputs, outputs = (getattr(model, name, None) or [] for name in ("inputs", "outputs"))
    if len(inputs) != 1 or len(inputs[0].shape) != 4 or len(outputs) != 1:
        raise UserError(
            f"{file} must have one image (n, height, width, channels) as input and one output; it "
            f"has {_shapes(inputs)} and {_shapes(outputs)}."
        )
    _, height, width, depth = inputs[0].shape
    if height != width:
        raise UserError(f"{file} wants images of {height}×{width} pixels; faces here are square.")
    side = _agreed(file, "--size", height, size)
    number = _agreed(file, "--channels", depth, channels)
    missing = [
        option
        for option, absent in (
            (f"--labels with the names of its outputs, such as {','.join(LABELS)}", not labels),
            ("--size with the side of its input in pixels", side is None),
            ("--channels with 1 or 3, as its input has", number is None),
            (
                f"--scaling with the range of its input ({' or '.join(_SCALES)})",
                scaling is None and not _rescales(model),
            ),
        )
        if absent
    ]
    if missing or side is None or number is None:
        raise UserError(f"{file} does not say all that is needed; add {', and '.join(missing)}.")
    if number not in (1, 3):
        raise UserError(
            f"{file} wants {number} channels, the last axis of {_shapes(inputs)}; only 1, grey, "
            "or 3 can be given."
        )
    indices = _label_indices(file, labels, outputs[0].shape)
    return Interface(indices, side, number, scaling or "0..255")


def _load(file: Path) -> keras.Model:
    if not file.is_file():
        raise UserError(f"There is no file {file}.")
    try:
        return keras.saving.load_model(file, compile=False)
    except Exception as error:  # Keras raises whatever it likes
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise UserError(
            f"{file} cannot be read as a Keras model ({reason.rstrip('.')}); save it with "
            "model.save(…), without Lambda layers and classes of your own."
        ) from error


def _agreed(file: Path, option: str, read: int | None, said: int | None) -> int | None:
    """The value that the model states or, where it leaves it open, the one that was given."""
    if read is not None and said is not None and read != said:
        raise UserError(f"{file} itself states {read}, and {option} says {said}; leave it out.")
    return said if read is None else read


def _label_indices(
    file: Path, labels: Sequence[str], shape: Sequence[int | None]
) -> tuple[int, ...]:
    found = [label_of(name) for name in labels]
    unknown = [name for name, index in zip(labels, found, strict=True) if index is None]
    if unknown:
        raise UserError(
            f"{', '.join(unknown)}: not among the labels {', '.join(LABELS)}, which are all that "
            "can be shown."
        )
    indices = tuple(index for index in found if index is not None)
    if len(set(indices)) < len(indices):
        raise UserError(f"The labels {', '.join(labels)} name one of them twice.")
    if len(shape) != 2 or shape[1] != len(indices):
        raise UserError(
            f"{file} answers with {_shape(shape)}, and {len(indices)} labels need (n, "
            f"{len(indices)}): one column a label."
        )
    return indices


def _rescales(model: keras.Model) -> bool:
    """Whether the model brings grey values 0..255 into its own range."""
    return any(
        isinstance(layer, layers.Rescaling | layers.Normalization)
        or (isinstance(layer, keras.Model) and _rescales(layer))
        for layer in model.layers
    )


def _wrap(model: keras.Model, interface: Interface, file: Path) -> keras.Model:
    """The model behind our contract; see `fer.spec.ONNX_INPUT` and the names below it."""
    factor, offset = _SCALES[interface.scaling]
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
        raise UserError(f"{file} cannot be run: {str(error).strip().splitlines()[0]}") from error
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


def _shapes(tensors: Sequence[Any]) -> str:
    return " and ".join(_shape(tensor.shape) for tensor in tensors) or "none that can be read"


def _shape(shape: Sequence[int | None]) -> str:
    return f"({', '.join('n' if side is None else str(side) for side in shape)})"
