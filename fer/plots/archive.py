"""Figures of an archive of photos and videos."""

from collections.abc import Mapping

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from fer.labels import LABELS, UNSURE
from fer.palette import COLORS
from fer.plots.data import class_balance
from fer.plots.style import figure

FACES_SHOWN = 12
"""More faces of a video than this would make a figure that nobody reads to its end."""


def expressions(counts: Mapping[str, Mapping[str, int]]) -> go.Figure:
    """The share of every label among the rows of photos and among those of videos.

    Args:
        counts: ``{kind: {label: rows}}``, "unsure" among the labels; a kind without rows is left
            out.
    """
    kinds = {f"{kind}s": shown for kind, shown in counts.items() if sum(shown.values())}
    return class_balance(kinds, True, (*LABELS, UNSURE), "share of the faces")


def over_time(
    times: NDArray[np.float64], faces: NDArray[np.int64], labels: NDArray[np.object_]
) -> go.Figure:
    """When each face of a video showed what: a line a face, a mark a look.

    Args:
        times: ``(n,)`` seconds.
        faces: ``(n,)`` numbers; of more than `FACES_SHOWN` the most frequent are drawn.
        labels: ``(n,)`` shown labels, "unsure" among them.
    """
    numbers, counts = np.unique(faces, return_counts=True)
    drawn = np.sort(numbers[np.argsort(-counts, kind="stable")][:FACES_SHOWN])
    names = [f"face {number}" for number in drawn]
    result = figure(110 + 32 * len(drawn), xaxis_ticksuffix=" s", hovermode="closest")
    result.update_yaxes(categoryorder="array", categoryarray=names[::-1], type="category")
    for label in (*LABELS, UNSURE):
        mine = (labels == label) & np.isin(faces, drawn)
        result.add_scattergl(
            x=times[mine], y=[f"face {number}" for number in faces[mine]], name=label,
            mode="markers", hovertemplate="%{x:.2f} s<extra>" + label + "</extra>",
            marker={"symbol": "square", "size": 9, "color": COLORS[label]},
        )  # fmt: skip
    return result
