"""Grids of dataset images, sent as one small block of HTML."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path, PurePosixPath

import numpy as np
import streamlit as st

from fer.dashboard import parts
from fer.dashboard.address import number
from fer.dashboard.files import Identity, identity
from fer.data.face_image import decode_face
from fer.labels import LABELS
from fer.look import kit

PAGE_SIZE = 40


@dataclass(frozen=True)
class Tile:
    """One image of a grid.

    Attributes:
        file: path relative to the folder that holds the splits.
        label: the label of the dataset.
        caption: a short line or two under it.
        probs: ``(7,)`` probabilities, drawn as small bars; empty without a prediction.
    """

    file: str
    label: str = ""
    caption: str = ""
    probs: tuple[float, ...] = ()


@dataclass(frozen=True)
class Images:
    """Where the images of a dataset are, or why they cannot be shown.

    Attributes:
        root: the folder that file names are relative to; ``None`` if they cannot be shown.
        missing: why they cannot be shown, as a sentence.
        dataset: name of the dataset that they belong to; empty if it is not known.
        problem: in what the dataset at hand does not fit the figures, and what to do about it.
    """

    root: Path | None
    missing: str = ""
    dataset: str = ""
    problem: str = ""


def label_of(file: str) -> str:
    """The label in ``<split>/<label>/<name>``; empty for other paths."""
    names = PurePosixPath(file).parts
    return names[-2] if len(names) > 1 and names[-2] in LABELS else ""


def inside(root: Path, file: str) -> Path | None:
    """``root / file``, unless the name, which stands in a data file, leads out of ``root``."""
    name = PurePosixPath(file)
    if name.is_absolute() or ".." in name.parts or "\\" in file or "\0" in file:
        return None
    return root / name


def grid(images: Images, tiles: Sequence[Tile]) -> None:
    """Draw ``tiles``; a file that is not there becomes an empty frame with its name."""
    if images.root is None:
        parts.empty(images.missing)
        return
    drawn = "".join(_tile(images.root, tile) for tile in tiles)
    st.html(f'<div class="fer-grid">{drawn}</div>')


def paged(images: Images, count: int, tile: Callable[[int], Tile]) -> None:
    """Draw one page of ``count`` tiles; the page's number lives in the address as ``images``.

    ``tile`` makes the tile of an index, and is asked for those of the page only.
    """
    pages = max(1, -(-count // PAGE_SIZE))
    page = 1
    if images.root is not None and pages > 1:
        page = number(f"Page of {pages}", pages, "images")
    shown = range((page - 1) * PAGE_SIZE, min(page * PAGE_SIZE, count))
    grid(images, [tile(i) for i in shown])


def _tile(root: Path, tile: Tile) -> str:
    path = inside(root, tile.file)
    source = _data_url(identity(path)) if path else ""
    name = escape(tile.file, quote=True)
    picture = f'<img src="{source}" alt="{name}" title="{name}">'
    if not source:
        reason = "not readable" if path and path.exists() else "not in this dataset"
        picture = f'<span class="fer-missing" title="{name}">{reason}</span>'
    lines = kit.chip(tile.label) if tile.label else ""
    if tile.probs:
        lines += kit.columns(tile.probs)
    if tile.caption:
        caption = kit.prose(tile.caption).replace("\n", "<br>")
        lines += f'<span class="fer-caption">{caption}</span>'
    return f"<figure>{picture}<figcaption>{lines}</figcaption></figure>"


@st.cache_data(show_spinner=False, max_entries=5000)
def _data_url(file: Identity) -> str:
    """The image as a data URL; empty if the file is no image."""
    try:
        grey = decode_face(Path(file[0]).read_bytes()).pixels
    except (OSError, ValueError):
        return ""
    return kit.data_url(np.repeat(grey[..., None], 3, axis=2))
