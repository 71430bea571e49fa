"""Page 5: bundles side by side."""

from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from fer import plots
from fer.bundle import MODEL_ONNX
from fer.dashboard import files, parts
from fer.dashboard.images import Tile, paged
from fer.dashboard.state import Context, title_of
from fer.evaluation.curves import McNemar, common_rows, mcnemar
from fer.labels import LABELS

_SIDES = {
    "first": "Only the first is right",
    "second": "Only the second is right",
    "neither": "Both are wrong",
}


def show(context: Context) -> None:
    """Draw the page."""
    parts.heading("Side by side", f"Every model of this repository, on the {context.split} split.")
    rows, problems = [], []
    for name in context.names:
        row, problem = files.problem_of(lambda name=name: _row(context, name))  # type: ignore[misc]
        rows += [row] if row else []
        problems += [problem] if problem else []
    for problem in problems:
        parts.problem(problem)
    if rows:
        _table(context, rows)
    parts.heading(
        "Two models, image by image",
        "Which images one gets right and the other wrong, and whether the difference is "
        "more than chance.",
    )
    if len(context.names) < 2:
        parts.note(
            "There is only one model here; 'python -m fer train --out weights/NAME' adds one."
        )
        return
    with parts.mending():
        _pair(context)


def _row(context: Context, name: str) -> dict[str, Any]:
    bundle = context.weights / name
    spec, entry = files.spec(bundle), files.metrics_of(bundle, context.split)
    onnx = bundle / MODEL_ONNX
    low, high = entry["intervals"].get("accuracy", (entry["accuracy"],) * 2)
    return {
        "model": spec.title,
        "folder": name,
        "images": entry["n"],
        "accuracy": entry["accuracy"],
        "accuracy low": low,
        "accuracy high": high,
        "macro-F1": entry["macro_f1"],
        "against ten annotators": entry.get("ferplus_accuracy"),
        "calibration error": entry["ece"],
        "parameters": spec.parameters,
        "million multiply-adds": spec.multiply_adds / 1e6,
        "file MB": onnx.stat().st_size / 1e6 if onnx.is_file() else None,
        "ms a face": entry.get("ms_per_face"),
    }


def _table(context: Context, rows: list[dict[str, Any]]) -> None:
    frame = pd.DataFrame(rows)
    number = st.column_config.NumberColumn
    shares = ("accuracy", "accuracy low", "accuracy high", "macro-F1", "against ten annotators",
              "calibration error")  # fmt: skip
    columns: dict[str, Any] = {name: number(format="percent") for name in shares}
    columns |= {"parameters": number(format="localized"), "images": number(format="localized")}
    columns |= {
        name: number(format="%.1f") for name in ("million multiply-adds", "file MB", "ms a face")
    }
    parts.table(frame, f"models-{context.split}", column_config=columns)
    timed = frame.dropna(subset=["ms a face"])
    if timed.empty:
        return
    intervals = timed[["accuracy", "accuracy low", "accuracy high"]].itertuples(index=False)
    parts.chart(
        plots.accuracy_against_cost(
            list(timed["model"]), list(timed["ms a face"]), [tuple(i) for i in intervals],
            "milliseconds a face",
        ),
        f"models-{context.split}-accuracy-over-time",
        "Higher is more often right, further left is faster. Where the lines of two models "
        "overlap widely, the comparison below says more than the numbers. Models judged by "
        "different labels (see the model card) are measured here against the original ones.",
    )  # fmt: skip


def _pair(context: Context) -> None:
    titles = {name: title_of(context.weights / name) for name in context.names}
    with st.container(horizontal=True):
        first, second = (
            st.selectbox(
                title, context.names, index=index, key=title.lower(), bind="query-params",
                format_func=lambda name: f"{titles[name]} ({name})", width=280,
            )
            for index, title in enumerate(("First", "Second"))
        )  # fmt: skip
    if first == second:
        parts.note("Choose two different models.")
        return
    one = files.predictions(context.weights / first, context.split)
    two = files.predictions(context.weights / second, context.split)
    at_one, at_two = common_rows(one.rows, two.rows)
    if not len(at_one):
        parts.note("The two were not measured on the same images.")
        return
    right_one, right_two = one.correct[at_one], two.correct[at_two]
    test = mcnemar(right_one, right_two)
    name = f"{first}-{second}-{context.split}"
    both = int(np.count_nonzero(right_one & right_two))
    neither = test.n - both - test.only_first - test.only_second
    parts.chart(
        plots.shared_errors(
            both, test.only_first, test.only_second, neither, titles[first], titles[second]
        ),
        f"{name}-shared",
        _verdict(test, titles[first], titles[second]),
    )
    _disagreements(context, (one, two), (at_one, at_two), (right_one, right_two), name)


def _verdict(test: McNemar, first: str, second: str) -> str:
    differ = test.only_first + test.only_second
    chance = f"McNemar's test, p {_p_value(test.p_mid)}"
    if test.p_mid >= 0.05:
        return (
            f"On {differ:,} of {test.n:,} images exactly one is right. The difference is no larger "
            f"than chance would make it ({chance}): neither is shown to be better."
        )
    better = first if test.only_first > test.only_second else second
    return (
        f"“{better}” is right more often, and by more than chance explains ({chance}): of "
        f"{differ:,} images on which exactly one is right, it takes "
        f"{max(test.only_first, test.only_second):,}."
    )


def _p_value(p: float) -> str:
    return "< 0.001" if p < 0.001 else f"= {p:.3f}"


def _disagreements(
    context: Context,
    found: tuple[files.Predictions, files.Predictions],
    places: tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]],
    right: tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]],
    name: str,
) -> None:
    side = st.segmented_control(
        "Images", list(_SIDES), default="first", required=True, format_func=_SIDES.__getitem__,
        key="side", bind="query-params", label_visibility="collapsed",
    )  # fmt: skip
    masks = {
        "first": right[0] & ~right[1],
        "second": right[1] & ~right[0],
        "neither": ~right[0] & ~right[1],
    }
    mask = masks[side or "first"]
    one, two = places[0][mask], places[1][mask]
    answers = [found[0].answers[one], found[1].answers[two]]
    tiles = [
        Tile(str(found[0].files[i]), LABELS[found[0].targets[i]], f"{LABELS[a]} / {LABELS[b]}")
        for i, a, b in zip(one, *answers, strict=True)
    ]
    parts.note(f"{len(tiles):,} images. Under each: its label, and the answers, first / second.")
    paged(context.images, tiles, "page")
    frame = pd.DataFrame(
        {
            "file": found[0].files[one],
            "label": [LABELS[t] for t in found[0].targets[one]],
            "first": [LABELS[a] for a in answers[0]],
            "second": [LABELS[b] for b in answers[1]],
        }
    )
    with st.expander("As a table"):
        parts.table(frame, f"{name}-{side}")
