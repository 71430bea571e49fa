"""Who waits for whom: videos, which take minutes, never keep photos and cameras out."""

from typing import Any

import gradio as gr

VIDEO = "video"
"""Gradio's name for the line of those who wait for a video."""

WAITING = 24
"""Questions of all kinds that wait at most; who asks one more is told that the app is busy."""

VIDEOS_WAITING = 6
"""Videos among them: one at a time is analysed, and for ten minutes at most."""


def limit_videos(demo: gr.Blocks) -> None:
    """Let no more than `VIDEOS_WAITING` videos wait; one more is answered as by a full queue."""
    line, push = demo._queue, demo._queue.push

    async def limited(body: Any, request: Any, username: str | None) -> Any:
        function = demo.fns.get(body.fn_index)
        if function is not None and function.concurrency_id == VIDEO:
            waiting = line.event_queue_per_concurrency_id.get(VIDEO)
            if waiting is not None and len(waiting.queue) >= VIDEOS_WAITING:
                return False, "Queue is full.", "queue_full"
        return await push(body, request, username)

    setattr(line, "push", limited)  # noqa: B010  mypy sees a method
