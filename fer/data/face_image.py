"""One picture of a face as the network learns it: 48 × 48 pixels, 8-bit grey.

Whatever reads labelled pictures - the import, a dataset folder, the audit - reads them here, so
that all see the same pixels.
"""

import io
import warnings
from dataclasses import dataclass
from math import isqrt
from pathlib import PurePath

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from fer.pictures import FORMATS, SUFFIXES, displayed, is_heic
from fer.pixels import middle_square, resize_square

IMAGE_SIZE = 48
MAX_IMAGE_BYTES = 16 << 20

USUAL_FORMAT = f"{IMAGE_SIZE} × {IMAGE_SIZE} grey"
BLANK_BELOW = 5.0
"""Standard deviation of the grey values (0 to 255) under which an image counts as blank.

In FER2013 the empty images lie at 0 to 4.2, and the darkest image that shows a face at 9.1.
"""

_MAX_SIDE = 4096
_DEEP_MODES = ("I", "I;16", "I;16B", "I;16L")
_GREY_MODES = ("1", "L", "LA", *_DEEP_MODES)


@dataclass(frozen=True)
class FaceImage:
    """A decoded picture.

    Attributes:
        pixels: ``(48, 48)`` uint8 grey.
        format: what the file holds, in words ("64 × 40 colour"); ``USUAL_FORMAT`` where nothing
            had to be changed.
    """

    pixels: NDArray[np.uint8]
    format: str = USUAL_FORMAT


def is_image_name(path: PurePath) -> bool:
    """Whether an image's name ends so; HEIC is one, to be refused rather than overlooked."""
    return path.suffix.lower() in SUFFIXES


def decode_face(content: bytes) -> FaceImage:
    """The picture that an image file holds, as `fer.pictures.displayed` shows it, in grey.

    Raises:
        ValueError: if it cannot be used; says why in half a sentence.
    """
    if not content:
        raise ValueError("an empty file")
    if len(content) > MAX_IMAGE_BYTES:
        raise ValueError(f"more than {MAX_IMAGE_BYTES >> 20} MB, too many for an image of a face")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the number of pixels is checked below
            image: Image.Image = Image.open(io.BytesIO(content), formats=FORMATS)
    except Exception as error:  # decoders of damaged files raise errors of every kind
        raise ValueError(_why_unknown(content)) from error
    if max(image.size) > _MAX_SIDE:
        raise ValueError(f"{image.width}×{image.height} pixels are far too many for a face")
    if image.mode == "F":
        raise ValueError("fractions instead of grey values from 0 to 255")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # how deep a picture is read: its format tells
            grey = cv2.cvtColor(displayed(image), cv2.COLOR_RGB2GRAY)
        return FaceImage(to_face(np.asarray(grey, np.uint8)), _format_in_words(image))
    except Exception as error:
        raise ValueError("a damaged image, or one that breaks off") from error


def face_of_values(values: NDArray[np.int64]) -> FaceImage:
    """The square picture that ``values`` are, row by row.

    Raises:
        ValueError: if they are no square, or one is outside 0 to 255.
    """
    side = isqrt(len(values))
    if side < 1 or side * side != len(values):
        raise ValueError(f"{len(values):,} pixel values, which are no square")
    outside = values[(values < 0) | (values > 255)]
    if len(outside):
        raise ValueError(f"pixel value {outside[0]} is outside 0–255")
    face = to_face(values.astype(np.uint8).reshape(side, side))
    return FaceImage(face, f"{side} × {side} grey")


def to_face(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The middle square of a grey picture ``(h, w)``, resized to ``(48, 48)``.

    Cutting keeps the proportions of the face, which squeezing would not: on 96 × 160 pixels the
    two differ by 39 grey levels on average.
    """
    if pixels.shape == (IMAGE_SIZE, IMAGE_SIZE):
        return pixels
    return resize_square(np.ascontiguousarray(middle_square(pixels)), IMAGE_SIZE)


def is_blank(pixels: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Which of the images ``(n, 48, 48)`` show nothing, ``(n,)``."""
    # One by one: the deviations of all at once would take 600 MB.
    return np.array([image.std() < BLANK_BELOW for image in pixels], bool)


def _format_in_words(image: Image.Image) -> str:
    tone = "grey" if image.mode in _GREY_MODES else "colour"
    depth = " 16-bit" if image.mode in _DEEP_MODES else ""
    return f"{image.width} × {image.height} {tone}{depth}"


def _why_unknown(content: bytes) -> str:
    if is_heic(content):
        return "HEIC, which is not read here; convert it to JPEG or PNG"
    return "no readable image of a known format (PNG, JPEG, BMP, GIF, WebP, TIFF)"
