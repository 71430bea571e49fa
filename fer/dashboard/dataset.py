"""Page 2: the dataset at hand, and what the model learned from; two views that never mix."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import streamlit as st

from fer import plots
from fer.dashboard import address, audit_run, files, findings, look, parts, state, votes
from fer.dashboard.address import bar, choice, same
from fer.dashboard.answers import drawn_at_random
from fer.dashboard.images import Images, Tile, grid, label_of, paged
from fer.dashboard.parts import Card
from fer.dashboard.provenance import NO_DATASET, learned_from, same_images
from fer.dashboard.state import Context, Site
from fer.data.audit import DatasetAudit, training_audit_path
from fer.data.folder import FolderDataset
from fer.data.label_errors import LabelErrors, read_label_errors
from fer.labels import LABELS

Counts = Mapping[str, Mapping[str, int]]

_VIEWS = {"learned": "What the model learned from"}
_SAMPLE = 24


@dataclass(frozen=True)
class View:
    """A dataset as this page shows it.

    Attributes:
        name: of the dataset; names of figures begin with it.
        counts: split → label → images.
        dataset: the folder with its images, ``None`` if they cannot be shown.
        missing: why they cannot be shown.
        audit: its audit, ``None`` without one.
        errors: labels that a model doubts, ``None`` where none has looked.
    """

    name: str
    counts: Counts
    dataset: FolderDataset | None
    missing: str = ""
    audit: DatasetAudit | None = None
    errors: LabelErrors | None = None

    @property
    def images(self) -> Images:
        """Where its images are."""
        return Images(self.dataset.root if self.dataset else None, self.missing, self.name)


def show(site: Site) -> None:
    """Draw the page."""
    place = look.head("Dataset")
    if site.data_problem:
        parts.problem(site.data_problem)
    view = "learned"
    if site.dataset is not None:
        view = bar("View", {"hand": site.dataset.name} | _VIEWS, "view")
    with parts.mending():
        if view == "hand" and site.dataset is not None:
            _parts(_at_hand(site.dataset))
        else:
            with place:
                context = state.choose(site, measured=False)
            _parts(_learned(context))


def _at_hand(dataset: FolderDataset) -> View:
    counts = files.counts(dataset)
    return View(dataset.name, counts, dataset, audit=audit_run.at_hand(dataset))


def _learned(context: Context) -> View:
    bundle, dataset = context.bundle, context.site.dataset
    audit = files.audit(_learned_audit_path(context))
    errors, problem = files.problem_of(lambda: read_label_errors(bundle))
    parts.note(f"“{context.title}” learned from {audit.dataset}.")
    if problem:
        parts.note(parts.shorten(problem))
    missing = NO_DATASET
    if dataset is not None and not same_images(dataset, bundle, audit.counts):
        parts.note(f"{dataset.name}, the dataset at hand, is another one.")
        missing = f"The dataset at hand, {dataset}, holds other images than {audit.dataset}."
        dataset = None
    return View(audit.dataset, audit.counts, dataset, missing, audit, errors)


def _learned_audit_path(context: Context) -> Path:
    """The shipped audit, or that of the dataset at hand where the model learned from it."""
    path, dataset = training_audit_path(context.bundle), context.site.dataset
    if dataset is not None and not path.is_file() and dataset.name == learned_from(context.bundle):
        return dataset.audit_path
    return path


def _parts(view: View) -> None:
    address.part(_PARTS)(view)


def _glance(view: View) -> None:
    totals = {split: sum(labels.values()) for split, labels in view.counts.items()}
    cards = [Card("Images", f"{sum(totals.values()):,}")]
    cards += [Card(split, f"{total:,}") for split, total in totals.items()]
    parts.cards(cards)
    _balance(view)
    parts.heading("A sample")
    if view.dataset is None:
        parts.empty(view.missing)
        return
    names = [name for split in view.counts for name, _ in files.split_files(view.dataset, split)]
    drawn = drawn_at_random(range(len(names)), _SAMPLE)
    grid(view.images, [Tile(names[i], label_of(names[i])) for i in drawn])


def _balance(view: View) -> None:
    left, right = st.columns(2, gap="large")
    with left:
        parts.heading("Images of each expression")
        unit = bar("Bars show", {"images": "Images", "share": "% of the split"}, "bars")
        parts.chart(
            plots.class_balance(view.counts, shares=unit == "share"),
            f"{view.name}-{unit}-per-label",
            "A model learns best what it sees most.",
            "Splits with like shares can be compared with each other.",
        )
    first = next(iter(view.counts))
    with right:
        if any(view.counts[first].values()):
            parts.heading("How rare each is")
            parts.chart(
                plots.imbalance(view.counts[first]),
                f"{view.name}-imbalance",
                f"In {first}: images of the most frequent label for one of this label.",
            )
    rows = [
        {"split": split, "label": label, "images": labels.get(label, 0),
         "share": round(labels.get(label, 0) / (sum(labels.values()) or 1), 4)}
        for split, labels in view.counts.items()
        for label in LABELS
    ]  # fmt: skip
    parts.table(pd.DataFrame(rows), f"{view.name}-class-balance")


def _images(view: View) -> None:
    if view.dataset is None:
        parts.empty(view.missing)
        return
    split = choice(st.segmented_control, "Split", same(tuple(view.counts)), "from")
    label = choice(st.pills, "Label", same(LABELS), "label")
    chosen = LABELS.index(label)
    names = [name for name, target in files.split_files(view.dataset, split) if target == chosen]
    parts.note(f"{len(names):,} images labelled “{label}” in {split}.")
    paged(view.images, len(names), lambda i: Tile(names[i], caption=Path(names[i]).stem))


def _audit(view: View) -> None:
    if view.dataset is not None and view.errors is None:
        audit_run.offer(view.dataset, view.audit)
    if view.audit is not None:
        findings.show(view.audit, view.errors, view.images)


def _people(view: View) -> None:
    if view.audit is None:
        parts.empty("Compares the labels with ten annotators' votes: audit the dataset first.")
        return
    if view.audit.agreement is None:
        parts.empty(
            "Needs the votes of ten annotators (FER+): 'python -m fer data import SOURCE "
            "--ferplus FILE' adds them to a dataset."
        )
        return
    votes.show(view.audit.agreement, view.images)


_PARTS: dict[str, tuple[str, Callable[[View], None]]] = {
    "glance": ("At a glance", _glance),
    "images": ("Images", _images),
    "audit": ("Audit", _audit),
    "people": ("Labels and people", _people),
}
"""Value in the address, title, and what draws it."""
