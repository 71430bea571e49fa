"""An entry of ``robustness.json`` as people read it."""

from collections.abc import Mapping
from typing import Any

from fer.evaluation.text import figure, interval
from fer.wording import JUDGES

TITLES = {
    "mean_accuracy": "mean corruption accuracy",
    "relative_accuracy": "relative to clean accuracy",
    "mean_coverage": "mean coverage",
    "mean_ece": "mean ECE",
    "mean_log_loss": "mean log-loss",
}
CELLS = ("accuracy", "ece", "coverage")
"""The figures of a kind that tables show."""


def robustness_as_text(entry: Mapping[str, Any]) -> str:
    """The table that ``python -m fer evaluate --corruptions`` prints."""
    kinds, clean = entry["kinds"], entry["clean"]
    lines = [
        f"{entry['weights']} on {entry['split']}: {entry['n']:,} images, judged by the "
        f"{JUDGES[entry['judged_by']]}, under {len(kinds)} kinds of corruption",
        "",
        f"{'':19}{'strengths':29}{'accuracy':23}{'ECE':23}coverage",
        f"{'clean':48}" + "".join(f"{figure(clean, name):<23}" for name in CELLS).rstrip(),
    ]
    lines += [
        f"{kind['title']:19}{strengths(kind):29}"
        + "".join(f"{three(kind, name):<23}" for name in CELLS).rstrip()
        for kind in kinds
    ]
    return "\n".join([*lines, "", f"{'':39}95 % interval", *_summary(entry)])


def strengths(kind: Mapping[str, Any]) -> str:
    """Its three strengths with their unit: ``4, 8, 16 grey levels``."""
    return f"{', '.join(f'{strength:g}' for strength in kind['strengths'])} {kind['unit']}"


def three(kind: Mapping[str, Any], name: str) -> str:
    """One figure of a kind at its three strengths: ``63.8 / 53.5 / 24.6 %``."""
    values = [figure({name: value}, name) for value in kind[name]]
    return " / ".join([value.removesuffix(" %") for value in values[:-1]] + values[-1:])


def _summary(entry: Mapping[str, Any]) -> list[str]:
    groups = entry["groups"]
    rows = [(title, figure(entry, name), interval(entry, name)) for name, title in TITLES.items()]
    rows += [
        (f"accuracy, {group}", figure(groups, group), interval(groups, group))
        for group in groups["intervals"]
    ]
    return [f"{title:28}{value:>9}  {ends}".rstrip() for title, value, ends in rows]
