"""An entry of ``robustness.json`` as people read it; rounding happens here and nowhere else."""

from collections.abc import Mapping
from typing import Any

from fer.wording import ABSENT, JUDGES

TITLES = {
    "mean_accuracy": "mean corruption accuracy, %",
    "relative_accuracy": "relative to clean accuracy, %",
    "mean_coverage": "mean coverage, %",
    "mean_ece": "mean ECE",
    "mean_log_loss": "mean log-loss",
}
_NO_SHARES = {"ece", "log_loss", "mean_ece", "mean_log_loss"}


def robustness_as_text(entry: Mapping[str, Any]) -> str:
    """The table that ``python -m fer evaluate --corruptions`` prints."""
    kinds, clean = entry["kinds"], entry["clean"]
    lines = [
        f"{entry['weights']} on {entry['split']}: {entry['n']:,} images, judged by the "
        f"{JUDGES[entry['judged_by']]}, under {len(kinds)} kinds of corruption",
        "",
        f"{'':19}{'strengths':29}{'accuracy, %':>19}{'ECE':>21}{'coverage, %':>20}",
        f"{'clean':48}{shown(clean, 'accuracy'):>7}{shown(clean, 'ece'):>21}"
        f"{shown(clean, 'coverage'):>20}",
    ]
    lines += [
        f"{kind['title']:19}{strengths(kind):29}{_row(kind, 'accuracy')}"
        f"{_row(kind, 'ece')}{_row(kind, 'coverage')}"
        for kind in kinds
    ]
    return "\n".join([*lines, "", f"{'':41}95 % interval", *_summary(entry)])


def strengths(kind: Mapping[str, Any]) -> str:
    """Its three strengths with their unit: ``4, 8, 16 grey levels``."""
    return f"{', '.join(f'{strength:g}' for strength in kind['strengths'])} {kind['unit']}"


def shown(figures: Mapping[str, Any], name: str) -> str:
    """One figure: shares in percent with one decimal, others with three."""
    return _number(figures[name], name)


def interval(figures: Mapping[str, Any], name: str) -> str:
    """Its 95 % interval, such as ``63.1–65.7``; empty where there is none."""
    ends = figures["intervals"][name] or ()
    return "–".join(_number(end, name) for end in ends)


def _summary(entry: Mapping[str, Any]) -> list[str]:
    groups = entry["groups"]
    rows = [(title, shown(entry, name), interval(entry, name)) for name, title in TITLES.items()]
    rows += [
        (f"accuracy, {group}, %", shown(groups, group), interval(groups, group))
        for group in groups["intervals"]
    ]
    return [f"{title:30}{value:>9}  {ends}" for title, value, ends in rows]


def _row(kind: Mapping[str, Any], name: str) -> str:
    return "".join(f"{_number(value, name):>7}" for value in kind[name])


def _number(value: float | None, name: str) -> str:
    if value is None:
        return ABSENT
    return f"{value:.3f}" if name in _NO_SHARES else f"{100 * value:.1f}"
