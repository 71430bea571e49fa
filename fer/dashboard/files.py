"""The files of a bundle, read once for as long as they do not change.

Every reader raises `UserError` with the file and the command that writes it anew.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray

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
from fer.files import read_json
from fer.labels import LABELS, NO_MAJORITY
from fer.spec import JUDGED_BY, ModelSpec

Identity = tuple[str, int, int]
Value = TypeVar("Value")

_HISTORY_COLUMNS = (
    "epoch", "image_size", "learning_rate", "train_loss", "train_accuracy",
    "validation_loss", "validation_accuracy", "seconds",
)  # fmt: skip
_NUMBERS = ("accuracy", "balanced_accuracy", "macro_f1", "ece", "n", "unsure_below")


@dataclass(frozen=True)
class Predictions:
    """What a model answered for the images of one split.

    Attributes:
        rows: ``(n,)`` int64.
        files: ``(n,)`` paths relative to the folder that holds the splits.
        targets: ``(n,)`` int64 indices into ``LABELS``.
        probs: ``(n, 7)`` float32.
        votes: ``(n,)`` int64 the clear majority of ten annotators, ``NO_MAJORITY`` without one.
        agreement: ``(n,)`` float64 share of votes for the most voted answer, NaN without votes.
    """

    rows: NDArray[np.int64]
    files: NDArray[np.object_]
    targets: NDArray[np.int64]
    probs: NDArray[np.float32]
    votes: NDArray[np.int64]
    agreement: NDArray[np.float64]

    @property
    def answers(self) -> NDArray[np.int64]:
        """``(n,)`` the most probable label of each image."""
        return self.probs.argmax(axis=1)

    @property
    def correct(self) -> NDArray[np.bool_]:
        """``(n,)`` whether the answer is the label of the dataset."""
        return self.answers == self.targets

    def judged_by(self, judge: str) -> "Predictions":
        """The same images with the labels of ``judge``, one of `fer.bundle.JUDGED_BY`.

        By ``"ferplus"`` only images with a clear majority are left, as in ``metrics.json``.
        """
        if judge != "ferplus":
            return self
        return replace(self, targets=self.votes).take(self.votes != NO_MAJORITY)

    def take(self, chosen: NDArray[Any]) -> "Predictions":
        """The images that ``chosen``, a mask or indices, picks out."""
        return Predictions(**{name: values[chosen] for name, values in vars(self).items()})


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


def metrics(bundle: Path) -> dict[str, dict[str, Any]]:
    """``metrics.json``: one entry per split."""
    return _metrics(identity(bundle / METRICS))


def metrics_of(bundle: Path, split: str) -> dict[str, Any]:
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
def _metrics(file: Identity) -> dict[str, dict[str, Any]]:
    path = Path(file[0])
    entries = read_json(path, _evaluate(path.parent))
    for split, entry in entries.items():
        try:
            _check_entry(entry)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise UserError(
                f"{path} has no usable measurement on '{split}' ({error!r}); "
                f"'{_evaluate(path.parent, split)}' writes it anew."
            ) from error
    return entries


def _check_entry(entry: Mapping[str, Any]) -> None:
    """Raise what a page would stumble over."""
    for key in _NUMBERS:
        _require_number(key, entry[key])
    if np.array(entry["confusion"], np.int64).shape != (len(LABELS), len(LABELS)):
        raise ValueError("the confusion matrix is not seven by seven")
    if entry["judged_by"] not in JUDGED_BY:
        raise ValueError(f"judged_by is {entry['judged_by']}")
    for label in LABELS:
        row = entry["per_label"][label]
        _require_number(f"support of {label}", row["support"])
        for key in ("precision", "recall", "f1"):
            if row[key] is not None:
                _require_number(f"{key} of {label}", row[key])
    dict(entry["counts"])
    for end in entry["intervals"]["accuracy"]:
        _require_number("an end of the interval of accuracy", end)


def _require_number(name: str, value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{name} is {value!r}, not a number")


@st.cache_data(show_spinner=False, max_entries=32)
def _stale(metrics_file: Identity, model_file: Identity) -> tuple[str, ...]:
    return stale_splits(Path(model_file[0]).parent)


@st.cache_data(show_spinner=False, max_entries=16)
def _predictions(file: Identity, split: str) -> Predictions:
    path = Path(file[0])
    frame, command = _read_parquet(path), _evaluate(path.parent, split)
    frame = frame[frame["split"] == split]
    if frame.empty:
        raise UserError(f"{path} holds no images of '{split}'; '{command}' adds them.")
    targets, votes = _codes(frame["label"]), _codes(frame["ferplus"])
    probs = frame[list(LABELS)].to_numpy(np.float32)
    if (targets < 0).any() or not np.isfinite(probs).all():
        raise UserError(
            f"{path} holds unknown labels or values that are no numbers; "
            f"'{command}' writes it anew."
        )
    rows = frame["row"].to_numpy(np.int64)
    files = frame["file"].astype(str).to_numpy(object)
    agreement = frame["agreement"].to_numpy(np.float64).round(6)  # 0.6, not 0.60000002
    return Predictions(rows, files, targets, probs, votes, agreement)


def _codes(labels: "pd.Series[Any]") -> NDArray[np.int64]:
    """Indices into ``LABELS``, -1 (``NO_MAJORITY``) for what is missing or not among them."""
    return pd.Categorical(labels, categories=list(LABELS)).codes.astype(np.int64)


def _read_parquet(path: Path) -> pd.DataFrame:
    command = _evaluate(path.parent)
    if not path.is_file():
        raise UserError(f"{path} is missing; '{command}' writes it.")
    columns = ["split", "row", "file", "label", *LABELS, "ferplus", "agreement"]
    try:
        return pd.read_parquet(path, columns=columns)
    except Exception as error:  # pyarrow's errors for damaged files have no common class
        raise UserError(
            f"{path} is damaged ({str(error).splitlines()[0]}); '{command}' writes it anew."
        ) from error


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
