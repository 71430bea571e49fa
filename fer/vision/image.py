"""Pictures as they enter: everything inside ``fer`` is RGB uint8, as displayed.

Orientation, transparency, palettes, depth and colour models are settled here, once.
"""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from fer.errors import UserError

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP", "PPM", "AVIF", "JPEG2000")
"""What is read, by Pillow's names: pictures only, no document formats that run other programs."""

MAX_MEGAPIXELS = 64
"""More is refused before it is decoded: 64 megapixels are 192 MB of RGB."""

MAX_MEGABYTES = 200
"""Larger files are refused before they are opened."""


def read_image(path: str | Path) -> NDArray[np.uint8]:
    """The picture in ``path`` as displayed, ``(h, w, 3)`` RGB uint8.

    The EXIF orientation is applied, transparent parts lie on white, 16 bits are scaled to
    8, and of an animation the first frame is taken.

    Raises:
        UserError: if there is no such file, it is not a picture in one of ``FORMATS``, it
            is damaged or cut off, or it exceeds ``MAX_MEGAPIXELS`` or ``MAX_MEGABYTES``.
    """
    path = Path(path)
    try:
        _require_readable(path)
        with Image.open(path, formats=FORMATS) as image:
            _require_pixels_fit(path, image)
            image.load()
            return _displayed(image)
    except UserError:
        raise
    except UnidentifiedImageError as error:
        raise UserError(
            f"{path} is not a picture that can be read; use JPEG, PNG, WebP, GIF, TIFF, BMP or "
            "AVIF (a HEIC photo must be saved as JPEG first)."
        ) from error
    except Image.DecompressionBombError as error:
        raise UserError(_too_many_pixels(path)) from error
    except OSError as error:
        if error.errno is not None:
            raise UserError(f"{path} cannot be opened: {error.strerror}.") from error
        raise UserError(_damaged(path, error)) from error
    except Exception as error:  # decoders raise every kind of error on damaged files
        raise UserError(_damaged(path, error)) from error


def to_rgb(image: NDArray[Any]) -> NDArray[np.uint8]:
    """An array of any usual kind as ``(h, w, 3)`` RGB uint8; RGB uint8 is returned as it is.

    Args:
        image: ``(h, w)`` grey, or ``(h, w, c)`` with 1 grey, 2 grey and alpha, 3 RGB or 4
            RGBA channels; alpha is laid over white. The value ranges are: bool; uint8;
            uint16, 0..65535; any other integer, 0..255; floats, 0..1 or, if a value is
            above 1, 0..255.

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


def _require_readable(path: Path) -> None:
    if path.is_dir():
        raise UserError(f"{path} is a folder; name the pictures in it, such as {path}/*.jpg.")
    size = path.stat().st_size
    if size == 0:
        raise UserError(f"{path} is empty; copy the picture again.")
    if size > MAX_MEGABYTES * 1_000_000:
        raise UserError(f"{path} is larger than {MAX_MEGABYTES} MB; save it smaller.")


def _require_pixels_fit(path: Path, image: Image.Image) -> None:
    if image.width * image.height > MAX_MEGAPIXELS * 1_000_000:
        raise UserError(_too_many_pixels(path))


def _too_many_pixels(path: Path) -> str:
    return f"{path} has more than {MAX_MEGAPIXELS} megapixels; save it smaller."


def _damaged(path: Path, error: Exception) -> str:
    return f"{path} is damaged or cut off ({error or type(error).__name__}); copy it again."


def _displayed(image: Image.Image) -> NDArray[np.uint8]:
    image = _upright(image)
    if image.mode == "I":  # 32 bits have no common range
        return to_rgb(_stretch(np.asarray(image)))
    if image.mode == "F" or image.mode.startswith("I;16"):
        values = np.asarray(image)
        return to_rgb(_stretch(values) if image.mode == "F" else values)
    if image.has_transparency_data:
        return to_rgb(np.asarray(image.convert("RGBA")))
    return np.array(image.convert("RGB"))


def _upright(image: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(image)
    except Exception:  # a damaged EXIF block does not make a picture unreadable
        return image


def _stretch(values: NDArray[Any]) -> NDArray[np.float64]:
    """``values`` of unknown range, from their lowest to their highest, as 0..1."""
    values = np.nan_to_num(values.astype(np.float64))
    low, high = values.min(), values.max()
    return (values - low) / (high - low) if high > low else np.zeros_like(values)


def _to_uint8(values: NDArray[Any]) -> NDArray[np.uint8]:
    if values.dtype == np.uint8:
        return values
    if values.dtype == np.bool_:
        return values * np.uint8(255)
    if values.dtype == np.uint16:
        return np.rint(values / 257.0).astype(np.uint8)
    if values.dtype.kind not in "iuf":
        raise UserError(f"A picture's values must be numbers, not {values.dtype}.")
    low, high = values.min(), values.max()
    if not (low >= 0 and high <= 255):  # NaN fails as well
        raise UserError(
            f"A picture's {values.dtype} values must lie in 0..255, not {low:g}..{high:g}."
        )
    scale = 255.0 if values.dtype.kind == "f" and high <= 1 else 1.0
    return np.rint(values * scale).astype(np.uint8)


def _over_white(values: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Colour and alpha ``(h, w, c + 1)`` as colour on white ``(h, w, c)``."""
    alpha = values[..., -1:].astype(np.float32) / 255.0
    return np.rint(values[..., :-1] * alpha + 255.0 * (1.0 - alpha)).astype(np.uint8)
