"""What Gradio remembers of its visitors: no pictures, and nothing of those who have gone."""

from datetime import datetime, timedelta

import gradio as gr
from gradio.state_holder import SessionState

from fer.app.temporary import KEEP


def remember_no_values() -> None:
    """Let Gradio keep no copy of what components were given and showed.

    For deep links, which `fer.app.guard` refuses, it would keep each visitor's last camera frame,
    photo and answer until 500 visitors came after.
    """
    setattr(SessionState, "_update_value_in_config", _nothing)  # noqa: B010  mypy sees a method


def forget_gone(demo: gr.Blocks, keep: float = KEEP, now: datetime | None = None) -> None:
    """Drop the sessions of which nothing was heard for ``keep`` seconds.

    Gradio itself would keep the state of a page that was closed for an hour.
    """
    holder, now = demo.state_holder, now or datetime.now()
    with holder.lock:
        for name, used in list(holder.time_last_used.items()):
            if now - used > timedelta(seconds=keep):
                holder.session_data.pop(name, None)
                holder.time_last_used.pop(name, None)


def _nothing(session: SessionState, key: int, value: object) -> None:
    """In the place of `SessionState._update_value_in_config`."""
