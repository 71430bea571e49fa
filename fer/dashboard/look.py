"""How the dashboard looks: the masthead, the style sheet and the foot of the page."""

from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from fer.dashboard.parts import FORMAT_KEY, FORMATS
from fer.labels import LABELS
from fer.look.words import TITLE
from fer.palette import COLORS, DARK, LIGHT, Palette

_STYLE = Path(__file__).with_name("dashboard.css")

_CARRIED = ("bundle", "split")
"""What of the address stays when another page is opened."""

__all__ = ["TITLE", "apply", "footer", "masthead", "navigation"]


def apply() -> None:
    """Add the style sheet to the page."""
    st.html(f"<style>{_variables()}{_STYLE.read_text(encoding='utf-8')}</style>")


def navigation(pages: Sequence["st.Page"]) -> None:
    """The pages as a row of links, which a phone shows as well; the model goes along."""
    carried = {key: st.query_params[key] for key in _CARRIED if key in st.query_params}
    with st.container(horizontal=True, key="pages", gap=None):
        for page in pages:
            st.page_link(page, query_params=carried)


def masthead() -> None:
    """The title under the seven colours, as in the app."""
    dots = "".join(f'<i style="background:{COLORS[label]}"></i>' for label in LABELS)
    st.html(
        f'<header class="fer-masthead"><div aria-hidden="true">{dots}</div>'
        f"<h1>{TITLE}</h1></header>"
    )


def footer() -> None:
    """The choice of how figures are saved."""
    with st.container(horizontal=True, key="foot", vertical_alignment="center"):
        st.segmented_control(
            "The camera above a figure saves it as", FORMATS, default=FORMATS[0], required=True,
            key=FORMAT_KEY, bind="query-params",
        )  # fmt: skip


def _variables() -> str:
    """Both palettes in one: ``light-dark`` follows the theme that Streamlit has set."""
    names = Palette.__dataclass_fields__
    return (
        ":root{"
        + "".join(f"--fer-{n}:light-dark({getattr(LIGHT, n)},{getattr(DARK, n)});" for n in names)
        + "}"
    )
