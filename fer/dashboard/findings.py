"""What the audit found, each finding with its images one click away; a part of page 2."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

import pandas as pd
import streamlit as st

from fer.dashboard import parts
from fer.dashboard.address import choice
from fer.dashboard.images import Images, Tile, label_of, paged
from fer.data.audit import DatasetAudit
from fer.data.duplicates import DuplicateGroup
from fer.data.label_errors import LabelErrors
from fer.wording import percent


@dataclass(frozen=True)
class Finding:
    """One kind of thing that the audit found.

    Attributes:
        key: its value in the address.
        title: its name.
        count: how many groups, images or files.
        meaning: why it matters, in a line.
        table: one row per image, for the CSV; the column ``file`` is there.
        tiles: the images.
        method: how it was found, where that is not plain.
    """

    key: str
    title: str
    count: int
    meaning: str
    table: pd.DataFrame
    tiles: tuple[Tile, ...]
    method: str = ""


def show(audit: DatasetAudit, errors: LabelErrors | None, images: Images) -> None:
    """Draw the choice of findings and the images behind the chosen one.

    Args:
        audit: of the dataset.
        errors: labels that a model doubts, ``None`` where none has looked.
        images: of the dataset.
    """
    found = [finding for finding in _all(audit, errors) if finding.count]
    if not found:
        parts.empty("Nothing: no copies, no blank or unreadable images.")
        return
    by_key = {finding.key: finding for finding in found}
    names = {key: f"{finding.title} {finding.count:,}" for key, finding in by_key.items()}
    finding = by_key[choice(st.pills, "Finding", names, "finding", label_visibility="collapsed")]
    parts.explained(finding.meaning, finding.method, finding.key)
    if finding.tiles:
        paged(images, len(finding.tiles), finding.tiles.__getitem__)
    parts.table(finding.table, f"{images.dataset}-{finding.key}")


def _all(audit: DatasetAudit, errors: LabelErrors | None) -> list[Finding]:
    identical, near = audit.identical, audit.near
    return [
        *([_suspects(errors)] if errors is not None else []),
        _groups("conflicts", "Copies with different labels", "At most one of the labels is right.",
                identical.method, identical.conflicting),
        _groups("across", "Copies across splits", "A test on them is partly a memory test.",
                identical.method, identical.across_splits),
        _groups("copies", "Copies", "The same image more than once.",
                identical.method, identical.groups),
        _groups("near", "Near-copies", "Nearly the same image more than once.",
                f"{near.method} Threshold: similarity {near.threshold:g}.", near.groups),
        _list("blank", "Blank", "One even tone: there is no face to learn from.", audit.blank),
        _list("unreadable", "Unreadable", "They cannot be opened as images.", audit.unreadable),
        _odd(audit),
        _ignored(audit),
    ]  # fmt: skip


def _groups(
    key: str, title: str, meaning: str, method: str, groups: Sequence[DuplicateGroup]
) -> Finding:
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
    return Finding(key, title, len(groups), meaning, pd.DataFrame(rows), tuple(tiles), method)


def _list(key: str, title: str, meaning: str, names: Sequence[str]) -> Finding:
    tiles = tuple(Tile(name, label_of(name), PurePosixPath(name).parts[0]) for name in names)
    return Finding(key, title, len(names), meaning, pd.DataFrame({"file": list(names)}), tiles)


def _odd(audit: DatasetAudit) -> Finding:
    rows = [{"file": file, "format": name} for name, names in audit.odd_formats.items()
            for file in names]  # fmt: skip
    tiles = tuple(Tile(row["file"], label_of(row["file"]), row["format"]) for row in rows)
    meaning = "Not 48 × 48 pixels of 8-bit grey: converted when they are read."
    return Finding("formats", "Other formats", len(rows), meaning, pd.DataFrame(rows), tiles)


def _ignored(audit: DatasetAudit) -> Finding:
    table = pd.DataFrame({"file": list(audit.ignored)})
    meaning = "They lie in the folder but are not part of the dataset."
    return Finding("ignored", "Ignored files", len(table), meaning, table, ())


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
    meaning = f"Labels that the model “{errors.weights}” contradicts."
    if errors.confirmed:
        meaning += f" People side with it on {len(errors.confirmed):,} of {len(suspects):,}."
    return Finding(
        "suspects", "Doubtful labels", len(suspects), meaning, pd.DataFrame(rows), tiles,
        errors.method,
    )  # fmt: skip
