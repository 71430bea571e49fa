"""The one look of the app and the dashboard: colours, type and the rule for text on a colour.

Interface colours carry no hue, so that the only hues on a page are the seven label
colours of `fer.labels.COLORS`. Neither Gradio nor Streamlit is imported here.
"""

from dataclasses import dataclass

from fer.labels import COLORS

FONT = 'ui-sans-serif, system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif'
"""Fonts that visitors already have: the page asks nothing of another host."""

MONOSPACE = 'ui-monospace, "SF Mono", Menlo, Consolas, monospace'

_READABLE = 4.5
"""Contrast of text that WCAG 2.2 asks for (success criterion 1.4.3)."""


@dataclass(frozen=True)
class Palette:
    """Interface colours of one theme, as ``#rrggbb``."""

    paper: str
    card: str
    sunken: str
    line: str
    ink: str
    muted: str


LIGHT = Palette("#f5f6f8", "#ffffff", "#eef0f3", "#dde1e6", "#14181f", "#56606c")
DARK = Palette("#0e1115", "#171b21", "#20262e", "#303843", "#eef1f5", "#a3adb9")


def contrast(first: str, second: str) -> float:
    """Contrast ratio of two ``#rrggbb`` colours, 1 to 21 (WCAG 2.2, "contrast ratio")."""
    lighter, darker = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def text_on(color: str) -> str:
    """White where it is readable on ``color``, else the dark ink."""
    return "#ffffff" if contrast("#ffffff", color) >= _READABLE else LIGHT.ink


def css_variables() -> str:
    """CSS that defines every colour for both themes: ``--fer-ink``, ``--fer-happy``, …

    Dark is Gradio's ``.dark`` class on an ancestor.
    """
    labels = {name: color for name, color in COLORS.items()}
    return f":root{{{_declare(vars(LIGHT) | labels)}}}.dark{{{_declare(vars(DARK))}}}"


def _declare(colors: dict[str, str]) -> str:
    return "".join(f"--fer-{name}:{color};" for name, color in colors.items())


def _luminance(color: str) -> float:
    """Relative luminance, 0 to 1 (WCAG 2.2, "relative luminance")."""
    channels = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
