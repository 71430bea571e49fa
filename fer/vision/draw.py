"""Faces made visible: boxes and labels on a picture or as SVG, and activation maps over a face."""

from dataclasses import dataclass
from functools import lru_cache
from html import escape

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from fer.labels import UNSURE
from fer.palette import COLORS, INK, text_on
from fer.vision.faces import Faces

Part = tuple[float, float, float, float]
"""Left, top, right and bottom end of a part, as shares of the whole."""


@dataclass(frozen=True)
class _Mark:
    """One face as it is drawn; lengths in pixels of the picture.

    Attributes:
        box: x0 y0 x1 y1, the square that was classified.
        text: label and confidence; "unsure" carries no figure.
        label: what is shown, the key of ``COLORS``.
        size: font size.
        chip: x0 y0 x1 y1 of the text's background, above the box or, without room, inside.
    """

    box: tuple[int, int, int, int]
    text: str
    label: str
    size: int
    chip: tuple[float, float, float, float]


def draw_faces(rgb: NDArray[np.uint8], faces: Faces, numbered: bool = False) -> NDArray[np.uint8]:
    """A copy of ``rgb`` ``(h, w, 3)`` with the frame and label of every face.

    If ``numbered``, the labels of tracked faces begin with the number of the face.
    """
    height, width = rgb.shape[:2]
    image = Image.fromarray(rgb)
    pen = ImageDraw.Draw(image)
    for mark in reversed(_marks(faces, width, height, numbered)):  # the largest face on top
        color, font = COLORS[mark.label], _font(mark.size)
        x0, y0, x1, y1 = mark.chip
        pen.rectangle(mark.box, outline=INK, width=max(3, mark.size // 4))
        pen.rectangle(mark.box, outline=color, width=max(2, mark.size // 6))
        pen.rounded_rectangle(mark.chip, radius=mark.size / 4, fill=color)
        middle = ((x0 + x1) / 2, (y0 + y1) / 2)
        pen.text(middle, mark.text, fill=text_on(color), font=font, anchor="mm")
    return np.asarray(image)


def svg_overlay(faces: Faces, width: int, height: int) -> str:
    """The frames and labels of ``faces`` as SVG to be laid over a ``width`` × ``height`` picture.

    It scales with its container and keeps the picture's proportions, as ``object-fit:
    contain`` does. Without faces it is an empty SVG.
    """
    marks = _marks(faces, width, height)
    title = f"{len(marks)} {'face' if len(marks) == 1 else 'faces'}"
    if marks:
        title += ": " + ", ".join(mark.text for mark in marks)
    shapes = "".join(_svg_mark(mark) for mark in reversed(marks))
    return (
        f'<svg viewBox="0 0 {width} {height}" preserveAspectRatio="xMidYMid meet" '
        f'width="100%" height="100%" role="img" aria-label="{escape(title)}">{shapes}</svg>'
    )


def overlay_map(
    rgb: NDArray[np.uint8],
    box: NDArray[np.int32],
    activation_map: NDArray[np.float32],
) -> NDArray[np.uint8]:
    """A copy of ``rgb`` with the evidence for one label as heat over one face; see `heat_up`.

    Args:
        rgb: ``(h, w, 3)``.
        box: x0 y0 x1 y1, a box of `Faces`.
        activation_map: ``(rows, columns)``, one class activation map of that face.
    """
    height, width = rgb.shape[:2]
    x0, y0, x1, y1 = (int(value) for value in box)
    result = rgb.copy()
    if x1 > x0 and y1 > y0:
        part = seen_part(box, width, height)
        result[y0:y1, x0:x1] = heat_up(rgb[y0:y1, x0:x1], activation_map, part)
    return result


def seen_part(box: NDArray[np.int32], width: int, height: int) -> Part:
    """Which part of the classified square lies in a ``width`` × ``height`` picture.

    Left, top, right and bottom end as shares of the square; 0, 0, 1, 1 unless the picture's
    border has cut ``box``.
    """
    x0, y0, x1, y1 = (int(value) for value in box)
    left, top, right, _ = _uncut(box, width, height)
    side = max(1, right - left)
    return (x0 - left) / side, (y0 - top) / side, (x1 - left) / side, (y1 - top) / side


def heat_up(
    face: NDArray[np.uint8], activation_map: NDArray[np.float32], part: Part = (0, 0, 1, 1)
) -> NDArray[np.uint8]:
    """A copy of ``face`` with the evidence for one label as heat.

    Only evidence in favour is shown. The brightest spot is the strongest of this map, so
    two maps compare in place and shape, not in strength.

    Args:
        face: ``(h, w, 3)``, at any size.
        activation_map: ``(rows, columns)``, one class activation map (Zhou et al. 2016); it
            covers the whole square.
        part: the part of the square that ``face`` shows, as by `seen_part`.
    """
    height, width = face.shape[:2]
    x0, y0, x1, y1 = part
    whole = max(width, round(width / (x1 - x0))), max(height, round(height / (y1 - y0)))
    left, top = (
        min(round(x0 * whole[0]), whole[0] - width),
        min(round(y0 * whole[1]), whole[1] - height),
    )
    heat = cv2.resize(np.maximum(activation_map, 0), whole, interpolation=cv2.INTER_CUBIC)
    inside = heat[top : top + height, left : left + width].clip(min=0)
    strength = inside / max(float(inside.max()), 1e-6)  # (h, w), 0..1
    colors = cv2.applyColorMap((255 * strength).astype(np.uint8), cv2.COLORMAP_INFERNO)[..., ::-1]
    opacity = 0.75 * np.sqrt(strength)[..., None]
    return np.asarray(face * (1 - opacity) + colors * opacity, np.uint8)


def _marks(faces: Faces, width: int, height: int, numbered: bool = False) -> list[_Mark]:
    """What is drawn on a ``width`` × ``height`` picture, in the order of ``faces``."""
    marks = []
    names = [""] * len(faces)
    if numbered and faces.ids is not None:
        names = [f"{face} · " for face in faces.ids.tolist()]
    for name, box, label, confidence in zip(
        names, faces.boxes, faces.shown_labels, faces.confidences, strict=True
    ):
        x0, y0, x1, y1 = (int(value) for value in box)
        text = name + (UNSURE if label == UNSURE else f"{label} {100 * confidence:.0f} %")
        size = _font_size(x1 - x0, max(width, height))
        chip_width = _font(size).getlength(text) + size
        chip = _chip(x0, y0, chip_width, 1.5 * size, width)
        marks.append(_Mark((x0, y0, x1, y1), text, label, size, chip))
    return marks


@lru_cache(maxsize=64)
def _font(size: int) -> ImageFont.FreeTypeFont:
    """Pillow's own font, which takes a millisecond to open."""
    font = ImageFont.load_default(size)
    assert isinstance(font, ImageFont.FreeTypeFont)
    return font


def _font_size(face_width: int, picture_size: int) -> int:
    """Readable once the picture fits a screen, smaller in a crowd so that labels stay apart."""
    return max(9, round(min(picture_size / 30, max(face_width / 6, picture_size / 80))))


def _chip(
    x0: int, y0: int, chip_width: float, chip_height: float, width: int
) -> tuple[float, float, float, float]:
    """Where a label goes: above its box, inside where there is no room, never off the side."""
    left = max(0.0, min(float(x0), width - chip_width))
    top = y0 - chip_height if y0 >= chip_height else float(y0)
    return left, top, left + chip_width, top + chip_height


def _svg_mark(mark: _Mark) -> str:
    """Two frames, dark under coloured, to be seen on any picture; "unsure" is dashed as well."""
    x0, y0, x1, y1 = mark.box
    left, top, right, bottom = mark.chip
    color, size = COLORS[mark.label], mark.size
    frame = f'x="{x0}" y="{y0}" width="{x1 - x0}" height="{y1 - y0}" rx="{size / 3:.1f}"'
    dash = f' stroke-dasharray="{size / 2:.0f} {size / 3:.0f}"' if mark.label == UNSURE else ""
    return (
        f'<rect {frame} fill="none" stroke="{INK}" stroke-opacity=".5" '
        f'stroke-width="{size / 4:.1f}"/>'
        f'<rect class="face" {frame} fill="none" stroke="{color}" '
        f'stroke-width="{size / 6:.1f}"{dash}/>'
        f'<rect x="{left:.1f}" y="{top:.1f}" width="{right - left:.1f}" '
        f'height="{bottom - top:.1f}" rx="{size / 3:.1f}" fill="{color}"/>'
        f'<text x="{(left + right) / 2:.1f}" y="{(top + bottom) / 2:.1f}" dy=".35em" '
        f'font-size="{size}" font-weight="600" text-anchor="middle" '
        f'textLength="{right - left - size:.1f}" lengthAdjust="spacingAndGlyphs" '
        f'fill="{text_on(color)}">{escape(mark.text)}</text>'
    )


def _uncut(box: NDArray[np.int32], width: int, height: int) -> tuple[int, int, int, int]:
    """The square whose part inside a ``width`` × ``height`` picture is ``box``."""
    x0, y0, x1, y1 = (int(value) for value in box)
    side = max(x1 - x0, y1 - y0)
    if x1 - x0 < side and x0 == 0:
        x0 = x1 - side
    if y1 - y0 < side and y0 == 0:
        y0 = y1 - side
    return x0, y0, x0 + side, y0 + side
