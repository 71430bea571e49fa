"""Which text is readable on a colour (WCAG 2.2), for everything that is drawn."""

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


def _luminance(color: str) -> float:
    """Relative luminance, 0 to 1 (WCAG 2.2, "relative luminance")."""
    channels = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
