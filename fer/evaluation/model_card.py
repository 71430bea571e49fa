"""The model card and the table of numbers in the README, written from the files of the bundles.

Every figure comes out of ``metrics.json``, ``calibration.json`` or ``pipeline.json``, and only
if it was measured on the ``model.onnx`` at hand; a missing file becomes a sentence that names the
command which writes it.
"""

import re
from collections.abc import Sequence
from pathlib import Path
from string import Template
from typing import Any

from fer.bundle import (
    CALIBRATION,
    HISTORY,
    METRICS,
    PIPELINE,
    QUANTIZATION,
    TRAIN,
    Bundle,
    entries_of_model,
    read_or_empty,
    read_spec,
)
from fer.errors import UserError
from fer.evaluation.bootstrap import RESAMPLES
from fer.evaluation.markdown import table
from fer.evaluation.robustness_page import robustness_sentence
from fer.evaluation.text import ABSENT, JUDGES, figure, interval
from fer.files import read_json
from fer.spec import ModelSpec
from fer.vision.detectors import TITLES

NUMBERS = "numbers"
"""Name of the README's block with `numbers_table`."""

EXPERIMENTS = "experiments.md"
_TEMPLATE = Path(__file__).with_name("model_card.md")

_COLUMNS = (
    ("accuracy", "Accuracy"),
    ("macro_f1", "Macro-F1"),
    ("ece", "Calibration error"),
    ("accuracy_at_75_coverage", "Accuracy on the surest 75 %"),
    ("ms_per_face", "ms a face"),
)
_DETAILS = (
    ("balanced_accuracy", "Balanced accuracy"),
    ("original_accuracy", "Accuracy against FER2013's labels, all images"),
    ("ferplus_accuracy", "Accuracy against the clear FER+ majority"),
    ("accuracy_without_train_duplicates", "Accuracy without copies of training images"),
    ("ferplus_accuracy_without_train_duplicates", "The same against the clear FER+ majority"),
    ("coverage", "Share of images not “unsure”"),
    ("accuracy_when_sure", "Accuracy on those"),
    ("log_loss", "Log-loss"),
)


def numbers_table(bundles: Sequence[Path]) -> str:
    """Markdown table of the headline figures of every split but train; empty without figures."""
    rows = [
        [
            f"`{bundle.name}`: {read_spec(bundle).title}",
            f"{split}, {JUDGES[metrics['judged_by']]}",
            f"{metrics['n']:,}",
            *(_with_interval(metrics, name) for name, _ in _COLUMNS),
        ]
        for bundle in bundles
        for split, metrics in current_figures(bundle).items()
    ]
    if not rows:
        return ""
    header = ["Bundle", "Split and judge", "Images", *(title for _, title in _COLUMNS)]
    caption = (
        "In brackets: 95 % intervals. Every row is written by "
        "`python -m fer evaluate --data data/fer2013 --split SPLIT --weights weights/BUNDLE`, "
        "and this table by `python -m fer card`."
    )
    return f"{table(header, rows)}\n\n{caption}"


def model_card(bundles: Sequence[Path], experiments: Path) -> str:
    """The whole card in Markdown.

    Args:
        bundles: the folders to describe.
        experiments: the record of ablations, which the card links to as its neighbour; its
            section "In brief", if it has one, is quoted.
    """
    numbers = numbers_table(bundles) or "No bundle has figures of its own model file yet."
    return Template(_TEMPLATE.read_text(encoding="utf-8")).substitute(
        numbers=numbers,
        bundles="\n\n".join(_bundle_section(bundle) for bundle in bundles),
        ablations=_ablations(experiments),
        resamples=f"{RESAMPLES:,}",
    )


def current_figures(bundle: Path) -> dict[str, dict[str, Any]]:
    """``{split: figures}`` measured on the model file at hand, validation first, without train."""
    figures = entries_of_model(bundle, METRICS)
    known = [split for split in figures if split != "train"]
    order = ("validation", "test")
    known.sort(key=lambda split: (order.index(split) if split in order else len(order), split))
    return {split: figures[split] for split in known}


def _bundle_section(bundle: Path) -> str:
    spec = read_spec(bundle)
    parts = [f"### `{bundle.name}`: {spec.title}", _network(bundle, spec), _training(bundle)]
    figures = current_figures(bundle)
    if not figures:
        parts.append(
            f"`{METRICS}` has no figures of this model file; `python -m fer evaluate --data "
            f"data/fer2013 --split validation --weights weights/{bundle.name}` measures them."
        )
    for split, metrics in figures.items():
        parts += [_details(split, metrics), _labels(split, metrics)]
    parts += [
        _confidence(Bundle(bundle), spec),
        robustness_sentence(Bundle(bundle)),
        _whole_way(bundle),
    ]
    return "\n\n".join(parts)


def _network(bundle: Path, spec: ModelSpec) -> str:
    said = (
        f"A convolutional network of {spec.parameters:,} parameters and "
        f"{spec.multiply_adds / 1e6:,.0f} million multiply-adds a face"
        f"{', which it sees as it is and mirrored' if spec.views == 2 else ''}, made to give the "
        f"{JUDGES[spec.judged_by]}."
    )
    found = read_or_empty(bundle / QUANTIZATION)
    if not found:
        return said
    return (
        f"{said} It computes in eight bits: before calibration, accuracy on {found['split']} "
        f"went from "
        f"{100 * found['accuracy_float']:.2f} to {100 * found['accuracy_int8']:.2f} %, a face "
        f"from {found['ms_float']:.1f} to {found['ms_int8']:.1f} ms."
    )


def _training(bundle: Path) -> str:
    try:
        made = read_json(bundle / TRAIN, "python -m fer train")
    except UserError:
        return f"`{TRAIN}` is missing or damaged, so how these weights were made is not recorded."
    config, versions = made.get("config", {}), made.get("versions", {})
    hours = made.get("duration_seconds", 0.0) / 3600
    commit = made.get("source_commit") or "an unknown commit"
    return (
        f"Trained for {made.get('epochs_done', ABSENT)} epochs in {hours:.1f} hours from seed "
        f"{config.get('seed', ABSENT)}; epoch {made.get('best_epoch', ABSENT)} was kept. Keras "
        f"{versions.get('keras', ABSENT)}, TensorFlow {versions.get('tensorflow', ABSENT)}, source "
        f"`{commit}`.{_before(config)}{_averaged(made)} Every setting is in "
        f"`{TRAIN}`, every epoch in `{HISTORY}`."
    )


def _averaged(made: dict[str, Any]) -> str:
    """The runs whose weights were averaged, the one told of first; empty for one run."""
    names = made.get("averaged", [])
    said = ", ".join(f"`{name}`" for name in names)
    return f" The weights are the mean of {said}; all this is told of the first." if names else ""


def _before(config: dict[str, Any]) -> str:
    """What the run had from earlier ones; empty for one that began with nothing."""
    said = ""
    if start := config.get("start"):
        said += f" It began with the weights of {', '.join(f'`{name}`' for name in start)}."
    if teachers := config.get("teachers"):
        said += (
            f" It learned from the answers of {', '.join(f'`{name}`' for name in teachers)} too."
        )
    return said + (f" Those runs are told in [{EXPERIMENTS}]({EXPERIMENTS})." if said else "")


def _details(split: str, metrics: dict[str, Any]) -> str:
    rows = [
        [title, _with_interval(metrics, name), f"{metrics['counts'][name]:,}"]
        for name, title in (*_COLUMNS[:1], *_DETAILS)
        if metrics.get(name) is not None
    ]
    heading = f"**{split.capitalize()}**, {metrics['n']:,} of {metrics['n_images']:,} images:"
    return f"{heading}\n\n{table(['Figure', 'Value (95 % interval)', 'Images'], rows)}"


def _labels(split: str, metrics: dict[str, Any]) -> str:
    names = ("precision", "recall", "f1")
    rows = [
        [label, *(_with_interval(row, name) for name in names), f"{row['support']:,}"]
        for label, row in metrics["per_label"].items()
    ]
    heading = f"Each label on {split}, against {JUDGES[metrics['judged_by']]}:"
    return f"{heading}\n\n{table(['Label', 'Precision', 'Recall', 'F1', 'Images'], rows)}"


_AIMS = {
    "dataset": "Faces as often of each expression as in the dataset",
    "balanced": "Every expression alike",
}


def _confidence(bundle: Bundle, spec: ModelSpec) -> str:
    found = bundle.read_or_empty(CALIBRATION).get("confidence", {})
    if not bundle.is_current(found) or "aims" not in found:  # an older version had none
        return (
            "Its probabilities are not calibrated; `python -m fer calibrate --data data/fer2013 "
            f"--weights weights/{bundle.name}` does it. It answers “unsure” below "
            f"{spec.unsure_below:.2f}."
        )
    rows = [
        ["No calibration", *_worth(found["before"])],
        ["A temperature alone", *_worth(found["temperature_only"])],
    ]
    for aim, figures in found["aims"].items():
        served = found["offsets_helped"] and aim == found["aim"]
        name = f"**{_AIMS[aim]}**" if served else _AIMS[aim]
        rows.append([f"{name}: `--aim {aim}`", *_worth(figures)])
    offsets = (
        f"with an offset for each label that serves the aim `{found['aim']}`"
        if found["offsets_helped"]
        else "without offsets for the labels, which were worse than none"
    )
    figures = table(
        ["Calibrated for", "Accuracy", "Mean recall", "Macro-F1", "Calibration error"], rows
    )
    return (
        f"Temperature {spec.temperature:.3f}, fitted on {found['n']:,} images of "
        f"{found['split']} {offsets}. Below a top probability of {spec.unsure_below:.3f} it "
        f"answers “unsure”, which leaves {100 * found['coverage']:.0f} % of those images a label, "
        f"{100 * found['accuracy_when_sure']:.1f} % of them the right one. Each choice by "
        f"five-fold cross-fitting, where no image helps to fit its own numbers:\n\n{figures}"
    )


def _worth(figures: dict[str, float]) -> list[str]:
    return [
        f"{100 * figures['accuracy']:.1f} %",
        f"{100 * figures['balanced_accuracy']:.1f} %",
        f"{figures['macro_f1']:.3f}",
        f"{figures['ece']:.3f}",
    ]


def _whole_way(bundle: Path) -> str:
    """What detecting and cropping cost, for every detector that was measured."""
    reports = entries_of_model(bundle, PIPELINE)
    if not reports:
        return (
            "Detection and cropping were not measured with this model file; `python -m fer "
            f"evaluate --pipeline --data data/fer2013 --split validation --weights "
            f"weights/{bundle.name}` does it."
        )
    rows = [
        [
            TITLES[detector],
            f"{scale['face_size']} px",
            f"{100 * scale['detection_rate']:.1f} %",
            f"{100 * scale['accuracy']:.1f} %",
            f"{100 * scale['plain_accuracy']:.1f} %",
            f"{scale['false_boxes']:,}",
        ]
        for detector, report in sorted(reports.items())
        for scale in report["scales"]
    ]
    report = next(iter(reports.values()))
    heading = (
        f"The whole way, from detecting to label: {report['images']:,} images of "
        f"{report['split']}, enlarged and placed in scenes of 640×480. Accuracies are over the "
        "faces that were found; the difference of their columns is what detecting and cropping "
        "cost."
    )
    header = ["Detector", "Face", "Found", "Right", "The same faces as 48×48", "False boxes"]
    return f"{heading}\n\n{table(header, rows)}"


def _ablations(experiments: Path) -> str:
    if not experiments.is_file():
        return f"`docs/{EXPERIMENTS}`, the record of trials, is not written yet."
    text = experiments.read_text(encoding="utf-8")
    brief = re.search(r"^## In brief\n(.*?)(?=^## |\Z)", text, re.DOTALL | re.MULTILINE)
    link = f"Every trial with its seed, epochs and figures, failures included: [{EXPERIMENTS}]"
    return f"{brief[1].strip() if brief else ''}\n\n{link}({EXPERIMENTS}).".strip()


def _with_interval(metrics: dict[str, Any], name: str) -> str:
    ends = interval(metrics, name)
    return f"{figure(metrics, name)} ({ends})" if ends else figure(metrics, name)
