"""Every colour and font: of the labels, of the pages in both themes, and what is readable on what.

The interface's own colours carry next to no hue, so that the labels' stand out. Nothing that draws
is imported here: pictures, figures, the app and the dashboard all look colours up here.
"""

import base64
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from fer.labels import UNSURE

# Found by search: of all colours near the customary hues that stand out on white and on the dark
# theme alike, those whose closest pair is farthest apart (CIEDE2000 of 16 and more) for normal
# sight and under simulated protanopia, deuteranopia and tritanopia; tests/plots/test_plots.py
# checks it.
COLORS: dict[str, str] = {
    "angry": "#e04658",
    "disgust": "#3b7001",
    "fear": "#855182",
    "happy": "#cfab1f",
    "sad": "#2b7be2",
    "surprise": "#13bfd1",
    "neutral": "#8d8e8e",
    UNSURE: "#a9afb8",
}

INK = "#14181f"
"""The dark text colour of pictures and pages."""

WHITE, BLACK = "#ffffff", "#000000"

READABLE = 4.5
"""Least contrast between text and its background (WCAG 2.2, success criterion 1.4.3)."""


def contrast(first: str, second: str) -> float:
    """Contrast ratio of two ``#rrggbb`` colours, 1 to 21 (WCAG 2.2, "contrast ratio")."""
    lighter, darker = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def text_on(color: str) -> str:
    """White where it is readable on ``color`` (``#rrggbb``), else black; one of them always is."""
    return WHITE if contrast(WHITE, color) >= READABLE else BLACK


def blend(color: str, under: str, opacity: float) -> str:
    """What is seen of ``color`` laid over ``under`` (both ``#rrggbb``) with ``opacity`` 0 to 1."""
    pairs = ((int(color[i : i + 2], 16), int(under[i : i + 2], 16)) for i in (1, 3, 5))
    return "#" + "".join(f"{round(below + opacity * (over - below)):02x}" for over, below in pairs)


def _luminance(color: str) -> float:
    """Relative luminance, 0 to 1 (WCAG 2.2, "relative luminance")."""
    channels = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


FONT = (
    'Figtree, ui-sans-serif, system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", '
    "sans-serif"
)
"""The pages' typeface, which they bring themselves, and what stands in for it elsewhere."""

FONT_FILE = Path(__file__).parent / "look" / "figtree.woff2"
"""Figtree's Latin letters, weights 300 to 900 in one file; its licence lies beside it."""

MONOSPACE = 'ui-monospace, "SF Mono", Menlo, Consolas, monospace'


@dataclass(frozen=True)
class Palette:
    """Interface colours of one theme, as ``#rrggbb``."""

    paper: str
    card: str
    sunken: str
    line: str
    ink: str
    muted: str


LIGHT = Palette("#f5f6f8", "#ffffff", "#eceff2", "#dde1e6", INK, "#56606c")
DARK = Palette("#0e1115", "#171b21", "#222932", "#303843", "#eef1f5", "#a3adb9")


@cache
def embedded_font() -> str:
    """CSS with the typeface inside, for pages whose other files somebody else serves."""
    letters = base64.b64encode(FONT_FILE.read_bytes()).decode("ascii")
    return _font_face(f"data:font/woff2;base64,{letters}")


def css_variables() -> str:
    """CSS that defines every colour for both themes: ``--fer-ink``, ``--fer-happy``, …

    Dark is Gradio's ``.dark`` class on an ancestor.
    """
    return f":root{{{_declare({**vars(LIGHT), **COLORS})}}}.dark{{{_declare(vars(DARK))}}}"


def site_css() -> str:
    """The same for a page of its own, which follows the visitor's system; `FONT_FILE` beside it."""
    dark = f"@media (prefers-color-scheme: dark){{:root{{{_declare(vars(DARK))}}}}}"
    face = _font_face(FONT_FILE.name)
    return f":root{{{_declare({**vars(LIGHT), **COLORS})}--fer-font:{FONT};}}{dark}{face}\n"


def _font_face(source: str) -> str:
    return (
        "@font-face{font-family:Figtree;font-weight:300 900;font-display:swap;"
        f'src:url("{source}") format("woff2")}}'
    )


def _declare(colors: dict[str, str]) -> str:
    return "".join(f"--fer-{name}:{color};" for name, color in colors.items())
