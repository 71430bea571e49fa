"""How a bundle's answers stand up to corrupted pictures: ``evaluate --corruptions``.

All intervals are of the bootstrap over images: a resample draws the same images for the clean
figures and under every corruption, so that what images have in common does not widen the interval
of a ratio. What the figures are is told by `fer.evaluation.robustness_file`.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from fer.bundle import Bundle
from fer.data.folder import FolderDataset, LabelledImages
from fer.evaluation import bootstrap, metrics
from fer.evaluation.bootstrap import basic_interval_of, estimate_of
from fer.evaluation.corruptions import CORRUPTIONS, Corruption
from fer.evaluation.judging import judging_labels
from fer.evaluation.metrics import CALIBRATION_BINS
from fer.evaluation.report import dataset_sha256, predict
from fer.evaluation.results import METHOD
from fer.labels import NO_MAJORITY
from fer.vision.classify import Classifier

Floats = NDArray[np.float64]


def evaluate_robustness(
    bundle: Bundle,
    data: FolderDataset,
    split: str,
    corruptions: Sequence[Corruption] = CORRUPTIONS,
) -> dict[str, Any]:
    """The entry of ``robustness.json`` for the bundle's ``model.onnx`` on ``split``.

    Takes about as long as ``evaluate`` does, times the number of corruptions and strengths.

    Raises:
        UserError: if the model, the dataset or the split cannot be read.
    """
    spec = bundle.spec
    classifier = Classifier(bundle)
    images = data.load(split)
    targets, judged_by = judging_labels(images, spec)
    judged = targets != NO_MAJORITY
    probs = _answers(classifier, images, judged, corruptions)
    identity = {
        "split": split,
        "weights": spec.name,
        "dataset_sha256": dataset_sha256(images),
        "judged_by": judged_by,
        "n": int(judged.sum()),
        "unsure_below": spec.unsure_below,
    }
    return identity | robustness_figures(probs, targets[judged], spec.unsure_below, corruptions)


def robustness_figures(
    probs: NDArray[np.float32],
    targets: NDArray[np.int64],
    unsure_below: float,
    corruptions: Sequence[Corruption] = CORRUPTIONS,
) -> dict[str, Any]:
    """Every figure with its interval, JSON-ready: those of `fer.evaluation.robustness_file`.

    Args:
        probs: ``(1 + 3 k, n, 7)``: of the clean images, then of each of the k kinds at its mild,
            middle and strong strength.
        targets: ``(n,)`` indices into ``LABELS``.
        unsure_below: a probability.
        corruptions: the k kinds.
    """
    resampled = _figures_of_resamples(probs, targets, unsure_below)
    clean, kinds = _split(resampled, len(corruptions))
    group_of = np.array([corruption.group for corruption in corruptions])
    means = {f"mean_{name}": values.mean(axis=(1, 2)) for name, values in kinds.items()}
    with np.errstate(divide="ignore", invalid="ignore"):
        means["relative_accuracy"] = means["mean_accuracy"] / clean["accuracy"]
    of_groups = {
        group: kinds["accuracy"][:, group_of == group].mean(axis=(1, 2))
        for group in dict.fromkeys(group_of.tolist())
    }
    return {
        "clean": _with_intervals(clean),
        "kinds": [
            _describe(corruption) | _with_intervals({n: v[:, i] for n, v in kinds.items()})
            for i, corruption in enumerate(corruptions)
        ],
        "groups": _with_intervals(of_groups),
        **_with_intervals(means),
        "method": METHOD,
    }


def _answers(
    classifier: Classifier,
    images: LabelledImages,
    judged: NDArray[np.bool_],
    corruptions: Sequence[Corruption],
) -> NDArray[np.float32]:
    """Probabilities ``(1 + 3 k, n, 7)`` of the judged images, clean and corrupted."""
    pixels, rows = images.pixels[judged], images.rows[judged]
    conditions = [(kind, strength) for kind in corruptions for strength in kind.strengths]
    probs = [predict(classifier, pixels, bar=False)]
    for kind, strength in tqdm(conditions, desc="Corruptions", unit="", disable=None):
        probs.append(predict(classifier, kind(pixels, rows, strength), bar=False))
    return np.stack(probs)


def _figures_of_resamples(
    probs: NDArray[np.float32], targets: NDArray[np.int64], unsure_below: float
) -> dict[str, Floats]:
    """Each figure, ``(1 + resamples, conditions)``: of the images at hand, then of resamples.

    All four are sums over images, or (the calibration error) come from sums: one product of
    how often each image was drawn with a table of one row an image gives them all.
    """
    n = len(targets)
    table = np.hstack([_columns(condition, targets, unsure_below) for condition in probs])
    once = np.ones((1, n), np.int64)
    sums = np.concatenate(
        [counts.astype(np.float64) @ table for counts in (once, *bootstrap.resample_images(n))]
    ).reshape(1 + bootstrap.RESAMPLES, len(probs), 3 + CALIBRATION_BINS)
    return {
        "accuracy": sums[..., 0] / n,
        "ece": metrics.calibration_error_of_sums(sums[..., 3:], n),
        "log_loss": sums[..., 1] / n,
        "coverage": sums[..., 2] / n,
    }


def _columns(probs: NDArray[np.float32], targets: NDArray[np.int64], unsure_below: float) -> Floats:
    """``(n, 3 + bins)``: whether each image is right, its loss, whether sure, calibration gaps."""
    confidences, correct = metrics.confidence_and_correct(probs, targets)
    return np.column_stack(
        [
            correct,
            metrics.log_losses(probs, targets),
            confidences >= unsure_below,
            metrics.calibration_gaps(probs, targets),
        ]
    )


def _split(
    figures: Mapping[str, Floats], kinds: int
) -> tuple[dict[str, Floats], dict[str, Floats]]:
    """Clean figures ``(r,)``, and those of every kind and strength ``(r, kinds, 3)``."""
    clean = {name: values[:, 0] for name, values in figures.items()}
    corrupted = {n: values[:, 1:].reshape(-1, kinds, 3) for n, values in figures.items()}
    return clean, corrupted


def _describe(corruption: Corruption) -> dict[str, Any]:
    return {
        "name": corruption.name,
        "title": corruption.title,
        "group": corruption.group,
        "unit": corruption.unit,
        "strengths": list(corruption.strengths),
    }


def _with_intervals(figures: Mapping[str, Floats]) -> dict[str, Any]:
    """``{name: value, "intervals": {name: [low, high]}}``, or lists of these, JSON-ready.

    What does not exist, such as a share of an accuracy of zero, is null.

    Args:
        figures: ``(1 + resamples,)`` or ``(1 + resamples, strengths)`` each, the images at hand
            first.
    """
    values: dict[str, Any] = {}
    intervals: dict[str, Any] = {}
    for name, resampled in figures.items():
        interval_of = basic_interval_of if name.endswith("ece") else estimate_of
        found = [
            interval_of(column[0], column[1:], 0) if np.isfinite(column[0]) else None
            for column in resampled.reshape(len(resampled), -1).T
        ]
        of_strengths = [e and e.value for e in found], [e and [e.low, e.high] for e in found]
        values[name], intervals[name] = (
            of_strengths if resampled.ndim > 1 else (of_strengths[0][0], of_strengths[1][0])
        )
    return {**values, "intervals": intervals}
