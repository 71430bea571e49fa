"""What the pages are built of: headings, number cards, figures, tables and notices."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any, Literal

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from fer import plots
from fer.dashboard.address import choice, chosen, same
from fer.errors import UserError
from fer.look import kit
from fer.palette import DARK, LIGHT, Palette
from fer.wording import percent

FORMATS = ("PNG", "SVG")
FORMAT_KEY = "figures"
_WANTED = "images wanted"
_DRAWN = "figures drawn"


@dataclass(frozen=True)
class Card:
    """A headline number.

    Attributes:
        name: what it is, in plain words.
        value: the number as people write it.
        interval: where the true value lies, or nothing.
        source: what it was measured on.
        meaning: one sentence for someone who does not know the term.
    """

    name: str
    value: str
    interval: str = ""
    source: str = ""
    meaning: str = ""


def heading(title: str, lead: str = "") -> None:
    """A section's title and, where the figures do not say it, what is to be seen."""
    text = f"<p>{kit.prose(lead)}</p>" if lead else ""
    st.html(f'<div class="fer-heading"><h2>{escape(title)}</h2>{text}</div>')


def want_images() -> None:
    """For callbacks: the visitor asks for other images, whose first page is to come into view."""
    st.session_state[_WANTED] = True
    st.session_state["images"] = 1


def images_follow() -> None:
    """The place above images; it comes into view if they were just asked for."""
    wanted = bool(st.session_state.pop(_WANTED, False))
    script = (  # once more when the images are there: before, the page may end too soon
        "<script>for (const wait of [0, 800]) setTimeout(() => "
        "document.getElementById('images-follow')?.scrollIntoView({behavior: 'smooth'}), wait)"
        "</script>"
    )
    st.html(
        '<div id="images-follow" class="fer-anchor"></div>' + (script if wanted else ""),
        unsafe_allow_javascript=wanted,
    )


def note(text: str, width: Literal["stretch", "content"] = "stretch") -> None:
    """A line of muted text."""
    st.html(f'<p class="fer-note">{kit.prose(text)}</p>', width=width)


def cards(items: Sequence[Card], first_is_headline: bool = False) -> None:
    """Numbers side by side; a headline is larger than the others, which are derived from it."""
    body = "".join(map(_card, items))
    st.html(f'<div class="fer-cards{" fer-lead" if first_is_headline else ""}">{body}</div>')


def facts(items: Mapping[str, str]) -> None:
    """Names and values in two columns, a model card for example."""
    st.html(kit.facts(items))


def empty(text: str) -> None:
    """A frame in place of what cannot be shown, and why."""
    st.html(f'<p class="fer-empty">{kit.prose(shorten(text))}</p>')


def chart(
    figure: go.Figure,
    name: str,
    meaning: str,
    more: str = "",
    on_select: Callable[[], None] | None = None,
) -> None:
    """A figure that can be saved as PNG or SVG, and the line that says what it means.

    Args:
        figure: from `fer.plots`.
        name: file name of the saved picture; it is the element's key as well.
        meaning: the line.
        more: what else there is to know, behind "What is this?".
        on_select: called after a click on a point; the selection is ``session_state[name]``.
    """
    config = {
        "displaylogo": False,
        "displayModeBar": True,
        "modeBarButtons": [["toImage"]],
        "toImageButtonOptions": {
            "format": chosen(FORMATS, FORMAT_KEY, FORMATS[0]).lower(),
            "filename": name,
            "scale": 2,
        },
    }
    selection: dict[str, Any] = {}
    if on_select is not None:
        selection = {"on_select": on_select, "selection_mode": "points"}
    st.session_state[_DRAWN] = True
    plots.on_theme(figure, palette())
    st.plotly_chart(figure, key=name, config=config, alt=meaning, theme=None, **selection)
    explained(meaning, more, name)


def explained(line: str, more: str, key: str) -> None:
    """A line, and behind a button beside it what else there is to know."""
    if not more:
        note(line)
        return
    with st.container(horizontal=True, key=f"explained-{key}", vertical_alignment="center"):
        note(line, width="content")
        with st.popover("What is this?", type="tertiary", key=f"about-{key}"):
            note(more)


def take_cell(name: str, row: str, column: str) -> None:
    """Make the clicked cell of the matrix ``name`` the chosen one.

    It goes through the two boxes with the keys ``row`` and ``column``, and so into the URL.
    """
    points = st.session_state[name]["selection"]["points"]
    if points:
        st.session_state[row], st.session_state[column] = points[0]["customdata"]
        want_images()


def figure_format() -> None:
    """The choice of how figures are saved, at the foot of a page; nothing where it has none."""
    if not st.session_state.pop(_DRAWN, False):
        return
    with st.container(key="foot"):
        choice(
            st.segmented_control, "The camera symbol saves figures as", same(FORMATS),
            FORMAT_KEY,
        )  # fmt: skip


def palette() -> Palette:
    """The colours of the theme that the visitor sees."""
    return DARK if st.context.theme.type == "dark" else LIGHT


def table(
    frame: pd.DataFrame,
    name: str,
    title: str = "As a table",
    csv: Callable[[], bytes] | None = None,
    **options: Any,
) -> None:
    """A table, folded up behind ``title``, that can be saved as ``name``.csv.

    Args:
        frame: what is shown.
        name: of the file; it begins the elements' keys as well.
        title: says what is in it.
        csv: makes the file, once somebody asks for it; by default it is made of ``frame`` at once.
        options: go to `st.dataframe`.
    """
    with st.expander(title):
        st.dataframe(frame, hide_index=True, key=f"{name}-table", **options)
        st.download_button(
            "Download as CSV",
            csv or frame.to_csv(index=False).encode(),
            file_name=f"{name}.csv",
            mime="text/csv",
            key=f"{name}-csv",
            type="tertiary",
            icon=":material/download:",
            on_click="ignore",
        )


def with_intervals(figures: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    """Cells of a `table`: of each figure its value and the ends of its interval."""
    cells: dict[str, Any] = {}
    for name in names:
        low, high = figures["intervals"].get(name, (None, None))
        cells |= {name: figures.get(name), f"{name} low": low, f"{name} high": high}
    return cells


def problem(message: str) -> None:
    """A notice about something that the user can mend."""
    st.warning(re.sub(r"([\\`*_\[\]<>#$])", r"\\\1", shorten(message)), icon=":material/build:")


@contextmanager
def mending() -> Iterator[None]:
    """Show a `UserError` of the block as a notice in its place; the rest of the page goes on."""
    try:
        yield
    except UserError as error:
        problem(str(error))


def shorten(message: str) -> str:
    """``message`` with paths relative to the working folder, as one would type them."""
    return message.replace(f"{Path.cwd()}/", "")


def between(interval: Sequence[float | None] | None, digits: int = 1) -> str:
    """``[0.68, 0.71]`` → ``"68.0 to 71.0 %"``; empty without an interval."""
    if not interval or interval[0] is None or interval[1] is None:
        return ""
    return f"{100 * interval[0]:.{digits}f} to {percent(interval[1], digits)}"


def _card(card: Card) -> str:
    lines = [f'<span class="fer-name">{escape(card.name)}</span>']
    lines.append(f'<span class="fer-value">{escape(card.value)}</span>')
    if card.interval:
        lines.append(f'<span class="fer-interval">{escape(card.interval)}</span>')
    if card.source:
        lines.append(f'<span class="fer-source">{escape(card.source)}</span>')
    if card.meaning:
        lines.append(f'<span class="fer-meaning">{escape(card.meaning)}</span>')
    return f'<div class="fer-card">{"".join(lines)}</div>'
