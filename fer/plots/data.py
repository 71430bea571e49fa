"""Figures of a dataset."""

from collections.abc import Mapping, Sequence

import plotly.graph_objects as go

from fer.labels import LABELS, UNSURE
from fer.palette import COLORS
from fer.plots.style import MUTED, faded, figure
from fer.wording import percent

_OPACITY = (1.0, 0.6, 0.35, 0.2)


def class_balance(
    counts: Mapping[str, Mapping[str, int]],
    shares: bool = False,
    labels: Sequence[str] = LABELS,
    what: str = "share of the split",
) -> go.Figure:
    """Images per label, the splits side by side.

    Args:
        counts: ``{split: {label: images}}``; a label that is not there counts as none.
        shares: draw the share within each split in place of the number.
        labels: those to draw.
        what: of which a share is drawn.
    """
    result = figure(
        90 + 16 * len(labels) * (1 + len(counts)),
        barmode="group",
        xaxis_title=what if shares else "images",
        xaxis_tickformat=".0%" if shares else ",d",
    )
    result.update_yaxes(autorange="reversed")
    longest = max((_longest(numbers, shares) for numbers in counts.values()), default=1.0)
    result.update_xaxes(range=[0, 1.2 * longest])
    for split, opacity in zip(counts, _opacities(len(counts)), strict=True):
        numbers = [counts[split].get(label, 0) for label in labels]
        total = sum(numbers) or 1
        texts = [percent(n / total, 1) if shares else f"{n:,}" for n in numbers]
        result.add_bar(
            y=list(labels),
            x=[n / total for n in numbers] if shares else numbers,
            orientation="h",
            marker={
                "color": [faded(COLORS[label], opacity) for label in labels],
                "pattern": {"shape": ["/" if label == UNSURE else "" for label in labels]},
            },
            text=texts,
            textposition="outside",
            name=split,
            showlegend=False,
            hovertemplate=f"%{{y}}, {split}: %{{text}}<extra></extra>",
        )
        # The legend tells splits apart by strength, so it must not borrow one label's colour.
        result.add_bar(
            y=[None], x=[None], name=split, marker={"color": faded(MUTED, opacity)},
        )  # fmt: skip
    result.update_layout(legend={"itemclick": False, "itemdoubleclick": False})
    return result


def imbalance(counts: Mapping[str, int]) -> go.Figure:
    """How many times rarer each label is than the most frequent one.

    Args:
        counts: ``{label: images}`` of one split.
    """
    largest = max(counts.values())
    present = [label for label in LABELS if counts.get(label, 0)]
    times = [largest / counts[label] for label in present]
    result = figure(80 + 32 * len(present), xaxis_title="times rarer than the most frequent label")
    result.update_yaxes(autorange="reversed")
    result.update_xaxes(range=[0, 1.25 * max(times, default=1.0)])
    result.add_bar(
        y=present,
        x=times,
        orientation="h",
        marker_color=[COLORS[label] for label in present],
        text=[f"{t:.1f}×" for t in times],
        textposition="outside",
        showlegend=False,
        hovertemplate="%{y}: one image for %{text} of the most frequent<extra></extra>",
    )
    return result


def _longest(numbers: Mapping[str, int], shares: bool) -> float:
    total = (sum(numbers.values()) or 1) if shares else 1
    return max(numbers.values(), default=0) / total or 1.0


def _opacities(n: int) -> list[float]:
    return [_OPACITY[min(i, len(_OPACITY) - 1)] for i in range(n)]
