"""Labels against what ten annotators said of the same images; a part of page 2."""

import pandas as pd
import streamlit as st

from fer import plots
from fer.dashboard import parts
from fer.dashboard.address import choice, same
from fer.dashboard.images import Images, Tile, paged
from fer.data.agreement import MAJORITY_COLUMNS, VoteAgreement
from fer.labels import LABELS
from fer.wording import percent


def show(agreement: VoteAgreement, images: Images) -> None:
    """Draw the matrix and the images of the chosen cell.

    Args:
        agreement: labels against votes.
        images: of the dataset.
    """
    name = f"{images.dataset}-labels-against-votes"
    with st.container(horizontal=True):
        label = choice(
            st.selectbox, "Label", _or_any(LABELS), "given", width=200, on_change=parts.want_images
        )
        voted = choice(
            st.selectbox,
            "Majority",
            _or_any(MAJORITY_COLUMNS),
            "voted",
            width=200,
            on_change=parts.want_images,
        )
    parts.chart(
        plots.confusion(
            agreement.matrix,
            "row",
            (label, voted) if label and voted else None,
            parts.palette().paper,
            MAJORITY_COLUMNS,
            ("original label", "majority of ten annotators"),
        ),
        name,
        f"People confirm {percent(agreement.share)} of {agreement.images:,} labels. Click a cell "
        "to see its images.",
        "Per cent of each row. Ten people (FER+) looked at the images again. Where most of them "
        f"named one of the seven labels, {percent(agreement.share_among_clear)} are confirmed. A "
        "model that agreed with every label would disagree with people.",
        on_select=lambda: parts.take_cell(name, "given", "voted"),
    )
    if label and voted:
        _disagreeing(agreement, label, voted, images)
    rows = [[row_label, *row] for row_label, row in zip(LABELS, agreement.matrix, strict=True)]
    parts.table(pd.DataFrame(rows, columns=["label", *MAJORITY_COLUMNS]), name)


def _disagreeing(agreement: VoteAgreement, label: str, voted: str, images: Images) -> None:
    parts.images_follow()
    if label == voted:
        parts.note("There people and label agree: only disagreements are listed.")
        return
    names = agreement.disagreeing.get(label, {}).get(voted, ())
    parts.heading(f"Labelled “{label}”, most say “{voted}”", f"{len(names):,} images.")
    paged(images, len(names), lambda i: Tile(names[i], caption=voted))


def _or_any(names: tuple[str, ...]) -> dict[str, str]:
    return {"": "choose"} | same(names)
