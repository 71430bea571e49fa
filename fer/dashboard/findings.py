"""What the audit found, each finding with its images one click away; a part of page 2."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

import pandas as pd
import streamlit as st

from fer.dashboard import parts
from fer.dashboard.address import choice
from fer.dashboard.images import Tile, label_of, paged
from fer.dashboard.state import Context
from fer.data.audit import DatasetAudit
from fer.data.duplicates import DuplicateGroup
from fer.data.label_errors import LabelErrors
from fer.look.words import percent


@dataclass(frozen=True)
class Finding:
    """One kind of thing that the audit found.

    Attributes:
        title: its name.
        meaning: why it matters and how it was found.
        table: one row per image, for the CSV; the column ``file`` is there.
        tiles: the images.
    """

    title: str
    meaning: str
    table: pd.DataFrame
    tiles: tuple[Tile, ...]


def show(context: Context, audit: DatasetAudit, errors: LabelErrors | None) -> None:
    """Draw the choice of findings and the images behind the chosen one."""
    parts.heading("What the audit found", "Choose a finding to see the images behind it.")
    kinds = _FINDINGS if errors is None else {"suspects": _doubts(errors), **_FINDINGS}
    counts = {key: count(audit) for key, (_, count, _) in kinds.items()}
    present = [key for key in kinds if counts[key]]
    if errors is None:
        parts.note(
            "Images whose label a model contradicts were not looked for; 'python -m fer data audit "
            f"DIR --weights {context.bundle.name}' does it."
        )
    if not present:
        parts.note("Nothing: no copies, no blank or unreadable images, no doubtful labels.")
        return
    names = {key: f"{kinds[key][0]} {counts[key]:,}" for key in present}
    key = choice(st.pills, "Finding", names, "finding", label_visibility="collapsed")
    finding = kinds[key][2](audit)
    parts.note(finding.meaning)
    tiles = finding.tiles
    paged(context.images, len(tiles), tiles.__getitem__, "found")
    with st.expander("As a table"):
        parts.table(finding.table, f"{context.bundle.name}-{key}")


def _groups(title: str, meaning: str, groups: Sequence[DuplicateGroup]) -> Finding:
    rows = [
        {"group": number, "file": file, "split": PurePosixPath(file).parts[0],
         "label": label_of(file), "similarity": round(group.similarity, 4)}
        for number, group in enumerate(groups, 1)
        for file in group.files
    ]  # fmt: skip
    tiles = [
        Tile(str(row["file"]), str(row["label"]), f"group {row['group']}\n{row['split']}")
        for row in rows
    ]
    return Finding(title, meaning, pd.DataFrame(rows), tuple(tiles))


def _list(title: str, meaning: str, names: Sequence[str], note: str = "") -> Finding:
    tiles = tuple(Tile(name, label_of(name), PurePosixPath(name).parts[0]) for name in names)
    return Finding(title, meaning, pd.DataFrame({"file": list(names), "what": note}), tiles)


def _identical(audit: DatasetAudit) -> Finding:
    return _groups("Copies", audit.identical.method, audit.identical.groups)


def _conflicting(audit: DatasetAudit) -> Finding:
    meaning = "The same image stands under different labels: at most one of them can be right."
    return _groups("Copies with different labels", meaning, audit.identical.conflicting)


def _across(audit: DatasetAudit) -> Finding:
    meaning = (
        "The same image stands in more than one split, so that a test is partly a memory test."
    )
    return _groups("Copies across splits", meaning, audit.identical.across_splits)


def _near(audit: DatasetAudit) -> Finding:
    near = audit.near
    meaning = f"{near.method} Threshold: similarity {near.threshold:g}."
    return _groups("Near-copies", meaning, near.groups)


def _blank(audit: DatasetAudit) -> Finding:
    return _list("Blank", "One even tone: there is no face to learn from.", audit.blank)


def _unreadable(audit: DatasetAudit) -> Finding:
    return _list("Unreadable", "These files cannot be opened as images.", audit.unreadable)


def _odd(audit: DatasetAudit) -> Finding:
    rows = [{"file": file, "format": name} for name, names in audit.odd_formats.items()
            for file in names]  # fmt: skip
    tiles = tuple(Tile(row["file"], label_of(row["file"]), row["format"]) for row in rows)
    meaning = "Not 48 × 48 pixels of 8-bit grey: they are converted when they are read."
    return Finding("Other formats", meaning, pd.DataFrame(rows), tiles)


def _ignored(audit: DatasetAudit) -> Finding:
    meaning = "These lie in the dataset folder but are not part of the dataset."
    table = pd.DataFrame({"file": list(audit.ignored)})
    return Finding("Ignored files", meaning, table, ())


def _suspects(errors: LabelErrors) -> Finding:
    suspects = errors.suspects
    tiles = tuple(
        Tile(s.file, s.given, f"→ {s.suggested} {percent(s.p_suggested)}"
             + (f"\npeople: {s.votes}" if s.votes else ""))
        for s in suspects
    )  # fmt: skip
    rows = [
        {"file": s.file, "label": s.given, "suggested": s.suggested,
         "p of label": round(s.p_given, 4), "p of suggested": round(s.p_suggested, 4),
         "majority of annotators": s.votes}
        for s in suspects
    ]  # fmt: skip
    meaning = f"{errors.method} By the model “{errors.weights}”."
    confirmed = len(errors.confirmed)
    if confirmed:
        meaning += f" For {confirmed:,} of {len(suspects):,} people chose the suggested label, too."
    return Finding("Doubtful labels", meaning, pd.DataFrame(rows), tiles)


_Kind = tuple[str, Callable[[DatasetAudit], int], Callable[[DatasetAudit], Finding]]


def _doubts(errors: LabelErrors) -> _Kind:
    return ("Doubtful labels", lambda _: len(errors.suspects), lambda _: _suspects(errors))


_FINDINGS: dict[str, _Kind] = {
    "conflicts": (
        "Copies with different labels",
        lambda a: len(a.identical.conflicting),
        _conflicting,
    ),
    "across": ("Copies across splits", lambda a: len(a.identical.across_splits), _across),
    "copies": ("Copies", lambda a: len(a.identical.groups), _identical),
    "near": ("Near-copies", lambda a: len(a.near.groups), _near),
    "blank": ("Blank", lambda a: len(a.blank), _blank),
    "unreadable": ("Unreadable", lambda a: len(a.unreadable), _unreadable),
    "formats": ("Other formats", lambda a: sum(map(len, a.odd_formats.values())), _odd),
    "ignored": ("Ignored files", lambda a: len(a.ignored), _ignored),
}
