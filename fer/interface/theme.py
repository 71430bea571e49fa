"""The one look of the app and the dashboard: interface colours and type.

Interface colours carry next to no hue, so that the label colours of `fer.labels.COLORS`
stand out. Neither Gradio nor Streamlit is imported here.
"""

from dataclasses import dataclass

from fer.contrast import INK
from fer.labels import COLORS

FONT = 'ui-sans-serif, system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif'
"""Fonts that visitors already have: the page asks nothing of another host."""

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


def css_variables() -> str:
    """CSS that defines every colour for both themes: ``--fer-ink``, ``--fer-happy``, …

    Dark is Gradio's ``.dark`` class on an ancestor.
    """
    return f":root{{{_declare({**vars(LIGHT), **COLORS})}}}.dark{{{_declare(vars(DARK))}}}"


def _declare(colors: dict[str, str]) -> str:
    return "".join(f"--fer-{name}:{color};" for name, color in colors.items())
