"""A section of page 3: whether the answers are as good for everybody."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from fer import plots
from fer.bundle import GROUPS, Bundle
from fer.dashboard import files, parts
from fer.evaluation.groups import FIGURES, SMALL, Column, GroupsReport
from fer.evaluation.text import gap_sentence

_UNMEASURED = "Not measured: it needs a table that says which group each picture belongs to."
_TABLE = "TABLE is a CSV file with the column 'file' and one or more columns of groups."


def section(bundle: Bundle, split: str) -> None:
    """Draw the section; one sentence where no groups were measured on ``split``."""
    report, missing = files.problem_of(lambda: bundle.entry(GROUPS, split, GroupsReport))
    parts.heading("Is it as good for everybody?")
    if report is None:
        if bundle.has(GROUPS):
            parts.problem(parts.shorten(missing))
        else:
            parts.explained(_UNMEASURED, f"{parts.shorten(missing)} {_TABLE}", "groups")
        return
    for name, column in report["columns"].items():
        _column(name, column, f"{bundle.name}-{split}-groups-{name}")
    for note in report["notes"]:
        parts.problem(note)


def _column(name: str, column: Column, key: str) -> None:
    groups: Mapping[str, Any] = column["groups"]
    parts.chart(
        plots.group_scores(
            {
                f"{name} ({group['n']:,})": (group["accuracy"], *group["intervals"]["accuracy"])
                for name, group in groups.items()
                if group["accuracy"] is not None and "accuracy" in group["intervals"]
            },
            name,
        ),
        key,
        gap_sentence(name, column["gap"]),
        "In brackets: images. Lines: 95 % intervals; where two overlap, the groups may be alike. "
        "Balanced accuracy, in the table, counts every expression alike, whichever a group shows "
        f"more often. The gap leaves out groups of fewer than {SMALL} images.",
    )
    rows = [
        {name: group, "images": figures["n"]} | parts.with_intervals(figures, FIGURES)
        for group, figures in groups.items()
    ]
    parts.table(pd.DataFrame(rows).round(4), key)
