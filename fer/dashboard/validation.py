"""Page 3: where the model is right, where it is wrong, and whether it knows."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
import streamlit as st

from fer import plots
from fer.dashboard import address, confusions, files, groups, look, parts, robustness, state
from fer.dashboard.images import Images
from fer.dashboard.provenance import entry_of, measured
from fer.dashboard.state import Context, Site
from fer.evaluation import curves
from fer.evaluation.results import SplitMetrics, label_intervals
from fer.labels import LABELS
from fer.predictions import Predictions
from fer.wording import percent

_METRICS = ("precision", "recall", "f1")


@dataclass(frozen=True)
class Measurement:
    """What the parts of this page draw from.

    Attributes:
        context: what the visitor looks at.
        entry: of the split in ``metrics.json``.
        images: where the images are.
    """

    context: Context
    entry: SplitMetrics
    images: Images

    @property
    def found(self) -> Predictions:
        """The answers, with the labels that the figures are about."""
        context = self.context
        predictions = files.predictions(context.bundle, context.split)
        return predictions.judged_by(self.entry["judged_by"])

    def name(self, what: str) -> str:
        """Name of a figure or table about ``what``."""
        return f"{self.context.bundle.name}-{self.context.split}-{what}"


def show(site: Site) -> None:
    """Draw the page."""
    with look.head("Validation"):
        context = state.choose(site, measured=True)
    with parts.mending():  # without the numbers nothing of this page can be drawn
        entry = entry_of(context.bundle, context.split)
        measurement = Measurement(context, entry, measured(context, entry))
        address.part(_PARTS)(measurement)


def _labels(measurement: Measurement) -> None:
    per_label = measurement.entry["per_label"]
    name = measurement.name("labels")
    parts.chart(
        plots.label_scores(label_intervals(measurement.entry)),
        name,
        "Lines are 95 % intervals: the rarer the expression, the longer.",
        "Recall: how many of its faces are found. Precision: how many of its answers are right. F1 "
        "joins the two.",
    )
    rows = [
        {"label": label, "images": per_label[label]["support"]}
        | parts.with_intervals(per_label[label], _METRICS)
        for label in LABELS
    ]
    shares = [f"{metric}{end}" for metric in _METRICS for end in ("", " low", " high")]
    percents = {share: st.column_config.NumberColumn(format="percent") for share in shares}
    parts.table(pd.DataFrame(rows).round(4), name, column_config=percents)


def _confidence(measurement: Measurement) -> None:
    found, threshold = measurement.found, measurement.entry["unsure_below"]
    left, right = st.columns(2, gap="large")
    diagram = curves.reliability_diagram(found.probs, found.targets)
    with left:
        parts.heading("Does it know when it is wrong?")
        parts.chart(
            plots.reliability(
                diagram.confidence.tolist(), diagram.accuracy.tolist(), diagram.count.tolist(),
                diagram.intervals,
            ),
            measurement.name("reliability"),
            f"Stated and true confidence differ by {percent(diagram.ece, 1)} on average.",
            "On the dotted line “80 % sure” is right 80 times in 100; below it the model is too "
            "sure. The average distance is called calibration error.",
        )  # fmt: skip
    curve = curves.coverage_curve(found.probs, found.targets)
    covered, accuracy = curve.at_threshold(threshold)
    with right:
        parts.heading("What “unsure” buys")
        parts.chart(
            plots.coverage(
                curve.coverage.tolist(), curve.accuracy.tolist(), curve.threshold.tolist(),
                (covered, accuracy, threshold) if covered else None,
            ),
            measurement.name("coverage"),
            f"Answers to {percent(covered)} of the faces, {percent(accuracy, 1)} of them right."
            if covered
            else f"With the shipped limit of {percent(threshold)} it never answers.",
            f"Below {percent(threshold)} the model says “unsure”; another limit is another point.",
        )  # fmt: skip


def _agreement(measurement: Measurement) -> None:
    found = measurement.found
    if not np.isfinite(found.agreement).any():
        parts.empty(
            "Needs the votes of ten annotators (FER+): 'python -m fer data import SOURCE "
            "--ferplus FILE' adds them to the dataset, 'python -m fer evaluate' uses them."
        )
        return
    curve = curves.agreement_curve(found.correct, found.agreement)
    ranges = [
        _range(round(10 * low) + 1, round(10 * high))
        for low, high in zip(curve.above, curve.up_to, strict=True)
    ]
    parts.chart(
        plots.accuracy_by_agreement(
            ranges, curve.accuracy.tolist(), curve.intervals, curve.count.tolist()
        ),
        measurement.name("agreement"),
        "The more people agree on a face, the more often the model is right.",
        "Ten people labelled each image. Where they disagree, the label is a matter of opinion.",
    )


def _range(low: int, high: int) -> str:
    return f"{high}" if low >= high else f"{low}–{high}"


def _precision_recall(measurement: Measurement) -> None:
    found = measurement.found
    found_curves = curves.precision_recall_curves(found.probs, found.targets)
    lines = {
        label: (curve.recall.tolist(), curve.precision.tolist(), curve.average_precision)
        for label, curve in found_curves.items()
    }
    parts.chart(
        plots.precision_recall(lines),
        measurement.name("precision-recall"),
        "Finding more of an expression's faces (right) brings more wrong ones (down).",
        "One expression against all others. The numbers sum up each line (average precision): 1 is "
        "perfect.",
    )


_PARTS: dict[str, tuple[str, Callable[[Measurement], None]]] = {
    "confusions": (
        "Confusions",
        lambda m: confusions.show(m.entry, m.found, m.images, m.name("confusion")),
    ),
    "labels": ("Each expression", _labels),
    "confidence": ("Confidence", _confidence),
    "agreement": ("Easy and hard faces", _agreement),
    "finding": ("Found or missed", _precision_recall),
    "robustness": ("Poor cameras", lambda m: robustness.section(m.context.bundle, m.context.split)),
    "groups": ("Groups of people", lambda m: groups.section(m.context.bundle, m.context.split)),
}
"""Value in the address, title, and what draws it."""
