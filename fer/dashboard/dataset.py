"""Page 2: what the model learned from, and what is wrong with it."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd
import streamlit as st

from fer import plots
from fer.dashboard import files, findings, parts
from fer.dashboard.address import choice, same
from fer.dashboard.files import Identity, identity
from fer.dashboard.images import Tile, grid, paged
from fer.dashboard.parts import Card
from fer.dashboard.state import Context
from fer.data.agreement import MAJORITY_COLUMNS
from fer.data.audit import DatasetAudit
from fer.data.folder import FolderDataset
from fer.data.label_errors import LabelErrors
from fer.labels import LABELS
from fer.look.words import percent

Counts = Mapping[str, Mapping[str, int]]


def show(context: Context) -> None:
    """Draw the page."""
    if context.data_problem:
        parts.problem(context.data_problem)
    audit, problem = files.problem_of(lambda: files.audit(context.bundle))
    if problem:
        parts.problem(problem)
    with parts.mending():
        counts = folder_counts(context.data) if context.data else None
        if audit is not None:
            _headline(audit)
        _balance(audit.counts if audit is not None else counts, context)
    with parts.mending():
        _samples(context)
    if audit is not None:
        findings.show(context, audit, _label_errors(context))
        _votes(context, audit)


def _label_errors(context: Context) -> LabelErrors | None:
    errors, problem = files.problem_of(lambda: files.label_errors(context.bundle))
    if problem:
        parts.problem(problem)
    return errors


def folder_counts(data: Path) -> dict[str, dict[str, int]]:
    """Images per split and label of a dataset folder."""
    counts = {}
    for split in FolderDataset.open(data).splits:
        targets = [label for _, label in split_files(data, split)]
        counts[split] = {label: targets.count(i) for i, label in enumerate(LABELS)}
    return counts


def split_files(data: Path, split: str) -> list[tuple[str, int]]:
    """`FolderDataset.files`, read again only when one of its folders has changed."""
    folder = FolderDataset.open(data).root / split
    folders = tuple(identity(path) for path in sorted(folder.glob("*/")))
    return _list_files((identity(folder), *folders), str(data), split)


@st.cache_data(show_spinner=False, max_entries=16)
def _list_files(folders: tuple[Identity, ...], data: str, split: str) -> list[tuple[str, int]]:
    return FolderDataset.open(data).files(split)


def _headline(audit: DatasetAudit) -> None:
    parts.heading(
        "What the model learned from",
        f"{audit.images:,} grey faces of the dataset “{audit.dataset}”, as its audit found them.",
    )
    identical = audit.identical
    cards = [
        Card("Images", f"{audit.images:,}", source=" + ".join(
            f"{sum(labels.values()):,} {split}" for split, labels in audit.counts.items())),
        Card("In groups of copies", f"{identical.images:,}",
             source=f"{len(identical.groups):,} groups of identical images",
             meaning=f"{len(identical.conflicting):,} groups carry different labels, so one of "
             "them must be wrong."),
        Card("Groups across splits", f"{len(identical.across_splits):,}",
             source="identical images", meaning="The model has seen these test images in training: "
             "they make it look better than it is."),
        Card("Blank images", f"{len(audit.blank):,}", source="nothing to be seen"),
    ]  # fmt: skip
    if audit.agreement is not None:
        cards.append(
            Card("Labels that people confirm", percent(audit.agreement.share, 1),
                 source=f"of {audit.agreement.images:,} images with votes",
                 meaning="Share of labels that are the clear majority of ten other annotators.")
        )  # fmt: skip
    parts.cards(cards)


def _balance(counts: Counts | None, context: Context) -> None:
    if counts is None:
        parts.note("Without an audit or a dataset folder there is nothing to count.")
        return
    parts.heading("Class balance", "How many images of each expression there are to learn from.")
    name = context.bundle.name
    left, right = st.columns(2, gap="large")
    with left:
        parts.chart(
            plots.class_balance(counts), f"{name}-images-per-label",
            "Images per label and split. A model sees happy faces all the time and disgust "
            "hardly ever.",
        )  # fmt: skip
    with right:
        parts.chart(
            plots.class_balance(counts, shares=True), f"{name}-share-per-label",
            "The same as shares of each split. If the shares of the splits are alike, numbers "
            "measured on one carry over to the other.",
        )  # fmt: skip
    first = next(iter(counts))
    if any(counts[first].values()):
        parts.chart(
            plots.imbalance(counts[first]), f"{name}-imbalance",
            f"How many images of the most frequent label there are for one of this label, in "
            f"{first}. The longer the bar, the less the model could learn about it.",
        )  # fmt: skip
    rows = [
        {"split": split, "label": label, "images": labels.get(label, 0),
         "share": round(labels.get(label, 0) / (sum(labels.values()) or 1), 4)}
        for split, labels in counts.items()
        for label in LABELS
    ]  # fmt: skip
    with st.expander("The same as a table"):
        parts.table(pd.DataFrame(rows), f"{name}-class-balance")


def _samples(context: Context) -> None:
    parts.heading("Look at them", "Every image of a label, as the model gets them: 48 × 48 pixels.")
    if context.data is None:
        grid(None, [])
        return
    dataset = FolderDataset.open(context.data)
    split = choice(st.segmented_control, "Split", same(dataset.splits), "from")
    label = choice(st.pills, "Label", same(LABELS), "label")
    chosen = LABELS.index(label)
    names = [name for name, target in split_files(context.data, split)
             if target == chosen]  # fmt: skip
    parts.note(f"{len(names):,} images labelled “{label}” in {split}.")
    paged(
        context.images, len(names), lambda i: Tile(names[i], caption=Path(names[i]).stem), "sample"
    )


def _votes(context: Context, audit: DatasetAudit) -> None:
    agreement = audit.agreement
    if agreement is None:
        return
    parts.heading(
        "Do people agree with the labels?",
        f"Ten annotators (FER+) looked at {agreement.images:,} of these images again.",
    )
    name = f"{context.bundle.name}-labels-against-votes"
    parts.chart(
        plots.vote_matrix(agreement.matrix, MAJORITY_COLUMNS, ink=parts.ink()),
        name,
        f"Per cent of each row. The label is the clear majority for {percent(agreement.share)} of "
        f"all images, and for {percent(agreement.share_among_clear)} of those whose majority is "
        "one of the seven. A model that agrees with every label would disagree with people.",
        on_select=lambda: _take_votes(name),
    )
    rows = [[label, *row] for label, row in zip(LABELS, agreement.matrix, strict=True)]
    with st.expander("The same as a table"):
        parts.table(pd.DataFrame(rows, columns=["label", *MAJORITY_COLUMNS]), name)
    with st.container(horizontal=True):
        label = st.selectbox("Label", LABELS, index=None, placeholder="choose", key="given",
                             bind="query-params", width=200)  # fmt: skip
        voted = st.selectbox("Majority", MAJORITY_COLUMNS, index=None, placeholder="choose",
                             key="voted", bind="query-params", width=200)  # fmt: skip
    if label is None or voted is None:
        parts.note("Click a cell, or choose both here, to see the images behind the number.")
        return
    if label == voted:
        parts.note("There people and label agree: only disagreements are listed.")
        return
    names = agreement.disagreeing.get(label, {}).get(voted, ())
    parts.note(f"{len(names):,} images labelled “{label}” of which most annotators said “{voted}”.")
    paged(context.images, len(names), lambda i: Tile(names[i], caption=voted), "vote")


def _take_votes(name: str) -> None:
    points = st.session_state[name]["selection"]["points"]
    if points:
        st.session_state["given"], st.session_state["voted"] = points[0]["customdata"]
        st.session_state["vote"] = 1
