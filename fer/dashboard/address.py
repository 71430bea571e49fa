"""Choices that live in the page's address, so that a view can be shared.

Streamlit can bind a widget to the address itself (``bind="query-params"``), but then the
words that are shown become the address. Here the address keeps the stable key, ``?bundle=fer``,
whatever the bundle is called on the page.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, TypeVar

import streamlit as st

Drawn = TypeVar("Drawn")

_PUBLISHED = "published"
"""Session state: what the address said after each choice was last drawn."""


def choice(
    widget: Callable[..., str | None],
    label: str,
    names: Mapping[str, str],
    key: str,
    first: str | None = None,
    **options: Any,
) -> str:
    """Draw a choice of exactly one, and keep it in the address as ``key``.

    Args:
        widget: `st.selectbox`, `st.segmented_control` or `st.pills`.
        label: what is chosen.
        names: ``{value: words that are shown}``, at least one.
        key: the widget's key and the address's parameter.
        first: the value without which the address says nothing; the first of ``names``.
        options: further arguments of ``widget``.
    """
    usual = first if first is not None and first in names else next(iter(names))
    st.session_state[key] = chosen(names, key, usual)
    if widget is not st.selectbox:
        options["required"] = True
    value = widget(label, list(names), key=key, format_func=lambda v: names[v], **options)
    value = value if value is not None else usual
    _publish(key, "" if value == usual else value)
    return value


def bar(label: str, names: Mapping[str, str], key: str, **options: Any) -> str:
    """`choice` as a bar that needs no words before it; on a phone it is moved, not broken."""
    return choice(
        st.segmented_control, label, names, key, label_visibility="collapsed", wrap=False, **options
    )


def part(parts: Mapping[str, tuple[str, Drawn]]) -> Drawn:
    """What draws the chosen part of a page; ``parts`` holds title and drawer by address."""
    return parts[bar("Part", {key: title for key, (title, _) in parts.items()}, "part")][1]


def chosen(names: Collection[str], key: str, first: str) -> str:
    """What `choice` will answer, for those who must know before it is drawn."""
    address = st.query_params.get(key, "")
    # The address wins where the visitor has changed it: by hand, or with the Back button.
    changed = st.session_state.get(_PUBLISHED, {}).get(key) != address
    current = address if changed or key not in st.session_state else str(st.session_state[key])
    return current if current in names else first


def number(label: str, last: int, key: str) -> int:
    """Draw a choice of a number from 1 to ``last``, and keep it in the address as ``key``."""
    known = chosen([str(i) for i in range(1, last + 1)], key, "1")
    st.session_state[key] = int(known)
    value = int(st.number_input(label, 1, last, key=key, width=160))
    _publish(key, "" if value == 1 else str(value))
    return value


def keep_only(keys: Collection[str]) -> None:
    """Forget what else the address says: it belongs to the page that is left."""
    for key in set(st.query_params) - set(keys):
        del st.query_params[key]


def same(names: Sequence[str]) -> dict[str, str]:
    """``names`` that are shown as they are."""
    return {name: name for name in names}


def _publish(key: str, value: str) -> None:
    if value:
        st.query_params[key] = value
    elif key in st.query_params:
        del st.query_params[key]
    st.session_state.setdefault(_PUBLISHED, {})[key] = value
