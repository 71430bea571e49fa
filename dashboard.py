"""The dashboard: what the model learned from, how good it is, and where it fails.

Start: ``streamlit run dashboard.py``, or ``streamlit run dashboard.py -- --data DIR`` to see
the images of a dataset folder. Everything else is read from the bundles in ``weights/``.
"""

import sys
from collections.abc import Callable

import streamlit as st

from fer.dashboard import (
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
from fer.dashboard.state import Context
from fer.errors import UserError

_PAGES: dict[str, tuple[str, Callable[[Context], None]]] = {
    "overview": ("Overview", overview.show),
    "dataset": ("Dataset", dataset.show),
    "validation": ("Validation", validation.show),
    "training": ("Training", training.show),
    "compare": ("Compare", compare.show),
    "try": ("Try it", try_it.show),
}

# Addresses of the pages that show measurements; the first page's own is empty.
_MEASURED = ("", "validation", "compare")


def main() -> None:
    """Draw the page that the address names."""

    def page(name: str) -> "st.Page":
        title, show = _PAGES[name]
        # `context` is known by the time the page is run.
        return st.Page(
            lambda: show(context), title=title, url_path=name, default=name == "overview"
        )

    st.set_page_config(page_title=look.TITLE, page_icon="🙂", layout="wide")
    look.apply()
    pages = [page(name) for name in _PAGES]
    current = st.navigation(pages, position="hidden")
    look.navigation(pages)
    try:
        with st.container(horizontal=True, horizontal_alignment="distribute"):
            look.masthead()
            context = state.choose(state.parse(sys.argv[1:]), current.url_path in _MEASURED)
        current.run()
    except UserError as error:
        parts.problem(str(error))
    look.footer()


if __name__ == "__main__":
    main()
