"""Page 4: how the training went."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd
import streamlit as st

from fer import plots
from fer.dashboard import files, look, parts, state
from fer.dashboard.parts import Card
from fer.dashboard.provenance import learned_from
from fer.dashboard.state import Context, Site
from fer.wording import percent


def show(site: Site) -> None:
    """Draw the page."""
    with look.head("Training"):
        context = state.choose(site, measured=False)
    trained, problem = files.problem_of(lambda: context.bundle.training)
    data = learned_from(context.bundle)
    parts.note(f"Trained on {data or 'a dataset that train.json does not name'}.")
    with parts.mending():
        _curves(context, trained or {})
    if trained is None:
        parts.problem(problem)
        return
    table = pd.DataFrame(flatten(trained), columns=["setting", "value"])
    parts.table(
        table,
        f"{context.bundle.name}-configuration",
        height=420,
        title="Every setting, from train.json",
    )


def flatten(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Nested settings as ``(dotted name, value as text)``."""
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from flatten(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value if isinstance(value, str) else json.dumps(value)


def mean_of_runs(trained: Mapping[str, Any]) -> str:
    """Says of which runs the weights are the mean; empty for those of one run."""
    names = trained.get("averaged")
    if not isinstance(names, list) or not names:
        return ""
    first, *others = map(str, names)
    return (
        f"These weights are the mean of those of {first} and {' and '.join(others)}; this page "
        f"tells of {first}."
    )


def _curves(context: Context, trained: Mapping[str, Any]) -> None:
    history = context.bundle.history
    name = context.bundle.name
    kept = kept_epoch(history, trained)
    parts.cards(_cards(history, trained))
    if said := mean_of_runs(trained):
        parts.note(said)
    columns = history.to_dict("list")
    left, right = st.columns(2, gap="large")
    with left:
        parts.chart(
            plots.learning_curves(columns, "accuracy", kept),
            f"{name}-accuracy-by-epoch",
            "Where training lies far above validation, it learns by heart (overfitting).",
            "An epoch is one pass over all training images. These are distorted on purpose, so "
            "their accuracy can be the lower one.",
        )
        parts.chart(
            plots.learning_rate(columns),
            f"{name}-learning-rate",
            "How far a step goes: large ones explore, small ones settle.",
        )
    with right:
        parts.chart(
            plots.learning_curves(columns, "loss", kept),
            f"{name}-loss-by-epoch",
            f"The weights of epoch {kept} were kept.",
            "Loss is what training makes smaller. The epoch is chosen on validation images, never "
            "on the test split.",
        )
        parts.chart(
            plots.epoch_seconds(columns),
            f"{name}-seconds-by-epoch",
            "Every epoch sees every image once"
            + (", smaller at first." if len(set(columns["image_size"])) > 1 else "."),
        )
    parts.table(history, f"{name}-history", height=320, title="All epochs as a table")


def _cards(history: pd.DataFrame, trained: Mapping[str, Any]) -> list[Card]:
    kept = history[history["epoch"] == kept_epoch(history, trained)].iloc[0]
    chosen_by = _chosen_by(history, trained)
    return [
        Card("Epochs", f"{len(history)}", source=f"{int(kept['epoch'])} was kept"),
        Card(
            _SELECTION[chosen_by], percent(kept[chosen_by], 1),
            source="at the kept epoch",
            meaning="before its confidence was adjusted; the final figure is on the Overview",
        ),
        Card("Training time", f"{history['seconds'].sum() / 3600:.1f} h"),
    ]  # fmt: skip


_SELECTION = {
    "validation_accuracy": "Accuracy in training",
    "validation_mean_accuracy": "Mean accuracy, clean and spoilt",
    "validation_ferplus_accuracy": "Accuracy by ten annotators",
    "validation_ferplus_mean_accuracy": "Mean, clean and spoilt, by ten annotators",
}
"""What an epoch may be chosen by, in plain words."""


def _chosen_by(history: pd.DataFrame, trained: Mapping[str, Any]) -> str:
    column = trained.get("selected_by")
    return column if column in _SELECTION and column in history else "validation_accuracy"


def kept_epoch(history: pd.DataFrame, trained: Mapping[str, Any]) -> int:
    """The epoch whose weights were kept: that of ``train.json``, else the best of the history."""
    named = trained.get("best_epoch")
    if isinstance(named, int) and named in set(history["epoch"]):
        return int(named)
    best = history[_chosen_by(history, trained)].idxmax()
    return int(history.loc[best, "epoch"])
