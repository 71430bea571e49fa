"""Pictures as they enter: everything inside ``fer`` is RGB uint8, as displayed.

Orientation, transparency, palettes, depth and colour models are settled here, once.
"""

import io
import os
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError

from fer.errors import UserError

Picture = str | os.PathLike[str] | bytes | BinaryIO | Image.Image | NDArray[Any]
"""A picture of any kind that `read_image` takes."""

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP", "PPM", "AVIF", "JPEG2000")
"""What is read, by Pillow's names: pictures only, no document formats that run other programs."""

SUFFIXES = {
    ".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".gif", ".tif", ".tiff", ".bmp", ".ppm",
    ".pgm", ".avif", ".jp2", ".heic", ".heif",
}  # fmt: skip
"""By which the pictures of a folder are known; HEIC among them, to be answered, not to be read."""

MAX_MEGAPIXELS = 64
"""More is refused before it is decoded: 64 megapixels are 192 MB of RGB."""

MAX_MEGABYTES = 200
"""Larger files are refused before they are opened."""

_BAND = 256
"""Rows that are computed with at a time."""

_HEIC = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")


def read_image(picture: Picture, name: str | None = None) -> NDArray[np.uint8]:
    """A picture as displayed, ``(h, w, 3)`` RGB uint8.

    The EXIF orientation is applied, transparent parts lie on white, 16 bits are scaled to
    8, and of an animation the first frame is taken.

    Args:
        picture: a path; the bytes of a file; a file opened for reading bytes; a PIL image; or an
            array, see `to_rgb`.
        name: what errors call the picture; by default its path.

    Raises:
        UserError: if there is no such file, it is not a picture in one of ``FORMATS``, it
            is damaged or cut off, or it exceeds ``MAX_MEGAPIXELS`` or ``MAX_MEGABYTES``.
    """
    if isinstance(picture, np.ndarray):
        return to_rgb(picture)
    name = name or _name_of(picture)
    try:
        if isinstance(picture, Image.Image):
            return _decoded(picture, name)
        source = _source(picture, name)
        with Image.open(source, formats=FORMATS) as image:
            return _decoded(image, name)
    except UserError:
        raise
    except UnidentifiedImageError as error:
        raise UserError(_no_picture(source, name)) from error
    except Image.DecompressionBombError as error:
        raise UserError(_too_many_pixels(name)) from error
    except OSError as error:
        if error.errno is not None:
            raise UserError(f"{name} cannot be opened: {error.strerror}.") from error
        raise UserError(_damaged(name, error)) from error
    except MemoryError as error:
        raise UserError(f"{name} needs more memory than there is; save it smaller.") from error
    except Exception as error:  # decoders raise every kind of error on damaged files
        raise UserError(_damaged(name, error)) from error


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


def _name_of(picture: Any) -> str:
    named = picture if isinstance(picture, str | os.PathLike) else getattr(picture, "name", "")
    return os.fspath(named) if isinstance(named, str | os.PathLike) and named else "The picture"


def _source(picture: Any, name: str) -> "Path | io.BytesIO":
    """What Pillow opens: a file of reasonable size, or its content."""
    if isinstance(picture, str | os.PathLike):
        path = Path(picture)
        if path.is_dir():
            raise UserError(f"{path} is a folder; name the pictures in it, such as {path}/*.jpg.")
        _require_size(path.stat().st_size, name)
        return path
    content = picture
    if hasattr(picture, "read"):
        content = picture.read(MAX_MEGABYTES * 1_000_000 + 1)
    if not isinstance(content, bytes | bytearray | memoryview):
        raise UserError(
            "A picture is a path, the bytes of a file, a file opened for reading bytes, a PIL "
            f"image or a NumPy array, not {type(picture).__name__}."
        )
    _require_size(len(content), name)
    return io.BytesIO(content)


def _require_size(size: int, name: str) -> None:
    if size == 0:
        raise UserError(f"{name} is empty; copy the picture again.")
    if size > MAX_MEGABYTES * 1_000_000:
        raise UserError(f"{name} is larger than {MAX_MEGABYTES} MB; save it smaller.")


def _decoded(image: Image.Image, name: str) -> NDArray[np.uint8]:
    if image.width * image.height > MAX_MEGAPIXELS * 1_000_000:
        raise UserError(_too_many_pixels(name))
    image.load()
    return _displayed(image)


def _no_picture(source: "Path | io.BytesIO", name: str) -> str:
    head = source.getvalue()[:12] if isinstance(source, io.BytesIO) else _head(source)
    if head[4:8] == b"ftyp" and head[8:12] in _HEIC:
        return (
            f"{name} is a HEIC photo, which cannot be read here; save it as JPEG first. On a Mac: "
            "open it in Preview and export it; anywhere: 'heif-convert photo.heic photo.jpg' or "
            "'magick photo.heic photo.jpg'. iPhones take JPEG under Settings, Camera, Formats, "
            "Most Compatible."
        )
    return (
        f"{name} is not a picture that can be read; use JPEG, PNG, WebP, GIF, TIFF, BMP, AVIF or "
        "JPEG 2000."
    )


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(12)


def _too_many_pixels(name: str) -> str:
    return f"{name} has more than {MAX_MEGAPIXELS} megapixels; save it smaller."


def _damaged(name: str, error: Exception) -> str:
    return f"{name} is damaged or cut off ({error or type(error).__name__}); copy it again."


def _displayed(image: Image.Image) -> NDArray[np.uint8]:
    image = _upright(image)
    if image.mode in ("I", "F"):  # 32 bits have no common range
        return to_rgb(_stretch(np.asarray(image)))
    if image.mode.startswith("I;16"):
        return to_rgb(np.asarray(image))
    if image.has_transparency_data:
        return to_rgb(np.asarray(image.convert("RGBA")))
    return np.array(image.convert("RGB"))


def _upright(image: Image.Image) -> Image.Image:
    try:
        if image.getexif().get(ExifTags.Base.Orientation, 1) == 1:
            return image  # Pillow would copy it
        return ImageOps.exif_transpose(image)
    except Exception:  # a damaged EXIF block does not make a picture unreadable
        return image


def _stretch(values: NDArray[Any]) -> NDArray[np.uint8]:
    """``values`` of unknown range ``(h, w)``, from their lowest to their highest, as 0..255."""
    values = np.nan_to_num(values) if values.dtype.kind == "f" else values
    low, high = float(values.min()), float(values.max())
    factor = 255.0 / (high - low) if high > low else 0.0
    return _in_bands(lambda band: (band.astype(np.float64) - low) * factor, values)


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
