"""Page 3: where the model is right, where it is wrong, and whether it knows."""

from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from fer import plots
from fer.bundle import Bundle
from fer.dashboard import files, parts, robustness
from fer.dashboard.address import choice
from fer.dashboard.images import paged
from fer.dashboard.overview import answer_tile
from fer.dashboard.state import Context
from fer.evaluation import curves
from fer.evaluation.confusions import cell_images
from fer.evaluation.results import SplitMetrics, label_intervals
from fer.labels import LABELS
from fer.look.words import percent
from fer.wording import JUDGES

_VIEWS = {
    "counts": "Images",
    "row": "% of each label",
    "column": "% of each answer",
}
_MEANING = {
    "counts": "Rows are the labels that people gave, columns the answers. The diagonal is right; "
    "everything else is a confusion. Click a cell to see its images.",
    "row": "Per cent of each row: what faces with this label were taken for. Click a cell to see "
    "its images.",
    "column": "Per cent of each column: what faces with this answer really were. Click a cell to "
    "see its images.",
}
_METRICS = ("precision", "recall", "f1")


def show(context: Context) -> None:
    """Draw the page."""
    with parts.mending():  # without the numbers nothing of this page can be drawn
        entry = files.metrics_of(context.bundle, context.split)
        stale = files.mismatch(context.bundle, context.split)
        if stale:
            parts.problem(stale)
        measured = _measured(context, entry)
        _confusion(context, entry, measured)
        found, problem = files.problem_of(lambda: files.judged(context.bundle, context.split))
        if found is None:
            parts.problem(problem)
        else:
            _cell_images(context, found)
        _labels(context, entry, measured)
        if found is not None:
            _confidence(context, found, measured, entry["unsure_below"])
            _agreement(context, found, measured)
            _precision_recall(context, found, measured)
        robustness.section(Bundle.open(context.bundle), context.split)


def _measured(context: Context, entry: SplitMetrics) -> str:
    judge = JUDGES[entry["judged_by"]]
    return f"Measured on the {context.split} split, {entry['n']:,} images, judged by the {judge}."


def _name(context: Context, what: str) -> str:
    return f"{context.bundle.name}-{context.split}-{what}"


def _confusion(context: Context, entry: SplitMetrics, measured: str) -> None:
    parts.heading("What is taken for what", measured)
    view, true, predicted = _controls()
    selected = (true, predicted) if true and predicted else None
    name = _name(context, "confusion")
    parts.chart(
        plots.confusion(entry["confusion"], view, selected, parts.ink()),
        name,
        _MEANING[view],
        on_select=lambda: _take_cell(name),
    )
    rows = [
        [label, *(int(n) for n in row)]
        for label, row in zip(LABELS, entry["confusion"], strict=True)
    ]
    with st.expander("The same as a table"):
        parts.table(pd.DataFrame(rows, columns=["true label", *LABELS]), name + "-cells")


def _controls() -> tuple[str, str | None, str | None]:
    """What the cells show, and the chosen cell's true label and answer."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        view = choice(st.segmented_control, "Cells show", _VIEWS, "cells")
        true, predicted = (
            st.selectbox(title, LABELS, index=None, placeholder="any", key=key,
                         bind="query-params", width=150)
            for key, title in (("true", "True label"), ("predicted", "Answer"))
        )  # fmt: skip
    return view, true, predicted


def _take_cell(name: str) -> None:
    """Make the clicked cell the chosen one; it goes through the two boxes, and so into the URL."""
    points = st.session_state[name]["selection"]["points"]
    if points:
        st.session_state["true"], st.session_state["predicted"] = points[0]["customdata"]
        st.session_state["page"] = 1


def _cell_images(context: Context, found: files.Predictions) -> None:
    true, predicted = st.session_state.get("true"), st.session_state.get("predicted")
    if true is None and predicted is None:
        parts.note("Choose a cell above, or a label here, to see the images behind the number.")
        return
    order = cell_images(found, true, predicted)
    parts.note(
        f"{len(order):,} images of “{true or 'any label'}” answered “{predicted or 'anything'}”, "
        "the most confident answers first. Bars: the seven probabilities."
    )
    paged(context.images, len(order), lambda i: answer_tile(found, int(order[i])), "page")
    frame = pd.DataFrame(found.probs[order].round(4), columns=list(LABELS))
    frame.insert(0, "file", found.files[order])
    with st.expander("Their probabilities as a table"):
        parts.table(frame, _name(context, f"{true or 'any'}-as-{predicted or 'any'}"))


def _labels(context: Context, entry: SplitMetrics, measured: str) -> None:
    parts.heading("Each expression", measured)
    name = _name(context, "labels")
    parts.chart(
        plots.label_scores(label_intervals(entry)),
        name,
        "Recall: of the faces with this label, how many are found. Precision: of the answers with "
        "this label, how many are right. F1 joins the two. Lines are 95 % intervals: the rarer "
        "the label, the longer.",
    )
    rows = []
    for label in LABELS:
        values = entry["per_label"][label]
        row: dict[str, Any] = {"label": label, "images": values["support"]}
        for metric in _METRICS:
            row[metric] = values.get(metric)
            low, high = (values.get("intervals") or {}).get(metric, (None, None))
            row |= {f"{metric} low": low, f"{metric} high": high}
        rows.append(row)
    shares = [f"{metric}{end}" for metric in _METRICS for end in ("", " low", " high")]
    percents = {share: st.column_config.NumberColumn(format="percent") for share in shares}
    parts.table(pd.DataFrame(rows).round(4), name, column_config=percents)


def _confidence(
    context: Context, found: files.Predictions, measured: str, threshold: float
) -> None:
    parts.heading("Does it know when it is wrong?", measured)
    diagram = curves.reliability_diagram(found.probs, found.targets)
    left, right = st.columns(2, gap="large")
    with left:
        parts.chart(
            plots.reliability(
                diagram.confidence.tolist(),
                diagram.accuracy.tolist(),
                diagram.count.tolist(),
                diagram.intervals,
            ),
            _name(context, "reliability"),
            "On the dotted line, “80 % sure” means right 80 times in 100; below it the model is "
            f"too sure of itself. On average it is off by {percent(diagram.ece, 1)} "
            "(expected calibration error).",
        )
    curve = curves.coverage_curve(found.probs, found.targets)
    covered, accuracy = curve.at_threshold(threshold)
    with right:
        parts.chart(
            plots.coverage(
                curve.coverage.tolist(),
                curve.accuracy.tolist(),
                curve.threshold.tolist(),
                (covered, accuracy, threshold) if covered else None,
            ),
            _name(context, "coverage"),
            f"What saying “unsure” buys: with the shipped limit of {percent(threshold)} it "
            f"answers {percent(covered)} of the faces, and {percent(accuracy, 1)} of those "
            "answers are right."
            if covered
            else f"With the shipped limit of {percent(threshold)} it never answers.",
        )


def _agreement(context: Context, found: files.Predictions, measured: str) -> None:
    parts.heading("Easy and ambiguous faces", measured)
    if not np.isfinite(found.agreement).any():
        parts.note(
            "Needs the votes of ten annotators (FER+): 'python -m fer data import SOURCE "
            "--ferplus FILE' adds them to the dataset, 'python -m fer evaluate' uses them."
        )
        return
    curve = curves.agreement_curve(found.correct, found.agreement)
    parts.chart(
        plots.accuracy_by_agreement(
            [
                _range(round(10 * above) + 1, round(10 * up_to))
                for above, up_to in zip(curve.above, curve.up_to, strict=True)
            ],
            curve.accuracy.tolist(),
            curve.intervals,
            curve.count.tolist(),
        ),
        _name(context, "agreement"),
        "Each image was shown to ten people. Where they disagree, no model can be right often: "
        "the label itself is a matter of opinion.",
    )


def _range(low: int, high: int) -> str:
    return f"{high}" if low >= high else f"{low}–{high}"


def _precision_recall(context: Context, found: files.Predictions, measured: str) -> None:
    parts.heading("Finding one expression", measured)
    found_curves = curves.precision_recall_curves(found.probs, found.targets)
    lines = {
        label: (curve.recall.tolist(), curve.precision.tolist(), curve.average_precision)
        for label, curve in found_curves.items()
    }
    parts.chart(
        plots.precision_recall(lines),
        _name(context, "precision-recall"),
        "For one expression against all others: asking for more of its faces (to the right) "
        "brings more wrong ones (downwards). The number is the area under the curve; 1 is perfect.",
    )
