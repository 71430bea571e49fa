"""The network: residual, fully convolutional, with class activation maps for free."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import layers, ops

from fer.labels import LABELS
from fer.training.config import Architecture
from fer.training.memory import Memory

LABEL_HEAD = "label_head"
VOTE_HEAD = "vote_head"

_LAST = "_b"  # of a block's two convolutions
_NORM = "_norm"

Layer = Callable[..., Any]


def build_trainer(
    architecture: Architecture,
    dropout: float,
    precision: str,
    normalization: type[layers.Layer],
) -> keras.Model:
    """The network as it is trained.

    Input ``(n, h, w, 1)`` grey values 0..255 of any size from 16 pixels; output two arrays of
    logits ``(n, 7)`` float32: those of the labels and those of the annotators' votes.
    """
    pixels = keras.Input((None, None, 1), dtype="float32", name="pixels")
    features = _trunk(pixels, architecture, precision, normalization)
    features = layers.SpatialDropout2D(dropout, dtype=precision, name="dropout")(features)
    logits = [
        layers.GlobalAveragePooling2D(dtype="float32", name=f"{head}_logits")(
            _class_maps(features, head)
        )
        for head in (LABEL_HEAD, VOTE_HEAD)
    ]
    return keras.Model(pixels, logits, name="trainer")


def build_classifier(architecture: Architecture, head: str, size: int) -> keras.Model:
    """The network as it is shipped: stock Keras layers, float32, one head.

    Input ``(n, size, size, 1)`` grey values 0..255; outputs probabilities ``(n, 7)`` and class
    activation maps ``(n, 7, h, w)`` whose spatial means are the logits (Zhou et al., 2016).
    """
    pixels = keras.Input((size, size, 1), dtype="float32", name="pixels")
    features = _trunk(pixels, architecture, "float32", layers.BatchNormalization)
    maps = _class_maps(features, head)
    logits = layers.GlobalAveragePooling2D(dtype="float32", name="logits")(maps)
    probabilities = layers.Softmax(dtype="float32", name="probabilities")(logits)
    maps = layers.Permute((3, 1, 2), dtype="float32", name="activation_maps")(maps)
    return keras.Model(pixels, [probabilities, maps], name="classifier")


def adopt_weights(target: keras.Model, source: keras.Model) -> None:
    """Set every layer of ``target`` that ``source`` has by the same name to its weights.

    A residual block that only ``target`` has is scaled by zero (Goyal et al., 2017), so that the
    two answer alike until it has learned something.

    Raises:
        ValueError: if a layer has another shape in ``source``, or no layer is shared.
    """
    shared = {layer.name for layer in target.layers if layer.weights}
    adopted = [layer for layer in source.layers if layer.name in shared]
    if not adopted:
        raise ValueError("the two networks have no layer in common")
    for layer in adopted:
        target.get_layer(layer.name).set_weights(layer.get_weights())
    for name in shared - {layer.name for layer in adopted}:
        if name.endswith(_LAST + _NORM):
            gamma = target.get_layer(name).gamma
            gamma.assign(ops.zeros_like(gamma))


def count_multiply_adds(model: keras.Model) -> int:
    """Multiply-adds of one forward pass: all kernels, at each place where they are applied."""
    total = 0
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            total += count_multiply_adds(layer)
            continue
        if isinstance(layer, Memory):
            total += layer.multiply_adds
            continue
        kernels = sum(int(np.prod(weight.shape)) for weight in layer.weights if weight.ndim > 1)
        if kernels:
            total += kernels * int(np.prod(layer.output.shape[1:-1]))
    return total


def _standardize(pixels: Any) -> Any:
    """Zero mean and unit deviation per image, against lighting; blank images become zeros."""
    mean = ops.mean(pixels, axis=(1, 2), keepdims=True)
    centred = pixels - mean
    variance = ops.mean(ops.square(centred), axis=(1, 2), keepdims=True)
    # 5 grey levels: keeps the noise of a nearly blank image from being blown up.
    return centred / ops.sqrt(variance + 25.0)


def _trunk(
    pixels: Any, architecture: Architecture, precision: str, normalization: type[layers.Layer]
) -> Any:
    def convolution(x: Any, channels: int, name: str, kernel: int = 3, stride: int = 1) -> Any:
        x = layers.Conv2D(
            channels, kernel, stride, padding="same", use_bias=False,
            kernel_initializer="he_normal", dtype=precision, name=name,
        )(x)  # fmt: skip
        return normalization(momentum=0.95, epsilon=1e-4, dtype=precision, name=f"{name}{_NORM}")(x)

    def block(x: Any, channels: int, name: str, stride: int) -> Any:
        y = convolution(x, channels, f"{name}_a", stride=stride)
        y = layers.ReLU(dtype=precision)(y)
        y = convolution(y, channels, f"{name}{_LAST}")
        if architecture.squeeze:
            y = _squeeze_excite(y, channels // architecture.squeeze, precision, name)
        if stride > 1:
            x = layers.AveragePooling2D(stride, padding="same", dtype=precision)(x)
        if stride > 1 or x.shape[-1] != channels:
            x = convolution(x, channels, f"{name}_skip", kernel=1)
        return layers.ReLU(dtype=precision)(layers.Add(dtype=precision)([x, y]))

    x = convolution(_standardize(pixels), architecture.stem, "stem")
    x = layers.ReLU(dtype=precision)(x)
    for stage, (width, depth) in enumerate(
        zip(architecture.widths, architecture.depths, strict=True), start=1
    ):
        for index in range(depth):
            x = block(x, width, f"stage{stage}_block{index + 1}", stride=2 if index == 0 else 1)
    return x


def _squeeze_excite(x: Any, channels: int, precision: str, name: str) -> Any:
    gate = layers.GlobalAveragePooling2D(keepdims=True, dtype=precision)(x)  # (n, 1, 1, c)
    for width, activation, part in (
        (channels, "relu", "squeeze"),
        (x.shape[-1], "sigmoid", "excite"),
    ):
        gate = layers.Conv2D(
            width, 1, activation=activation, dtype=precision, name=f"{name}_{part}"
        )(gate)
    return layers.Multiply(dtype=precision)([x, gate])


def _class_maps(features: Any, head: str) -> Any:
    """A 1×1 convolution before pooling: the same logits as after it, and the maps besides."""
    return layers.Conv2D(len(LABELS), 1, dtype="float32", name=head)(features)  # (n, h, w, 7)
