"""Figures of how well a model answers when pictures are corrupted."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray
from PIL import Image

from fer.plots.style import ACCENT, MUTED, error_bar, figure
from fer.wording import percent

_PANEL = 220
"""Height of a panel in pixels, with its title and the names of its strengths."""
_STRIP = 0.48
"""Height of a picture under the points, on the scale on which an accuracy of 100 % is 1."""


def corruption(kind: Mapping[str, Any], clean: float, pictures: NDArray[np.uint8]) -> go.Figure:
    """Accuracy over the strengths of one kind of corruption, beside that of clean images.

    Args:
        kind: as in ``robustness.json``: ``title``, ``unit``, three ``strengths``, the
            ``accuracy`` at each and its ``intervals``.
        clean: accuracy on the images as they are: the first point and the dotted line.
        pictures: ``(4, h, w)`` uint8, a face as it is and at each strength, drawn under the points.
    """
    result = figure(_PANEL, showlegend=False, margin={"l": 4, "r": 4, "t": 26, "b": 40})
    result.add_annotation(
        text=kind["title"], x=0.5, y=1, xref="paper", yref="paper", yanchor="bottom",
        showarrow=False, font_size=13,
    )  # fmt: skip
    _add_curve(result, kind, clean)
    for x, picture in enumerate(pictures):
        result.add_layout_image(
            source=Image.fromarray(picture), x=x, y=-0.03, xref="x", yref="y", sizex=0.96,
            sizey=_STRIP, xanchor="center", yanchor="top", sizing="contain", layer="above",
        )  # fmt: skip
    result.update_xaxes(
        tickfont_size=12, fixedrange=True, range=[-0.5, 3.5], showgrid=False, zeroline=False
    )
    result.update_yaxes(
        fixedrange=True, range=[-_STRIP - 0.04, 1.08], showgrid=False, zeroline=False,
        showticklabels=False,  # every point says its own value
    )  # fmt: skip
    return result


def _add_curve(result: go.Figure, kind: Mapping[str, Any], clean: float) -> None:
    names = ["clean", *(f"{strength:g}" for strength in kind["strengths"])]
    ends = [(clean, clean), *kind["intervals"]["accuracy"]]
    accuracy = [clean, *kind["accuracy"]]
    result.add_scatter(
        x=[-0.5, 3.5], y=[clean, clean], mode="lines", hoverinfo="skip",
        line={"color": MUTED, "dash": "dot", "width": 1},
    )  # fmt: skip
    result.add_scatter(
        x=list(range(4)),
        y=accuracy,
        mode="lines+markers+text",
        text=[f"{100 * value:.0f}" for value in accuracy],
        textposition=["top center"] + ["bottom center"] * 3,  # clear of the dotted line
        textfont={"size": 12},
        line={"color": ACCENT, "width": 2},
        marker={"color": ACCENT, "size": 7},
        error_y=error_bar(accuracy, ends),
        customdata=[
            [
                name if name == "clean" else f"{name} {kind['unit']}",
                percent(low, 1),
                percent(high, 1),
            ]
            for name, (low, high) in zip(names, ends, strict=True)
        ],
        hovertemplate="%{customdata[0]}: %{y:.1%} right (%{customdata[1]} to %{customdata[2]})"
        "<extra></extra>",
    )
    result.update_xaxes(tickvals=list(range(4)), ticktext=names, tickangle=0)
    # An axis title would slip between the names of the strengths where it fits.
    result.add_annotation(
        text=kind["unit"], x=0.5, y=0, xref="x domain", yref="y domain", yshift=-17,
        yanchor="top", showarrow=False, font_size=12,
    )  # fmt: skip
