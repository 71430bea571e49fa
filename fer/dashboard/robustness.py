"""A section of page 3: what is left of the answers when a camera spoils the picture."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray
from PIL import Image

from fer import plots
from fer.bundle import ROBUSTNESS, Bundle
from fer.dashboard import files, parts
from fer.dashboard.parts import Card
from fer.evaluation.corruptions import CORRUPTIONS
from fer.evaluation.robustness_file import Robustness
from fer.look.words import percent
from fer.paths import ASTRONAUT
from fer.pixels import resize_square

_COLUMNS = ("accuracy", "coverage", "ece", "log_loss")
_FACE = (177, 66, 272, 161)
"""Where the face of the example photograph lies: left, top, right, bottom."""


def section(bundle: Bundle, split: str) -> None:
    """Draw the section; one sentence where ``split`` was not measured under corruption."""
    entry, missing = files.problem_of(lambda: bundle.entry(ROBUSTNESS, split, Robustness))
    parts.heading("Does it survive a camera?")
    if entry is None:
        (parts.problem if bundle.has(ROBUSTNESS) else parts.note)(parts.shorten(missing))
        return
    parts.cards(_cards(entry))
    parts.explained(
        f"{entry['n']:,} images of {split}, spoilt in {len(entry['kinds'])} ways, each at three "
        "strengths.",
        "Each figure is the mean over all of them. Answers given: faces that get a label and not "
        "“unsure”. Calibration error: how far stated confidence is from the truth.",
        "corruptions",
    )
    _panels(entry, f"{bundle.name}-{split}-corruptions")


def _cards(entry: Mapping[str, Any]) -> list[Card]:
    def card(name: str, key: str, meaning: str) -> Card:
        value = "–" if entry[key] is None else percent(entry[key], 1)
        return Card(name, value, parts.between(entry["intervals"][key]), meaning=meaning)

    clean = entry["clean"]
    return [
        card(
            "Accuracy when spoilt",
            "mean_accuracy",
            f"{percent(clean['accuracy'], 1)} on clean images",
        ),
        card(
            "What is left",
            "relative_accuracy",
            "of the accuracy on clean images",
        ),
        card(
            "Answers given",
            "mean_coverage",
            f"{percent(clean['coverage'], 1)} on clean images",
        ),
        card(
            "Calibration error",
            "mean_ece",
            f"{percent(clean['ece'], 1)} on clean images",
        ),
    ]


def _panels(entry: Mapping[str, Any], name: str) -> None:
    pictures = example_strips()
    with st.container(horizontal=True, key="corruptions"):
        for kind in entry["kinds"]:
            clean = entry["clean"]["accuracy"]
            figure = plots.corruption(
                kind, clean, pictures.get(kind["name"], np.empty((0, 1, 1), np.uint8))
            )
            st.plotly_chart(
                plots.on_theme(figure, parts.palette()), key=f"{name}-{kind['name']}", theme=None,
                config={"displayModeBar": False},
            )  # fmt: skip
    note = "Per cent right at each strength; dotted: as it was. Below, what a face becomes."
    if "h264" not in pictures:
        note += " H.264 has no pictures here: they need the package av."
    parts.note(note)
    rows = [
        {"corruption": kind["title"], "strength": strength, "unit": kind["unit"]}
        | {column: kind[column][step] for column in _COLUMNS}
        for kind in entry["kinds"]
        for step, strength in enumerate(kind["strengths"])
    ]
    parts.table(pd.DataFrame(rows).round(4), name)


@st.cache_data(show_spinner=False, max_entries=1)
def example_strips() -> dict[str, NDArray[np.uint8]]:
    """``{kind: (4, 48, 48) uint8}``: the example's face, clean and at every strength.

    Without H.264 where there is no PyAV.
    """
    left, top, right, bottom = _FACE
    picture = np.asarray(Image.open(ASTRONAUT).convert("L"))[top:bottom, left:right].copy()
    faces, rows = resize_square(picture, 48)[None], np.zeros(1, np.int64)
    strips = {}
    for kind in CORRUPTIONS:
        with suppress(ModuleNotFoundError):
            strips[kind.name] = np.concatenate(
                [faces, *(kind(faces, rows, s) for s in kind.strengths)]
            )
    return strips
