"""Pictures whose faces are known.

`make_scene` and `faceless_scene` come from the one public-domain photograph of this project and
are the same at every call on every machine, so speeds measured on them compare; `place_face`
puts a dataset's 48×48 face into a larger picture. They stand here and not in ``benchmarks/``
because ``fer bench`` measures speed on the machines of those who installed the package.
"""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from fer.paths import ASTRONAUT
from fer.vision.image import read_image

SIZES = ((640, 480), (1280, 720))
"""Width and height of the scenes in pixels."""

COUNTS = (1, 4, 16)
"""Faces in a scene."""

PLACED_WIDTH, PLACED_HEIGHT = 640, 480
"""Of the pictures that `place_face` makes."""

FACE = (178, 62, 270, 176)
"""Where the face is in the photograph, x0 y0 x1 y1 in pixels."""

_PATCH = (144, 32, 304, 192)  # head and collar in the photograph, x0 y0 x1 y1
_NO_FACE = slice(200, 512)  # rows of the photograph below the chin: suit, flag, instruments
_GRIDS = {1: (1, 1), 4: (2, 2), 16: (4, 4)}  # columns, rows
_WIDE_GRIDS = {1: (1, 1), 4: (4, 1), 16: (8, 2)}  # from 16:10 on


@dataclass(frozen=True)
class Scene:
    """One picture.

    Attributes:
        rgb: ``(h, w, 3)`` uint8.
        faces: ``(n, 4)`` x0 y0 x1 y1 in pixels, where its faces are.
    """

    rgb: NDArray[np.uint8]
    faces: NDArray[np.float64]

    def found(self, boxes: NDArray[np.number]) -> tuple[int, int]:
        """How many faces ``boxes`` ``(m, 4)`` x0 y0 x1 y1 hit, and how many boxes hit none.

        A box hits a face if its centre lies in the face and its area is between a third and
        three times the face's: detectors frame faces differently, and all shall count.
        """
        hit: set[int] = set()
        wrong = 0
        for box in np.asarray(boxes, np.float64).reshape(-1, 4):
            centre, area = (box[:2] + box[2:]) / 2, (box[2:] - box[:2]).prod()
            areas = (self.faces[:, 2:] - self.faces[:, :2]).prod(axis=1)
            inside = ((self.faces[:, :2] < centre) & (centre < self.faces[:, 2:])).all(axis=1)
            fits = np.flatnonzero(inside & (area < 3 * areas) & (areas < 3 * area))
            hit.update(fits.tolist())
            wrong += len(fits) == 0
        return len(hit), wrong


def make_scene(width: int, height: int, count: int) -> Scene:
    """``count`` faces side by side before a blurred background.

    Every other face is mirrored, and their brightness differs by up to a fifth.

    Args:
        width: of the scene in pixels.
        height: of the scene in pixels.
        count: one of `COUNTS`.

    Raises:
        UserError: if the photograph is missing.
    """
    photo = read_image(ASTRONAUT)
    blurred = cv2.GaussianBlur(cv2.resize(photo, (width, height)), (0, 0), width / 20)
    rgb = np.asarray(blurred, np.uint8)
    columns, rows = (_WIDE_GRIDS if width >= 1.6 * height else _GRIDS)[count]
    cell_width, cell_height = width / columns, height / rows
    side = int(min(0.9 * cell_width, 0.9 * cell_height, 0.5 * height))
    x0, y0, x1, y1 = _PATCH
    patch = cv2.resize(photo[y0:y1, x0:x1], (side, side), interpolation=cv2.INTER_AREA)
    scale = side / (x1 - x0)
    within = (np.array(FACE, np.float64) - [x0, y0, x0, y0]) * scale  # in the patch
    faces = []
    for i in range(count):
        row, column = divmod(i, columns)
        left = int((column + 0.5) * cell_width - side / 2)
        top = int((row + 0.5) * cell_height - side / 2)
        mirrored = i % 2 == 1
        light = 1.0 - 0.2 * (i % 5) / 4
        tile = (patch[:, ::-1] if mirrored else patch) * light
        rgb[top : top + side, left : left + side] = tile.astype(np.uint8)
        fx0, fy0, fx1, fy1 = within
        if mirrored:
            fx0, fx1 = side - fx1, side - fx0
        faces.append((left + fx0, top + fy0, left + fx1, top + fy1))
    return Scene(rgb, np.array(faces))


def faceless_scene(width: int, height: int) -> Scene:
    """The photograph below the chin, repeated: suit, flag and instruments, and no face at all.

    Raises:
        UserError: if the photograph is missing.
    """
    part = read_image(ASTRONAUT)[_NO_FACE]
    rows, columns = -(-height // (2 * len(part))), -(-width // (2 * part.shape[1]))
    four = np.concatenate([part, part[:, ::-1]], axis=1)  # mirrored, so that edges continue
    tile = np.concatenate([four, four[::-1]], axis=0)
    rgb = np.tile(tile, (rows, columns, 1))[:height, :width]
    return Scene(np.ascontiguousarray(rgb), np.zeros((0, 4)))


def place_face(
    face: NDArray[np.uint8], size: int, rng: np.random.Generator
) -> tuple[NDArray[np.uint8], NDArray[np.int32]]:
    """A 640×480 RGB picture with ``face`` enlarged to ``size`` somewhere in it, and its box.

    The background is noise, other at every call, whose amplitudes fall with frequency ** 1.5:
    those of natural pictures fall with about 1 (Field, 1987), out of focus faster. Around
    the face its border pixels go on and fade into the background, as hair and neck would,
    so that no hard edge frames it.
    """
    margin = min(size // 4, (PLACED_HEIGHT - size) // 2)
    patch = enlarge(face, size, margin)
    side = size + 2 * margin
    x0 = int(rng.integers(0, PLACED_WIDTH - side + 1))
    y0 = int(rng.integers(0, PLACED_HEIGHT - side + 1))
    gray = _noise(rng)
    under = gray[y0 : y0 + side, x0 : x0 + side]
    distance = np.abs(np.arange(side) - (side - 1) / 2) - size / 2  # outside the face: positive
    fade = np.clip(1.0 - distance / margin, 0.0, 1.0)
    opacity = np.minimum(fade[:, None], fade[None, :])  # (side, side)
    under[:] = opacity * patch + (1.0 - opacity) * under
    box = np.array([x0 + margin, y0 + margin, x0 + margin + size, y0 + margin + size], np.int32)
    return as_rgb(np.rint(gray).astype(np.uint8)), box


def enlarge(face: NDArray[np.uint8], size: int, margin: int) -> NDArray[np.uint8]:
    """``face`` as ``size`` × ``size`` pixels with its border pixels continued on every side."""
    large = cv2.resize(face, (size, size), interpolation=cv2.INTER_CUBIC)
    extended = cv2.copyMakeBorder(large, margin, margin, margin, margin, cv2.BORDER_REPLICATE)
    return np.asarray(extended, np.uint8)


def as_rgb(gray: Any) -> NDArray[np.uint8]:
    """``(h, w)`` uint8 as ``(h, w, 3)``."""
    return np.asarray(cv2.cvtColor(gray, cv2.COLOR_GRAY2RGB), np.uint8)


def _noise(rng: np.random.Generator) -> NDArray[np.float64]:
    size = (PLACED_HEIGHT, PLACED_WIDTH)
    frequencies = np.hypot(np.fft.fftfreq(size[0])[:, None], np.fft.rfftfreq(size[1])[None, :])
    frequencies[0, 0] = np.inf  # no constant part
    noise = np.fft.rfft2(rng.normal(size=size))
    waves = np.fft.irfft2(noise / frequencies**1.5, s=size)
    return np.asarray(np.clip(128.0 + 40.0 * waves / waves.std(), 0.0, 255.0))
