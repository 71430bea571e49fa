"""What is slow to read of bundles and datasets, read once for as long as it does not change.

Every reader raises `UserError` with the file and the command that writes it anew.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import streamlit as st

from fer.bundle import METRICS, ONNX, PREDICTIONS, Bundle
from fer.data.audit import DatasetAudit, read_audit
from fer.data.folder import FolderDataset
from fer.errors import UserError
from fer.evaluation.report import dataset_sha256
from fer.labels import LABELS
from fer.predictions import Predictions

Identity = tuple[str, int, int]
Value = TypeVar("Value")


def identity(path: Path) -> Identity:
    """What changes when a file does: path, time of change in ns, size; zeros if it is missing."""
    try:
        status = path.stat()
    except OSError:
        return str(path), 0, 0
    return str(path), status.st_mtime_ns, status.st_size


def problem_of(read: Callable[[], Value]) -> tuple[Value | None, str]:
    """What ``read`` answers, or the sentence of the `UserError` that it raises."""
    try:
        return read(), ""
    except UserError as error:
        return None, str(error)


def mismatch(bundle: Bundle, entry: Mapping[str, Any]) -> str:
    """A sentence if ``entry`` of ``metrics.json`` belongs to another model file; else empty."""
    if not bundle.has(ONNX):
        return f"{bundle.path(ONNX)} is missing; '{bundle.command(ONNX)}' writes it."
    if bundle.is_current(entry):
        return ""
    return (
        f"These numbers were measured on another model than {bundle.path(ONNX)}: do not trust "
        f"them; '{bundle.command(METRICS)}' measures this one."
    )


def predictions(bundle: Bundle, split: str) -> Predictions:
    """The rows of ``split`` in ``predictions.parquet``."""
    return _predictions(identity(bundle.path(PREDICTIONS)), split)


@st.cache_data(show_spinner=False, max_entries=16)
def _predictions(file: Identity, split: str) -> Predictions:
    return Bundle(Path(file[0]).parent).predictions(split)


def audit(path: Path) -> DatasetAudit:
    """The audit in ``path``."""
    return _audit(identity(path))


@st.cache_data(show_spinner=False, max_entries=8)
def _audit(file: Identity) -> DatasetAudit:
    return read_audit(Path(file[0]))


def counts(dataset: FolderDataset) -> dict[str, dict[str, int]]:
    """`FolderDataset.counts`, counted again only when one of its folders has changed."""
    found = {}
    for split in dataset.splits:
        targets = Counter(label for _, label in split_files(dataset, split))
        found[split] = {label: targets[i] for i, label in enumerate(LABELS)}
    return found


def split_files(dataset: FolderDataset, split: str) -> list[tuple[str, int]]:
    """`FolderDataset.files`, listed again only when one of its folders has changed."""
    return _split_files(_folders(dataset, split), dataset, split)


@st.cache_data(show_spinner=False, max_entries=16)
def _split_files(
    folders: tuple[Identity, ...], _dataset: FolderDataset, split: str
) -> list[tuple[str, int]]:
    return _dataset.files(split)


def images_sha256(dataset: FolderDataset, split: str) -> str:
    """The fingerprint of a split's images, as ``metrics.json`` holds it."""
    return _images_sha256(_folders(dataset, split), dataset, split)


@st.cache_data(show_spinner="Comparing the images with those measured …", max_entries=16)
def _images_sha256(folders: tuple[Identity, ...], _dataset: FolderDataset, split: str) -> str:
    return dataset_sha256(_dataset.load(split))


def _folders(dataset: FolderDataset, split: str) -> tuple[Identity, ...]:
    folder = dataset.root / split
    return tuple(identity(path) for path in (folder, *sorted(folder.glob("*/"))))
