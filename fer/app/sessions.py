"""What Gradio keeps and logs of its visitors: no pictures, nothing of those who have gone."""

import logging
import sys
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import gradio as gr
from gradio import queueing, route_utils
from gradio.state_holder import SessionState

from fer.app.temporary import KEEP
from fer.errors import PlacesOnly, place_of

log = logging.getLogger(__name__)


def remember_no_values() -> None:
    """Let Gradio keep no copy of what components were given and showed.

    For deep links, which `fer.app.guard` refuses, it would keep each visitor's last camera frame,
    photo and answer until 500 visitors came after.
    """
    setattr(SessionState, "_update_value_in_config", _nothing)  # noqa: B010  mypy sees a method


def log_places_only() -> None:
    """Let Gradio and its server log defects as we do: their messages hold visitors' file names."""

    def print_exc() -> None:
        defect = sys.exc_info()[1]
        if defect is not None:
            log.error("A request could not be answered.\n%s", place_of(defect))

    for module in (queueing, route_utils):
        setattr(module, "traceback", SimpleNamespace(print_exc=print_exc))  # noqa: B010
    logging.getLogger("uvicorn.error").addFilter(PlacesOnly())


def forget_gone(demo: gr.Blocks, keep: float = KEEP, now: datetime | None = None) -> None:
    """Drop the sessions of which nothing was heard for ``keep`` seconds, and names of files gone.

    Gradio itself would keep the state of a page that was closed for an hour.
    """
    holder, now = demo.state_holder, now or datetime.now()
    with holder.lock:
        for name, used in list(holder.time_last_used.items()):
            if now - used > timedelta(seconds=keep):
                holder.session_data.pop(name, None)
                holder.time_last_used.pop(name, None)
    for kept in demo.temp_file_sets:
        kept.difference_update([path for path in [*kept] if not Path(path).exists()])


def _nothing(session: SessionState, key: int, value: object) -> None:
    """In the place of `SessionState._update_value_in_config`."""
