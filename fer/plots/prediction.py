"""The answer for one face."""

from collections.abc import Sequence

import plotly.graph_objects as go

from fer.labels import LABELS
from fer.palette import COLORS
from fer.plots.style import MUTED, figure
from fer.wording import percent


def probabilities(values: Sequence[float], unsure_below: float | None = None) -> go.Figure:
    """The seven probabilities of a face as bars.

    Args:
        values: ``(7,)`` in ``LABELS`` order, sum 1.
        unsure_below: draws the line that the longest bar must reach for an answer.
    """
    result = figure(250, margin={"l": 8, "r": 8, "t": 8, "b": 8})
    result.update_xaxes(range=[0, 1.14], tickformat=".0%", showticklabels=False, showgrid=False)
    result.update_yaxes(autorange="reversed", ticks="")
    result.add_bar(
        y=LABELS,
        x=[float(p) for p in values],
        orientation="h",
        marker_color=[COLORS[label] for label in LABELS],
        text=[percent(float(p)) for p in values],
        textposition="outside",
        cliponaxis=False,
        showlegend=False,
        hovertemplate="%{y}: %{x:.1%}<extra></extra>",
    )
    if unsure_below is not None:
        result.add_vline(x=unsure_below, line={"color": MUTED, "dash": "dot", "width": 1.5})
    return result
