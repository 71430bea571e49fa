"""Page 5: bundles side by side."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from fer import plots
from fer.bundle import ONNX, Bundle
from fer.dashboard import files, look, parts, state
from fer.dashboard.address import bar, choice
from fer.dashboard.images import Tile, paged
from fer.dashboard.parts import Card
from fer.dashboard.provenance import entry_of, images_of, learned_from
from fer.dashboard.state import Site
from fer.evaluation.comparison import Comparison, compare, mcnemar
from fer.labels import LABELS
from fer.wording import JUDGES, count, percent

_OWN = "own"
_JUDGES = {
    _OWN: "Each by its own labels",
    "original": "All by the original labels",
    "ferplus": "All by ten annotators",
}
_PARTS = {"models": "All models", "pair": "Two models, image by image"}
_SIDES = {
    "first": "Only the first is right",
    "second": "Only the second is right",
    "neither": "Both are wrong",
}


def show(site: Site) -> None:
    """Draw the page."""
    with look.head("Compare"):
        split = state.choose_split(site)
    part = bar("Part", _PARTS, "part")
    if part == "models":
        _all_models(site, split)
    elif len(site.bundles) < 2:
        parts.empty("There is one model; 'python -m fer train --out weights/NAME' adds another.")
    else:
        with parts.mending():
            _two_models(site, split)


def _all_models(site: Site, split: str) -> None:
    judge = bar("Judged", _JUDGES, "judge")
    rows, foreign = [], []
    for name, bundle in site.bundles.items():
        with parts.mending():
            entry = entry_of(bundle, split)
            rows.append(_row(site.titles[name], bundle, entry, judge))
            if stale := files.mismatch(bundle, entry):
                parts.problem(f"“{site.titles[name]}”: {stale}")
            if images_of(site.dataset, bundle, split, entry).problem:
                foreign.append(site.titles[name])
    if not rows:
        return
    datasets = {learned_from(bundle) for bundle in site.bundles.values()} - {""}
    named = " and ".join(sorted(datasets)) or "a dataset"
    parts.note(f"{count(len(rows), 'model')} on the {split} split of {named}.")
    if foreign:
        parts.problem(
            f"The figures of {', '.join(foreign)} were not measured on the dataset at hand, "
            f"{site.dataset}."
        )
    parts.cards([_card(row, split) for row in rows])
    parts.explained(
        "Models of different labels answer different questions: judge each by its own.",
        "Ten annotators: the label that most of ten people gave (FER+). In the table, macro-F1 and "
        "calibration error are always by a model's own labels.",
        "judges",
    )
    _cost(rows, f"models-{split}-{judge}")


def _row(title: str, bundle: Bundle, entry: Mapping[str, Any], judge: str) -> dict[str, Any]:
    spec = bundle.spec
    by = entry["judged_by"] if judge == _OWN else judge
    key = f"{by}_accuracy"
    low, high = entry["intervals"].get(key, (None, None))
    return {
        "model": title,
        "folder": bundle.name,
        "judged by": JUDGES[by],
        "accuracy": entry.get(key),
        "low": low,
        "high": high,
        "images": entry["counts"].get(key, entry["n"]),
        "macro-F1": entry["macro_f1"],
        "calibration error": entry["ece"],
        "parameters": spec.parameters,
        "million multiply-adds": spec.multiply_adds / 1e6,
        "file MB": bundle.path(ONNX).stat().st_size / 1e6 if bundle.has(ONNX) else None,
        "ms a face": entry.get("ms_per_face"),
    }


def _card(row: Mapping[str, Any], split: str) -> Card:
    if row["accuracy"] is None:
        return Card(row["model"], "–", "", "not measured by these labels")
    cost = [f"{row['ms a face']:.1f} ms a face"] if row["ms a face"] else []
    cost += [f"{row['file MB']:.1f} MB"] if row["file MB"] else []
    return Card(
        row["model"], percent(row["accuracy"], 1), parts.between((row["low"], row["high"])),
        f"{row['images']:,} {split} images, {row['judged by']}", ", ".join(cost),
    )  # fmt: skip


def _cost(rows: list[dict[str, Any]], name: str) -> None:
    frame = pd.DataFrame(rows)
    timed = frame.dropna(subset=["ms a face", "accuracy", "low", "high"])
    for judge, alike in timed.groupby("judged by"):
        if len(alike) > 1:  # of models that answer one question
            _cost_chart(alike, str(judge), name)
    number = st.column_config.NumberColumn
    shares = ("accuracy", "low", "high", "macro-F1", "calibration error")
    columns: dict[str, Any] = {column: number(format="percent") for column in shares}
    columns |= {column: number(format="localized") for column in ("parameters", "images")}
    columns |= {
        column: number(format="%.1f")
        for column in ("million multiply-adds", "file MB", "ms a face")
    }
    parts.table(frame, name, column_config=columns)


def _cost_chart(timed: pd.DataFrame, judge: str, name: str) -> None:
    intervals = timed[["accuracy", "low", "high"]].itertuples(index=False, name=None)
    parts.chart(
        plots.accuracy_against_cost(
            list(timed["model"]), list(timed["ms a face"]), list(intervals), "milliseconds a face"
        ),
        f"{name}-accuracy-over-time-{judge.replace(' ', '-')}",
        f"By the {judge}: up is more often right, left is faster. Lines are 95 % intervals.",
    )


def _judge_of(bundle: Bundle) -> str:
    """Whose labels it learned; a bundle that cannot be read does not hide the others."""
    spec, _ = files.problem_of(lambda: bundle.spec)
    return spec.judged_by if spec else "original"


def _two_models(site: Site, split: str) -> None:
    titles = site.titles
    learned = {name: _judge_of(bundle) for name, bundle in site.bundles.items()}
    with st.container(horizontal=True):
        first = choice(st.selectbox, "First", titles, "first", width=280)
        others = [name for name in titles if name != first]
        others.sort(key=lambda name: learned[name] != learned[first])  # of the same labels first
        second = choice(st.selectbox, "Second", titles, "second", others[0], width=280)
        judge = choice(
            st.selectbox, "Both judged by", {key: JUDGES[key] for key in ("original", "ferplus")},
            "judge", learned[first], width=280,
        )  # fmt: skip
    if first == second:
        parts.empty("Choose two different models.")
        return
    if learned[first] != learned[second]:
        own = titles[first if learned[first] == judge else second]
        parts.note(f"Only “{own}” learned the {JUDGES[judge]}: by the others it looks otherwise.")
    chosen = [site.bundles[name] for name in (first, second)]
    entries = [files.problem_of(partial(entry_of, bundle, split))[0] for bundle in chosen]
    seen = {entry["dataset_sha256"] for entry in entries if entry and "dataset_sha256" in entry}
    pair = compare(*(files.predictions(bundle, split).judged_by(judge) for bundle in chosen))
    if len(seen) > 1 or not len(pair):
        parts.problem("The two were not measured on the same images, or these have no votes.")
        return
    only_first, only_second = int(pair.only_first_right.sum()), int(pair.only_second_right.sum())
    name = f"{first}-{second}-{split}-{judge}"
    line, more = _verdict(pair, only_first, only_second, titles[first], titles[second])
    parts.chart(
        plots.shared_errors(
            int(pair.both_right.sum()), only_first, only_second, int(pair.both_wrong.sum()),
            titles[first], titles[second],
        ),
        f"{name}-shared",
        line,
        more,
    )  # fmt: skip
    _disagreements(site, pair, name, (first, split, entries[0] or {}))


def _verdict(
    pair: Comparison, only_first: int, only_second: int, first: str, second: str
) -> tuple[str, str]:
    """What the comparison shows, and how that is known."""
    p = mcnemar(only_first, only_second)
    chance = f"McNemar's test, mid-p {'< 0.001' if p < 0.001 else f'= {p:.3f}'}"
    more = (
        f"On {only_first + only_second:,} of {len(pair):,} images exactly one is right ({chance})."
    )
    if p >= 0.05:
        return "The difference is no larger than chance would make it.", more
    better = first if only_first > only_second else second
    return f"“{better}” is right more often, and by more than chance explains.", more


def _disagreements(
    site: Site, pair: Comparison, name: str, measured: tuple[str, str, Mapping[str, Any]]
) -> None:
    side = bar("Images", _SIDES, "side")
    chosen = {
        "first": pair.only_first_right,
        "second": pair.only_second_right,
        "neither": pair.both_wrong,
    }[side]
    one, two = pair.first.take(chosen), pair.second.take(chosen)

    def named(indices: np.ndarray[Any, Any]) -> list[str]:
        return [LABELS[i] for i in indices]

    frame = pd.DataFrame(
        {
            "file": one.files,
            "label": named(one.targets),
            "first": named(one.answers),
            "second": named(two.answers),
        }
    )

    def tile(i: int) -> Tile:
        file, label, first, second = frame.iloc[i]
        return Tile(file, label, f"1: {first}\n2: {second}")

    bundle, split, entry = measured
    images = images_of(site.dataset, site.bundles[bundle], split, entry)
    parts.note(f"{len(frame):,} images. Dot: the label. Below: the two answers.")
    paged(images, len(frame), tile)
    parts.table(frame, f"{name}-{side}")
