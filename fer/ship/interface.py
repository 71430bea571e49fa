"""What a Keras classifier says about itself, and what its owner has to add."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import keras
from keras import layers

from fer.data.names import label_of
from fer.errors import UserError
from fer.labels import LABELS

Range = Literal["0..1", "-1..1", "0..255"]
"""What a classifier wants black and white to be."""

SCALES: dict[str, tuple[float, float]] = {
    "0..1": (1 / 255, 0.0),
    "-1..1": (2 / 255, -1.0),
    "0..255": (1.0, 0.0),
}
"""Factor and offset that bring grey values 0..255 into each range."""


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
    (_, height, _, depth), answers = _read_shapes(model, file)
    side = _agreed(file, "--size", height, size)
    number = _agreed(file, "--channels", depth, channels)
    missing = [
        option
        for option, absent in (
            (f"--labels with the names of its outputs, such as {','.join(LABELS)}", not labels),
            ("--size with the side of its input in pixels", side is None),
            ("--channels with 1 or 3, as its input has", number is None),
            (
                f"--scaling with the range of its input ({' or '.join(SCALES)})",
                scaling is None and not _rescales(model),
            ),
        )
        if absent
    ]
    if missing or side is None or number is None:
        raise UserError(f"{file} does not say all that is needed; add {', and '.join(missing)}.")
    if number not in (1, 3):
        raise UserError(
            f"{file} wants {number} channels, the last axis of {_shapes(model.inputs)}; only 1, "
            "grey, or 3 can be given."
        )
    indices = _label_indices(file, labels, answers)
    return Interface(indices, side, number, scaling or "0..255")


def all_layers(model: keras.Model) -> list[layers.Layer]:
    """The layers of the model and of the models inside it."""
    nested = [all_layers(layer) for layer in model.layers if isinstance(layer, keras.Model)]
    return [*model.layers, *(layer for inner in nested for layer in inner)]


def _read_shapes(model: keras.Model, file: Path) -> tuple[Sequence[int | None], ...]:
    """The shapes of the model's one image and of its one output."""
    inputs, outputs = (getattr(model, name, None) or [] for name in ("inputs", "outputs"))
    if len(inputs) != 1 or len(inputs[0].shape) != 4 or len(outputs) != 1:
        raise UserError(
            f"{file} must have one image (n, height, width, channels) as input and one output; it "
            f"has {_shapes(inputs)} and {_shapes(outputs)}."
        )
    _, height, width, _ = inputs[0].shape
    if height != width:
        raise UserError(f"{file} wants images of {height}×{width} pixels; faces here are square.")
    return inputs[0].shape, outputs[0].shape


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
    kinds = layers.Rescaling | layers.Normalization
    return any(isinstance(layer, kinds) for layer in all_layers(model))


def _shapes(tensors: Sequence[Any]) -> str:
    return " and ".join(_shape(tensor.shape) for tensor in tensors) or "none that can be read"


def _shape(shape: Sequence[int | None]) -> str:
    return f"({', '.join('n' if side is None else str(side) for side in shape)})"
