"""Figures as people read them: rounding happens here and nowhere else."""

from collections.abc import Mapping
from typing import Any

from fer.evaluation.pipeline import PipelineReport
from fer.evaluation.speed import SpeedReport
from fer.labels import LABELS
from fer.spec import Framing
from fer.vision.detectors import TITLES

ABSENT = "–"

_ROWS = (
    ("accuracy", "accuracy"),
    ("balanced_accuracy", "balanced accuracy"),
    ("macro_f1", "macro-F1"),
    ("original_accuracy", "accuracy, folder labels"),
    ("ferplus_accuracy", "accuracy, FER+ majority"),
    ("accuracy_without_train_duplicates", "accuracy without copies from train"),
    ("ferplus_accuracy_without_train_duplicates", "FER+ accuracy without such copies"),
    ("accuracy_at_75_coverage", "accuracy at 75 % coverage"),
    ("coverage", "coverage at the unsure threshold"),
    ("accuracy_when_sure", "accuracy over those"),
    ("log_loss", "log-loss"),
    ("ece", "expected calibration error"),
    ("ms_per_face", "milliseconds a face, one thread"),
)
_PERCENT = {name for name, _ in _ROWS} - {"macro_f1", "log_loss", "ece", "ms_per_face"}
_DECIMALS = {"ms_per_face": 2}
JUDGES = {"original": "folder labels", "ferplus": "clear FER+ majority"}


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


def figures_as_text(metrics: Mapping[str, Any]) -> str:
    """The readable table that ``python -m fer evaluate`` prints."""
    lines = [
        f"{metrics['weights']} on {metrics['split']}: {metrics['n']:,} of "
        f"{metrics['n_images']:,} images, judged by {JUDGES[metrics['judged_by']]}",
        "",
        f"{'':36}{'':>9}  {'95 % interval':<16}{'images':>8}",
    ]
    for name, title in _ROWS:
        count = metrics["counts"][name]
        images = f"{count:,}" + (" runs" if name == "ms_per_face" else "")
        lines.append(
            f"{title:36}{figure(metrics, name):>9}  {interval(metrics, name):<16}{images:>8}"
        )
    lines += ["", f"{'label':12}{'precision':>10}{'recall':>10}{'F1':>10}{'images':>10}"]
    for label in LABELS:
        row = metrics["per_label"][label]
        cells = "".join(f"{_number(row[key], key):>10}" for key in ("precision", "recall", "f1"))
        lines.append(f"{label:12}{cells}{row['support']:>10,}")
    return "\n".join(lines + [f"\n{note}" for note in metrics["notes"]])


def framing_as_text(detector: str, framing: Framing) -> str:
    """The last lines of what ``python -m fer calibrate`` prints, one a detector."""
    return (
        f"framing of {detector}: the classified square is {framing.scale:.3f} times the detected "
        f"box, shifted by {framing.shift_x:+.3f} (right) and {framing.shift_y:+.3f} (down) of its "
        "side"
    )


def pipeline_as_text(report: PipelineReport) -> str:
    """What ``python -m fer evaluate --pipeline`` prints."""
    lines = [
        f"{report.images:,} images of {report.split} in scenes of 640×480, detector "
        f"{report.detector}; as plain 48×48 pixels {100 * report.plain_accuracy:.1f} % are right",
        "",
        f"{'face':>8}{'found':>10}{'accuracy':>12}{'the same, plain':>18}{'false boxes':>14}",
    ]
    lines += [
        f"{scale.face_size:>5} px{100 * scale.detection_rate:>8.1f} %"
        f"{100 * scale.accuracy:>10.1f} %{100 * scale.plain_accuracy:>16.1f} %"
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
        f"{'scene':>10}{'faces':>7}{'found':>7}{'false':>7}" + "".join(f"{p:>14}" for p in parts),
    ]
    for scene in report.scenes:
        cells = "".join(
            f"{f'{spread.median:.1f} ({spread.p95:.1f})':>14}"
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


def _number(value: float | None, name: str) -> str:
    if value is None:
        return ABSENT
    if name in _PERCENT:
        return f"{100 * value:.1f} %"
    return f"{value:.{_DECIMALS.get(name, 3)}f}"
