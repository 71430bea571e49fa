"""Figures of how well a model answers."""

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go

from fer.labels import LABELS
from fer.palette import COLORS, WHITE
from fer.plots.style import ACCENT, MUTED, error_bar, faded, figure, thin
from fer.wording import percent

Interval = tuple[float, float, float]
"""A value, and the lower and upper end of its interval."""

_SYMBOLS = {"precision": "diamond", "recall": "circle", "f1": "square"}
_NAMES = {"precision": "precision", "recall": "recall", "f1": "F1"}


def label_scores(scores: Mapping[str, Mapping[str, Interval]]) -> go.Figure:
    """Precision, recall and F1 of each label with their intervals.

    Args:
        scores: ``{label: {"precision" | "recall" | "f1": (value, low, high)}}``, all 0 to 1.
    """
    result = figure(80 + 58 * len(scores), xaxis_title="score", xaxis_tickformat=".0%")
    names = list(scores)
    result.update_yaxes(
        tickvals=list(range(len(names))), ticktext=names, range=[len(names) - 0.5, -0.5],
        zeroline=False,
    )  # fmt: skip
    result.update_xaxes(range=[0, 1.02], showgrid=True)
    for k, (metric, symbol) in enumerate(_SYMBOLS.items()):
        values = [scores[name][metric][0] for name in names]
        intervals = [scores[name][metric][1:] for name in names]
        result.add_scatter(
            x=values,
            y=[i + 0.24 * (k - 1) for i in range(len(names))],
            mode="markers",
            showlegend=False,
            marker={"symbol": symbol, "size": 10, "color": [COLORS[name] for name in names]},
            error_x=error_bar(values, intervals),
            customdata=[
                [name, percent(low, 1), percent(high, 1)]
                for name, (low, high) in zip(names, intervals, strict=True)
            ],
            hovertemplate=f"%{{customdata[0]}}: {_NAMES[metric]} %{{x:.1%}} "
            "(%{customdata[1]} to %{customdata[2]})<extra></extra>",
        )
        # The legend is about shapes, so that it must not borrow one label's colour.
        result.add_scatter(
            x=[None], y=[None], mode="markers", name=_NAMES[metric],
            marker={"symbol": symbol, "size": 10, "color": MUTED},
        )  # fmt: skip
    return result


def group_scores(scores: Mapping[str, Interval], groups: str) -> go.Figure:
    """Accuracy of each group of people with its interval, all 0 to 1.

    Args:
        scores: ``{group: (accuracy, low, high)}``.
        groups: what the groups are about.
    """
    result = figure(90 + 34 * len(scores), xaxis_title="answers that are right", yaxis_title=groups)
    result.update_xaxes(range=[0, 1.02], showgrid=True, tickformat=".0%")
    result.update_yaxes(type="category", autorange="reversed")
    values = [score[0] for score in scores.values()]
    result.add_scatter(
        x=values,
        y=list(scores),
        mode="markers",
        marker={"size": 10, "color": ACCENT},
        error_x=error_bar(values, [score[1:] for score in scores.values()]),
        hovertemplate="%{y}: %{x:.1%} right<extra></extra>",
        showlegend=False,
    )
    return result


def reliability(
    confidence: Sequence[float],
    accuracy: Sequence[float],
    counts: Sequence[int],
    intervals: Sequence[tuple[float, float]] | None = None,
) -> go.Figure:
    """How often the model is right when it says how sure it is (reliability diagram).

    Args:
        confidence: mean probability of the answers of each bin.
        accuracy: share of them that are right.
        counts: how many answers fell into each bin; the markers grow with it.
        intervals: lower and upper end for each ``accuracy``.
    """
    result = figure(
        380, xaxis_title="how sure the model says it is", yaxis_title="how often it is right"
    )
    result.update_xaxes(range=[0, 1.03], tickformat=".0%", showgrid=True)
    result.update_yaxes(range=[0, 1.03], tickformat=".0%")
    result.add_scatter(
        x=[0, 1], y=[0, 1], mode="lines", name="exactly as sure as it should be",
        line={"color": MUTED, "dash": "dot"}, hoverinfo="skip",
    )  # fmt: skip
    largest = max(counts, default=1) or 1
    bars = None if intervals is None else error_bar(accuracy, intervals)
    result.add_scatter(
        x=confidence,
        y=accuracy,
        mode="lines+markers",
        name="this model",
        line={"color": ACCENT, "width": 2},
        marker={"color": ACCENT, "size": [7 + 15 * (n / largest) ** 0.5 for n in counts]},
        error_y=bars,
        customdata=list(counts),
        hovertemplate="says %{x:.1%}, is right %{y:.1%} (%{customdata:,} images)<extra></extra>",
    )
    return result


def coverage(
    covered: Sequence[float],
    accuracy: Sequence[float],
    thresholds: Sequence[float],
    chosen: tuple[float, float, float] | None = None,
) -> go.Figure:
    """Accuracy on the images that are answered, against the share that is answered.

    Args:
        covered: share of the images with an answer at each threshold, rising.
        accuracy: share of right answers among them.
        thresholds: least probability that gives an answer.
        chosen: ``(covered, accuracy, threshold)`` at the bundle's own threshold, marked.
    """
    result = figure(
        380, xaxis_title="share of images that get an answer", yaxis_title="answers that are right"
    )
    result.update_xaxes(range=[0, 1.03], tickformat=".0%", showgrid=True)
    result.update_yaxes(tickformat=".0%")
    shown = thin(covered)
    result.add_scatter(
        x=np.asarray(covered)[shown],
        y=np.asarray(accuracy)[shown],
        mode="lines",
        name="any threshold",
        line={"color": ACCENT, "width": 2.5},
        customdata=np.asarray(thresholds)[shown],
        hovertemplate="answering from %{customdata:.0%} on: %{x:.1%} answered, "
        "%{y:.1%} right<extra></extra>",
    )
    if chosen is not None:
        x, y, threshold = chosen
        result.add_scatter(
            x=[x], y=[y], mode="markers", name=f"as shipped: unsure below {percent(threshold)}",
            marker={"size": 15, "color": ACCENT, "symbol": "diamond",
                    "line": {"width": 2, "color": WHITE}},
            hovertemplate="%{x:.1%} answered, %{y:.1%} right<extra></extra>",
        )  # fmt: skip
    return result


def accuracy_by_agreement(
    groups: Sequence[str],
    accuracy: Sequence[float],
    intervals: Sequence[tuple[float, float]],
    counts: Sequence[int],
) -> go.Figure:
    """Accuracy on images grouped by how many of ten annotators agreed.

    Args:
        groups: name of each group, from ambiguous to easy.
        accuracy: share of right answers of each group.
        intervals: lower and upper end for each ``accuracy``.
        counts: images in each group.
    """
    result = figure(
        360, xaxis_title="annotators who agree (of ten)", yaxis_title="answers that are right"
    )
    result.update_yaxes(range=[0, 1.12], tickformat=".0%")
    result.update_xaxes(type="category")
    result.add_bar(
        x=list(groups),
        y=list(accuracy),
        marker_color=faded(ACCENT, 0.4),
        error_y=error_bar(accuracy, intervals),
        customdata=list(counts),
        hovertemplate="%{x} agree: %{y:.1%} right (%{customdata:,} images)<extra></extra>",
        showlegend=False,
    )
    return result


def precision_recall(
    curves: Mapping[str, tuple[Sequence[float], Sequence[float], float]],
) -> go.Figure:
    """One precision-recall curve per label.

    Args:
        curves: ``{label: (recall, precision, average precision)}``, recalls rising.
    """
    result = figure(
        430,
        xaxis_title="share of its faces that are found (recall)",
        yaxis_title="share of answers that are right (precision)",
    )
    result.update_xaxes(range=[0, 1.02], tickformat=".0%", showgrid=True)
    result.update_yaxes(range=[0, 1.04], tickformat=".0%")
    for label in (name for name in LABELS if name in curves):
        recall, precision, average = curves[label]
        shown = thin(recall)
        result.add_scatter(
            x=np.asarray(recall)[shown],
            y=np.asarray(precision)[shown],
            mode="lines",
            name=f"{label} {average:.2f}",
            line={"color": COLORS[label], "width": 2},
            hovertemplate=f"{label}: finds %{{x:.0%}}, right %{{y:.0%}}<extra></extra>",
        )
    result.update_layout(margin_t=64)
    return result
