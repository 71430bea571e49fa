"""What cameras, networks and people do to a picture of a face, each as one function.

Every function takes ``(face, strength, random)``: ``face (48, 48)`` uint8 grey, the strength in
the unit that `fer.evaluation.corruptions` states, and the generator of this one image; it answers
with another ``(48, 48)`` uint8 picture. What is drawn from ``random`` does not depend on the
strength, so that a stronger corruption is more of the same: the same noise, the same direction.
"""

import math
from functools import cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Face = NDArray[np.uint8]

_GAMMA = 2.2
"""Grey values are light to the power of 1 / 2.2: a stop doubles the light, not the grey value."""

_SKIN = np.array([1.2, 0.94, 0.7844])
"""Red, green and blue of skin as multiples of its luma, which they therefore do not change."""
_LUMA = np.array([0.299, 0.587, 0.114])
"""Weights of red, green and blue in a grey picture (ITU-R BT.601)."""

EYES, MOUTH = 0.37, 0.76
"""Height of the eyes and of the mouth in FER2013's pictures, from the top: of the mean face."""


def sensor_noise(face: Face, strength: float, random: np.random.Generator) -> Face:
    """Gaussian noise of this standard deviation."""
    return _grey(face + strength * random.standard_normal(face.shape))


def shot_noise(face: Face, strength: float, random: np.random.Generator) -> Face:
    """Noise whose variance grows with the brightness; ``strength`` is its deviation at grey 128.

    The normal approximation of a Poisson count of light, which is what leaves a stronger
    strength the same noise. At 16 grey levels, grey 128 is 64 counts, and 10 is 5.
    """
    deviation = strength * np.sqrt(face / 128.0)
    return _grey(face + deviation * random.standard_normal(face.shape))


def defocus(face: Face, strength: float, random: np.random.Generator) -> Face:
    """Every point becomes a disc of this radius, as through a lens that is out of focus."""
    return _filtered(face, _disc(strength))


def gaussian_blur(face: Face, strength: float, random: np.random.Generator) -> Face:
    """A Gaussian of this standard deviation: softness of a lens, or of an enlarged face."""
    if strength == 0:
        return face
    reach = int(4 * strength + 0.5)
    weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) / strength) ** 2)
    weights /= weights.sum()
    blurred: NDArray[Any] = face.astype(np.float64)
    for kernel in (weights[:, None], weights[None, :]):
        blurred = cv2.filter2D(blurred, -1, kernel, borderType=cv2.BORDER_REFLECT_101)
        # To single precision after each direction, as scipy.ndimage.gaussian_filter rounds.
        blurred = blurred.astype(np.float32).astype(np.float64)
    return _grey(blurred)


def motion_blur(face: Face, strength: float, random: np.random.Generator) -> Face:
    """Every point becomes a line of this many pixels, in a direction of its own for each image."""
    return _filtered(face, _line(strength, random.uniform(0.0, math.pi)))


def low_resolution(face: Face, strength: float, random: np.random.Generator) -> Face:
    """Reduced to this many pixels a side, and enlarged again as a browser does."""
    height, width = face.shape
    small = cv2.resize(face, (round(strength), round(strength)), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)


def jpeg(face: Face, strength: float, random: np.random.Generator) -> Face:
    """Written as JPEG of this quality and read again."""
    _, code = cv2.imencode(".jpg", face, (cv2.IMWRITE_JPEG_QUALITY, round(strength)))
    return np.asarray(cv2.imdecode(code, cv2.IMREAD_GRAYSCALE), np.uint8)


def h264(face: Face, strength: float, random: np.random.Generator) -> Face:
    """The third frame of an H.264 clip of this constant rate factor, in which the face moves.

    A codec codes a frame as the difference to the one before, shifted: a picture that stands
    still would only show how the first frame is coded.

    Raises:
        ModuleNotFoundError: without PyAV, which the dashboard's image leaves out.
    """
    import av

    encoder: Any = av.CodecContext.create("libx264", "w")
    encoder.height, encoder.width = face.shape
    encoder.pix_fmt, encoder.framerate, encoder.thread_count = "yuv420p", 25, 1
    encoder.options = {"crf": f"{strength:g}", "preset": "fast", "tune": "zerolatency"}
    decoder: Any = av.CodecContext.create("h264", "r")
    decoder.thread_count = 1
    packets = []
    for shift in (-2, -1, 0):
        moved = _warped(face, np.array([[1.0, 0.0, shift], [0.0, 1.0, 0.0]]))
        colour = np.repeat(moved[..., None], 3, axis=2)
        packets += encoder.encode(av.VideoFrame.from_ndarray(colour, "rgb24"))
    frames = [frame for packet in packets + encoder.encode() for frame in decoder.decode(packet)]
    frames += decoder.decode()
    return np.asarray(frames[-1].to_ndarray(format="rgb24")[..., 0], np.uint8)


def underexposure(face: Face, strength: float, random: np.random.Generator) -> Face:
    """Less light by this many stops, with noise of two grey levels a stop."""
    noise = 2.0 * strength * random.standard_normal(face.shape)
    return _grey(face * 2.0 ** (-strength / _GAMMA) + noise)


def overexposure(face: Face, strength: float, random: np.random.Generator) -> Face:
    """More light by this many stops, white where the sensor is full."""
    return _grey(face * 2.0 ** (strength / _GAMMA))


def low_contrast(face: Face, strength: float, random: np.random.Generator) -> Face:
    """Less contrast around the mean grey by this many percent: haze, backlight."""
    mean = face.mean()
    return _grey(mean + (1.0 - strength / 100.0) * (face - mean))


def side_light(face: Face, strength: float, random: np.random.Generator) -> Face:
    """Brighter by this many percent at one edge, darker by as many at the opposite one."""
    angle = random.uniform(0.0, 2.0 * math.pi)
    place = np.linspace(-1.0, 1.0, len(face))
    ramp = math.cos(angle) * place[None, :] + math.sin(angle) * place[:, None]
    return _grey(face * (1.0 + strength / 100.0 * ramp))


def white_balance(face: Face, strength: float, random: np.random.Generator) -> Face:
    """A face of skin colour, photographed too warm or too cold by this much, as a grey picture.

    Red is multiplied and blue divided by ``1 + strength / 100``, or the other way round; each is
    cut off at white. Colour fades towards white, as highlights have the colour of the light.
    """
    gain = 1.0 + strength / 100.0
    gains = np.array([gain, 1.0, 1.0 / gain])[:: random.choice((1, -1))]
    grey = face[..., None].astype(np.float64)
    colour = grey + (_SKIN - 1.0) * grey * (1.0 - grey / 255.0)  # (48, 48, 3)
    return _grey(np.minimum(colour * gains, 255.0) @ _LUMA)


def rotation(face: Face, strength: float, random: np.random.Generator) -> Face:
    """The head tilted by this many degrees, to the left or to the right."""
    return _transformed(face, angle=strength * random.choice((1, -1)))


def scale(face: Face, strength: float, random: np.random.Generator) -> Face:
    """The crop too wide or too tight by this many percent."""
    return _transformed(face, zoom=(1.0 + strength / 100.0) ** random.choice((1, -1)))


def shift(face: Face, strength: float, random: np.random.Generator) -> Face:
    """The crop off its place by this many percent of its side, in any direction."""
    way = random.uniform(0.0, 2.0 * math.pi)
    length = strength / 100.0 * len(face)
    return _transformed(face, offset=(length * math.cos(way), length * math.sin(way)))


def occlusion(face: Face, strength: float, random: np.random.Generator) -> Face:
    """A plain square over this many percent of the picture's area, wherever it may lie."""
    place, level = random.random(2), random.integers(256)
    side = round(len(face) * math.sqrt(strength / 100.0))
    top, left = np.rint(place * (len(face) - side)).astype(int)
    return _covered(face, (left, top, left + side, top + side), int(level))


def eye_bar(face: Face, strength: float, random: np.random.Generator) -> Face:
    """A black bar over the eyes, this many percent of the picture high: sunglasses, anonymity."""
    return _bar(face, EYES, strength)


def mouth_bar(face: Face, strength: float, random: np.random.Generator) -> Face:
    """A black bar over the mouth, this many percent of the picture high: a hand, a microphone."""
    return _bar(face, MOUTH, strength)


def mask(face: Face, strength: float, random: np.random.Generator) -> Face:
    """A mask from the chin up to this many percent of the picture's height, arched at its top."""
    height, width = face.shape
    x = np.linspace(-1.0, 1.0, width)
    edge = height * (1.0 - strength / 100.0 + 0.1 * x**2)  # (48,) higher on the nose
    inside = np.arange(height)[:, None] >= edge[None, :]
    inside &= np.abs(x)[None, :] <= 0.8
    return np.where(inside, np.uint8(random.integers(60, 240)), face)


def _grey(values: NDArray[Any]) -> Face:
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


def _filtered(face: Face, kernel: NDArray[np.float32]) -> Face:
    return np.asarray(cv2.filter2D(face, -1, kernel, borderType=cv2.BORDER_REFLECT_101), np.uint8)


@cache
def _disc(radius: float) -> NDArray[np.float32]:
    """A disc whose values are the shares of each pixel that it covers, of sum 1."""
    fine = 9  # samples a pixel; odd, so that a radius of 0 leaves one
    reach = math.ceil(radius) + 1
    samples = (np.arange((2 * reach + 1) * fine) - (2 * reach + 1) * fine // 2) / fine
    disc = np.hypot(samples[:, None], samples[None, :]) <= radius
    pixels = disc.reshape(2 * reach + 1, fine, 2 * reach + 1, fine).sum(axis=(1, 3))
    return np.asarray(pixels / pixels.sum(), np.float32)


def _line(length: float, angle: float) -> NDArray[np.float32]:
    """``length`` points a pixel apart, each shared by the four pixels around it, of sum 1."""
    reach = math.ceil(length / 2)
    steps = np.arange(length) - (length - 1) / 2
    places = np.arange(-reach, reach + 1)
    columns, rows = (
        np.clip(1.0 - np.abs(places[:, None] - steps * part), 0.0, None)
        for part in (math.cos(angle), math.sin(angle))
    )  # (2 reach + 1, length) each
    return np.asarray(rows @ columns.T / len(steps), np.float32)


def _transformed(
    face: Face, angle: float = 0.0, zoom: float = 1.0, offset: tuple[float, float] = (0.0, 0.0)
) -> Face:
    """Turned by degrees, enlarged and moved by pixels about the middle."""
    middle = ((face.shape[1] - 1) / 2, (face.shape[0] - 1) / 2)
    matrix = np.asarray(cv2.getRotationMatrix2D(middle, angle, zoom), np.float64)
    matrix[:, 2] += np.array(offset)
    return _warped(face, matrix)


def _warped(face: Face, matrix: NDArray[np.float64]) -> Face:
    """The border pixels go on where the picture ends: no edge that a real crop would not have."""
    height, width = face.shape
    warped = cv2.warpAffine(
        face, matrix, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(warped, np.uint8)


def _bar(face: Face, middle: float, strength: float) -> Face:
    side, half = len(face), strength / 200.0
    top, bottom = (round(side * (middle + sign * half)) for sign in (-1, 1))
    return _covered(face, (round(0.1 * side), top, round(0.9 * side), bottom), 0)


def _covered(face: Face, box: tuple[int, int, int, int], level: int) -> Face:
    left, top, right, bottom = box
    covered = face.copy()
    covered[top:bottom, left:right] = level
    return covered
