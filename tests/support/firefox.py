"""Headless Firefox as the system has it, through WebDriver BiDi, which it speaks by itself.

Playwright drives only a Firefox of its own, which many machines cannot download.
"""

import json
import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect

NAMES = ("firefox", "firefox-esr")
_PREFERENCES = {
    "media.navigator.streams.fake": True,  # a camera that shows a picture of its own
    "media.navigator.permission.disabled": True,
    "app.normandy.enabled": False,
    "app.update.disabledForTesting": True,
    "datareporting.policy.dataSubmissionEnabled": False,
}
_PATIENCE = 120  # seconds: a busy machine is slow, not wrong


@dataclass
class FirefoxPage:
    """One page of a running Firefox."""

    socket: ClientConnection
    context: str = ""
    numbers: Iterator[int] = field(default_factory=count)

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """The result of a BiDi command."""
        number = next(self.numbers)
        self.socket.send(json.dumps({"id": number, "method": method, "params": parameters}))
        while (answer := json.loads(self.socket.recv(timeout=_PATIENCE))).get("id") != number:
            pass  # an event
        assert answer["type"] == "success", answer
        return dict(answer["result"])

    def open(self, address: str) -> None:
        self.call("browsingContext.navigate", context=self.context, url=address, wait="complete")

    def evaluate(self, expression: str) -> Any:
        """The value of a JavaScript expression: a string, a number, true, false or nothing."""
        target = {"context": self.context}
        said = self.call("script.evaluate", expression=expression, target=target, awaitPromise=True)
        return said["result"].get("value")

    def wait_for(self, expression: str) -> None:
        """Wait until ``expression`` holds."""
        end = time.monotonic() + _PATIENCE
        while not self.evaluate(f"Boolean({expression})"):
            assert time.monotonic() < end, f"{expression} did not come true"
            time.sleep(0.3)


@contextmanager
def opened_firefox(program: str, profile: Path) -> Iterator[FirefoxPage]:
    """A page in a new headless Firefox with the new folder ``profile``."""
    lines = [f'user_pref("{name}", {json.dumps(value)});' for name, value in _PREFERENCES.items()]
    (profile / "user.js").write_text("\n".join(lines))
    arguments = ["--headless", "--no-remote", "--profile", profile, "--remote-debugging-port=0"]
    with (profile / "log.txt").open("w") as log:
        process = subprocess.Popen([program, *arguments], stdout=log, stderr=subprocess.STDOUT)
    try:
        with connect(f"{_address(profile / 'log.txt')}/session", max_size=None) as socket:
            page = FirefoxPage(socket)
            page.call("session.new", capabilities={})
            page.context = page.call("browsingContext.getTree")["contexts"][0]["context"]
            yield page
    finally:
        process.terminate()
        process.wait()


def _address(log: Path) -> str:
    end = time.monotonic() + _PATIENCE
    while not (found := re.search(r"listening on (ws://\S+)", log.read_text())):
        assert time.monotonic() < end, f"Firefox did not start: {log.read_text()}"
        time.sleep(0.3)
    return found[1]
