"""How the dashboard looks: the style sheet, the bar with the pages and the head of a page."""

from collections.abc import Mapping
from html import escape
from pathlib import Path

import streamlit as st

from fer.dashboard.address import bar, keep_only
from fer.dashboard.parts import FORMAT_KEY
from fer.look import kit
from fer.palette import DARK, LIGHT, Palette, embedded_font

_STYLE = Path(__file__).with_name("dashboard.css")

_CARRIED = ("page", "bundle", "split", FORMAT_KEY)
"""What of the address stays when another page is opened."""


def apply() -> None:
    """Add the style sheet to the page."""
    own = _STYLE.read_text(encoding="utf-8")
    st.html(f"<style>{embedded_font()}{_variables()}{kit.css()}{own}</style>")


def navigation(titles: Mapping[str, str]) -> str:
    """The bar with the pages, and the page that is open."""
    with st.container(key="bar"):
        return bar("Page", titles, "page", on_change=keep_only, args=(_CARRIED,))


def head(title: str) -> "st.delta_generator.DeltaGenerator":
    """A page's title, and the place beside it where its choices go."""
    with st.container(
        horizontal=True, horizontal_alignment="distribute", vertical_alignment="center", key="head"
    ):
        st.html(f'<h1 class="fer-title">{escape(title)}</h1>', width="content")
        return st.container(width="content")


def _variables() -> str:
    """Both palettes in one: ``light-dark`` follows the theme that Streamlit has set."""
    names = Palette.__dataclass_fields__
    return (
        ":root{"
        + "".join(f"--fer-{n}:light-dark({getattr(LIGHT, n)},{getattr(DARK, n)});" for n in names)
        + "}"
    )
