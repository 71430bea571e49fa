"""Visitors of the app as their browsers act: the same requests over HTTP, without the browser."""

import base64
import json
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

_API = "/gradio_api"
_PATIENCE = httpx.Timeout(120.0)


@dataclass
class Seen:
    """What one visitor saw.

    Attributes:
        kind: of visitor.
        seconds: from asking to the answer, one a question.
        busy: questions that were answered with the sentence that others are waiting.
        problems: everything else.
        waited: the longest wait for a turn, of a stream.
    """

    kind: str
    seconds: list[float] = field(default_factory=list)
    busy: int = 0
    problems: list[str] = field(default_factory=list)
    waited: float = 0.0


@dataclass(frozen=True)
class Page:
    """The numbers under which the page of an address asks for its answers."""

    address: str
    fields: dict[str, int]
    chosen: dict[str, str]
    functions: list[dict[str, Any]]

    @classmethod
    def of(cls, address: str) -> "Page":
        """Read them, as a browser does, from the page's configuration."""
        config = httpx.get(f"{address}/config", timeout=_PATIENCE).json()
        named = {part["props"].get("elem_id"): part["id"] for part in config["components"]}
        chosen = {
            part["props"]["elem_id"]: str(part["props"].get("value"))
            for part in config["components"]
            if part["type"] == "radio"
        }
        return cls(address, named, chosen, config["dependencies"])

    def on(self, name: str, event: str) -> dict[str, Any]:
        """The function that the element ``name`` calls."""
        target = [self.fields[name], event]
        return next(each for each in self.functions if target in each["targets"])

    def after(self, function: dict[str, Any]) -> dict[str, Any]:
        """The function that follows ``function``."""
        before = function["id"]
        return next(each for each in self.functions if each["trigger_after"] == before)

    def changed_by(self, function: dict[str, Any]) -> dict[str, Any]:
        """The function that is called when ``function`` has changed a state."""
        changes = [[part, "change"] for part in function["outputs"]]
        return next(
            each for each in self.functions for target in changes if target in each["targets"]
        )


class BusyError(Exception):
    """The app said that too many are waiting."""


class Visitor:
    """One visit: a session of its own, questions one after the other."""

    def __init__(self, page: Page, kind: str) -> None:
        self.page, self.seen = page, Seen(kind)
        self._session = uuid.uuid4().hex
        self._client = httpx.Client(base_url=page.address, timeout=_PATIENCE)

    def repeat(self, ask: Callable[[], None], until: float, pause: float) -> Seen:
        """Ask again and again until ``until`` (`time.monotonic`); what came of it."""
        while time.monotonic() < until:
            try:
                ask()
            except BusyError:
                self.seen.busy += 1
            except (httpx.HTTPError, ValueError, KeyError, RuntimeError) as error:
                self.seen.problems.append(f"{self.seen.kind}: {type(error).__name__} {error}"[:300])
                time.sleep(0.2)
            time.sleep(pause)
        self._client.close()
        return self.seen

    def photo(self, picture: Path, model: str, detector: str) -> None:
        """Upload a picture and wait for its faces."""
        began = time.monotonic()
        self._check(self.told_of_photo(picture, model, detector), began)

    def told_of_photo(self, picture: Path, model: str, detector: str) -> list[dict[str, Any]]:
        """Upload a picture; what the page is told to show, be it an answer or a problem."""
        upload = self.page.on("upload", "upload")
        _ = [*self._answers(upload, [self._upload(picture)])]
        asked = self.page.changed_by(upload)
        return [*self._answers(asked, [None, model, detector, False, False])]

    def video(self, clip: Path, model: str, detector: str) -> None:
        """Upload a clip and wait until it has been analysed."""
        began = time.monotonic()
        asked = self.page.after(self.page.after(self.page.on("video-file", "upload")))
        self._check([*self._answers(asked, [self._upload(clip), model, detector])], began)

    def stream(self, frames: list[bytes], model: str, detector: str, until: float) -> None:
        """One turn of a live view, at ten frames a second at most, each after its answer."""
        asked = self.page.on("camera", "stream")
        count = len(asked["inputs"])
        sent, joined, first = time.monotonic(), time.monotonic(), True
        pictures = _forever(frames)

        def values() -> list[Any]:
            url = f"data:image/jpeg;base64,{base64.b64encode(next(pictures)).decode()}"
            return [{"url": url}, model, detector, None, 0, *[None] * (count - 5)]

        event = self._join(asked, values())
        for message in self._messages(event):
            now = time.monotonic()
            _refuse_problems(message)
            if first:
                self.seen.waited, first = max(self.seen.waited, now - joined), False
            else:
                self.seen.seconds.append(now - sent)
            time.sleep(max(0.0, sent + 0.1 - now))
            sent = time.monotonic()
            if sent >= until:
                self._client.post(f"{_API}/stream/{event}/close")
                return
            body = {"data": values(), "fn_index": asked["id"], "session_hash": self._session}
            self._client.post(f"{_API}/stream/{event}", json=body)

    def _check(self, answers: list[dict[str, Any]], began: float) -> None:
        _refuse_problems(answers)
        self.seen.seconds.append(time.monotonic() - began)

    def _upload(self, file: Path) -> dict[str, Any]:
        answer = self._client.post(
            f"{_API}/upload", files={"files": (file.name, file.read_bytes())}
        )
        path = answer.raise_for_status().json()[0]
        return {"path": path, "orig_name": file.name, "meta": {"_type": "gradio.FileData"}}

    def _join(self, function: dict[str, Any], data: list[Any]) -> str:
        body = {"data": data, "fn_index": function["id"], "session_hash": self._session}
        answer = self._client.post(f"{_API}/queue/join", json=body)
        if answer.status_code == 503:
            raise BusyError
        return str(answer.raise_for_status().json()["event_id"])

    def _answers(self, function: dict[str, Any], data: list[Any]) -> Iterator[dict[str, Any]]:
        yield from self._messages(self._join(function, data))

    def _messages(self, event: str) -> Iterator[dict[str, Any]]:
        """What the app says to the question ``event``, until it has been answered."""
        address = f"{_API}/queue/data?session_hash={self._session}"
        with self._client.stream("GET", address) as stream:
            for line in stream.iter_lines():
                message = json.loads(line.removeprefix("data:")) if line else {}
                if message.get("msg") == "unexpected_error":
                    raise RuntimeError(str(message.get("message")))
                if message.get("event_id") != event:
                    continue
                if message["msg"] in ("process_generating", "process_streaming"):
                    yield message["output"]
                elif message["msg"] == "process_completed":
                    if not message["success"]:
                        raise RuntimeError(str(message["output"]))
                    yield message["output"]
                    return


def _refuse_problems(said: Any) -> None:
    """Every sentence in place of an answer is an alert, that of a failure of the app's too."""
    text = json.dumps(said)
    if "alert" in text or '"success": false' in text:
        raise RuntimeError(f"no answer: {text.rpartition('alert')[2][:200]}")


def _forever(frames: list[bytes]) -> Iterator[bytes]:
    while True:
        yield from frames
