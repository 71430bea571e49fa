"""The files of a bundle, read once for as long as they do not change.

Every reader raises `UserError` with the file and the command that writes it anew.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import pandas as pd
import streamlit as st

from fer.bundle import (
    HISTORY,
    LABEL_ERRORS,
    METRICS,
    MODEL_ONNX,
    PREDICTIONS,
    TRAIN,
    Bundle,
    read_spec,
)
from fer.data.audit import DatasetAudit, read_audit, training_audit_path
from fer.data.label_errors import LabelErrors, read_label_errors
from fer.errors import UserError
from fer.evaluation.report import stale_splits
from fer.evaluation.results import SplitMetrics, read_metrics
from fer.files import read_json
from fer.predictions import Predictions, read_predictions
from fer.spec import ModelSpec

Identity = tuple[str, int, int]
Value = TypeVar("Value")

_HISTORY_COLUMNS = (
    "epoch", "image_size", "learning_rate", "train_loss", "train_accuracy",
    "validation_loss", "validation_accuracy", "seconds",
)  # fmt: skip


def identity(path: Path) -> Identity:
    """What changes when a file does: path, time of change in ns, size; zeros if it is missing."""
    try:
        status = path.stat()
    except OSError:
        return str(path), 0, 0
    return str(path), status.st_mtime_ns, status.st_size


def spec(bundle: Path) -> ModelSpec:
    """``spec.json``."""
    return read_spec(bundle)


def train(bundle: Path) -> dict[str, Any]:
    """``train.json``."""
    command = "python -m fer train"
    values = read_json(bundle / TRAIN, command)
    if not isinstance(values.get("config"), dict):
        raise UserError(f"{bundle / TRAIN} holds no configuration; '{command}' writes it anew.")
    return values


def metrics(bundle: Path) -> dict[str, SplitMetrics]:
    """``metrics.json``: one entry per split."""
    return _metrics(identity(bundle / METRICS))


def metrics_of(bundle: Path, split: str) -> SplitMetrics:
    """The entry of ``split`` in ``metrics.json``."""
    entries = metrics(bundle)
    if split not in entries:
        known = ", ".join(entries) or "none"
        raise UserError(
            f"{bundle / METRICS} has no measurement on '{split}' (it has: {known}); "
            f"'{_evaluate(bundle, split)}' adds it."
        )
    return entries[split]


def mismatch(bundle: Path, split: str) -> str:
    """A sentence if the numbers of ``split`` belong to another model file; else empty."""
    model = bundle / MODEL_ONNX
    if not model.is_file():
        return f"{model} is missing; 'python -m fer export {bundle}' writes it."
    if split not in _stale(identity(bundle / METRICS), identity(model)):
        return ""
    return (
        f"These numbers were measured on another model than {model}: do not trust them; "
        f"'{_evaluate(bundle, split)}' measures this one."
    )


def predictions(bundle: Path, split: str) -> Predictions:
    """The rows of ``split`` in ``predictions.parquet``."""
    return _predictions(identity(bundle / PREDICTIONS), split)


def judged(bundle: Path, split: str) -> Predictions:
    """The rows of ``split`` with the labels that its numbers in ``metrics.json`` are about."""
    judge = metrics_of(bundle, split)["judged_by"]
    return predictions(bundle, split).judged_by(judge)


def history(bundle: Path) -> pd.DataFrame:
    """``history.csv``: one row per epoch."""
    return _history(identity(bundle / HISTORY))


def audit(bundle: Path) -> DatasetAudit:
    """The audit of the dataset that the bundle learned from."""
    return _audit(identity(training_audit_path(Bundle(bundle))))


def label_errors(bundle: Path) -> LabelErrors | None:
    """``label_errors.json``, if there is one for the model at hand."""
    path = bundle / LABEL_ERRORS
    return _label_errors(identity(path), identity(bundle / MODEL_ONNX)) if path.is_file() else None


def problem_of(read: Callable[[], Value]) -> tuple[Value | None, str]:
    """What ``read`` answers, or the sentence of the `UserError` that it raises."""
    try:
        return read(), ""
    except UserError as error:
        return None, str(error)


def _evaluate(bundle: Path, split: str = "validation") -> str:
    return f"python -m fer evaluate --data DIR --split {split} --weights {bundle}"


@st.cache_data(show_spinner=False, max_entries=32)
def _metrics(file: Identity) -> dict[str, SplitMetrics]:
    return read_metrics(Bundle(Path(file[0]).parent))


@st.cache_data(show_spinner=False, max_entries=32)
def _stale(metrics_file: Identity, model_file: Identity) -> tuple[str, ...]:
    return stale_splits(Bundle(Path(model_file[0]).parent))


@st.cache_data(show_spinner=False, max_entries=16)
def _predictions(file: Identity, split: str) -> Predictions:
    path = Path(file[0])
    return read_predictions(path, split, _evaluate(path.parent, split))


@st.cache_data(show_spinner=False, max_entries=32)
def _history(file: Identity) -> pd.DataFrame:
    path, command = Path(file[0]), "python -m fer train"
    if not path.is_file():
        raise UserError(f"{path} is missing; '{command}' writes it.")
    try:
        frame = pd.read_csv(path)
        numbers = frame[list(_HISTORY_COLUMNS)].astype(float)
    except (ValueError, KeyError, UnicodeDecodeError) as error:
        raise UserError(f"{path} is damaged ({error}); '{command}' writes it anew.") from error
    if numbers.empty or numbers["validation_accuracy"].isna().all():
        raise UserError(f"{path} has no epoch yet; '{command}' adds one line per epoch.")
    return frame


@st.cache_data(show_spinner=False, max_entries=8)
def _audit(file: Identity) -> DatasetAudit:
    return read_audit(Path(file[0]))


@st.cache_data(show_spinner=False, max_entries=8)
def _label_errors(file: Identity, model: Identity) -> LabelErrors | None:
    return read_label_errors(Bundle(Path(file[0]).parent))
