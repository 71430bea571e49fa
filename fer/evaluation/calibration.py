"""Calibration: probabilities that mean what they say, and when to answer "unsure".

Temperature scaling divides the logits by one number, which changes no label (Guo et al.,
2017, arXiv:1706.04599). The number is fitted on a split that was not trained on.
"""

import shutil
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray

from fer.bundle import CALIBRATION, MODEL_ONNX, ModelSpec, read_spec, write_json, write_spec
from fer.data.ferplus import NO_MAJORITY
from fer.data.folder import load_split
from fer.errors import UserError
from fer.evaluation import metrics
from fer.evaluation.judging import judging_labels
from fer.evaluation.report import model_sha256, predict, read_or_empty
from fer.evaluation.summary import COVERAGE
from fer.vision.classify import Classifier

FOLDS = 5
_SEED = 0
_RANGE = (0.05, 20.0)
_SMALLEST = float(np.finfo(np.float32).tiny)

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Calibration:
    """What `calibrate` found, as ``calibration.json`` keeps it under ``confidence``.

    Attributes:
        ece_before: expected calibration error with temperature 1.
        ece: with the fitted temperature, on the images it was fitted on.
        ece_cross_fitted: every image scaled by a temperature fitted without it: the figure to
            quote for this split.
        coverage: share of the images whose top probability reaches ``unsure_below``.
        accuracy_when_sure: accuracy over those images.
    """

    split: str
    judged_by: str
    n: int
    temperature: float
    unsure_below: float
    ece_before: float
    ece: float
    ece_cross_fitted: float
    coverage: float
    accuracy_when_sure: float
    model_sha256: str = ""


def calibrate(bundle: Path, data: str | Path, split: str = "validation") -> Calibration:
    """Fit temperature and threshold on ``split``; write both into the bundle.

    The temperature goes into ``model.onnx`` and ``spec.json``, the threshold into
    ``spec.json``, and what was found into ``calibration.json``. A second run starts from
    the logits again and finds exactly the same.

    Raises:
        UserError: if a file cannot be read or written, there are fewer images than folds,
            or the package ``onnx`` is missing.
    """
    try:
        from fer.evaluation.temperature import fold_temperature
    except ModuleNotFoundError as error:
        raise UserError(
            f"Calibration needs the package {error.name}; "
            "'pip install -r requirements.txt' installs it."
        ) from error
    spec = read_spec(bundle)
    images = load_split(data, split)
    Classifier(bundle, spec)  # a missing or damaged model.onnx is refused here
    with TemporaryDirectory() as folder:
        uncalibrated = Path(folder)
        shutil.copyfile(bundle / MODEL_ONNX, uncalibrated / MODEL_ONNX)
        fold_temperature(uncalibrated / MODEL_ONNX, 1.0)
        logits = logits_of(predict(Classifier(uncalibrated, spec), images.pixels))
    targets, judged_by = judging_labels(images, spec)
    judged = targets != NO_MAJORITY
    found = find_calibration(logits[judged], targets[judged], split, judged_by)
    try:
        fold_temperature(bundle / MODEL_ONNX, found.temperature)
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
    """Temperature, threshold and their worth, from logits ``(n, 7)`` and labels ``(n,)``."""
    if len(targets) < FOLDS:
        raise UserError(f"'{split}' has {len(targets)} images; calibration needs at least {FOLDS}.")
    temperature = fit_temperature(logits, targets)
    probs = softmax(logits / temperature)
    threshold = unsure_threshold(probs)
    confidences, correct = metrics.confidence_and_correct(probs, targets)
    sure = confidences >= threshold
    error = metrics.expected_calibration_error
    return Calibration(
        split=split,
        judged_by=judged_by,
        n=len(targets),
        temperature=temperature,
        unsure_below=threshold,
        ece_before=error(softmax(logits), targets),
        ece=error(probs, targets),
        ece_cross_fitted=error(cross_fitted_probabilities(logits, targets), targets),
        coverage=float(sure.mean()),
        accuracy_when_sure=float(correct[sure].mean()),
    )


def fit_temperature(logits: Floats, targets: NDArray[np.integer]) -> float:
    """The temperature with the least log-loss, between 0.05 and 20 (bisection).

    The log-loss is convex in the inverse temperature b; its derivative, the mean over images
    of ``E[logit] - logit[target]`` under ``softmax(b * logits)``, rises with b.
    """
    true = logits[np.arange(len(targets)), targets]
    low, high = np.log(1.0 / np.array(_RANGE[::-1]))
    for _ in range(50):
        middle = (low + high) / 2
        expected = (softmax(logits * np.exp(middle)) * logits).sum(axis=1)
        if np.mean(expected - true) > 0.0:
            high = middle
        else:
            low = middle
    return float(np.exp(-(low + high) / 2))


def cross_fitted_probabilities(logits: Floats, targets: NDArray[np.integer]) -> Floats:
    """Probabilities ``(n, 7)`` of each fold under the temperature fitted on the other folds."""
    folds = np.random.default_rng(_SEED).permutation(len(targets)) % FOLDS
    probs = np.empty_like(logits)
    for fold in range(FOLDS):
        held = folds == fold
        probs[held] = softmax(logits[held] / fit_temperature(logits[~held], targets[~held]))
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
        bundle, replace(spec, temperature=found.temperature, unsure_below=found.unsure_below)
    )
    known = read_or_empty(bundle / CALIBRATION)
    write_json(bundle / CALIBRATION, known | {"confidence": asdict(found)})
