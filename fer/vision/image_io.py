"""Pictures as they enter: everything inside ``fer`` is RGB uint8, as displayed."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from fer.errors import UserError


def read_image(path: str | Path) -> NDArray[np.uint8]:
    """The picture in ``path`` as displayed, ``(h, w, 3)`` RGB uint8."""
    try:
        with Image.open(path) as image:
            return np.asarray(ImageOps.exif_transpose(image).convert("RGB"))
    except OSError as error:
        raise UserError(f"{path} cannot be read as a picture: {error}") from error


def to_rgb(image: NDArray[Any]) -> NDArray[np.uint8]:
    """An array of any usual kind as ``(h, w, 3)`` RGB uint8."""
    if image.dtype == np.uint8 and image.ndim == 3 and image.shape[2] == 3:
        return image
    raise UserError(f"A picture must be an RGB uint8 array, not {image.dtype} {image.shape}.")
