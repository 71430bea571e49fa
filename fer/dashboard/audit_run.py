"""The audit of the dataset at hand: read where there is one, else run from the page."""

from collections.abc import Iterable, Iterator, Sized
from typing import TypeVar

import streamlit as st

from fer.dashboard import files, parts
from fer.data.audit import DatasetAudit, audit_dataset
from fer.data.folder import FolderDataset
from fer.errors import UserError
from fer.files import write_json

Item = TypeVar("Item")

_UNSAVED = "audits that could not be saved"
"""Session state: audits by folder, of datasets that cannot be written to."""


def at_hand(dataset: FolderDataset) -> DatasetAudit | None:
    """The audit of ``dataset``, ``None`` if there is none or it is damaged, which is told."""
    unsaved = st.session_state.get(_UNSAVED, {}).get(str(dataset))
    if unsaved is not None or not dataset.audit_path.is_file():
        return unsaved
    audit, problem = files.problem_of(lambda: files.audit(dataset.audit_path))
    if problem:
        parts.problem(problem)
    return audit


def offer(dataset: FolderDataset, audit: DatasetAudit | None) -> None:
    """Say whether there is an audit, and draw the button that runs it."""
    if audit is None:
        parts.note("Finds copies, blank and unreadable images; FER2013 takes half a minute.")
        label = "Audit this dataset"
    elif audit.counts != files.counts(dataset):
        parts.problem(
            f"{dataset} has changed since its audit, which counted {audit.images:,} images."
        )
        label = "Audit it anew"
    else:
        return
    if st.button(label, key="run-audit"):
        with parts.mending():
            _run(dataset)
            st.rerun()


def _run(dataset: FolderDataset) -> None:
    audit = audit_dataset(dataset, progress=_bar)
    unsaved = st.session_state.setdefault(_UNSAVED, {})
    unsaved.pop(str(dataset), None)
    try:
        write_json(dataset.audit_path, audit.as_json())
    except UserError:  # a folder that may only be read: the answer is shown all the same
        unsaved[str(dataset)] = audit


def _bar(items: Iterable[Item], what: str) -> Iterator[Item]:
    """``items``, with a bar on the page that grows as they are taken."""
    total = len(items) if isinstance(items, Sized) else 0
    bar = st.progress(0.0, f"{what} …")
    for done, item in enumerate(items):
        if total and done % max(1, total // 100) == 0:
            bar.progress(done / total, f"{what} …")
        yield item
    bar.empty()
