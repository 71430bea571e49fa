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
from fer.interface.words import percent


def show(context: Context) -> None:
    """Draw the page."""
    trained, problem = files.problem_of(lambda: files.train(context.bundle))
    with parts.mending():
        _curves(context, (trained or {}).get("best_epoch"))
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


def _curves(context: Context, best: int | None) -> None:
    history = files.history(context.bundle)
    name = context.bundle.name
    kept = best if best is not None else int(history["validation_accuracy"].idxmax())
    parts.cards(_cards(history, best))
    parts.heading("Learning curves", "Each epoch is one pass over all training images.")
    left, right = st.columns(2, gap="large")
    with left:
        parts.chart(
            plots.learning_curves(history, "accuracy", best),
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
            plots.learning_curves(history, "loss", best),
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


def _cards(history: pd.DataFrame, best: int | None) -> list[Card]:
    row = history.loc[history["validation_accuracy"].idxmax()]
    if best is not None and (history["epoch"] == best).any():
        row = history[history["epoch"] == best].iloc[0]
    seconds = float(history["seconds"].sum())
    return [
        Card("Epochs", f"{len(history)}", source="in history.csv"),
        Card("Kept epoch", f"{int(row['epoch'])}", source="chosen by validation"),
        Card(
            "Validation accuracy", percent(row["validation_accuracy"], 1),
            source="at the kept epoch", meaning="Without an interval: see the page Validation.",
        ),
        Card("Training time", f"{seconds / 3600:.1f} h", source="sum of all epochs"),
    ]  # fmt: skip
