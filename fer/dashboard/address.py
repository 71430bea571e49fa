"""Choices that live in the page's address, so that a view can be shared.

Streamlit can bind a widget to the address itself (``bind="query-params"``), but then the
words that are shown become the address. Here the address keeps the stable key, ``?bundle=fer``,
whatever the bundle is called on the page.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import streamlit as st


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
    usual: str = first if first is not None and first in names else next(iter(names))
    current = st.session_state.get(key, st.query_params.get(key))
    st.session_state[key] = current if current in names else usual
    if widget is not st.selectbox:
        options["required"] = True
    value = widget(label, list(names), key=key, format_func=lambda v: names[v], **options)
    chosen = value if value is not None else usual
    _publish(key, "" if chosen == usual else chosen)
    return chosen


def same(names: Sequence[str]) -> dict[str, str]:
    """``names`` that are shown as they are."""
    return {name: name for name in names}


def _publish(key: str, value: str) -> None:
    if value:
        st.query_params[key] = value
    elif key in st.query_params:
        del st.query_params[key]
