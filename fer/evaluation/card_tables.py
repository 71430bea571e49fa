"""The tables of the model card, in Markdown."""

from collections.abc import Mapping, Sequence
from typing import Any

from fer.evaluation.bundle_facts import BundleFacts
from fer.evaluation.markdown import table
from fer.evaluation.pipeline import PipelineReport
from fer.evaluation.results import SplitMetrics
from fer.evaluation.text import NAMES, figure, with_interval
from fer.vision.detectors import TITLES
from fer.wording import JUDGES, percent

_HEADLINES = {
    "accuracy": "Accuracy",
    "macro_f1": "Macro-F1",
    "ece": "ECE",
    "accuracy_at_75_coverage": "Accuracy at 75 % coverage",
    "ms_per_face": "ms per face",
}
_NOT_DETAILS = {"macro_f1", "ece", "accuracy_at_75_coverage", "ms_per_face"}
"""They stand in the table of numbers already; the accuracy is repeated beside its kin."""

_AIMS = {
    "dataset": "Faces as often of each expression as in the dataset",
    "balanced": "Every expression alike",
}


def numbers(facts: Sequence[BundleFacts]) -> str:
    """The headline figures of every split but train; empty without figures."""
    rows = [
        [
            f"`{bundle.name}`: {bundle.spec.title}",
            f"{split}, {JUDGES[metrics['judged_by']]}",
            f"{metrics['n']:,}",
            *(with_interval(metrics, name) for name in _HEADLINES),
        ]
        for bundle in facts
        for split, metrics in bundle.figures.items()
    ]
    if not rows:
        return ""
    header = ["Bundle", "Split, judged by", "Images", *_HEADLINES.values()]
    caption = (
        "In brackets: 95 % intervals; ECE: expected calibration error. Every row is written by "
        "`python -m fer evaluate --data data/fer2013 --split SPLIT --weights weights/BUNDLE`, "
        "and this table by `python -m fer card`."
    )
    return f"{table(header, rows)}\n\n{caption}"


def robustness(facts: Sequence[BundleFacts]) -> str:
    """Accuracy and calibration of clean and corrupted images; empty if none were measured."""
    measured = [(bundle.name, bundle.robustness) for bundle in facts if bundle.robustness]
    if not measured:
        return ""
    rows = [
        [
            f"`{name}`",
            figure(entry["clean"], "accuracy"),
            with_interval(entry, "mean_accuracy"),
            with_interval(entry, "relative_accuracy"),
            figure(entry["clean"], "ece"),
            with_interval(entry, "mean_ece"),
        ]
        for name, entry in measured
    ]
    header = ["Bundle", "Accuracy, clean", "Mean corruption accuracy", "Relative accuracy",
              "ECE, clean", "Mean ECE"]  # fmt: skip
    entry = measured[0][1]
    caption = (
        f"{entry['split'].capitalize()} under {len(entry['kinds'])} kinds of corruption (noise, "
        "blur, compression, light, framing, occlusion) at three strengths each, averaged over the "
        "strengths of a kind and then over the kinds, as Hendrycks & Dietterich (2019, "
        "arXiv:1903.12261) do; *relative*: of the clean accuracy. Each kind: "
        "[robustness.md](robustness.md)."
    )
    return f"{table(header, rows)}\n\n{caption}"


def details(metrics: SplitMetrics) -> str:
    """Figures of one split that are no headlines."""
    rows = [
        [title[0].upper() + title[1:], with_interval(metrics, name), _count(metrics, name)]
        for name, title in NAMES.items()
        if name not in _NOT_DETAILS and metrics.get(name) is not None
    ]
    return table(["Figure", "Value (95 % interval)", "Images"], rows)


def _count(metrics: SplitMetrics, name: str) -> str:
    count = metrics["counts"].get(name)
    return "–" if count is None else f"{count:,}"


def labels(metrics: SplitMetrics) -> str:
    """Precision, recall and F1 of each label."""
    rows = [
        [label, *(with_interval(row, name) for name in ("precision", "recall", "f1")),
         f"{row['support']:,}"]
        for label, row in metrics["per_label"].items()
    ]  # fmt: skip
    return table(["Label", "Precision", "Recall", "F1", "Images"], rows)


def whole_way(reports: Sequence[PipelineReport]) -> str:
    """What detecting and cropping cost, for every detector that was measured."""
    rows = [
        [
            TITLES[report.detector],
            f"{scale.face_size} px",
            percent(scale.detection_rate, 1),
            percent(scale.accuracy, 1),
            percent(scale.plain_accuracy, 1),
            f"{scale.false_boxes:,}",
        ]
        for report in reports
        for scale in report.scales
    ]
    header = ["Detector", "Face", "Found", "Right", "The same faces as 48×48", "False boxes"]
    return table(header, rows)


def calibration(found: Mapping[str, Any]) -> str:
    """Each way to calibrate, cross-fitted; the one that is served in bold.

    Args:
        found: the object under ``confidence`` in ``calibration.json``.
    """
    rows = [
        ["No calibration", *_worth(found["before"])],
        ["A temperature alone", *_worth(found["temperature_only"])],
    ]
    for aim, figures in found["aims"].items():
        served = found["offsets_helped"] and aim == found["aim"]
        name = f"**{_AIMS[aim]}**" if served else _AIMS[aim]
        rows.append([f"{name}: `--aim {aim}`", *_worth(figures)])
    return table(["Calibrated for", "Accuracy", "Balanced accuracy", "Macro-F1", "ECE"], rows)


def _worth(figures: Mapping[str, float]) -> list[str]:
    shares = [percent(figures[name], 1) for name in ("accuracy", "balanced_accuracy")]
    return [*shares, f"{figures['macro_f1']:.3f}", f"{figures['ece']:.3f}"]
