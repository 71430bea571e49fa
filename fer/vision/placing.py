"""What is said of a face on a picture, and where: the rules of ``browser/src/draw.js``."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from PIL import ImageFont

from fer.palette import FONT_FILE

Box = tuple[float, float, float, float]
"""Left, top, right and bottom, in pixels of the picture."""

_MEASURED_AT = 64
"""Font size in which the widths of texts are measured."""


@dataclass(frozen=True)
class Words:
    """What may be said of a face.

    Attributes:
        number: tells it from the others; empty where it is alone.
        label: on display.
        share: its probability; empty where the face is "unsure".
        guess: the label that an "unsure" face comes nearest to, empty if there is none.
    """

    number: str
    label: str
    share: str = ""
    guess: str = ""

    @property
    def full(self) -> str:
        """All of it."""
        guess = f" ({self.guess}?)" if self.guess else ""
        share = f" {self.share}" if self.share else ""
        return f"{self._begin}{self.label}{share}{guess}"

    def shorter(self) -> tuple[str, str]:
        """For where faces are small and many."""
        return self._begin + (f"{self.guess}?" if self.guess else self.label), self.number

    @property
    def _begin(self) -> str:
        return f"{self.number} · " if self.number else ""


@dataclass(frozen=True)
class Plate:
    """A text in its place.

    Attributes:
        text: what is said.
        size: of the font, in pixels of the picture.
        box: of the plate under it.
    """

    text: str
    size: float
    box: Box


@lru_cache(maxsize=64)
def font(size: int) -> ImageFont.FreeTypeFont:
    """The pages' own typeface, semibold; opening it takes a millisecond."""
    opened = ImageFont.truetype(FONT_FILE, size)
    opened.set_variation_by_axes([600])
    return opened


@lru_cache(maxsize=1024)
def _relative_width(text: str) -> float:
    """How wide ``text`` is, in font sizes."""
    return font(_MEASURED_AT).getlength(text) / _MEASURED_AT


def font_size(face_width: float, picture_size: int) -> float:
    """Readable once the picture fits a screen, smaller in a crowd so that labels stay apart."""
    return max(9.0, min(picture_size / 32, max(face_width / 6, picture_size / 80)))


def plate(
    words: Words, face: Box, size: float, picture: tuple[int, int], taken: Sequence[Box]
) -> Plate:
    """The label of ``face``: above or below it, the shortest also beside it.

    It stands neither on another label nor on a face where there is room. A face from edge to edge
    has it over its chin, never on the forehead.

    Args:
        words: what may be said; the longest that fits is.
        face: what it belongs to.
        size: of the font.
        picture: width and height.
        taken: by other faces and labels.
    """
    places = [
        place
        for text, scale in _texts(words, face, size)
        for place in _places(text, scale * size, face, picture[0], text == words.number)
    ]
    inside = [place for place in places if _is_inside(place.box, picture)]
    free = (place for place in inside if all(_apart(place.box, other) for other in taken))
    if inside:
        return next(free, inside[-1])
    first = places[0]
    left, _, right, _ = first.box
    return Plate(first.text, first.size, (left, picture[1] - 1.5 * first.size, right, picture[1]))


def _texts(words: Words, face: Box, size: float) -> list[tuple[str, float]]:
    """What may be said, the longest first, and its size in shares of ``size``."""
    if not words.number:
        return [(words.full, 1.0)]
    most = 1.3 * (face[2] - face[0]) / size
    label, number = words.shorter()
    shorter = [(label, min(1.0, max(most / _relative_width(label), 0.7))), (number, 1.0)]
    return [(words.full, 1.0), *shorter] if _relative_width(words.full) <= most else shorter


def _places(text: str, size: float, face: Box, picture_width: int, beside: bool) -> list[Plate]:
    """Where ``text`` may stand, the best place first."""
    x0, y0, x1, y1 = face
    wide = (_relative_width(text) + 1.2) * size
    left = min(max(x0, 0.0), max(picture_width - wide, 0.0))
    corners = [(left, y0 - 1.6 * size), (left, y1 + 0.1 * size)]
    if beside:
        corners += [(x0 - wide, y0), (x1, y0)]
    return [Plate(text, size, (x, y, x + wide, y + 1.5 * size)) for x, y in corners]


def _is_inside(box: Box, picture: tuple[int, int]) -> bool:
    left, top, right, bottom = box
    return left >= 0 and top >= 0 and right <= picture[0] + 1 and bottom <= picture[1]


def _apart(a: Box, b: Box) -> bool:
    return a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1]
