"""What a page is about: the bundles, the dataset at hand, and the visitor's choice of them.

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

from fer.bundle import Bundle, list_bundles
from fer.dashboard.address import choice, chosen, same
from fer.data.folder import FolderDataset
from fer.errors import UserError
from fer.look.words import unique_titles
from fer.paths import REPOSITORY, weights_folder

DEFAULT_DATA = REPOSITORY / "data" / "fer2013"
DATA_VARIABLE = "FER_DATA"


@dataclass(frozen=True)
class Options:
    """What the dashboard was started with.

    Attributes:
        weights: the folder whose subfolders are bundles.
        data: the dataset folder, or ``None`` for the bundles alone.
        asked: whether somebody named ``data``: then it must be usable.
        archive: the folder of an archive, which gets a page of its own.
    """

    weights: Path
    data: Path | None
    asked: bool = False
    archive: Path | None = None


@dataclass(frozen=True)
class Site:
    """What there is to look at.

    Attributes:
        bundles: by name, at least one.
        titles: their plain names, each unlike the others.
        dataset: the dataset at hand, ``None`` without one.
        data_problem: why a dataset that was asked for cannot be used, as a sentence.
        archive: the folder of an archive, ``None`` without one.
    """

    bundles: Mapping[str, Bundle]
    titles: Mapping[str, str]
    dataset: FolderDataset | None = None
    data_problem: str = ""
    archive: Path | None = None


@dataclass(frozen=True)
class Context:
    """What the visitor looks at.

    Attributes:
        site: what there is.
        bundle: the chosen one.
        split: the split whose measurements are shown.
    """

    site: Site
    bundle: Bundle
    split: str

    @property
    def title(self) -> str:
        """The model's plain name."""
        return self.site.titles[self.bundle.name]


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UserError(
            f"The dashboard was started with arguments that it does not know ({message}); "
            "use 'streamlit run dashboard.py -- --data DIR --weights DIR --archive DIR'."
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
    parser.add_argument("--weights", type=Path, default=weights_folder())
    parser.add_argument("--archive", type=Path)
    parsed = parser.parse_args(arguments)
    archive = parsed.archive
    named = parsed.data or os.environ.get(DATA_VARIABLE)
    if named:
        return Options(parsed.weights, Path(named), asked=True, archive=archive)
    data = DEFAULT_DATA if DEFAULT_DATA.is_dir() else None
    return Options(parsed.weights, data, archive=archive)


def open_site(options: Options) -> Site:
    """What ``options`` name, as it is now.

    Raises:
        UserError: if there is no bundle.
    """
    bundles = {bundle.name: bundle for bundle in list_bundles(options.weights)}
    if not bundles:
        raise UserError(
            f"{options.weights} holds no trained model; 'python -m fer train' makes one, "
            "'--weights DIR' names another folder."
        )
    titles = unique_titles({name: bundle.title for name, bundle in bundles.items()})
    dataset, problem = _open_dataset(options)
    return Site(bundles, titles, dataset, problem, options.archive)


def _open_dataset(options: Options) -> tuple[FolderDataset | None, str]:
    """The dataset if it can be used, and otherwise why not."""
    if options.data is None:
        return None, ""
    try:
        return FolderDataset.open(options.data), ""
    except UserError as error:
        return None, str(error) if options.asked else ""


def choose(site: Site, measured: bool) -> Context:
    """Draw the choice of a model behind a button that names the chosen one.

    Args:
        site: what there is.
        measured: whether the page shows measurements: only then a split can be chosen.
    """
    first = next(iter(site.bundles))
    bundle = site.bundles[chosen(site.bundles, "bundle", first)]
    label = site.titles[bundle.name]
    if measured:
        splits = _splits(bundle)
        label += f" · {chosen(splits, 'split', splits[0])}"
    with st.popover(label, key="choices"):
        name = choice(st.selectbox, "Model", site.titles, "bundle", first)
        bundle = site.bundles[name]
        splits = _splits(bundle)
        split = choice(st.selectbox, "Measured on", same(splits), "split") if measured else ""
    return Context(site, bundle, split or splits[0])


def choose_split(site: Site) -> str:
    """Draw the choice of a split, of those that any model was measured on."""
    known = {split: None for bundle in site.bundles.values() for split in bundle.measured_splits}
    splits = tuple(known) or ("validation",)
    label = chosen(splits, "split", splits[0])
    with st.popover(label, key="choices"):
        return choice(st.selectbox, "Measured on", same(splits), "split")


def _splits(bundle: Bundle) -> tuple[str, ...]:
    return bundle.measured_splits or ("validation",)
