"""The expressions of a video's faces over time."""

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from fer.labels import LABELS
from fer.palette import COLORS
from fer.plots.style import MUTED, faded, figure

FACES_SHOWN = 6
"""More faces than this would make each too low to be read: the longest seen are drawn."""

_POINTS = 1000  # per face; a screen has no more columns
_GAP = 1.0  # seconds without the face after which the area ends


def timeline(
    times: NDArray[np.float64],
    frames: NDArray[np.int64],
    ids: NDArray[np.int64],
    probs: NDArray[np.float32],
) -> go.Figure:
    """One stacked area of the seven probabilities for every face; hovering names time and frame.

    Args:
        times: ``(n,)`` seconds, in order.
        frames: ``(n,)`` numbers of the frames.
        ids: ``(n,)`` numbers of the faces; of more than `FACES_SHOWN` the most frequent are drawn.
        probs: ``(n, 7)`` in ``LABELS`` order, rows sum to 1.
    """
    faces, counts = np.unique(ids, return_counts=True)
    drawn = np.sort(faces[np.argsort(-counts, kind="stable")][:FACES_SHOWN])
    rows = max(1, len(drawn))
    result = figure(90 + 130 * rows, margin={"l": 8, "r": 16, "t": 64, "b": 8})
    result.set_subplots(rows, 1, shared_xaxes=True, vertical_spacing=0.12 / rows)
    for row, face in enumerate(drawn, start=1):
        mine = np.flatnonzero(ids == face)
        mine = mine[:: max(1, -(-len(mine) // _POINTS))]
        _add_face(result, row, times[mine], frames[mine], probs[mine])
        result.update_yaxes(title_text=f"face {face}", row=row, col=1)
    result.update_xaxes(fixedrange=True, hoverformat=".2f", ticksuffix=" s")
    result.update_yaxes(range=[0, 1], tickformat=".0%", nticks=3, fixedrange=True, automargin=True)
    result.update_layout(hovermode="x unified", legend={"traceorder": "normal"})
    return result


def _add_face(
    result: go.Figure,
    row: int,
    times: NDArray[np.float64],
    frames: NDArray[np.int64],
    probs: NDArray[np.float32],
) -> None:
    x, numbers, shares = _with_gaps(times, frames, probs)
    result.add_scatter(
        x=x, y=np.where(numbers >= 0, 0.0, np.nan), customdata=numbers, mode="lines",
        line={"width": 0, "color": MUTED}, showlegend=False, row=row, col=1,
        hovertemplate="frame %{customdata}<extra></extra>",
    )  # fmt: skip
    for i, label in enumerate(LABELS):
        result.add_scatter(
            x=x, y=shares[:, i], name=label, legendgroup=label, showlegend=row == 1,
            stackgroup=f"face {row}", mode="lines", row=row, col=1,
            line={"width": 0.5, "color": COLORS[label]}, fillcolor=faded(COLORS[label], 0.85),
            hovertemplate="%{y:.0%}",
        )  # fmt: skip


def _with_gaps(
    times: NDArray[np.float64], frames: NDArray[np.int64], probs: NDArray[np.float32]
) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.float64]]:
    """The same with zeros at both ends of every gap, marked by the frame number -1."""
    steps = np.diff(times)
    usual = float(np.median(steps)) if len(steps) else 0.0
    before = np.flatnonzero(steps > max(_GAP, 3 * usual))
    at = np.repeat(before + 1, 2)
    edges = np.stack([times[before] + 1e-3, times[before + 1] - 1e-3], axis=1).ravel()
    return (
        np.insert(times, at, edges),
        np.insert(frames, at, -1),
        np.insert(probs.astype(np.float64), at, 0.0, axis=0),
    )
