"""Figures of an archive of photos and videos."""

from collections.abc import Mapping

import plotly.graph_objects as go

from fer.labels import LABELS
from fer.palette import COLORS
from fer.plots.style import MUTED, faded, figure
from fer.wording import percent


def expressions(counts: Mapping[str, Mapping[str, int]]) -> go.Figure:
    """The share of every label among the rows of photos and among those of videos.

    Args:
        counts: ``{kind: {label: rows}}``, "unsure" among the labels; a kind without rows is left
            out.
    """
    kinds = {kind: shown for kind, shown in counts.items() if sum(shown.values())}
    result = figure(110 + 170 * max(1, len(kinds)), barmode="group", xaxis_tickformat=".0%")
    result.update_yaxes(autorange="reversed")
    for strength, (kind, shown) in zip((1.0, 0.5), kinds.items(), strict=False):
        total = sum(shown.values())
        shares = {label: count / total for label, count in shown.items()}
        colors = [faded(COLORS[name] if name in LABELS else MUTED, strength) for name in shares]
        result.add_bar(
            y=list(shares), x=list(shares.values()), orientation="h", marker={"color": colors},
            text=[percent(share, 1) for share in shares.values()], textposition="outside",
            name=f"{kind}s", showlegend=False, hovertemplate="%{y}: %{text}<extra></extra>",
        )  # fmt: skip
        # The legend tells kinds apart by strength, so it must not borrow one label's colour.
        result.add_bar(
            y=[None], x=[None], name=f"{kind}s", marker={"color": faded(MUTED, strength)}
        )
    return result
