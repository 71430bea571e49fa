"""Figures that set models beside each other."""

from collections.abc import Sequence
from statistics import median

import plotly.graph_objects as go

from fer.plots.scores import Interval
from fer.plots.style import ACCENT, MUTED, SECOND, error_bar, faded, figure


def accuracy_against_cost(
    names: Sequence[str], cost: Sequence[float], accuracy: Sequence[Interval], unit: str
) -> go.Figure:
    """Accuracy with its interval over what a face costs; up and to the left is better.

    Args:
        names: of the models.
        cost: of one face.
        unit: of ``cost``; the axis title.
        accuracy: ``(value, low, high)`` of each model.
    """
    result = figure(360, xaxis_title=unit, yaxis_title="accuracy")
    result.update_yaxes(tickformat=".1%")
    result.update_xaxes(range=[0, 1.35 * max(cost, default=1.0)], showgrid=True)
    values = [value for value, _, _ in accuracy]
    result.add_scatter(
        x=list(cost),
        y=values,
        mode="markers+text",
        text=list(names),
        textposition=_beside(cost, values),
        marker={"size": 13, "color": ACCENT},
        error_y=error_bar(values, [ends for _, *ends in accuracy]),
        cliponaxis=False,
        showlegend=False,
        hovertemplate="%{text}: %{y:.1%}, %{x:.2f}<extra></extra>",
    )
    return result


def shared_errors(
    both: int, only_first: int, only_second: int, neither: int, first: str, second: str
) -> go.Figure:
    """How two models' answers on the same images coincide, as one bar."""
    result = figure(240, barmode="stack", xaxis_title="images", bargap=0.4)
    parts = (
        ("both right", both, faded(MUTED, 0.35)),
        (f"only {first}", only_first, ACCENT),
        (f"only {second}", only_second, SECOND),
        ("both wrong", neither, faded(MUTED, 0.7)),
    )
    for name, number, color in parts:
        result.add_bar(
            x=[number], y=[""], orientation="h", name=f"{name}: {number:,}",
            marker_color=color,
            hovertemplate=f"{name}: {number:,} images<extra></extra>",
        )  # fmt: skip
    result.update_layout(legend_traceorder="normal")
    return result


def _beside(cost: Sequence[float], accuracy: Sequence[float]) -> list[str]:
    """Where names go: towards the middle of the figure, and away from a neighbour's name."""
    return [
        f"{'top' if value >= median(accuracy) else 'bottom'} "
        f"{'left' if price > 0.5 * max(cost) else 'right'}"
        for price, value in zip(cost, accuracy, strict=True)
    ]
