"""What is taken for what, and the images behind every number; a part of page 3."""

import numpy as np
import pandas as pd
import streamlit as st

from fer import plots
from fer.dashboard import parts
from fer.dashboard.address import choice, same
from fer.dashboard.answers import answer_tile, given
from fer.dashboard.images import Images, paged
from fer.evaluation.results import SplitMetrics
from fer.labels import LABELS, UNSURE
from fer.predictions import Predictions

_VIEWS = {
    "row": "% of each label",
    "column": "% of each answer",
    "counts": "Images",
}
_MEANING = {
    "row": "Each row: what faces with this label are taken for.",
    "column": "Each column: what faces with this answer really are.",
    "counts": "Rows: the labels that people gave. Columns: the answers.",
}
_ANY = {"": "any"} | same(LABELS)


def show(entry: SplitMetrics, found: Predictions, images: Images, name: str) -> None:
    """Draw the matrix and the images of the chosen cell.

    Args:
        entry: of the split in ``metrics.json``.
        found: the answers, with the labels that the figures are about.
        images: where the images are.
        name: of the figure.
    """
    with st.container(horizontal=True, vertical_alignment="bottom"):
        view = choice(st.segmented_control, "Cells show", _VIEWS, "cells")
        true = choice(st.selectbox, "Label", _ANY, "true", width=130, on_change=parts.want_images)
        predicted = choice(
            st.selectbox, "Answer", _ANY, "predicted", width=130, on_change=parts.want_images
        )
    parts.chart(
        plots.confusion(entry["confusion"], view, (true, predicted) if true and predicted else None,
                        parts.palette().paper),
        name,
        f"{_MEANING[view]} Click a cell to see its images.",
        f"The diagonal is right, everything else a confusion. “{UNSURE}” is counted by its best "
        "guess.",
        on_select=lambda: parts.take_cell(name, "true", "predicted"),
    )  # fmt: skip
    if true or predicted:
        _cell_images(found, images, true, predicted, entry["unsure_below"], name)
    rows = [[label, *map(int, row)] for label, row in zip(LABELS, entry["confusion"], strict=True)]
    parts.table(pd.DataFrame(rows, columns=["true label", *LABELS]), name + "-cells")


def _cell_images(
    found: Predictions, images: Images, true: str, predicted: str, limit: float, name: str
) -> None:
    order = found.of_cell(true or None, predicted or None)
    unsure = int(np.count_nonzero(~given(found.take(order), limit)))
    parts.images_follow()
    parts.heading(
        f"“{true or 'any label'}” answered “{predicted or 'anything'}”",
        f"{len(order):,} images, the most confident answers first"
        + (f"; {unsure:,} of them “{UNSURE}”." if unsure else "."),
    )
    paged(images, len(order), lambda i: answer_tile(found, int(order[i]), limit))
    frame = pd.DataFrame(found.probs[order].round(4), columns=list(LABELS))
    frame.insert(0, "file", found.files[order])
    parts.table(
        frame,
        f"{name}-{true or 'any'}-as-{predicted or 'any'}",
        title="Their probabilities as a table",
    )
