"""What stands between strangers and Gradio: a list of what may be asked, and limits."""

import json
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from gradio.utils import get_upload_folder
from starlette._utils import get_route_path
from starlette.formparsers import MultiPartException
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MAX_BODY = 8_000_000
"""Bytes of a request that is no upload: a frame of a camera takes 0.2 MB, at most about 2."""

MAX_UPLOAD = 101 << 20
"""Bytes of an upload: the 100 MB that the page names, in Gradio's count, and what surrounds a file.

Gradio limits each file, neither their number nor the fields between them, which it keeps in memory.
"""

MOST_KEPT = 4 << 30
"""Bytes of visitors' files that are kept at once, uploads and results; then no more is taken."""

_FULL = "Too many files are kept here right now: please try again in half an hour."

_TOO_LARGE = "This is more than 100 MB, the maximum allowed size: choose a smaller file."

_API = "/gradio_api/"
_USED = (
    "app_id", "cancel", "file=", "heartbeat/", "info", "queue/", "reset", "run/",
    "startup-events", "stream/", "theme.css", "upload",
)  # fmt: skip
"""Beginnings of what this page asks of Gradio; it has more, such as a proxy for other hosts."""


class Guard:
    """ASGI middleware that refuses what the page never asks for."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or hand it on."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        # As the routes see it: behind a proxy the address begins with GRADIO_ROOT_PATH.
        path = get_route_path(scope)
        if not is_used(path):
            await PlainTextResponse("Not found", 404)(scope, receive, send)
            return
        if path.startswith(f"{_API}upload"):
            if _kept() > MOST_KEPT:
                await PlainTextResponse(_FULL, 503)(scope, receive, send)
                return
            receive = _up_to(MAX_UPLOAD, receive)
        elif scope["method"] == "POST":
            body = await _read(receive)
            status = 413 if body is None else 400 if names_a_url(body) else 200
            if body is None or status != 200:
                await PlainTextResponse("Refused", status)(scope, receive, send)
                return
            receive = _again(body, receive)
            if path.startswith(f"{_API}stream/"):
                send = _ended_quietly(send)
        await self.app(scope, receive, send)


def is_used(path: str) -> bool:
    """Whether the page asks for ``path``, as far as it is Gradio's; never for another host's."""
    if path.startswith("/monitoring"):
        return False
    asked = path.removeprefix(_API)
    if asked == path:
        return True
    return asked.startswith(_USED) and not asked.lower().startswith(("file=http", "file=//"))


def names_a_url(body: bytes) -> bool:
    """Whether JSON asks the server to fetch a file from an address, or is no JSON at all.

    Gradio would download whatever a ``path`` names on a public host.
    """
    if not body:
        return False
    try:
        waiting: list[Any] = [json.loads(body)]
    except (ValueError, RecursionError):
        return True
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            if "://" in str(value.get("path", ""))[:20]:
                return True
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)
    return False


def _kept() -> int:
    """Bytes in Gradio's folder for visitors' files."""
    total = 0
    for folder, _, files in os.walk(get_upload_folder()):
        for file in files:
            with suppress(OSError):  # swept meanwhile
                total += (Path(folder) / file).stat().st_size
    return total


async def _read(receive: Receive) -> bytes | None:
    """The whole body, or nothing if it is longer than `MAX_BODY`."""
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if len(body) > MAX_BODY:
            return None
        if not message.get("more_body", False):
            return bytes(body)


def _up_to(most: int, receive: Receive) -> Receive:
    """Hands out ``most`` bytes of a body at most.

    On more it raises what Gradio's reader answers with 413, once it has deleted what it wrote.
    """
    seen = 0

    async def counted() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > most:
            raise MultiPartException(_TOO_LARGE)
        return message

    return counted


def _again(body: bytes, receive: Receive) -> Receive:
    """Hands ``body`` out once more, then whatever comes."""
    left = [body]

    async def replay() -> Message:
        if left:
            return {"type": "http.request", "body": left.pop(), "more_body": False}
        return await receive()

    return replay


def _ended_quietly(send: Send) -> Send:
    """Of a frame that comes after its stream has ended, says 204, "nothing to say".

    Gradio's page sends frames that were under way when the camera was stopped, and Gradio's
    server answers 404, which every browser writes into the visitor's console as an error.
    """

    async def answer(message: Message) -> None:
        if message["type"] == "http.response.start" and message["status"] == 404:
            message = {**message, "status": 204}
        await send(message)

    return answer
