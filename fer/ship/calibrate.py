"""Calibration: probabilities that mean what they say, and when to answer "unsure"."""

import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray

from fer.bundle import CALIBRATION, ONNX, QUANTIZATION, Bundle
from fer.data.folder import FolderDataset
from fer.errors import UserError
from fer.evaluation import metrics
from fer.evaluation.judging import judging_labels
from fer.evaluation.report import predict
from fer.evaluation.summary import COVERAGE
from fer.labels import LABELS, NO_MAJORITY
from fer.ship.confidence import (
    FOLDS,
    Aim,
    Figures,
    Floats,
    Scaling,
    Targets,
    cross_fitted,
    fit,
    logits_of,
)
from fer.ship.fold import fold_calibration
from fer.spec import NO_OFFSETS, ModelSpec
from fer.vision.classify import Classifier


@dataclass(frozen=True)
class Calibration:
    """What calibrating changed, as ``calibration.json`` keeps it under ``confidence``.

    The numbers themselves are in ``spec.json`` and at work in ``model.onnx``.

    Attributes:
        split: the images that it was fitted on.
        judged_by: whose labels: ``original`` or ``ferplus``.
        n: how many images.
        aim: what the offsets serve.
        offsets_helped: false where they would have been worse than none and were left out.
        before: figures of the bare logits.
        temperature_only: figures with a temperature and no offsets, cross-fitted: every image
            under numbers fitted without it.
        aims: figures of each aim with offsets, cross-fitted; those to quote for this split.
            ``balanced`` is missing where the dataset has no training split.
        coverage: share of the images whose top probability reaches ``unsure_below``.
        accuracy_when_sure: accuracy over those images.
    """

    split: str
    judged_by: str
    n: int
    aim: Aim
    offsets_helped: bool
    before: Figures
    temperature_only: Figures
    aims: dict[str, Figures]
    coverage: float
    accuracy_when_sure: float

    @property
    def served(self) -> Figures:
        """Figures of what is served, cross-fitted."""
        return self.aims[self.aim] if self.offsets_helped else self.temperature_only


@dataclass(frozen=True)
class Judged:
    """The images that a calibration is fitted on.

    Attributes:
        split: their name.
        judged_by: whose labels ``targets`` are.
        logits: ``(n, 7)``.
        targets: ``(n,)`` indices into ``LABELS``.
        priors: ``(7,)`` shares of the labels in the training split; ``None`` without one.
    """

    split: str
    judged_by: str
    logits: Floats
    targets: Targets
    priors: Floats | None = None


def calibrate(
    bundle: str | Path | Bundle,
    data: str | Path | FolderDataset,
    split: str = "validation",
    aim: Aim = "dataset",
) -> Calibration:
    """Fit temperature, offsets and threshold on ``split``; write them into the bundle.

    Temperature, offsets and threshold go into ``spec.json``, the former two also to work in
    ``model.onnx``, and what they changed into ``calibration.json``. A second run starts from
    the logits again and finds exactly the same.

    Args:
        bundle: with a ``model.onnx``.
        data: dataset with ``split``.
        split: images that were not trained on.
        aim: ``dataset`` where faces come as in the dataset; ``balanced`` where every expression
            is wanted alike: probabilities are divided by the square root of the training priors.

    Raises:
        UserError: if a file cannot be read or written, there are fewer images than folds, the
            aim is ``balanced`` without a training split.
    """
    bundle, dataset = Bundle.open(bundle), FolderDataset.open(data)
    found, scaling, threshold = find_calibration(_judge(bundle, dataset, split), aim)
    quantized = bundle.read_or_empty(QUANTIZATION)
    still_quantized = bundle.is_current(quantized)
    fold_calibration(bundle.path(ONNX), scaling.temperature, scaling.offsets)
    bundle.change_spec(
        temperature=scaling.temperature, offsets=scaling.offsets, unsure_below=threshold
    )
    stamp = {"model_sha256": bundle.model_sha256}
    if still_quantized:  # its figures are of the network before calibration, which is the same
        bundle.write(QUANTIZATION, quantized | stamp)
    entry = asdict(found) | stamp
    bundle.write(CALIBRATION, bundle.read_or_empty(CALIBRATION) | {"confidence": entry})
    return found


def find_calibration(judged: Judged, aim: Aim) -> tuple[Calibration, Scaling, float]:
    """What calibrating changes, the numbers, and the threshold for "unsure".

    Offsets that are worse than none by cross-fitting are left out.

    Raises:
        UserError: if there are fewer images than folds, or the aim needs priors that are unknown.
    """
    logits, targets = judged.logits, judged.targets
    if len(targets) < FOLDS:
        raise UserError(
            f"'{judged.split}' has {len(targets)} images; calibration needs at least {FOLDS}."
        )
    aims = _figures_of_aims(judged)
    if aim not in aims:
        raise UserError(
            "The aim 'balanced' divides by the shares of the labels in the split 'train', which "
            "the dataset does not have; add it, or calibrate with the aim 'dataset'."
        )
    plain = Figures.of(cross_fitted(logits, targets, with_offsets=False), targets)
    helped = not aims[aim].worse_than(plain, aim)
    scaling = fit(logits, targets, with_offsets=helped)
    if helped and aim == "balanced" and judged.priors is not None:
        scaling = scaling.balanced(judged.priors)
    threshold = unsure_threshold(scaling(logits))
    confidences, correct = metrics.confidence_and_correct(scaling(logits), targets)
    sure = confidences >= threshold
    found = Calibration(
        split=judged.split,
        judged_by=judged.judged_by,
        n=len(targets),
        aim=aim,
        offsets_helped=helped,
        before=Figures.of(Scaling()(logits), targets),
        temperature_only=plain,
        aims=aims,
        coverage=float(sure.mean()),
        accuracy_when_sure=float(correct[sure].mean()),
    )
    return found, scaling, threshold


def _figures_of_aims(judged: Judged) -> dict[str, Figures]:
    """Cross-fitted figures of each aim that the images allow."""
    fitted = cross_fitted(judged.logits, judged.targets)
    figures = {"dataset": Figures.of(fitted, judged.targets)}
    if judged.priors is not None:
        balance = Scaling().balanced(judged.priors)
        figures["balanced"] = Figures.of(balance(logits_of(fitted)), judged.targets)
    return figures


def unsure_threshold(probs: Floats) -> float:
    """The highest top probability, in four decimals, that at least `COVERAGE` of images reach."""
    lowest = np.quantile(probs.max(axis=1), 1.0 - COVERAGE, method="lower")
    return float(np.floor(lowest * 1e4) / 1e4)


_NO_OFFSETS = {
    "dataset": "none: log-loss, which decides for the dataset as it is, would have been higher",
    "balanced": "none: mean recall, which decides for this aim, would have been lower",
}


def calibration_as_text(found: Calibration, spec: ModelSpec) -> str:
    """What ``python -m fer calibrate`` prints; ``spec`` is the bundle's, as calibrated."""
    offsets = ", ".join(
        f"{label} {offset:+.2f}" for label, offset in zip(LABELS, spec.offsets, strict=True)
    )
    lines = [
        f"{found.n:,} images of {found.split}; temperature {spec.temperature:.4f}, offsets "
        + (offsets if found.offsets_helped else _NO_OFFSETS[found.aim]),
        f"{'cross-fitted':>18}{'accuracy':>10}{'mean recall':>13}{'macro-F1':>10}"
        f"{'calibration error':>19}",
        _line("bare logits", found.before),
        _line("temperature only", found.temperature_only),
        *(
            _line(f"{aim}{' *' if aim == found.aim and found.offsets_helped else ''}", figures)
            for aim, figures in found.aims.items()
        ),
        f"unsure below {spec.unsure_below:.4f}: {100 * found.coverage:.1f} % of images get a "
        f"label, {100 * found.accuracy_when_sure:.1f} % of those the right one",
    ]
    return "\n".join(lines)


def _line(name: str, figures: Figures) -> str:
    return (
        f"{name:>18}{100 * figures.accuracy:>8.1f} %{100 * figures.balanced_accuracy:>11.1f} %"
        f"{figures.macro_f1:>10.3f}{figures.ece:>19.3f}"
    )


def _judge(bundle: Bundle, dataset: FolderDataset, split: str) -> Judged:
    """The bare logits of the bundle's model on ``split``, and the training priors."""
    spec = bundle.spec
    Classifier(bundle)  # a missing or damaged model.onnx is refused here
    images = dataset.load(split)
    with TemporaryDirectory() as folder:
        bare = Path(folder)
        shutil.copyfile(bundle.path(ONNX), bare / ONNX)
        fold_calibration(bare / ONNX, 1.0, NO_OFFSETS)
        logits = logits_of(predict(Classifier(bare, spec), images.pixels))
    targets, judged_by = judging_labels(images, spec)
    judged = targets != NO_MAJORITY
    priors = _priors(dataset, spec) if "train" in dataset.splits else None
    return Judged(split, judged_by, logits[judged], targets[judged], priors)


def _priors(dataset: FolderDataset, spec: ModelSpec) -> NDArray[np.float64]:
    """Shares of the labels among the training images, ``(7,)``, as if each had one more."""
    targets, _ = judging_labels(dataset.load("train"), spec)
    counts = np.bincount(targets[targets != NO_MAJORITY], minlength=len(LABELS)) + 1.0
    return np.asarray(counts / counts.sum())
