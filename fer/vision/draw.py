"""Faces made visible: boxes and labels on a picture, or as SVG to lay over one."""

from dataclasses import dataclass
from functools import lru_cache
from html import escape

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from fer.labels import UNSURE
from fer.palette import COLORS, INK, WHITE, text_on
from fer.vision.faces import Faces


@dataclass(frozen=True)
class _Mark:
    """One face as it is drawn; lengths in pixels of the picture.

    Attributes:
        box: x0 y0 x1 y1, the square that was classified.
        text: label and confidence; "unsure" carries no figure.
        label: what is shown, the key of ``COLORS``.
        size: font size.
        chip: x0 y0 x1 y1 of the text's background.
        id: the number of a tracked face, else 0.
    """

    box: tuple[int, int, int, int]
    text: str
    label: str
    size: int
    chip: tuple[float, float, float, float]
    id: int = 0

    @property
    def fill(self) -> str:
        """The chip's colour; "unsure" is no colour among the seven, but an outline."""
        return WHITE if self.label == UNSURE else COLORS[self.label]


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
        if mark.label == UNSURE:
            _dashes(pen, mark)
        else:
            pen.rectangle(mark.box, outline=color, width=max(2, mark.size // 6))
        edge = INK if mark.label == UNSURE else None
        pen.rounded_rectangle(mark.chip, radius=mark.size / 4, fill=mark.fill, outline=edge)
        middle = ((x0 + x1) / 2, (y0 + y1) / 2)
        pen.text(middle, mark.text, fill=text_on(mark.fill), font=font, anchor="mm")
    return np.asarray(image)


def _dashes(pen: ImageDraw.ImageDraw, mark: _Mark) -> None:
    """The frame of an unsure face: white dashes."""
    x0, y0, x1, y1 = mark.box
    dash, gap, width = mark.size // 2 + 1, mark.size // 3 + 1, max(2, mark.size // 6)
    for x in range(x0, x1, dash + gap):
        end = min(x + dash, x1)
        pen.line((x, y0, end, y0), fill=WHITE, width=width)
        pen.line((x, y1, end, y1), fill=WHITE, width=width)
    for y in range(y0, y1, dash + gap):
        end = min(y + dash, y1)
        pen.line((x0, y, x0, end), fill=WHITE, width=width)
        pen.line((x1, y, x1, end), fill=WHITE, width=width)


def svg_overlay(
    faces: Faces, width: int, height: int, numbered: bool = False, chosen: int = 0
) -> str:
    """The frames and labels of ``faces`` as SVG to be laid over a ``width`` × ``height`` picture.

    It scales with its container and keeps the picture's proportions, as ``object-fit:
    contain`` does. Without faces it is an empty SVG.

    Args:
        faces: what is marked.
        width: of the picture in pixels.
        height: of the picture in pixels.
        numbered: whether the labels of tracked faces begin with the number of the face.
        chosen: the number of the tracked face whose frame is drawn twice as wide, if any.
    """
    marks = _marks(faces, width, height, numbered)
    title = f"{len(marks)} {'face' if len(marks) == 1 else 'faces'}"
    if marks:
        title += ": " + ", ".join(mark.text for mark in marks)
    shapes = "".join(_svg_mark(mark, mark.id == chosen != 0) for mark in reversed(marks))
    return (
        f'<svg viewBox="0 0 {width} {height}" preserveAspectRatio="xMidYMid meet" '
        f'width="100%" height="100%" role="img" aria-label="{escape(title)}">{shapes}</svg>'
    )


def _marks(faces: Faces, width: int, height: int, numbered: bool = False) -> list[_Mark]:
    """What is drawn on a ``width`` × ``height`` picture, in the order of ``faces``."""
    marks = []
    ids = [0] * len(faces) if faces.ids is None else faces.ids.tolist()
    for face, box, label, confidence in zip(
        ids, faces.boxes, faces.labels, faces.confidences, strict=True
    ):
        x0, y0, x1, y1 = (int(value) for value in box)
        text = (f"{face} · " if numbered and face else "") + (
            UNSURE if label == UNSURE else f"{label} {100 * confidence:.0f} %"
        )
        size = _font_size(x1 - x0, max(width, height))
        chip_width = _font(size).getlength(text) + size
        chip = _chip((x0, y0, x1, y1), chip_width, 1.5 * size, width, height)
        marks.append(_Mark((x0, y0, x1, y1), text, label, size, chip, face))
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
    box: tuple[int, int, int, int], chip_width: float, chip_height: float, width: int, height: int
) -> tuple[float, float, float, float]:
    """Where a label goes: above its box, else below it, else on its lower end.

    Never on the forehead, and never off the side.
    """
    x0, y0, _, y1 = box
    left = max(0.0, min(float(x0), width - chip_width))
    top = y0 - chip_height
    if top < 0:
        top = min(float(y1), height - chip_height)
    return left, top, left + chip_width, top + chip_height


def _svg_mark(mark: _Mark, chosen: bool) -> str:
    """Two frames, dark under coloured, to be seen on any picture; "unsure" is white and dashed."""
    x0, y0, x1, y1 = mark.box
    left, top, right, bottom = mark.chip
    size, width = mark.size, mark.size / (3 if chosen else 6)
    frame = f'x="{x0}" y="{y0}" width="{x1 - x0}" height="{y1 - y0}" rx="{size / 3:.1f}"'
    dash = f' stroke-dasharray="{size / 2:.0f} {size / 3:.0f}"' if mark.label == UNSURE else ""
    edge = f' stroke="{INK}" stroke-width="{size / 12:.1f}"{dash}' if mark.label == UNSURE else ""
    return (
        f'<g data-face="{mark.id}">'
        f'<rect {frame} fill="none" stroke="{INK}" stroke-opacity=".5" '
        f'stroke-width="{1.5 * width:.1f}"/>'
        f'<rect class="face" {frame} fill="none" stroke="{mark.fill}" '
        f'stroke-width="{width:.1f}"{dash}/>'
        f'<rect x="{left:.1f}" y="{top:.1f}" width="{right - left:.1f}" '
        f'height="{bottom - top:.1f}" rx="{size / 3:.1f}" fill="{mark.fill}"{edge}/>'
        f'<text x="{(left + right) / 2:.1f}" y="{(top + bottom) / 2:.1f}" dy=".35em" '
        f'font-size="{size}" font-weight="600" text-anchor="middle" '
        f'textLength="{right - left - size:.1f}" lengthAdjust="spacingAndGlyphs" '
        f'fill="{text_on(mark.fill)}">{escape(mark.text)}</text></g>'
    )
