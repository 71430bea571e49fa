"""Faces made visible: boxes and labels on a picture, or as SVG to lay over one.

The page on the visitor's device draws by the same rules: ``browser/src/draw.js``.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from html import escape

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from fer.labels import UNSURE
from fer.palette import COLORS, INK, WHITE
from fer.vision.faces import Faces
from fer.vision.placing import Box, Plate, Words, font, font_size, plate
from fer.vision.quality import QUALITIES
from fer.vision.thumbnail import thumbnail
from fer.wording import count, percent

# Shares of the font size, which follows from the picture's and the face's.
_LINE, _SHADOW, _CORNER, _BAR = 1 / 5, 1 / 3, 2 / 5, 1 / 3
_DASH, _GAP = 8 / 15, 6 / 15


@dataclass(frozen=True)
class _Mark:
    """One face as it is drawn; lengths in pixels of the picture.

    Attributes:
        box: the square that was classified.
        label: what is shown, the key of ``COLORS``.
        size: the font size of a full label.
        plate: the label's text and place.
        said: the full text, however short the label is.
        id: the number of a tracked face, else 0.
    """

    box: Box
    label: str
    size: float
    plate: Plate
    said: str
    id: int = 0

    @property
    def color(self) -> str:
        """Of frame and plate; "unsure" is no colour among the seven, but dashed white."""
        return WHITE if self.label == UNSURE else COLORS[self.label]


_LEAST = 320  # pixels of the longer side of a picture on which a label has room


def enlarged(rgb: NDArray[np.uint8], faces: Faces) -> tuple[NDArray[np.uint8], Faces]:
    """A picture too small for labels as large as they need it, with the boxes of its faces."""
    height, width = rgb.shape[:2]
    factor = _LEAST / max(height, width)
    if factor <= 1:
        return rgb, faces
    boxes = np.rint(factor * faces.boxes).astype(np.int32)
    return thumbnail(rgb, _LEAST, enlarge=True), replace(faces, boxes=boxes)


def draw_faces(
    rgb: NDArray[np.uint8], faces: Faces, numbered: bool = False, qualities: Sequence[str] = ()
) -> NDArray[np.uint8]:
    """A copy of ``rgb`` ``(h, w, 3)`` with the frame and label of every face.

    Args:
        rgb: the picture.
        faces: what is marked; several are numbered.
        numbered: whether a face that is alone is numbered as well.
        qualities: as in `svg_overlay`.
    """
    height, width = rgb.shape[:2]
    image = Image.fromarray(rgb)
    pen = ImageDraw.Draw(image, "RGBA")
    for mark in reversed(_marks(faces, width, height, numbered, qualities)):  # the largest on top
        _draw_frame(pen, mark)
        _draw_plate(pen, mark.plate, mark.color)
    return np.asarray(image)


def _draw_frame(pen: ImageDraw.ImageDraw, mark: _Mark) -> None:
    """A dark frame under a coloured one, to be seen on any picture; "unsure" is dashed."""
    dashed = mark.label == UNSURE
    frames = ((INK + "99", max(3, round(_SHADOW * mark.size)), False),
              (mark.color, max(2, round(_LINE * mark.size)), dashed))  # fmt: skip
    for color, width, broken in frames:
        if broken:
            _dashes(pen, mark, color, width)
            continue
        x0, y0, x1, y1 = mark.box
        half = width // 2
        pen.rounded_rectangle(
            (x0 - half, y0 - half, x1 + half, y1 + half),
            _CORNER * mark.size, outline=color, width=width,
        )  # fmt: skip


def _dashes(pen: ImageDraw.ImageDraw, mark: _Mark, color: str, width: int) -> None:
    x0, y0, x1, y1 = (int(end) for end in mark.box)
    dash, step = round(_DASH * mark.size) + 1, round((_DASH + _GAP) * mark.size) + 2
    for x in range(x0, x1, step):
        end = min(x + dash, x1)
        pen.line((x, y0, end, y0), fill=color, width=width)
        pen.line((x, y1, end, y1), fill=color, width=width)
    for y in range(y0, y1, step):
        end = min(y + dash, y1)
        pen.line((x0, y, x0, end), fill=color, width=width)
        pen.line((x1, y, x1, end), fill=color, width=width)


def _draw_plate(pen: ImageDraw.ImageDraw, label: Plate, color: str) -> None:
    left, top, right, bottom = label.box
    corner = label.size / 3
    pen.rounded_rectangle(label.box, corner, fill=INK + "e0")
    pen.rounded_rectangle((left, top, left + _BAR * label.size, bottom), corner / 2, fill=color)
    middle = ((left + right) / 2, (top + bottom) / 2)
    pen.text(middle, label.text, fill=WHITE, font=font(round(label.size)), anchor="mm")


def svg_overlay(
    faces: Faces,
    width: int,
    height: int,
    numbered: bool = False,
    chosen: int = 0,
    qualities: Sequence[str] = (),
) -> str:
    """The frames and labels of ``faces`` as SVG to be laid over a ``width`` × ``height`` picture.

    It scales with its container and keeps the picture's proportions, as ``object-fit:
    contain`` does. Without faces it is an empty SVG.

    Args:
        faces: what is marked; several are numbered.
        width: of the picture in pixels.
        height: of the picture in pixels.
        numbered: whether a face that is alone is numbered as well.
        chosen: the number of the tracked face whose frame is drawn twice as wide, if any.
        qualities: of each face, as `fer.vision.quality.face_quality` tells: where the picture is
            at fault, "unsure" stands without a guess.
    """
    marks = _marks(faces, width, height, numbered, qualities)
    title = count(len(marks), "face")
    if marks:
        title += ": " + ", ".join(mark.said for mark in marks)
    shapes = "".join(_svg_mark(mark, mark.id == chosen != 0) for mark in reversed(marks))
    return (
        f'<svg viewBox="0 0 {width} {height}" preserveAspectRatio="xMidYMid meet" '
        f'width="100%" height="100%" role="img" aria-label="{escape(title)}">{shapes}</svg>'
    )


def _marks(
    faces: Faces, width: int, height: int, numbered: bool, qualities: Sequence[str]
) -> list[_Mark]:
    """What is drawn on a ``width`` × ``height`` picture, in the order of ``faces``."""
    boxes: list[Box] = [(x0, y0, x1, y1) for x0, y0, x1, y1 in faces.boxes.tolist()]
    marks: list[_Mark] = []
    for i, face in enumerate(faces):
        number = str(face.id or i + 1) if numbered or len(faces) > 1 else ""
        if face.label == UNSURE:
            seen = not qualities or qualities[i] == QUALITIES[0]
            words = Words(number, UNSURE, guess=face.best_guess if seen else "")
        else:
            words = Words(number, face.label, percent(face.confidence))
        size = font_size(boxes[i][2] - boxes[i][0], max(width, height))
        taken = [*boxes[:i], *boxes[i + 1 :], *(mark.plate.box for mark in marks)]
        label = plate(words, boxes[i], size, (width, height), taken)
        marks.append(_Mark(boxes[i], face.label, size, label, words.full, face.id or 0))
    return marks


def _svg_mark(mark: _Mark, chosen: bool) -> str:
    """Two frames, dark under coloured, to be seen on any picture; "unsure" is white and dashed."""
    x0, y0, x1, y1 = mark.box
    size, label = mark.size, mark.plate
    frame = f'x="{x0}" y="{y0}" width="{x1 - x0}" height="{y1 - y0}" rx="{_CORNER * size:.1f}"'
    dash = f' stroke-dasharray="{_DASH * size:.1f} {_GAP * size:.1f}"'
    line, shadow = (width * size * (2 if chosen else 1) for width in (_LINE, _SHADOW))
    left, top, right, bottom = label.box
    place = f'x="{left:.1f}" y="{top:.1f}" height="{bottom - top:.1f}"'
    return (
        f'<g data-face="{mark.id}">'
        f'<rect {frame} fill="none" stroke="{INK}" stroke-opacity=".6" '
        f'stroke-width="{shadow:.1f}"/>'
        f'<rect class="face" {frame} fill="none" stroke="{mark.color}" '
        f'stroke-width="{line:.1f}"{dash if mark.label == UNSURE else ""}/>'
        f'<rect class="plate" {place} width="{right - left:.1f}" rx="{label.size / 3:.1f}" '
        f'fill="{INK}" fill-opacity=".88"/>'
        f'<rect {place} width="{_BAR * label.size:.1f}" rx="{label.size / 6:.1f}" '
        f'fill="{mark.color}"/>'
        f'<text x="{(left + right) / 2:.1f}" y="{(top + bottom) / 2:.1f}" dy=".35em" '
        f'font-size="{label.size:.1f}" font-weight="600" text-anchor="middle" '
        f'textLength="{right - left - 1.2 * label.size:.1f}" lengthAdjust="spacingAndGlyphs" '
        f'fill="{WHITE}">{escape(label.text)}</text></g>'
    )
