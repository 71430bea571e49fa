"""Folders that are made once for all processes of a test run."""

import os
from collections.abc import Callable
from pathlib import Path
from tempfile import mkdtemp

import pytest
from filelock import FileLock


def shared_folder(
    tmp_path_factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]
) -> Path:
    """The folder ``name``, which ``make`` fills for whoever asks first; nobody may change it."""
    base = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        base = base.parent  # above the folders of the single processes
    folder = base / name
    with FileLock(base / f"{name}.lock"):
        if not folder.exists():
            part = Path(mkdtemp(dir=base))
            make(part)
            part.rename(folder)
    return folder
