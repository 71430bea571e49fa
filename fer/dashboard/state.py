"""What a page is about: the bundle, the split and the dataset folder that the visitor looks at.

The bundle and the split live in the URL; the dataset folder never does. It comes from the
command line or the environment of whoever starts the dashboard, so that a visitor of a public
page cannot point it at other folders.
"""

import argparse
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import streamlit as st

from fer.bundle import (
    HISTORY,
    METRICS,
    MODEL_ONNX,
    PREDICTIONS,
    SPEC,
    TRAIN,
    WEIGHTS,
    unique_titles,
)
from fer.dashboard import files
from fer.dashboard.address import choice, same
from fer.data.folder import FolderDataset
from fer.errors import UserError

DEFAULT_DATA = WEIGHTS.parent / "data" / "fer2013"
DATA_VARIABLE = "FER_DATA"
_BUNDLE_FILES = (SPEC, METRICS, PREDICTIONS, HISTORY, TRAIN, MODEL_ONNX)


@dataclass(frozen=True)
class Options:
    """What the dashboard was started with.

    Attributes:
        weights: the folder whose subfolders are bundles.
        data: the dataset folder, or ``None`` for the repository alone.
        asked: whether somebody named ``data``: then it must be usable.
    """

    weights: Path
    data: Path | None
    asked: bool = False


@dataclass(frozen=True)
class Context:
    """What the visitor looks at.

    Attributes:
        weights: the folder whose subfolders are bundles.
        titles: plain names of the bundles in it, by folder, each unlike the others.
        bundle: folder of the chosen one.
        split: the split whose measurements are shown.
        data: the dataset folder, ``None`` if images cannot be seen.
        data_problem: why a dataset that was asked for cannot be used, as a sentence.
    """

    weights: Path
    titles: Mapping[str, str]
    bundle: Path
    split: str
    data: Path | None = None
    data_problem: str = ""

    @property
    def images(self) -> Path | None:
        """The folder that file names in the bundle are relative to."""
        return FolderDataset.open(self.data).root if self.data else None


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UserError(
            f"The dashboard was started with arguments that it does not know ({message}); "
            "use 'streamlit run dashboard.py -- --data DIR --weights DIR'."
        )


def parse(arguments: Sequence[str]) -> Options:
    """Read the words after ``--`` of ``streamlit run dashboard.py -- --data DIR``.

    Without ``--data`` the folder in the environment variable ``FER_DATA`` counts, then
    ``data/fer2013`` if it exists.

    Raises:
        UserError: for arguments that do not exist.
    """
    parser = _Parser(add_help=False)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--weights", type=Path, default=WEIGHTS)
    parsed = parser.parse_args(arguments)
    named = parsed.data or os.environ.get(DATA_VARIABLE)
    if named:
        return Options(parsed.weights, Path(named), asked=True)
    return Options(parsed.weights, DEFAULT_DATA if DEFAULT_DATA.is_dir() else None)


def list_folders(weights: Path) -> tuple[str, ...]:
    """Names of the folders in ``weights`` that hold any file of a bundle; ``fer`` comes first.

    A bundle without ``spec.json`` is listed as well: the pages say what is missing.

    Raises:
        UserError: if there is none.
    """
    found = {
        path.parent.name
        for name in _BUNDLE_FILES
        for path in (weights.glob(f"*/{name}") if weights.is_dir() else ())
    }
    if not found:
        raise UserError(
            f"{weights} holds no trained model; 'python -m fer train' makes one, "
            "'--weights DIR' names another folder."
        )
    return tuple(sorted(found, key=lambda name: (name != "fer", name)))


def title_of(bundle: Path) -> str:
    """The plain name of a bundle; that of its folder where ``spec.json`` cannot be read."""
    try:
        return files.spec(bundle).title
    except UserError:
        return bundle.name


def measured_splits(bundle: Path) -> tuple[str, ...]:
    """The splits in ``metrics.json``, those that were not trained on first."""
    order = {"test": 0, "validation": 1, "train": 9}
    try:
        found = list(files.metrics(bundle))
    except UserError:
        found = []
    return tuple(sorted(found, key=lambda split: (order.get(split, 5), split))) or ("validation",)


def check_data(options: Options) -> tuple[Path | None, str]:
    """The dataset folder if it can be used, and otherwise why not."""
    if options.data is None:
        return None, ""
    try:
        FolderDataset.open(options.data)
    except UserError as error:
        return None, str(error) if options.asked else ""
    return options.data, ""


def choose(options: Options, measured: bool) -> Context:
    """Draw the choices that pages share, and say what they are.

    Args:
        options: what the dashboard was started with.
        measured: whether the page shows measurements: only then a split can be chosen.

    Raises:
        UserError: if there is no bundle.
    """
    folders = list_folders(options.weights)
    titles = unique_titles({name: title_of(options.weights / name) for name in folders})
    data, problem = check_data(options)
    with st.container(horizontal=True, width="content"):
        name = choice(st.selectbox, "Model", titles, "bundle", width=195)
        bundle = options.weights / name
        splits = measured_splits(bundle)
        split = splits[0]
        if measured:
            split = choice(st.selectbox, "Measured on", same(splits), "split", width=140)
    return Context(options.weights, titles, bundle, split, data, problem)
