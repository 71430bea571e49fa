"""What all figures have in common."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from fer.palette import FONT, Palette

ACCENT = "#64748b"
"""Whatever is not a label: slate, which leaves the hues to the labels and shows on both themes."""
SECOND = "#b3bdca"
"""A second series beside ``ACCENT``."""
MUTED = "#7b838d"
"""Text, rules and reference lines: contrast above 3.7 on white and on the dark theme alike."""
FAINT = "rgba(123, 131, 141, 0.22)"


def _axis(title_standoff: int) -> dict[str, Any]:
    """An axis; a figure that names it keeps the distance, which as a setting of its own is lost."""
    return {
        "gridcolor": FAINT,
        "linecolor": FAINT,
        "zerolinecolor": FAINT,
        "title": {"font": {"size": 13}, "standoff": title_standoff},
        "ticklabelstandoff": 5,
        "automargin": True,
        "fixedrange": True,
    }


_TEMPLATE = go.layout.Template(
    layout={
        "font": {"family": FONT, "size": 13, "color": MUTED},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "xaxis": _axis(title_standoff=10),
        "yaxis": _axis(title_standoff=16),
        "colorway": [ACCENT, SECOND],
    }
)


def figure(height: int, **layout: Any) -> go.Figure:
    """An empty figure of ``height`` pixels in the common style; ``layout`` is added to it."""
    result = go.Figure()
    result.update_layout(
        template=_TEMPLATE,
        height=height,
        margin={"l": 8, "r": 16, "t": 34, "b": 8},
        legend={"orientation": "h", "x": 0, "y": 1.0, "yanchor": "bottom"},
        dragmode=False,
        hovermode="closest",
        bargap=0.25,
    )
    result.update_layout(**layout)
    return result


def on_theme(figure: go.Figure, theme: Palette) -> go.Figure:
    """``figure`` itself, with text that is readable on the pages of ``theme``.

    No grey is readable on both themes; without this a figure has one that nearly is.
    """
    return figure.update_layout(
        font_color=theme.muted,
        legend_font_color=theme.ink,
        hoverlabel={
            "bgcolor": theme.card, "bordercolor": theme.line, "font": {"color": theme.ink},
        },
        modebar={"color": theme.muted, "activecolor": theme.ink, "bgcolor": "rgba(0, 0, 0, 0)"},
    )  # fmt: skip


def faded(color: str, opacity: float) -> str:
    """``"#rrggbb"`` as a Plotly colour of ``opacity`` 0 to 1, which its legend shows as well."""
    red, green, blue = (int(color[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red}, {green}, {blue}, {opacity:g})"


def error_bar(values: Iterable[float], intervals: Iterable[Sequence[float]]) -> dict[str, Any]:
    """Plotly's asymmetric error bars for the interval ``(low, high)`` around each value."""
    pairs = list(zip(values, intervals, strict=True))
    return {
        "type": "data",
        "symmetric": False,
        "array": [high - value for value, (_, high) in pairs],
        "arrayminus": [value - low for value, (low, _) in pairs],
        "thickness": 1.5,
        "width": 3,
        "color": MUTED,
    }


def thin(x: Sequence[float], points: int = 300) -> NDArray[np.int64]:
    """Indices of at most ``points`` points of a curve, evenly along its rising ``x``.

    A curve has a point for every image; the browser needs no more than it has columns.
    """
    if not len(x):
        return np.zeros(0, np.int64)
    return np.unique(np.searchsorted(x, np.linspace(x[0], x[-1], points)))
