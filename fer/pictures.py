"""Pictures of any usual kind as RGB uint8, as displayed: the one way, for data and for vision.

Orientation, transparency, palettes, depth, range and colour models are settled here, so that a
network is shown what it has learned from.
"""

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageOps

from fer.errors import UserError

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP", "PPM", "AVIF", "JPEG2000")
"""What is read, by Pillow's names: pictures only, no document formats that run other programs."""

SUFFIXES = {
    ".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".gif", ".tif", ".tiff", ".bmp", ".ppm",
    ".pgm", ".avif", ".jp2", ".heic", ".heif",
}  # fmt: skip
"""By which the pictures of a folder are known; HEIC among them, to be answered, not to be read."""

_HEIC = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")

_BAND = 256
"""Rows that are computed with at a time."""


def is_heic(head: bytes) -> bool:
    """Whether a file whose first twelve bytes are ``head`` is a HEIC photo."""
    return head[4:8] == b"ftyp" and head[8:12] in _HEIC


def displayed(image: Image.Image) -> NDArray[np.uint8]:
    """A decoded picture as a viewer shows it, ``(h, w, 3)`` RGB uint8.

    The EXIF orientation is applied, transparent parts lie on white, 16 bits are scaled to 8, and
    of values without a common range (32 bits) the lowest is black and the highest white.
    """
    image = _upright(image)
    if image.mode in ("I", "F"):
        return to_rgb(stretched(np.asarray(image)))
    if image.mode.startswith("I;16"):
        return to_rgb(np.asarray(image))
    if image.has_transparency_data:
        return to_rgb(np.asarray(_as(image, "RGBA")))
    return np.array(_as(image, "RGB"))


def to_rgb(image: NDArray[Any]) -> NDArray[np.uint8]:
    """An array of any usual kind as ``(h, w, 3)`` RGB uint8; RGB uint8 is returned as it is.

    Args:
        image: ``(h, w)`` grey, or ``(h, w, c)`` with 1 grey, 2 grey and alpha, 3 RGB or 4
            RGBA channels; alpha is laid over white. OpenCV's order is BGR: pass
            ``image[..., ::-1]``. The value ranges are: bool; uint8; uint16, 0..65535; any
            other integer, 0..255; floats, 0..1 or, if a value is above 2, 0..255. With a
            warning, uint16 that holds no more than 8, 10 or 12 bits is read as such, and
            a uint8 picture of zeros and ones as black and white.

    Raises:
        UserError: for another shape, an empty array, or values outside these ranges.
    """
    channels = image.shape[2] if image.ndim == 3 else 1
    if image.ndim not in (2, 3) or not 1 <= channels <= 4 or image.size == 0:
        raise UserError(
            f"A picture must be an array (height, width) or (height, width, 1 to 4 channels) "
            f"with at least one pixel, not {image.shape}."
        )
    values = _to_uint8(image).reshape(*image.shape[:2], channels)
    if channels in (2, 4):
        values = _over_white(values)
    return values if values.shape[2] == 3 else np.repeat(values, 3, axis=2)


def stretched(values: NDArray[Any]) -> NDArray[np.uint8]:
    """``values`` of unknown range ``(h, w)``, from their lowest to their highest, as 0..255."""
    values = np.nan_to_num(values) if values.dtype.kind == "f" else values
    low, high = float(values.min()), float(values.max())
    factor = 255.0 / (high - low) if high > low else 0.0
    return _in_bands(lambda band: (band.astype(np.float64) - low) * factor, values)


def _upright(image: Image.Image) -> Image.Image:
    try:
        if image.getexif().get(ExifTags.Base.Orientation, 1) == 1:
            return image  # Pillow would copy it
        return ImageOps.exif_transpose(image)
    except Exception:  # a damaged EXIF block does not make a picture unreadable
        return image


def _as(image: Image.Image, mode: str) -> Image.Image:
    return image if image.mode == mode else image.convert(mode)  # Pillow would copy it


def _in_bands(
    function: Callable[[NDArray[Any]], NDArray[np.floating]], values: NDArray[Any]
) -> NDArray[np.uint8]:
    """``function`` of every pixel, rounded; some rows at a time.

    Floats of all pixels at once would take ten times the memory of the picture.
    """
    shape = function(values[:1]).shape[1:]
    whole = np.empty((len(values), *shape), np.uint8)
    for i in range(0, len(values), _BAND):
        whole[i : i + _BAND] = np.rint(function(values[i : i + _BAND]))
    return whole


def _to_uint8(values: NDArray[Any]) -> NDArray[np.uint8]:
    if values.dtype == np.bool_:
        return values * np.uint8(255)
    if values.dtype.kind not in "iuf":
        raise UserError(f"A picture's values must be numbers, not {values.dtype}.")
    low, high = values.min(), values.max()
    if high == 1 and low == 0 and values.dtype.kind in "iu":
        _warn(f"All values of this {values.dtype} picture are 0 or 1: read as black and white.")
        return values.astype(np.uint8) * np.uint8(255)
    if values.dtype == np.uint16:
        factor = 255.0 / _white(int(high))
        return _in_bands(lambda band: band * factor, values)
    if not (low >= 0 and high <= 255) or (values.dtype.kind == "f" and 1 < high <= 2):  # or NaN
        raise UserError(
            f"A picture's {values.dtype} values must lie in 0..255"
            f"{' or 0..1' if values.dtype.kind == 'f' else ''}, not {low:g}..{high:g}."
        )
    if values.dtype.kind == "f":
        return _in_bands(lambda band: band * (255.0 if high <= 1 else 1.0), values)
    return values if values.dtype == np.uint8 else values.astype(np.uint8)


def _white(highest: int) -> int:
    """What stands for white in a uint16 picture with this highest value."""
    for bits in (8, 10, 12):
        if 0 < highest < 2**bits:
            _warn(
                f"The values of this uint16 picture reach no more than {highest}: read as {bits} "
                f"bits, 0..{2**bits - 1}."
            )
            return int(2**bits - 1)
    return 65535


def _warn(sentence: str) -> None:
    warnings.warn(sentence, UserWarning, stacklevel=2)


def _over_white(values: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Colour and alpha ``(h, w, c + 1)`` as colour on white ``(h, w, c)``."""

    def laid(band: NDArray[np.uint8]) -> NDArray[np.float32]:
        alpha = band[..., -1:].astype(np.float32) / 255.0
        return np.asarray(band[..., :-1] * alpha + 255.0 * (1.0 - alpha), np.float32)

    return _in_bands(laid, values)
