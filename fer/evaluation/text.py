"""Figures as people read them: rounding happens here and nowhere else."""

from collections.abc import Mapping
from typing import Any

from fer.evaluation.pipeline import PipelineReport
from fer.evaluation.speed import SpeedReport
from fer.labels import LABELS
from fer.vision.detectors import TITLES
from fer.wording import ABSENT, JUDGES, percent

NAMES = {
    "accuracy": "accuracy",
    "balanced_accuracy": "balanced accuracy",
    "macro_f1": "macro-F1",
    "original_accuracy": "accuracy, original labels",
    "ferplus_accuracy": "accuracy, majority of ten annotators",
    "accuracy_without_train_duplicates": "accuracy without copies from train",
    "ferplus_accuracy_without_train_duplicates": "annotators' majority, without copies",
    "accuracy_at_75_coverage": "accuracy at 75 % coverage",
    "coverage": "coverage at the “unsure” threshold",
    "accuracy_when_sure": "accuracy at that coverage",
    "log_loss": "log-loss",
    "ece": "expected calibration error (ECE)",
    "ms_per_face": "milliseconds per face, one thread",
}
"""Every figure of a split by its name in ``metrics.json``, in the order of tables."""

MEANS = {
    "mean_accuracy": "mean corruption accuracy",
    "relative_accuracy": "relative to clean accuracy",
    "mean_coverage": "mean coverage",
    "mean_ece": "mean ECE",
    "mean_log_loss": "mean log-loss",
}
CELLS = ("accuracy", "ece", "coverage")
"""The figures of a kind that tables show."""

_DECIMALS = {
    "precision": 3, "recall": 3, "f1": 3, "macro_f1": 3, "log_loss": 3, "ece": 3, "mean_ece": 3,
    "mean_log_loss": 3, "ms_per_face": 2,
}  # fmt: skip
"""Of figures that are not shown in per cent."""


def figure(metrics: Mapping[str, Any], name: str) -> str:
    """One figure: ``70.1 %``, or ``0.683`` for what is not a share; ``–`` where it is null."""
    return _number(metrics.get(name), name)


def interval(metrics: Mapping[str, Any], name: str) -> str:
    """Its interval, such as ``68.6–71.5 %``; empty where there is none."""
    ends = metrics["intervals"].get(name)
    if ends is None:
        return ""
    low, high = (_number(end, name) for end in ends)
    return f"{low.removesuffix(' %')}–{high}"


def with_interval(metrics: Mapping[str, Any], name: str) -> str:
    """Both: ``70.1 % (68.6–71.5 %)``."""
    ends = interval(metrics, name)
    return f"{figure(metrics, name)} ({ends})" if ends else figure(metrics, name)


def figures_as_text(metrics: Mapping[str, Any]) -> str:
    """The readable table that ``python -m fer evaluate`` prints."""
    lines = [
        f"{metrics['weights']} on {metrics['split']}: {metrics['n']:,} of "
        f"{metrics['n_images']:,} images, judged by the {JUDGES[metrics['judged_by']]}",
        "",
        f"{'':36}{'':>9}  {'95 % interval':<16}{'images':>8}",
    ]
    for name, title in NAMES.items():
        count = metrics["counts"][name]
        images = f"{count:,}" + (" runs" if name == "ms_per_face" else "")
        lines.append(
            f"{title:36}{figure(metrics, name):>9}  {interval(metrics, name):<16}{images:>8}"
        )
    lines += ["", f"{'label':12}{'precision':>10}{'recall':>10}{'F1':>10}{'images':>10}"]
    for label in LABELS:
        row = metrics["per_label"][label]
        cells = "".join(f"{figure(row, key):>10}" for key in ("precision", "recall", "f1"))
        lines.append(f"{label:12}{cells}{row['support']:>10,}")
    return "\n".join(lines + [f"\n{note}" for note in metrics["notes"]])


def pipeline_as_text(report: PipelineReport) -> str:
    """What ``python -m fer evaluate --pipeline`` prints."""
    lines = [
        f"{report.images:,} images of {report.split} in scenes of 640×480, detector "
        f"{report.detector}; as plain 48×48 pixels {percent(report.plain_accuracy, 1)} are right",
        "",
        f"{'face':>8}{'found':>10}{'accuracy':>12}{'the same, plain':>18}{'false boxes':>14}",
    ]
    lines += [
        f"{scale.face_size:>5} px{percent(scale.detection_rate, 1):>10}"
        f"{percent(scale.accuracy, 1):>12}{percent(scale.plain_accuracy, 1):>18}"
        f"{scale.false_boxes:>14}"
        for scale in report.scales
    ]
    return "\n".join(lines)


def speed_as_text(report: SpeedReport) -> str:
    """What ``python -m fer bench`` prints."""
    parts = list(report.scenes[0].milliseconds)
    lines = [
        f"{report.weights} with {TITLES[report.detector]}: milliseconds, median (95th percentile)",
        "",
        f"{'scene':>10}{'faces':>7}{'found':>7}{'false':>7}" + "".join(f" {p:>14}" for p in parts),
    ]
    for scene in report.scenes:
        cells = "".join(
            f" {f'{spread.median:.1f} ({spread.p95:.1f})':>14}"  # a blank even on slow machines
            for spread in scene.milliseconds.values()
        )
        lines.append(
            f"{f'{scene.width}×{scene.height}':>10}{scene.faces:>7}{scene.found:>7}"
            f"{scene.false_boxes:>7}{cells}"
        )
    return "\n".join(
        [
            *lines,
            "",
            f"classification alone, in batches: {report.faces_per_second:,.0f} faces a second "
            "on one thread",
            f"new process, first import to first answer: {report.cold_start_seconds:.2f} s, "
            f"{report.peak_memory_mb:.0f} MB of memory at most",
        ]
    )


def robustness_as_text(entry: Mapping[str, Any]) -> str:
    """The table that ``python -m fer evaluate --corruptions`` prints."""
    kinds, clean = entry["kinds"], entry["clean"]
    lines = [
        f"{entry['weights']} on {entry['split']}: {entry['n']:,} images, judged by the "
        f"{JUDGES[entry['judged_by']]}, under {len(kinds)} kinds of corruption",
        "",
        f"{'':19}{'strengths':29}{'accuracy':23}{'ECE':23}coverage",
        f"{'clean':48}" + "".join(f"{figure(clean, name):<23}" for name in CELLS).rstrip(),
    ]
    lines += [
        f"{kind['title']:19}{strengths(kind):29}"
        + "".join(f"{three(kind, name):<23}" for name in CELLS).rstrip()
        for kind in kinds
    ]
    return "\n".join([*lines, "", f"{'':39}95 % interval", *_means(entry)])


def groups_as_text(entry: Mapping[str, Any]) -> str:
    """What ``python -m fer evaluate --groups`` prints."""
    lines = [
        f"{entry['weights']} on {entry['split']}: {entry['n']:,} images, judged by the "
        f"{JUDGES[entry['judged_by']]}; in brackets 95 % intervals"
    ]
    for column, found in entry["columns"].items():
        heads = ("accuracy", "balanced accuracy", "coverage")
        lines += ["", f"{column:20}{'images':>8}  " + "".join(f"{head:24}" for head in heads)]
        lines += [
            f"{name:20}{group['n']:>8,}  "
            + "".join(f"{with_interval(group, head.replace(' ', '_')):24}" for head in heads)
            for name, group in found["groups"].items()
        ]
        lines.append(gap_sentence(column, found["gap"]))
    return "\n".join(line.rstrip() for line in [*lines, "", *entry["notes"]]).rstrip()


def gap_sentence(column: str, gap: Mapping[str, Any] | None) -> str:
    """The largest gap in accuracy between two groups of ``column``, and whether it is one."""
    if gap is None:
        return f"{column}: no gap, which needs two groups that are large enough."
    low, high = (percent(end, 1) for end in gap["interval"])
    chance = percent(gap["by_chance"], 1)
    beyond = gap["accuracy"] > gap["by_chance"]
    verdict = f"{'more' if beyond else 'no more'} than groups that are alike show ({chance})"
    return (
        f"{column}: the largest gap in accuracy is {percent(gap['accuracy'], 1)} "
        f"({low} to {high}), from {gap['worst']} to {gap['best']}: {verdict}."
    )


def strengths(kind: Mapping[str, Any]) -> str:
    """Its three strengths with their unit: ``4, 8, 16 grey levels``."""
    return f"{', '.join(f'{strength:g}' for strength in kind['strengths'])} {kind['unit']}"


def three(kind: Mapping[str, Any], name: str) -> str:
    """One figure of a kind at its three strengths: ``63.8 / 53.5 / 24.6 %``."""
    values = [figure({name: value}, name) for value in kind[name]]
    return " / ".join([value.removesuffix(" %") for value in values[:-1]] + values[-1:])


def _means(entry: Mapping[str, Any]) -> list[str]:
    groups = entry["groups"]
    rows = [(title, figure(entry, name), interval(entry, name)) for name, title in MEANS.items()]
    rows += [
        (f"accuracy, {group}", figure(groups, group), interval(groups, group))
        for group in groups["intervals"]
    ]
    return [f"{title:28}{value:>9}  {ends}".rstrip() for title, value, ends in rows]


def _number(value: float | None, name: str) -> str:
    if value is None:
        return ABSENT
    if name in _DECIMALS:
        return f"{value:.{_DECIMALS[name]}f}"
    return percent(value, 1)
