"""Page 5: bundles side by side."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import pandas as pd
import streamlit as st

from fer import plots
from fer.bundle import MODEL_ONNX
from fer.dashboard import files, parts
from fer.dashboard.address import choice
from fer.dashboard.images import Tile, paged
from fer.dashboard.state import Context
from fer.evaluation.comparison import Comparison, compare
from fer.labels import LABELS
from fer.wording import JUDGES

_JUDGES = {name: judge.capitalize() for name, judge in JUDGES.items()}

_SIDES = {
    "first": "Only the first is right",
    "second": "Only the second is right",
    "neither": "Both are wrong",
}


def show(context: Context) -> None:
    """Draw the page."""
    parts.heading("Side by side", f"Every model of this repository, on the {context.split} split.")
    judge = choice(st.segmented_control, "Judged by", _JUDGES, "judge")
    rows = []
    for name in context.titles:
        with parts.mending():
            rows.append(_row(context, name, judge))
    if rows:
        _table(context, rows, judge)
    parts.heading(
        "Two models, image by image",
        "Which images one gets right and the other wrong, and whether the difference is "
        "more than chance.",
    )
    if len(context.titles) < 2:
        parts.note("There is one model; 'python -m fer train --out weights/NAME' adds another.")
        return
    with parts.mending():
        _pair(context, judge)


def _row(context: Context, name: str, judge: str) -> dict[str, Any]:
    bundle = context.weights / name
    spec, entry = files.spec(bundle), files.metrics_of(bundle, context.split)
    onnx = bundle / MODEL_ONNX
    key = f"{judge}_accuracy"
    low, high = entry["intervals"].get(key, (None, None))
    return {
        "model": context.titles[name],
        "folder": name,
        "accuracy": entry.get(key),
        "low": low,
        "high": high,
        "images": entry["counts"].get(key),
        "macro-F1": entry["macro_f1"],
        "calibration error": entry["ece"],
        "made for": _JUDGES[entry["judged_by"]],
        "parameters": spec.parameters,
        "million multiply-adds": spec.multiply_adds / 1e6,
        "file MB": onnx.stat().st_size / 1e6 if onnx.is_file() else None,
        "ms a face": entry.get("ms_per_face"),
        "stale": bool(files.mismatch(bundle, context.split)),
    }


def _table(context: Context, rows: list[dict[str, Any]], judge: str) -> None:
    stale = [row["folder"] for row in rows if row.pop("stale")]
    if stale:
        parts.problem(
            f"The numbers of {', '.join(stale)} were not measured on the model.onnx at hand; "
            "'python -m fer evaluate' measures it."
        )
    frame = pd.DataFrame(rows)
    number = st.column_config.NumberColumn
    shares = ("accuracy", "low", "high", "macro-F1", "calibration error")
    columns: dict[str, Any] = {name: number(format="percent") for name in shares}
    columns |= {name: number(format="localized") for name in ("parameters", "images")}
    columns |= {
        name: number(format="%.1f") for name in ("million multiply-adds", "file MB", "ms a face")
    }
    parts.table(frame, f"models-{context.split}-{judge}", column_config=columns)
    parts.note(
        "“low” and “high” are the ends of the 95 % interval of accuracy. Macro-F1 and calibration "
        "error are measured against the labels that each model was made for."
    )
    timed = frame.dropna(subset=["ms a face", "accuracy", "low", "high"])
    if timed.empty:
        return
    intervals = timed[["accuracy", "low", "high"]].itertuples(index=False, name=None)
    parts.chart(
        plots.accuracy_against_cost(
            list(timed["model"]), list(timed["ms a face"]), list(intervals), "milliseconds a face"
        ),
        f"models-{context.split}-{judge}-accuracy-over-time",
        "Higher is more often right, further left is faster. Where the lines of two models "
        "overlap, only the comparison below can tell them apart.",
    )


def _pair(context: Context, judge: str) -> None:
    titles = context.titles
    with st.container(horizontal=True):
        first = choice(st.selectbox, "First", titles, "first", width=280)
        second = choice(st.selectbox, "Second", titles, "second", list(titles)[1], width=280)
    if first == second:
        parts.note("Choose two different models.")
        return
    measured: list[Mapping[str, Any]] = [
        files.problem_of(partial(files.metrics_of, context.weights / name, context.split))[0] or {}
        for name in (first, second)
    ]
    seen = {entry.get("dataset_sha256") for entry in measured} - {None}
    pair = compare(
        *(
            files.predictions(context.weights / name, context.split).judged_by(judge)
            for name in (first, second)
        )
    )
    if len(seen) > 1 or not len(pair):
        parts.note("The two were not measured on the same images, or these have no votes.")
        return
    name = f"{first}-{second}-{context.split}-{judge}"
    parts.chart(
        plots.shared_errors(
            int(pair.both_right.sum()),
            int(pair.only_first_right.sum()),
            int(pair.only_second_right.sum()),
            int(pair.both_wrong.sum()),
            titles[first],
            titles[second],
        ),
        f"{name}-shared",
        _verdict(pair, titles[first], titles[second]),
    )
    _disagreements(context, pair, name)


def _verdict(pair: Comparison, first: str, second: str) -> str:
    only_first, only_second = int(pair.only_first_right.sum()), int(pair.only_second_right.sum())
    differ, p_value = only_first + only_second, pair.p_value
    chance = f"McNemar's test, p {_p_value(p_value)}"
    if p_value >= 0.05:
        return (
            f"On {differ:,} of {len(pair):,} images exactly one is right. The difference is no "
            f"larger than chance would make it ({chance}): neither is shown to be better."
        )
    better = first if only_first > only_second else second
    return (
        f"“{better}” is right more often, and by more than chance explains ({chance}): of "
        f"{differ:,} images on which exactly one is right, it takes "
        f"{max(only_first, only_second):,}."
    )


def _p_value(p: float) -> str:
    return "< 0.001" if p < 0.001 else f"= {p:.3f}"


def _disagreements(context: Context, pair: Comparison, name: str) -> None:
    side = choice(st.segmented_control, "Images", _SIDES, "side", label_visibility="collapsed")
    chosen = {
        "first": pair.only_first_right,
        "second": pair.only_second_right,
        "neither": pair.both_wrong,
    }[side]
    one, two = pair.first.take(chosen), pair.second.take(chosen)
    frame = pd.DataFrame(
        {
            "file": one.files,
            "label": [LABELS[target] for target in one.targets],
            "first": [LABELS[answer] for answer in one.answers],
            "second": [LABELS[answer] for answer in two.answers],
        }
    )

    def tile(i: int) -> Tile:
        file, label, first, second = frame.iloc[i]
        return Tile(file, label, f"1: {first}\n2: {second}")

    parts.note(f"{len(frame):,} images. Under each: its label, and the answers of the two.")
    paged(context.images, len(frame), tile, "page")
    with st.expander("As a table"):
        parts.table(frame, f"{name}-{side}")
