"""What lies between a face and its 48-pixel crop, imitated: a whole batch at once.

A camera blurs, resamples, lights and adds noise; a codec throws detail away. All of it is
a handful of matrix products and one depthwise convolution, so that training is no slower for it;
what codecs do is made beforehand (`compressed_copies`).
"""

import io
import math
from functools import cache
from typing import Any

import av
import cv2
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from fer.training.augment import augment
from fer.training.config import Augmentation, Camera

_KERNEL = 9


SEED = 10_007
"""Added to a run's seed before `photograph`: its draws shall not be those of `augment`."""


def distort(
    pixels: Any, size: int, strength: Any, augmentation: Augmentation, camera: Camera, seed: Any
) -> Any:
    """A batch changed as by `augment` and then seen as by `photograph`, ``(n, size, size, 1)``."""
    moved = augment(pixels, size, strength, augmentation, seed)
    return photograph(moved, camera, tf.add(seed, (SEED, 0)))


def photograph(pixels: Any, camera: Camera, seed: Any) -> Any:
    """Every image of a batch as one of many cameras would have it.

    In the order of the real way: focus and motion blur, exposure and side light, sensor noise
    before or after the resampling to another number of pixels, eight bits.

    Args:
        pixels: ``(n, side, side, 1)`` float32, 0..255.
        camera: how often each thing happens, and how far it goes.
        seed: ``(2,)`` int32; the same seed gives the same result.

    Returns:
        ``(n, side, side, 1)`` float32, whole numbers 0..255.
    """
    draws = tf.random.stateless_uniform((15, tf.shape(pixels)[0]), seed)
    spoilt = draws[0] < camera.share

    def chosen(draw: Any, probability: float) -> Any:
        return spoilt & (draw < probability)

    softened = _soften(pixels, draws[2:4], chosen(draws[1], camera.blur_probability))
    lit = _light(softened, draws[4:8], chosen(draws[8], camera.light_probability), camera)
    noise = _noise(lit, draws[9:11], chosen(draws[11], camera.noise_probability), camera, seed)
    before = (draws[12] < 0.5)[:, None, None, None]
    resampled = _resample(
        tf.where(before, tf.clip_by_value(lit + noise, 0.0, 255.0), lit),
        draws[13],
        chosen(draws[14], camera.resample_probability),
        camera.least_side,
    )
    result = tf.where(before, resampled, resampled + noise)
    return tf.round(tf.clip_by_value(result, 0.0, 255.0))


def compressed_copies(pixels: NDArray[np.uint8], seed: int) -> NDArray[np.uint8]:
    """The images after a lossy codec: one copy by JPEG, one by a real H.264 round trip.

    Args:
        pixels: ``(n, side, side)`` uint8.
        seed: of the qualities, which differ from image to image.

    Returns:
        ``(2, n, side, side)`` uint8.
    """
    random = np.random.default_rng((seed, 264))
    jpeg = np.stack([_jpeg(image, int(random.integers(8, 60))) for image in pixels])
    return np.stack([jpeg, _h264(pixels, random)])


@cache
def _blur_bank() -> NDArray[np.float32]:
    """``(k, 9, 9)`` kernels that sum to 1: identity, Gauss, defocus, motion, sharpening."""
    reach = np.arange(_KERNEL * 9) / 9.0 - (_KERNEL / 2.0 - 1.0 / 18.0)  # nine samples a pixel
    x, y = np.meshgrid(reach, reach)
    radius = np.hypot(x, y)

    def pixels_of(fine: NDArray[Any]) -> NDArray[np.float32]:
        kernel = fine.reshape(_KERNEL, 9, _KERNEL, 9).sum(axis=(1, 3))
        return np.asarray(kernel / kernel.sum(), np.float32)

    identity = np.zeros((_KERNEL, _KERNEL), np.float32)
    identity[_KERNEL // 2, _KERNEL // 2] = 1.0
    gauss = [pixels_of(np.exp(-0.5 * (radius / s) ** 2)) for s in np.linspace(0.4, 1.9, 24)]
    defocus = [pixels_of(radius <= r) for r in np.linspace(0.8, 3.2, 20)]
    motion = []
    for length in np.linspace(2.0, 8.0, 5):
        for angle in np.arange(0.0, math.pi, math.pi / 8):
            along = x * math.cos(angle) + y * math.sin(angle)
            across = x * math.sin(angle) - y * math.cos(angle)
            motion.append(pixels_of((np.abs(along) <= length / 2) & (np.abs(across) <= 0.5)))
    sharpened = [
        (1.0 + amount) * identity - amount * gauss[8] for amount in np.linspace(0.4, 2.0, 8)
    ]
    return np.stack([identity, *gauss, *defocus, *motion, *sharpened]).astype(np.float32)


@cache
def _resampling_bank(least: int, side: int) -> NDArray[np.float32]:
    """``(k, side, side)``: down to each number of pixels and up again, in one dimension.

    The first is the identity. A picture ``x`` becomes ``m @ x @ m.T``: both OpenCV's area and its
    linear and cubic interpolation are separable and linear.
    """
    bank = [np.eye(side, dtype=np.float32)]
    for small in range(min(least, side - 1), side):
        for down in (cv2.INTER_AREA, cv2.INTER_LINEAR):
            for up in (cv2.INTER_LINEAR, cv2.INTER_CUBIC):
                shrunk = cv2.resize(bank[0], (side, small), interpolation=down)
                bank.append(
                    cv2.resize(np.eye(small, dtype=np.float32), (small, side), interpolation=up)
                    @ shrunk
                )
    return np.stack(bank)


def _soften(pixels: Any, draws: Any, chosen: Any) -> Any:
    """Focus and motion: a kernel of the bank, mixed with the sharp image."""
    bank = tf.constant(_blur_bank())
    index = tf.where(chosen, 1 + tf.cast(draws[0] * (len(bank) - 1), tf.int32), 0)
    softened = _filter(pixels, tf.gather(bank, index))
    # A random share of the sharp image stays: every degree of blur, and halos.
    keep = tf.where(draws[1] < 0.5, 0.0, 2.0 * draws[1] - 1.0)[:, None, None, None]
    return softened * (1.0 - keep) + pixels * keep


def _filter(pixels: Any, kernels: Any) -> Any:
    """Each image convolved with its own kernel: images become the channels of one image."""
    side, reach = pixels.shape[1], _KERNEL // 2
    stacked = tf.transpose(pixels, (3, 1, 2, 0))  # (1, side, side, n)
    padded = tf.pad(stacked, ((0, 0), (reach, reach), (reach, reach), (0, 0)), "SYMMETRIC")
    filters = tf.transpose(kernels, (1, 2, 0))[..., None]  # (9, 9, n, 1)
    blurred = tf.nn.depthwise_conv2d(padded, filters, (1, 1, 1, 1), "VALID")
    return tf.ensure_shape(tf.transpose(blurred, (3, 1, 2, 0)), (None, side, side, 1))


def _light(pixels: Any, draws: Any, chosen: Any, camera: Camera) -> Any:
    """Exposure (log-uniform, clipped as a sensor does), gamma, and light from one side."""
    side = pixels.shape[1]
    gain = tf.exp(
        math.log(camera.darkest)
        + draws[0] * (math.log(camera.brightest) - math.log(camera.darkest))
    )
    gamma = tf.exp((2.0 * draws[1] - 1.0) * math.log(1.8))
    angle = 2.0 * math.pi * draws[2]
    place = tf.range(side, dtype=tf.float32) / (side - 1) * 2.0 - 1.0
    ramp = (
        tf.cos(angle)[:, None, None] * place[None, None, :]
        + tf.sin(angle)[:, None, None] * place[None, :, None]
    )  # (n, side, side)
    slope = (camera.side_light * draws[3])[:, None, None]
    shaded = 255.0 * tf.pow(tf.maximum(pixels, 0.0) / 255.0, gamma[:, None, None, None])
    shaded = shaded * gain[:, None, None, None] * (1.0 + slope * ramp)[..., None]
    return tf.where(chosen[:, None, None, None], tf.clip_by_value(shaded, 0.0, 255.0), pixels)


def _noise(pixels: Any, draws: Any, chosen: Any, camera: Camera, seed: Any) -> Any:
    """Sensor noise: read noise, and shot noise whose variance grows with the brightness."""
    deviation = (camera.noise * draws[0])[:, None, None, None]
    shot = draws[1][:, None, None, None]
    variance = 1.0 - shot + shot * pixels / 128.0
    normal = tf.random.stateless_normal(tf.shape(pixels), tf.add(seed, (1, 0)))
    return tf.where(
        chosen[:, None, None, None], deviation * tf.sqrt(tf.maximum(variance, 0.0)) * normal, 0.0
    )


def _resample(pixels: Any, draw: Any, chosen: Any, least: int) -> Any:
    bank = tf.constant(_resampling_bank(least, pixels.shape[1]))
    index = tf.where(chosen, 1 + tf.cast(draw * (len(bank) - 1), tf.int32), 0)
    matrices = tf.gather(bank, index)  # (n, side, side)
    return (matrices @ pixels[..., 0] @ tf.transpose(matrices, (0, 2, 1)))[..., None]


def _jpeg(image: NDArray[np.uint8], quality: int) -> NDArray[np.uint8]:
    _, code = cv2.imencode(".jpg", image, (cv2.IMWRITE_JPEG_QUALITY, quality))
    return np.asarray(cv2.imdecode(code, cv2.IMREAD_GRAYSCALE), np.uint8)


def _h264(pixels: NDArray[np.uint8], random: np.random.Generator) -> NDArray[np.uint8]:
    """The images side by side in frames of small clips, each with a quality of its own."""
    side, columns, rows = pixels.shape[1], 12, 8
    a_frame = columns * rows
    decoded = np.empty_like(pixels)
    for start in range(0, len(pixels), a_frame):
        part = pixels[start : start + a_frame]
        padded = np.concatenate([part, np.repeat(part[:1], a_frame - len(part), axis=0)])
        frame = padded.reshape(rows, columns, side, side).transpose(0, 2, 1, 3)
        sheet = np.ascontiguousarray(frame.reshape(rows * side, columns * side))
        sheet = _round_trip(sheet, int(random.integers(24, 44)))
        tiles = sheet.reshape(rows, side, columns, side).transpose(0, 2, 1, 3)
        decoded[start : start + a_frame] = tiles.reshape(a_frame, side, side)[: len(part)]
    return decoded


def _round_trip(sheet: NDArray[np.uint8], quality: int) -> NDArray[np.uint8]:
    """One grey picture as the third frame of an H.264 clip that stands still."""
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=25, options={"crf": str(quality)})
        stream.height, stream.width, stream.pix_fmt = *sheet.shape, "yuv420p"
        for shift in (2, 1, 0):
            moved = np.roll(sheet, shift, axis=1)
            frame = av.VideoFrame.from_ndarray(np.repeat(moved[..., None], 3, axis=2), "rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    file.seek(0)
    with av.open(file, "r") as written:
        frames = [frame.to_ndarray(format="gray") for frame in written.decode(video=0)]
    return np.asarray(frames[-1], np.uint8)
