"""Matrices of labels against labels, whose cells can be clicked."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from fer.labels import LABELS
from fer.palette import INK, LIGHT, WHITE, blend, text_on
from fer.plots.style import ACCENT, faded, figure
from fer.wording import percent

_SCALE = [[0.0, faded(ACCENT, 0.0)], [1.0, ACCENT]]


def confusion(
    matrix: Sequence[Sequence[float]],
    normalise: str = "counts",
    selected: tuple[str, str] | None = None,
    paper: str = LIGHT.paper,
    columns: Sequence[str] = LABELS,
    titles: tuple[str, str] = ("true label", "predicted label"),
) -> go.Figure:
    """Two labellings against each other, such as a confusion matrix.

    A click on a cell selects a point with customdata ``[row, column]``.

    Args:
        matrix: ``(7, len(columns))`` counts, rows in ``LABELS`` order.
        normalise: ``"counts"``; ``"row"`` shows of each true label what it was taken for,
            ``"column"`` of each answer what it really was.
        selected: names of row and column: the cell to frame.
        paper: the page's colour, ``#rrggbb``: on it the numbers must be readable.
        columns: names of the columns.
        titles: what rows and columns are.
    """
    counts = np.asarray(matrix, np.float64)
    values = _normalise(counts, normalise)
    top = float(values.max(initial=0.0)) or 1.0
    result = _frame(columns, titles)
    result.add_heatmap(
        z=values, zmin=0.0, zmax=top, colorscale=_SCALE, showscale=False, hoverinfo="skip",
        xgap=2, ygap=2,
    )  # fmt: skip
    # A heat map cannot be clicked in Streamlit; transparent markers over it can. They
    # carry the text as well, in one trace for each of its colours.
    texts = np.vectorize(lambda share: text_on(blend(ACCENT, paper, share)))(values / top)
    for color in np.unique(texts):
        result.add_trace(_cells(counts, values, texts == color, columns, normalise, color))
    if selected is not None:
        y, x = LABELS.index(selected[0]), columns.index(selected[1])
        # White on black, so that the frame shows on every shade of both themes.
        for width, line in ((5, INK), (2, WHITE)):
            result.add_shape(
                type="rect", x0=x - 0.5, x1=x + 0.5, y0=y - 0.5, y1=y + 0.5,
                line={"width": width, "color": line},
            )  # fmt: skip
    return result


def _frame(columns: Sequence[str], titles: tuple[str, str]) -> go.Figure:
    """An empty matrix, the first row on top."""
    result = figure(
        470,
        xaxis_title=titles[1],
        yaxis_title=titles[0],
        hoverdistance=-1,  # a click anywhere in a cell counts, not only near its middle
    )
    result.update_xaxes(
        tickvals=list(range(len(columns))), ticktext=list(columns),
        range=[-0.5, len(columns) - 0.5], ticklabeloverflow="allow", autotickangles=[0, -40],
        showgrid=False, zeroline=False, ticks="",
    )  # fmt: skip
    result.update_yaxes(
        tickvals=list(range(len(LABELS))), ticktext=LABELS, range=[len(LABELS) - 0.5, -0.5],
        showgrid=False, zeroline=False, ticks="",
    )  # fmt: skip
    return result


def _normalise(counts: NDArray[np.float64], normalise: str) -> NDArray[np.float64]:
    if normalise == "counts":
        return counts
    total = counts.sum(axis={"row": 1, "column": 0}[normalise], keepdims=True)
    return np.divide(counts, total, out=np.zeros_like(counts), where=total > 0)


def _cells(
    counts: NDArray[np.float64],
    values: NDArray[np.float64],
    chosen: NDArray[np.bool_],
    columns: Sequence[str],
    normalise: str,
    color: str,
) -> go.Scatter:
    places = [(int(y), int(x)) for y, x in np.argwhere(chosen)]
    return go.Scatter(
        x=[x for _, x in places],
        y=[y for y, _ in places],
        mode="markers+text",
        marker={"symbol": "square", "size": 34, "color": "rgba(0, 0, 0, 0)", "line": {"width": 0}},
        text=[
            f"{counts[p]:,.0f}" if normalise == "counts" else f"{100 * values[p]:.0f}"
            for p in places
        ],
        textfont={"size": 12, "color": color},
        customdata=[[LABELS[y], columns[x]] for y, x in places],
        hovertext=[
            f"{LABELS[y]} → {columns[x]}: {counts[y, x]:,.0f}"
            + ("" if normalise == "counts" else f" ({percent(values[y, x], 1)})")
            for y, x in places
        ],
        hovertemplate="%{hovertext}<extra></extra>",
        showlegend=False,
        # Without these a click fades the text of every other cell.
        selected={"textfont": {"color": color}},
        unselected={"textfont": {"color": color}},
    )
