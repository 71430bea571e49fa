"""What the pages are built of: headings, number cards, figures, tables and notices."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from fer.errors import UserError
from fer.look.words import percent
from fer.palette import DARK, LIGHT

FORMATS = ("PNG", "SVG")
FORMAT_KEY = "figures"


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
    """A section's title and a sentence that says what is to be seen."""
    text = f"<p>{_prose(lead)}</p>" if lead else ""
    st.html(f'<div class="fer-heading"><h2>{escape(title)}</h2>{text}</div>')


def note(text: str) -> None:
    """A sentence under a figure: what it means for the reader."""
    st.html(f'<p class="fer-note">{_prose(text)}</p>')


def cards(items: Sequence[Card]) -> None:
    """Headline numbers side by side."""
    columns = 5 if len(items) == 5 else 4  # no card stands alone in the last row
    body = "".join(map(_card, items))
    st.html(f'<div class="fer-cards" style="--columns:{columns}">{body}</div>')


def facts(items: Mapping[str, str]) -> None:
    """Names and values in two columns, a model card for example."""
    rows = "".join(f"<dt>{escape(k)}</dt><dd>{escape(v)}</dd>" for k, v in items.items())
    st.html(f'<dl class="fer-facts">{rows}</dl>')


def sentences(lines: Sequence[str]) -> None:
    """A short list of sentences."""
    st.html('<ul class="fer-list">' + "".join(f"<li>{_prose(s)}</li>" for s in lines) + "</ul>")


def chart(
    figure: go.Figure,
    name: str,
    meaning: str,
    on_select: Callable[[], None] | None = None,
) -> None:
    """A figure that can be saved as PNG or SVG, and the sentence that explains it.

    Args:
        figure: from `fer.plots`.
        name: file name of the saved picture; it is the element's key as well.
        meaning: the sentence.
        on_select: called after a click on a point; the selection is ``session_state[name]``.
    """
    config = {
        "displaylogo": False,
        "displayModeBar": True,
        "modeBarButtons": [["toImage"]],
        "toImageButtonOptions": {
            "format": st.session_state.get(FORMAT_KEY, FORMATS[0]).lower(),
            "filename": name,
            "scale": 2,
        },
    }
    selection: dict[str, Any] = {}
    if on_select is not None:
        selection = {"on_select": on_select, "selection_mode": "points"}
    st.plotly_chart(figure, key=name, config=config, alt=meaning, **selection)
    note(meaning)


def ink() -> str:
    """The text colour of the theme that the visitor sees."""
    return DARK.ink if st.context.theme.type == "dark" else LIGHT.ink


def table(frame: pd.DataFrame, name: str, **options: Any) -> None:
    """A table that can be saved as ``name``.csv; ``options`` go to `st.dataframe`."""
    st.dataframe(frame, hide_index=True, key=f"{name}-table", **options)
    st.download_button(
        "Download as CSV",
        frame.to_csv(index=False).encode(),
        file_name=f"{name}.csv",
        mime="text/csv",
        key=f"{name}-csv",
        type="tertiary",
        icon=":material/download:",
        on_click="ignore",
    )


def problem(message: str) -> None:
    """A notice about something that the user can mend."""
    st.warning(shorten(message).replace("_", r"\_"), icon=":material/build:")


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


def _prose(text: str) -> str:
    """Text as HTML in which no line begins with a per cent sign."""
    return escape(text).replace(" %", "&nbsp;%")


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
