"""Calibration: probabilities that mean what they say, and when to answer "unsure".

Bias-corrected temperature scaling divides the logits by one number and adds another to each
label's (Guo et al., 2017, arXiv:1706.04599; Alexandari et al., 2020, arXiv:1901.06852). The eight
numbers have the least log-loss on a split that was not trained on, in which a rare label counts
for more than its share: it is then answered more often, and a little more surely than it is right.
"""

import shutil
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray

from fer.bundle import CALIBRATION, MODEL_ONNX, model_sha256, read_or_empty, read_spec, write_spec
from fer.data.folder import FolderDataset
from fer.errors import UserError
from fer.evaluation import metrics
from fer.evaluation.judging import judging_labels
from fer.evaluation.report import predict
from fer.evaluation.summary import COVERAGE
from fer.files import write_json
from fer.labels import NO_MAJORITY
from fer.spec import NO_OFFSETS, ModelSpec
from fer.vision.classify import Classifier

FOLDS = 5
RARITY = 0.3
"""Images weigh ``(images of their label) ** -RARITY``: at 0 all weigh alike, at 1 all labels do.
Higher finds more of the rare labels, and takes more other faces for them. Chosen on validation
(docs/experiments.md)."""

_SEED = 0
_ROUNDS = 30
_RANGE = (0.05, 20.0)
_SMALLEST = float(np.finfo(np.float32).tiny)

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Calibration:
    """What `calibrate` found, as ``calibration.json`` keeps it under ``confidence``.

    Attributes:
        offsets: one a label, in the order of ``LABELS``; their mean is 0.
        ece_before: expected calibration error of the bare logits.
        ece: as calibrated, on the images that the numbers were fitted on.
        ece_cross_fitted: every image under numbers fitted without it: the figure to quote for
            this split.
        accuracy_before: accuracy of the bare logits.
        accuracy_cross_fitted: every image under numbers fitted without it.
        macro_f1_before: macro-F1 of the bare logits.
        macro_f1_cross_fitted: every image under numbers fitted without it.
        coverage: share of the images whose top probability reaches ``unsure_below``.
        accuracy_when_sure: accuracy over those images.
    """

    split: str
    judged_by: str
    n: int
    temperature: float
    offsets: tuple[float, ...]
    unsure_below: float
    ece_before: float
    ece: float
    ece_cross_fitted: float
    accuracy_before: float
    accuracy_cross_fitted: float
    macro_f1_before: float
    macro_f1_cross_fitted: float
    coverage: float
    accuracy_when_sure: float
    model_sha256: str = ""


def calibrate(bundle: Path, data: str | Path, split: str = "validation") -> Calibration:
    """Fit temperature, offsets and threshold on ``split``; write them into the bundle.

    Temperature and offsets go into ``model.onnx`` and ``spec.json``, the threshold into
    ``spec.json``, and what was found into ``calibration.json``. A second run starts from
    the logits again and finds exactly the same.

    Raises:
        UserError: if a file cannot be read or written, there are fewer images than folds,
            or the package ``onnx`` is missing.
    """
    try:
        from fer.ship.fold import fold_calibration
    except ModuleNotFoundError as error:
        raise UserError(
            f"Calibration needs the package {error.name}; "
            "'pip install -r requirements.txt' installs it."
        ) from error
    spec = read_spec(bundle)
    images = FolderDataset.open(data).load(split)
    Classifier(bundle, spec)  # a missing or damaged model.onnx is refused here
    with TemporaryDirectory() as folder:
        uncalibrated = Path(folder)
        shutil.copyfile(bundle / MODEL_ONNX, uncalibrated / MODEL_ONNX)
        fold_calibration(uncalibrated / MODEL_ONNX, 1.0, NO_OFFSETS)
        logits = logits_of(predict(Classifier(uncalibrated, spec), images.pixels))
    targets, judged_by = judging_labels(images, spec)
    judged = targets != NO_MAJORITY
    found = find_calibration(logits[judged], targets[judged], split, judged_by)
    try:
        fold_calibration(bundle / MODEL_ONNX, found.temperature, found.offsets)
        found = replace(found, model_sha256=model_sha256(bundle))
        _save(bundle, spec, found)
    except OSError as error:
        raise UserError(
            f"{bundle} cannot be written ({error.strerror or error}); "
            "calibrate a copy in a folder of yours."
        ) from error
    return found


def find_calibration(
    logits: Floats, targets: NDArray[np.integer], split: str, judged_by: str
) -> Calibration:
    """The numbers and their worth, from logits ``(n, 7)`` and labels ``(n,)``."""
    if len(targets) < FOLDS:
        raise UserError(f"'{split}' has {len(targets)} images; calibration needs at least {FOLDS}.")
    temperature, offsets = fit(logits, targets)
    probs = softmax(logits / temperature + offsets)
    threshold = unsure_threshold(probs)
    confidences, correct = metrics.confidence_and_correct(probs, targets)
    sure = confidences >= threshold
    cross_fitted = cross_fitted_probabilities(logits, targets)
    before, after = (
        metrics.confusion_matrix(targets, scores.argmax(axis=1))
        for scores in (logits, cross_fitted)
    )
    error = metrics.expected_calibration_error
    return Calibration(
        split=split,
        judged_by=judged_by,
        n=len(targets),
        temperature=temperature,
        offsets=tuple(float(offset) for offset in offsets),
        unsure_below=threshold,
        ece_before=error(softmax(logits), targets),
        ece=error(probs, targets),
        ece_cross_fitted=error(cross_fitted, targets),
        accuracy_before=float(metrics.accuracy(before)),
        accuracy_cross_fitted=float(metrics.accuracy(after)),
        macro_f1_before=float(metrics.macro_f1(before)),
        macro_f1_cross_fitted=float(metrics.macro_f1(after)),
        coverage=float(sure.mean()),
        accuracy_when_sure=float(correct[sure].mean()),
    )


def fit(logits: Floats, targets: NDArray[np.integer]) -> tuple[float, Floats]:
    """Temperature and offsets ``(7,)`` with the least weighted log-loss.

    Two steps take turns, neither of which can raise the convex log-loss: the best temperature
    for the offsets, and generalised iterative scaling of the offsets (Darroch & Ratcliff, 1972),
    which settles where the weighted probabilities of each label add up to its weighted images. One
    more image of every label on both sides slows the fall of a label that has none.
    """
    counts = np.bincount(targets, minlength=logits.shape[1])
    weights = counts[targets] ** -RARITY
    weights /= weights.mean()
    wanted = np.bincount(targets, weights, minlength=logits.shape[1])
    offsets = np.zeros(logits.shape[1])
    temperature = 1.0
    for _ in range(_ROUNDS):
        temperature = fit_temperature(logits, targets, weights, offsets)
        given = weights @ softmax(logits / temperature + offsets)
        offsets += np.log((wanted + 1.0) / (given + 1.0))
    return temperature, offsets - offsets.mean()


def fit_temperature(
    logits: Floats,
    targets: NDArray[np.integer],
    weights: Floats | None = None,
    offsets: Floats | float = 0.0,
) -> float:
    """The temperature with the least log-loss, between 0.05 and 20 (bisection).

    Args:
        logits: ``(n, 7)``.
        targets: ``(n,)``.
        weights: of the images ``(n,)``; by default all alike.
        offsets: ``(7,)``, added to the scaled logits.

    The log-loss is convex in the inverse temperature b; its derivative, the weighted mean
    of ``E[logit] - logit[target]`` under ``softmax(b * logits + offsets)``, rises with b.
    """
    true = logits[np.arange(len(targets)), targets]
    low, high = np.log(1.0 / np.array(_RANGE[::-1]))
    for _ in range(40):
        middle = (low + high) / 2
        expected = (softmax(logits * np.exp(middle) + offsets) * logits).sum(axis=1)
        if np.average(expected - true, weights=weights) > 0.0:
            high = middle
        else:
            low = middle
    return float(np.exp(-(low + high) / 2))


def cross_fitted_probabilities(logits: Floats, targets: NDArray[np.integer]) -> Floats:
    """Probabilities ``(n, 7)`` of each fold under numbers fitted on the other folds."""
    folds = np.random.default_rng(_SEED).permutation(len(targets)) % FOLDS
    probs = np.empty_like(logits)
    for fold in range(FOLDS):
        held = folds == fold
        temperature, offsets = fit(logits[~held], targets[~held])
        probs[held] = softmax(logits[held] / temperature + offsets)
    return probs


def unsure_threshold(probs: Floats, coverage: float = COVERAGE) -> float:
    """The highest top probability, in four decimals, that at least ``coverage`` of images reach."""
    lowest = np.quantile(probs.max(axis=1), 1.0 - coverage, method="lower")
    return float(np.floor(lowest * 1e4) / 1e4)


def logits_of(probs: NDArray[np.floating]) -> Floats:
    """Logits up to a constant per image, from their softmax."""
    return np.log(np.maximum(np.asarray(probs, np.float64), _SMALLEST))


def softmax(logits: Floats) -> Floats:
    """Softmax over the last axis."""
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def _save(bundle: Path, spec: ModelSpec, found: Calibration) -> None:
    write_spec(
        bundle,
        replace(
            spec,
            temperature=found.temperature,
            offsets=found.offsets,
            unsure_below=found.unsure_below,
        ),
    )
    known = read_or_empty(bundle / CALIBRATION)
    write_json(bundle / CALIBRATION, known | {"confidence": asdict(found)})
