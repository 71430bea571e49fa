"""Grids of dataset images, sent as one small block of HTML."""

from base64 import b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path, PurePosixPath

import cv2
import numpy as np
import streamlit as st

from fer.dashboard.files import Identity, identity
from fer.labels import LABELS
from fer.look.words import percent
from fer.palette import COLORS

PAGE_SIZE = 40
_SIDE = 48
"""Pixels of a tile as sent; FER2013's own size, so that its images arrive as they are."""


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


def label_of(file: str) -> str:
    """The label in ``<split>/<label>/<name>``; empty for other paths."""
    parts = PurePosixPath(file).parts
    return parts[-2] if len(parts) > 1 and parts[-2] in LABELS else ""


def inside(root: Path, file: str) -> Path | None:
    """``root / file``, unless the name, which stands in a data file, leads out of ``root``."""
    name = PurePosixPath(file)
    if name.is_absolute() or ".." in name.parts or "\\" in file or "\0" in file:
        return None
    return root / name


def grid(root: Path | None, tiles: Sequence[Tile]) -> None:
    """Draw ``tiles``; a file that is not there becomes an empty frame with its name."""
    if root is None:
        st.html(
            '<p class="fer-empty">The images themselves are not part of this repository. Start '
            "with <code>streamlit run dashboard.py -- --data DIR</code> to see them.</p>"
        )
        return
    st.html('<div class="fer-grid">' + "".join(_tile(root, tile) for tile in tiles) + "</div>")


def paged(
    root: Path | None, count: int, tile: Callable[[int], Tile], key: str, size: int = PAGE_SIZE
) -> None:
    """Draw one page of ``count`` tiles; the page's number lives in the address as ``key``.

    Args:
        root: the folder that holds the splits, ``None`` if images cannot be seen.
        count: how many tiles there are.
        tile: makes the tile of an index; asked for those of the page only.
        key: the widget's key and the address's parameter.
        size: tiles on a page.
    """
    pages = max(1, -(-count // size))
    page = 1
    if pages > 1 and root is not None:
        if st.session_state.get(key, 1) > pages:  # the list has become shorter
            st.session_state[key] = pages
        page = st.number_input(
            f"Page, 1 to {pages}", 1, pages, key=key, bind="query-params", width=160
        )
    grid(root, [tile(i) for i in range((page - 1) * size, min(page * size, count))])


def chip(label: str) -> str:
    """A label with its colour, as HTML."""
    color = COLORS.get(label, "#7b838d")
    return f'<span class="fer-chip"><i style="background:{color}"></i>{escape(label)}</span>'


def _tile(root: Path, tile: Tile) -> str:
    path = inside(root, tile.file)
    source = _data_uri(identity(path)) if path else ""
    name = escape(tile.file, quote=True)
    picture = f'<img src="{source}" alt="{name}" title="{name}">'
    if not source:
        reason = "not readable" if path and path.exists() else "not in this dataset"
        picture = f'<span class="fer-missing" title="{name}">{reason}</span>'
    lines = chip(tile.label) if tile.label else ""
    if tile.probs:
        lines += _bars(tile.probs)
    if tile.caption:
        caption = escape(tile.caption).replace("\n", "<br>").replace(" %", "\u00a0%")
        lines += f'<span class="fer-caption">{caption}</span>'
    return f"<figure>{picture}<figcaption>{lines}</figcaption></figure>"


def _bars(probs: Sequence[float]) -> str:
    bars = "".join(
        f'<i style="height:{max(2.0, 100 * p):.0f}%;background:{COLORS[label]}"></i>'
        for label, p in zip(LABELS, probs, strict=True)
    )
    words = ", ".join(f"{label} {percent(p)}" for label, p in zip(LABELS, probs, strict=True))
    return f'<span class="fer-bars" role="img" aria-label="{words}" title="{words}">{bars}</span>'


@st.cache_data(show_spinner=False, max_entries=5000)
def _data_uri(file: Identity) -> str:
    """A PNG of at most ``_SIDE`` pixels as a data URI; empty if the file is no image."""
    if not file[1]:
        return ""
    image = cv2.imdecode(np.fromfile(file[0], np.uint8), cv2.IMREAD_GRAYSCALE) if file[2] else None
    if image is None:
        return ""
    if max(image.shape) > _SIDE:
        shrink = _SIDE / max(image.shape)
        image = cv2.resize(image, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA)
    encoded = cv2.imencode(".png", image)[1].tobytes()
    return "data:image/png;base64," + b64encode(encoded).decode()
