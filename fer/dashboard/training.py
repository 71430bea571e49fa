"""Page 4: how the training went."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd
import streamlit as st

from fer import plots
from fer.dashboard import files, parts
from fer.dashboard.parts import Card
from fer.dashboard.state import Context
from fer.look.words import percent


def show(context: Context) -> None:
    """Draw the page."""
    trained, problem = files.problem_of(lambda: files.train(context.bundle))
    with parts.mending():
        _curves(context, trained or {})
    parts.heading("Configuration", "Every choice that made these weights, from train.json.")
    if trained is None:
        parts.problem(problem)
        return
    table = pd.DataFrame(flatten(trained), columns=["setting", "value"])
    parts.table(table, f"{context.bundle.name}-configuration", height=420)


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
        f"These weights are the mean of those of {first} and {' and '.join(others)}, so they are "
        f"not quite what is shown here: this page tells of {first}."
    )


def _curves(context: Context, trained: Mapping[str, Any]) -> None:
    history = files.history(context.bundle)
    name = context.bundle.name
    kept = kept_epoch(history, trained)
    parts.cards(_cards(history, trained))
    if said := mean_of_runs(trained):
        parts.note(said)
    parts.heading("Learning curves", "Each epoch is one pass over all training images.")
    left, right = st.columns(2, gap="large")
    with left:
        parts.chart(
            plots.learning_curves(history, "accuracy", kept),
            f"{name}-accuracy-by-epoch",
            "Training accuracy is measured on images that are distorted on purpose, so it can "
            "lie under validation. A gap that keeps growing means that the model learns by heart.",
        )
        parts.chart(
            plots.learning_rate(history),
            f"{name}-learning-rate",
            "How big each step was: large steps explore, small steps at the end settle.",
        )
    with right:
        parts.chart(
            plots.learning_curves(history, "loss", kept),
            f"{name}-loss-by-epoch",
            f"Loss is what training makes smaller. The weights of epoch {kept} were kept: they "
            "are chosen by validation only, never by the test split.",
        )
        parts.chart(
            plots.epoch_seconds(history),
            f"{name}-seconds-by-epoch",
            "Time an epoch took; smaller images in the first epochs make them cheaper.",
        )
    parts.heading("All epochs")
    parts.table(history, f"{name}-history", height=320)


def _cards(history: pd.DataFrame, trained: Mapping[str, Any]) -> list[Card]:
    kept = history[history["epoch"] == kept_epoch(history, trained)].iloc[0]
    chosen_by = _chosen_by(history, trained)
    return [
        Card("Epochs", f"{len(history)}", source="in history.csv"),
        Card("Kept epoch", f"{int(kept['epoch'])}", source="chosen by validation"),
        Card(
            _SELECTION[chosen_by], percent(kept[chosen_by], 1),
            source="validation, at the kept epoch",
            meaning="The best of many epochs, so a little lucky: see the Overview.",
        ),
        Card("Training time", f"{history['seconds'].sum() / 3600:.1f} h",
             source="sum of all epochs"),
    ]  # fmt: skip


_SELECTION = {
    "validation_accuracy": "Accuracy",
    "validation_ferplus_accuracy": "Against ten annotators",
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
