"""The last stage with fewer numbers: each of its convolutions through a few channels."""

from typing import Any

import keras
import numpy as np
from keras import layers, ops
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_BATCH = 256
_NARROW = "_narrow"
_LEAST = 1e-6  # a channel's scale: below, it says nothing, and its share cannot be undone


def narrow(model: keras.Model, rank: int, faces: NDArray[np.float32]) -> keras.Model:
    """The network with ``rank`` channels within each 3×3 convolution of its last stage.

    In the place of one stand a 3×3 convolution to ``rank`` channels and a 1×1 convolution: the
    outputs' principal components over ``faces``, normalised as the layer behind does it, so that
    of what they say as little is lost as can be (Zhang et al., 2015, arXiv:1505.06798).
    Convolutions of no more channels than that stay as they are.

    Args:
        model: of `fer.training.architecture`.
        rank: at least 1.
        faces: ``(n, size, size, 1)`` grey values 0..255, as the network meets them.
    """
    names = [
        convolution.name
        for convolution in last_stage(model)
        if convolution.kernel_size == (3, 3) and convolution.filters > rank
    ]
    if not names:
        return model
    factors = {
        name: _factors(model, name, rank, moment)
        for name, moment in _second_moments(model, names, faces).items()
    }

    def call(layer: Any, *inputs: Any, **options: Any) -> Any:
        if layer.name not in factors:
            return layer(*inputs, **options)
        few = layers.Conv2D(
            rank, layer.kernel_size, layer.strides, padding="same", use_bias=False,
            name=layer.name + _NARROW,
        )(*inputs)  # fmt: skip
        return layers.Conv2D(layer.filters, 1, use_bias=False, name=layer.name)(few)

    result = keras.models.clone_model(model, clone_function=_again, call_function=call)
    for layer in result.layers:
        name = layer.name.removesuffix(_NARROW)
        if name in factors:
            layer.set_weights([factors[name][0 if layer.name.endswith(_NARROW) else 1]])
        elif layer.weights:
            layer.set_weights(model.get_layer(name).get_weights())
    return result


def _again(layer: layers.Layer) -> layers.Layer:
    return type(layer).from_config(layer.get_config())


def last_stage(model: keras.Model) -> list[layers.Conv2D]:
    """The convolutions of the network's last stage, in their order; none of another network's."""
    found = [one for one in model.layers if isinstance(one, layers.Conv2D)]
    stages = [one.name.split("_")[0] for one in found if one.name.startswith("stage")]
    return [one for one in found if stages and one.name.startswith(f"{stages[-1]}_")]


def _second_moments(
    model: keras.Model, names: list[str], faces: NDArray[np.float32]
) -> dict[str, Floats]:
    """Of each convolution's output, scaled and centred by the normalisation behind it."""
    watched = keras.Model(model.input, [model.get_layer(name).output for name in names])
    norms = [_norm(model, name) for name in names]
    moments = dict.fromkeys(names, np.zeros(()))
    for start in range(0, len(faces), _BATCH):
        outputs = watched(faces[start : start + _BATCH], training=False)
        for name, output, (scale, mean) in zip(names, outputs, norms, strict=True):
            flat = np.asarray(ops.reshape(output, (-1, output.shape[-1])), np.float64)
            normal = (flat - mean) * scale
            moments[name] = moments[name] + normal.T @ normal
    return moments


def _norm(model: keras.Model, name: str) -> tuple[Floats, Floats]:
    """What normalisation does to a convolution's output: factor and subtrahend of each channel."""
    norm = model.get_layer(f"{name}_norm")
    gamma, _, mean, variance = (np.asarray(array, np.float64) for array in norm.get_weights())
    scale = gamma / np.sqrt(variance + norm.epsilon)
    return np.where(np.abs(scale) < _LEAST, _LEAST, scale), mean


def _factors(model: keras.Model, name: str, rank: int, moment: Floats) -> tuple[Floats, Floats]:
    """The two kernels, ``(3, 3, in, rank)`` and ``(1, 1, rank, out)``."""
    scale, _ = _norm(model, name)
    kernel = np.asarray(model.get_layer(name).kernel, np.float64)
    axes = np.linalg.eigh(moment)[1][:, ::-1][:, :rank]
    return (kernel * scale) @ axes, (axes.T / scale)[None, None]
