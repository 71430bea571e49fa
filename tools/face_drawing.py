"""Draw a face out of soft-edged shapes that a few numbers place."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Points = list[tuple[float, float]]
Color = tuple[int, int, int]
"""Red, green, blue, 0 to 255."""
Mask = NDArray[np.float32]
Face = Mapping[str, float]
"""Some of the numbers of ``NEUTRAL``, mostly -1 to 1."""

NEUTRAL = {
    "inner_brow": 0.0,  # up
    "outer_brow": 0.0,  # up
    "frown": 0.0,  # brows together, with a crease between them
    "lid": 0.0,  # upper lid up
    "squint": 0.0,  # lower lid up
    "wrinkle": 0.0,  # of the nose
    "lip_up": 0.0,  # upper lip up
    "corner": 0.0,  # corners of the mouth up
    "wide": 0.0,  # mouth wider
    "open": 0.0,  # jaw down
    "teeth": 0.0,
    "fold": 0.15,  # beside nose and mouth
    "forehead": 0.0,  # lines across it
}


@dataclass(frozen=True)
class Person:
    """Whom to draw; ``style`` is a key of ``_HAIR``, or "bald"."""

    skin: Color
    hair: Color
    shirt: Color
    wall: Color
    style: str
    brow: float = 1.0
    iris: Color = (74, 52, 38)


class Canvas:
    """Soft-edged shapes on a square of ``size`` pixels.

    The middle of the face is (0, 0) and its half width 1; y goes down.
    """

    def __init__(self, size: int, wall: Color) -> None:
        self.size, self.unit = size, size * 0.27
        self.rgb = np.full((size, size, 3), wall, np.float32)

    def mask(self, points: Points, blur: float = 0.008) -> Mask:
        """``(size, size)`` in 0..1, of a polygon whose edge is ``blur`` wide."""
        mask = np.zeros((self.size, self.size), np.uint8)
        at = (np.array(points) * self.unit + (self.size * 0.5, self.size * 0.53)) * 16
        cv2.fillPoly(mask, [at.round().astype(np.int32)], 255, cv2.LINE_AA, 4)
        soft = mask.astype(np.float32) / 255
        sigma = blur * self.unit
        return np.asarray(cv2.GaussianBlur(soft, (0, 0), sigma) if sigma > 0.3 else soft)

    def lay(self, mask: Mask, color: Color) -> None:
        """Paint ``color`` where ``mask`` is."""
        self.rgb += mask[..., None] * (np.array(color, np.float32) - self.rgb)

    def shape(
        self, points: Points, color: Color, blur: float = 0.008, alpha: float = 1.0,
        inside: Mask | None = None,
    ) -> None:  # fmt: skip
        """Paint a polygon, of which only what lies ``inside`` is seen."""
        mask = self.mask(points, blur)
        self.lay(alpha * (mask if inside is None else mask * inside), color)

    def stroke(
        self, line: Points, width: float | Sequence[float], color: Color, blur: float = 0.008,
        alpha: float = 1.0, inside: Mask | None = None,
    ) -> None:  # fmt: skip
        """Paint a line, whose width may be given at several places along it."""
        p = np.array(line)
        known = np.atleast_1d(np.asarray(width, float))
        places = np.linspace(0, 1, len(known))
        half = np.interp(np.linspace(0, 1, len(p)), places, known)[:, None] / 2
        along = np.gradient(p, axis=0)
        across = np.stack([-along[:, 1], along[:, 0]], 1)
        across *= half / np.linalg.norm(along, axis=1, keepdims=True)
        self.shape(_pairs([*(p + across), *(p - across)[::-1]]), color, blur, alpha, inside)


def _pairs(rows: Iterable[Any]) -> Points:
    return [(float(x), float(y)) for x, y in rows]


def oval(x: float, y: float, rx: float, ry: float) -> Points:
    """An ellipse around (x, y)."""
    t = np.linspace(0, 2 * np.pi, 60)
    return _pairs(np.stack([x + rx * np.cos(t), y + ry * np.sin(t)], 1))


def curve(*points: tuple[float, float]) -> Points:
    """A smooth line through ``points`` (Catmull-Rom)."""
    p = np.array([points[0], *points, points[-1]], float)
    t = np.linspace(0, 1, 24, endpoint=False)[:, None]
    parts = [
        b
        + 0.5 * ((c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)
        for a, b, c, d in zip(p, p[1:], p[2:], p[3:], strict=False)
    ]
    return _pairs(np.concatenate([*parts, p[-1:]]))


def symmetric(*right: tuple[float, float]) -> Points:
    """A smooth outline from its right half, which begins and ends in the middle."""
    left = [(-x, y) for x, y in right[::-1]]
    return curve(*right, *left)


def mirrored(points: Points, side: int) -> Points:
    """``points`` on the left (-1) or as they are (1)."""
    return [(side * x, y) for x, y in points]


def tone(color: Color, factor: float) -> Color:
    """``color``, darker below 1 and lighter above."""
    red, green, blue = (int(min(255, c * factor)) for c in color)
    return red, green, blue


def draw(person: Person, face: Face, size: int = 512) -> NDArray[np.uint8]:
    """``(size, size, 3)`` RGB: head and shoulders of ``person``."""
    f = {**NEUTRAL, **face}
    canvas = Canvas(size, person.wall)
    _behind(canvas, person)
    head = _head(canvas, f, person)
    _lines(canvas, f, tone(person.skin, 0.42), head)
    _nose(canvas, f, person.skin)
    for side in (-1, 1):
        _eye(canvas, f, side, person)
        _brow(canvas, f, side, person)
    _mouth(canvas, f, person.skin, head)
    if person.style in _HAIR:
        canvas.shape(curve(*_HAIR[person.style]), person.hair, 0.02)
    return np.clip(canvas.rgb, 0, 255).astype(np.uint8)


def _behind(canvas: Canvas, person: Person) -> None:
    skin = person.skin
    if person.style == "long":
        around = [(-1.22, 1.75), (-1.3, 0.2), (-1.05, -1.1), (0, -1.62)]
        canvas.shape(curve(*around, *[(-x, y) for x, y in around[-2::-1]]), person.hair, 0.02)
    if person.style == "bun":
        canvas.shape(oval(0, -1.6, 0.42, 0.36), person.hair, 0.015)
    canvas.shape(oval(0, 2.45, 1.75, 0.95), person.shirt, 0.015)
    neck: Points = [(-0.42, 0.8), (0.42, 0.8), (0.5, 1.75), (0, 1.95), (-0.5, 1.75)]
    canvas.shape(neck, tone(skin, 0.82), 0.03)
    for side in (-1, 1):
        canvas.shape(oval(side * 1.0, 0.02, 0.14, 0.25), tone(skin, 0.88), 0.015)


def _head(canvas: Canvas, f: Face, person: Person) -> Mask:
    """The head with its light, from the upper left; the answer is where it is."""
    skin, dark = person.skin, tone(person.skin, 0.72)
    drop = 0.16 * f["open"]
    chin = (
        (0.0, 1.29 + drop), (0.4, 1.18 + drop), (0.8, 0.78 + drop / 2), (0.96, 0.25),
        (0.98, -0.35), (0.75, -1.0), (0.0, -1.28),
    )  # fmt: skip
    head = canvas.mask(symmetric(*chin), 0.01)
    smile = max(f["corner"], 0)
    canvas.lay(head, skin)
    canvas.shape(oval(0.95, 0.2, 0.5, 1.3), dark, 0.2, 0.55, head)
    canvas.shape(oval(-1.05, 0.3, 0.25, 1.2), dark, 0.15, 0.35, head)
    canvas.shape(oval(0, 1.35 + drop, 0.75, 0.22), dark, 0.12, 0.5, head)
    canvas.shape(oval(-0.25, -0.75, 0.5, 0.28), tone(skin, 1.12), 0.2, 0.6, head)
    for side in (-1, 1):
        cheek = oval(side * 0.58, 0.34 - 0.06 * smile, 0.24, 0.2)
        canvas.shape(cheek, _red(skin), 0.13, 0.3 + 0.1 * smile, head)
        canvas.shape(oval(side * 0.42, -0.2, 0.3, 0.2), dark, 0.09, 0.5, head)
    return head


def _red(skin: Color) -> Color:
    return int(skin[0] * 0.92), int(skin[1] * 0.66), int(skin[2] * 0.62)


def _lines(canvas: Canvas, f: Face, deep: Color, head: Mask) -> None:
    bend = 0.05 * (f["inner_brow"] - f["outer_brow"])
    for y in (-0.92, -0.8, -0.68):
        line = curve(
            (-0.45, y + bend), (-0.2, y - 0.02), (0, y - bend), (0.2, y - 0.02), (0.45, y + bend)
        )
        canvas.stroke(line, 0.022, deep, 0.015, 0.45 * f["forehead"], head)
    for side in (-1, 1):
        x = side * (0.09 - 0.01 * f["frown"])
        crease = curve((x, -0.55), (x * 0.9, -0.42), (x * 1.1, -0.3))
        canvas.stroke(crease, 0.03, deep, 0.012, 0.6 * f["frown"])
        for y in (-0.2, -0.11, -0.02):
            line = curve((side * 0.04, y), (side * 0.13, y - 0.05), (side * 0.2, y + 0.03))
            canvas.stroke(line, 0.022, deep, 0.012, 0.55 * f["wrinkle"])


def _nose(canvas: Canvas, f: Face, skin: Color) -> None:
    deep, up, flare = tone(skin, 0.42), 0.05 * f["wrinkle"], 0.03 * f["wrinkle"]
    shade = curve(
        (0.05, -0.35), (0.16, 0.1), (0.24, 0.32 - up), (0.1, 0.4 - up), (0.08, 0.1), (0.02, -0.3)
    )
    canvas.shape(shade, tone(skin, 0.72), 0.04, 0.7)
    canvas.shape(oval(-0.03, 0.1, 0.07, 0.32), tone(skin, 1.14), 0.05, 0.7)
    canvas.shape(oval(-0.03, 0.29 - up, 0.1, 0.08), tone(skin, 1.16), 0.04, 0.7)
    for side in (-1, 1):
        wing = [(0.19 + flare, 0.22 - up), (0.25 + flare, 0.31 - up), (0.19 + flare, 0.38 - up)]
        canvas.stroke(mirrored(curve(*wing), side), 0.03, deep, 0.015, 0.6)
        canvas.shape(oval(side * 0.1, 0.385 - up, 0.07, 0.032), deep, 0.015, 0.85)


def _eye(canvas: Canvas, f: Face, side: int, person: Person) -> None:
    deep, x, y = tone(person.skin, 0.42), 0.42, -0.18
    low = y + 0.085 - 0.075 * f["squint"] + 0.02 * max(0, f["lid"])
    top = min(y - 0.12 - 0.075 * f["lid"], low - 0.045)
    inner, outer = (x - 0.23, y + 0.035), (x + 0.24, y - 0.01)
    upper = curve(inner, (x - 0.12, top + 0.025), (x, top), (x + 0.13, top + 0.03), outer)
    lower = curve(outer, (x + 0.12, low - 0.015), (x, low), (x - 0.12, low - 0.005), inner)
    eye = canvas.mask(mirrored(upper + lower, side))
    canvas.lay(eye, (238, 234, 230))
    shadow = [*upper, (x + 0.24, top + 0.09), (x - 0.2, top + 0.1)]
    canvas.shape(mirrored(shadow, side), (120, 110, 110), 0.03, 0.5, eye)
    canvas.shape(oval(side * x, y - 0.01, 0.118, 0.118), person.iris, 0.01, 1, eye)
    canvas.shape(oval(side * x, y - 0.01, 0.055, 0.055), (12, 10, 10), 0.008, 1, eye)
    canvas.shape(oval(side * x - 0.04, y - 0.05, 0.026, 0.026), (255, 255, 255), 0.006, 0.95, eye)
    canvas.stroke(mirrored(upper, side), (0.02, 0.045, 0.03), (30, 22, 20))
    canvas.stroke(mirrored(lower, side), 0.014, deep, 0.008, 0.7)
    crease = [(px, py - 0.075 + 0.03 * f["lid"]) for px, py in upper[6:]]
    canvas.stroke(mirrored(crease, side), 0.02, deep, 0.014, 0.5)
    bag = curve((x - 0.2, low + 0.09), (x, low + 0.13), (x + 0.2, low + 0.06))
    canvas.stroke(mirrored(bag, side), 0.028, deep, 0.02, 0.25 + 0.25 * f["squint"])


def _brow(canvas: Canvas, f: Face, side: int, person: Person) -> None:
    up_in, up_out, close = 0.13 * f["inner_brow"], 0.13 * f["outer_brow"], 0.05 * f["frown"]
    line = curve(
        (0.18 - close, -0.475 - up_in), (0.36 - close / 2, -0.515 - 0.55 * up_in - 0.45 * up_out),
        (0.55, -0.525 - up_out), (0.73, -0.45 - 0.8 * up_out),
    )  # fmt: skip
    width = [person.brow * w for w in (0.1, 0.11, 0.1, 0.075, 0.02)]
    canvas.stroke(mirrored(line, side), width, tone(person.hair, 0.75), 0.014, 0.95)


def _mouth(canvas: Canvas, f: Face, skin: Color, head: Mask) -> None:
    half, corner = 0.36 + 0.1 * f["wide"], 0.72 - 0.12 * f["corner"] + 0.05 * f["open"]
    lift = 0.07 * max(0, f["lip_up"])
    top = 0.71 - lift - 0.03 * f["open"] + 0.05 * f["corner"]
    low, fall = top + 0.02 + 0.4 * f["open"], corner - top
    bow, rise = 0.085 - 0.02 * max(0, f["corner"]), corner - (top + 0.02 + 0.4 * f["open"])
    edge, deep, lip = (half, corner), tone(skin, 0.42), tone(_red(skin), 0.9)
    upper_in = symmetric(edge, (half * 0.55, top + 0.35 * fall - 0.4 * lift), (0, top))
    side_of_bow = (half * 0.5, top - bow * 0.85 + 0.3 * fall - 0.4 * lift)
    upper_out = symmetric(edge, side_of_bow, (0.07, top - bow), (0, top - bow * 0.8))
    lower_in = symmetric(edge, (half * 0.6, low + 0.25 * rise), (0, low))
    lower_out = symmetric(edge, (half * 0.5, low + 0.09 + 0.15 * rise), (0, low + 0.115))
    canvas.shape(oval(0, low + 0.19, 0.26, 0.06), deep, 0.05, 0.3, head)
    canvas.shape(upper_in + upper_out[::-1], tone(lip, 0.86), 0.012)
    canvas.shape(lower_in + lower_out[::-1], lip, 0.012)
    gap = canvas.mask(upper_in + lower_in[::-1])
    canvas.lay(gap, (52, 18, 20))
    if f["open"] > 0.5:
        canvas.shape(
            oval(0, low - 0.02, half * 0.5, 0.09), (150, 70, 72), 0.03, f["open"] - 0.3, gap
        )
    teeth = upper_in + [(x, y + 0.115 * f["teeth"]) for x, y in upper_in[::-1]]
    canvas.shape(teeth, (240, 236, 228), 0.01, min(1, 1.2 * f["teeth"]), gap)
    canvas.stroke(upper_in, 0.022, (60, 24, 24), 0.01, 0.9)
    for side in (-1, 1):
        canvas.shape(oval(side * (half + 0.03), corner + 0.01, 0.035, 0.05), deep, 0.025, 0.45)
        fold = curve((0.27, 0.28), (0.42 + 0.06 * f["wide"], 0.46), (half + 0.13, corner - 0.02))
        canvas.stroke(mirrored(fold, side), 0.035, deep, 0.018, min(0.75, 0.65 * f["fold"]), head)


_HAIR: dict[str, Points] = {
    "short": [
        (-1.05, -0.15), (-1.1, -0.8), (-0.7, -1.45), (0.1, -1.6), (0.8, -1.38), (1.1, -0.8),
        (1.05, -0.15), (0.94, -0.5), (0.72, -0.92), (0.2, -1.02), (-0.4, -0.9), (-0.8, -0.85),
        (-0.95, -0.5),
    ],
    "long": [
        (-1.2, 0.9), (-1.2, -0.5), (-0.75, -1.42), (0, -1.55), (0.75, -1.42), (1.2, -0.5),
        (1.2, 0.9), (1.02, 0.5), (0.93, -0.4), (0.45, -1.05), (-0.15, -1.12), (-0.75, -0.8),
        (-0.95, -0.35), (-1.02, 0.5),
    ],
    "bun": [
        (-1.04, -0.1), (-1.08, -0.75), (-0.65, -1.4), (0, -1.5), (0.65, -1.4), (1.08, -0.75),
        (1.04, -0.1), (0.93, -0.55), (0.5, -1.05), (0, -1.14), (-0.5, -1.05), (-0.93, -0.55),
    ],
}  # fmt: skip
