"""Pictures as they enter: everything inside ``fer`` is RGB uint8, as displayed."""

import io
import os
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from fer.errors import UserError
from fer.pictures import FORMATS, displayed, is_heic, to_rgb

Picture = str | os.PathLike[str] | bytes | BinaryIO | Image.Image | NDArray[Any]
"""A picture of any kind that `read_image` takes."""

MAX_MEGAPIXELS = 64
"""More is refused before it is decoded: 64 megapixels are 192 MB of RGB."""

_FEWER_MEGAPIXELS = {"WEBP": 40, "JPEG2000": 16}
"""Of kinds whose decoders need more memory than others, 20 bytes a pixel, or more time."""

MAX_MEGABYTES = 200
"""Larger files are refused before they are opened."""


def read_image(
    picture: Picture, name: str | None = None, megapixels: float = MAX_MEGAPIXELS
) -> NDArray[np.uint8]:
    """A picture as displayed, ``(h, w, 3)`` RGB uint8.

    As by `fer.pictures.displayed`; of an animation the first frame is taken.

    Args:
        picture: a path; the bytes of a file; a file opened for reading bytes; a PIL image; or an
            array, see `fer.pictures.to_rgb`.
        name: what errors call the picture; by default its path.
        megapixels: more than these are refused before they are decoded; in any case more than 40
            of a WebP and 16 of a JPEG 2000, which cost far more.

    Raises:
        UserError: if there is no such file, it is not a picture in one of ``FORMATS``, it
            is damaged or cut off, or it exceeds ``megapixels`` or ``MAX_MEGABYTES``.
    """
    if isinstance(picture, np.ndarray):
        return to_rgb(picture)
    name = name or _name_of(picture)
    try:
        if isinstance(picture, Image.Image):
            return _decoded(picture, name, megapixels)
        source = _source(picture, name)
        with Image.open(source, formats=FORMATS) as image:
            return _decoded(image, name, megapixels)
    except UserError:
        raise
    except UnidentifiedImageError as error:
        raise UserError(_no_picture(source, name)) from error
    except Image.DecompressionBombError as error:
        raise UserError(_too_many_pixels(name, megapixels)) from error
    except OSError as error:
        if error.errno is not None:
            raise UserError(
                f"{name} cannot be opened: {error.strerror}; check the path."
            ) from error
        raise UserError(_damaged(name, error)) from error
    except MemoryError as error:
        raise UserError(f"{name} needs more memory than there is; save it smaller.") from error
    except Exception as error:  # decoders raise every kind of error on damaged files
        raise UserError(_damaged(name, error)) from error


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


def _decoded(image: Image.Image, name: str, megapixels: float) -> NDArray[np.uint8]:
    most = min(megapixels, _FEWER_MEGAPIXELS.get(image.format or "", megapixels))
    if image.width * image.height > most * 1_000_000:
        raise UserError(_too_many_pixels(name, most))
    image.load()
    return displayed(image)


def _no_picture(source: "Path | io.BytesIO", name: str) -> str:
    head = source.getvalue()[:12] if isinstance(source, io.BytesIO) else _head(source)
    if is_heic(head):
        return (
            f"{name} is a HEIC photo, which cannot be read here; save it as JPEG first. On a Mac: "
            "open it in Preview and export it. iPhones take JPEG under Settings, Camera, Formats, "
            "Most Compatible."
        )
    return (
        f"{name} is not a picture that can be read; use JPEG, PNG, WebP, GIF, TIFF, BMP, AVIF or "
        "JPEG 2000."
    )


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(12)


def _too_many_pixels(name: str, megapixels: float) -> str:
    return f"{name} has more than {megapixels:g} megapixels; save it smaller."


def _damaged(name: str, error: Exception) -> str:
    return f"{name} is damaged or cut off ({error or type(error).__name__}); copy it again."
