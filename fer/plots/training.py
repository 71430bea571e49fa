"""Figures of a training run, from the columns of ``history.csv``."""

from collections.abc import Mapping, Sequence

import plotly.graph_objects as go

from fer.plots.style import ACCENT, MUTED, SECOND, figure

Columns = Mapping[str, Sequence[float]]


def learning_curves(
    history: Columns, quantity: str = "accuracy", best_epoch: int | None = None
) -> go.Figure:
    """Training and validation ``quantity`` (``"accuracy"`` or ``"loss"``) by epoch.

    Args:
        history: the columns of ``history.csv`` by name.
        quantity: which pair of columns to draw.
        best_epoch: the epoch whose weights were kept, marked.
    """
    result = figure(380, xaxis_title="epoch", yaxis_title=quantity)
    if quantity == "accuracy":
        result.update_yaxes(tickformat=".0%")
    for part, color in (("train", SECOND), ("validation", ACCENT)):
        result.add_scatter(
            x=history["epoch"],
            y=history[f"{part}_{quantity}"],
            mode="lines+markers" if len(history["epoch"]) < 3 else "lines",
            name=part,
            line={"color": color, "width": 2.5 if part == "validation" else 2},
            hovertemplate=f"epoch %{{x}}: {part} "
            + ("%{y:.1%}" if quantity == "accuracy" else "%{y:.3f}")
            + "<extra></extra>",
        )
    if best_epoch is not None:
        result.add_vline(x=best_epoch, line={"color": MUTED, "dash": "dot", "width": 1.5})
    return result


def learning_rate(history: Columns) -> go.Figure:
    """The learning rate by epoch."""
    result = figure(260, xaxis_title="epoch", yaxis_title="learning rate")
    result.add_scatter(
        x=history["epoch"], y=history["learning_rate"], mode="lines", showlegend=False,
        line={"color": ACCENT, "width": 2}, hovertemplate="epoch %{x}: %{y:.4g}<extra></extra>",
    )  # fmt: skip
    return result


def epoch_seconds(history: Columns) -> go.Figure:
    """Seconds that each epoch took; the hover text names the size of its images."""
    result = figure(260, xaxis_title="epoch", yaxis_title="seconds")
    result.add_bar(
        x=history["epoch"],
        y=history["seconds"],
        marker={"color": ACCENT, "opacity": 0.85},
        showlegend=False,
        customdata=history["image_size"],
        hovertemplate="epoch %{x}: %{y:.0f} s with images of %{customdata} pixels<extra></extra>",
    )
    return result
