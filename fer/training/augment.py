"""Random changes of a whole batch at once: one affine warp, one grey change, one erased box.

And blends of its images with each other.
"""

import math
from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from fer.training.config import Augmentation


def augment(pixels: Any, size: int, strength: Any, settings: Augmentation, seed: Any) -> Any:
    """Change every image of a batch at random.

    Flip, rotation, zoom, stretch, shift and the resizing to ``size`` are one projective
    warp: the image is resampled once, not once per change.

    Args:
        pixels: ``(n, h, w, 1)`` grey values 0..255, any type.
        size: side of the result in pixels.
        strength: scalar 0..1, share of the ranges of ``settings`` in use.
        settings: the ranges.
        seed: ``(2,)`` int32; the same seed gives the same result.

    Returns:
        ``(n, size, size, 1)`` float32, 0..255.
    """
    count = tf.shape(pixels)[0]
    draws = tf.random.stateless_uniform((15, count), seed, -1.0, 1.0)
    pixels = tf.cast(pixels, tf.float32)
    warped = tf.raw_ops.ImageProjectiveTransformV3(
        images=pixels,
        transforms=_transforms(draws[:6], pixels.shape[1], size, strength, settings),
        output_shape=[size, size],
        fill_value=0.0,
        interpolation="BILINEAR",
        fill_mode="NEAREST",
    )
    return _erase(_change_greys(warped, draws[6:8], strength, settings), draws[8:], settings)


def mix(arrays: Sequence[Any], alpha: float, strength: Any, seed: Any) -> list[Any]:
    """Blend every row of a batch with another row by a random share (mixup, Zhang et al., 2018).

    Args:
        arrays: each ``(n, ...)`` float32; all are blended alike.
        alpha: of the Beta distribution that shares are drawn from, over 0.
        strength: scalar 0..1; at 0 nothing is blended.
        seed: ``(2,)`` int32; the same seed gives the same result.
    """
    count = tf.shape(arrays[0])[0]
    draws = tf.random.stateless_gamma((2, count), seed, alpha) + 1e-30  # both can be 0
    share = draws[0] / (draws[0] + draws[1])
    other = strength * tf.minimum(share, 1.0 - share)  # the row itself keeps the larger share

    def blend(array: Any) -> Any:
        weight = tf.reshape(other, [-1] + [1] * (array.shape.rank - 1))
        return array * (1.0 - weight) + tf.reverse(array, [0]) * weight

    return [blend(array) for array in arrays]


def _transforms(draws: Any, side: int, size: int, strength: Any, settings: Augmentation) -> Any:
    """``(n, 8)`` maps from output to input pixels, as `ImageProjectiveTransformV3` wants them."""
    flip = tf.where(draws[0] < 0.0, -1.0, 1.0)
    angle = draws[1] * strength * (settings.rotation * math.pi / 180.0)
    zoom = tf.exp(draws[2] * strength * math.log1p(settings.zoom)) * (side / size)
    stretch = tf.exp(draws[3] * strength * (0.5 * math.log1p(settings.stretch)))
    cos, sin = tf.cos(angle), tf.sin(angle)
    a, b = cos * zoom * stretch * flip, -sin * zoom
    c, d = sin * zoom * stretch * flip, cos * zoom
    # Turn about the centres of the two images, then shift.
    centre_in, centre_out = (side - 1) / 2.0, (size - 1) / 2.0
    shift = strength * settings.shift * side
    x = centre_in - (a + b) * centre_out + draws[4] * shift
    y = centre_in - (c + d) * centre_out + draws[5] * shift
    zero = tf.zeros_like(x)
    return tf.stack([a, b, x, c, d, y, zero, zero], axis=1)


def _change_greys(pixels: Any, draws: Any, strength: Any, settings: Augmentation) -> Any:
    factor = tf.exp(draws[0] * strength * math.log1p(settings.contrast))[:, None, None, None]
    offset = (draws[1] * strength * settings.brightness)[:, None, None, None]
    mean = tf.reduce_mean(pixels, axis=(1, 2), keepdims=True)
    return tf.clip_by_value((pixels - mean) * factor + mean + offset, 0.0, 255.0)


def _erase(pixels: Any, draws: Any, settings: Augmentation) -> Any:
    """Fill one rectangle of some images with one random grey (Zhong et al., 2017).

    Some go from edge to edge, as masks, scarves, dark glasses and hands do.
    """
    side = pixels.shape[1]
    shares = (draws + 1.0) / 2.0
    low, high = settings.erase_side
    height, width = low + (high - low) * shares[0], low + (high - low) * shares[1]
    width = tf.where(shares[6] < settings.band_share, 1.0, width)
    top, left = shares[2] * (1.0 - height), shares[3] * (1.0 - width)
    grid = (tf.range(side, dtype=tf.float32)[None] + 0.5) / side  # (1, side)
    rows = (grid >= top[:, None]) & (grid < (top + height)[:, None])  # (n, side)
    columns = (grid >= left[:, None]) & (grid < (left + width)[:, None])
    chosen = shares[4] < settings.erase_probability
    box = rows[:, :, None] & columns[:, None, :] & chosen[:, None, None]
    return tf.where(box[..., None], 255.0 * shares[5][:, None, None, None], pixels)
