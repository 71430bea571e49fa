"""The pages of the dashboard, and which of them an address names."""

import sys
from collections.abc import Callable

import streamlit as st

from fer.dashboard import (
    archive,
    compare,
    dataset,
    look,
    overview,
    parts,
    state,
    training,
    try_it,
    validation,
)
from fer.dashboard.state import Site
from fer.look.words import TITLE

# Pages are values of ``?page=`` and not paths: under a path Streamlit first asks for its own
# files there, and every visitor's console fills with answers of 404.
_PAGES: dict[str, tuple[str, Callable[[Site], None]]] = {
    "overview": ("Overview", overview.show),
    "dataset": ("Dataset", dataset.show),
    "validation": ("Validation", validation.show),
    "training": ("Training", training.show),
    "compare": ("Compare", compare.show),
    "try": ("Try it", try_it.show),
    "archive": ("Archive", archive.show),
}


def main() -> None:
    """Draw the page that the address names."""
    st.set_page_config(page_title=TITLE, page_icon="🙂", layout="wide")
    look.apply()
    titles = {name: title for name, (title, _) in _PAGES.items()}
    if not any(word.startswith("--archive") for word in sys.argv[1:]):
        del titles["archive"]
    name = look.navigation(titles)
    with parts.mending():
        _PAGES[name][1](state.open_site(state.parse(sys.argv[1:])))
    parts.figure_format()
