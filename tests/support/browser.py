"""Headless Chromium for the tests of the app and of the dashboard, with a camera that shows a face.

``opened_chromium`` is the browser, of which the fixture ``chromium`` keeps one; ``open_page``
opens a visitor's page and remembers what must not happen on it: console errors, and requests to
other hosts.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Browser, Page, Playwright, sync_playwright

CAMERA_SIZE = (640, 480)
_NAMES = ("chromium", "chromium-browser", "google-chrome")
_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
)


def chromium_path() -> str:
    """The browser's program: ``$CHROMIUM``, or the first of the usual names on the path.

    A missing browser fails the test: a skipped browser test would look like a pass.
    """
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, _NAMES)), None)
    if not found or not Path(found).exists():
        pytest.fail(
            f"The browser tests need Chromium: install one of {', '.join(_NAMES)} "
            "or set CHROMIUM to its program.",
            pytrace=False,
        )
    return found


def camera_scene() -> NDArray[np.uint8]:
    """What the fake camera sees, ``(480, 640, 3)`` RGB uint8: the astronaut, left of the middle."""
    from skimage.data import astronaut

    width, height = CAMERA_SIZE
    scene = np.full((height, width, 3), 70, np.uint8)
    scene[:, 20 : 20 + height] = np.asarray(Image.fromarray(astronaut()).resize((height, height)))
    return scene


def write_camera(path: Path, scene: NDArray[np.uint8]) -> Path:
    """Write ``scene`` as the motion JPEG that Chromium plays as a webcam, over and over."""
    frame = path.with_suffix(".jpg")
    Image.fromarray(scene).save(frame, quality=92)
    path.write_bytes(frame.read_bytes() * 10)
    return path


def launch_chromium(playwright: Playwright, camera: Path) -> Browser:
    """Headless Chromium whose webcam shows ``camera``."""
    flags = [*_FLAGS, f"--use-file-for-fake-video-capture={camera}"]
    return playwright.chromium.launch(executable_path=chromium_path(), args=flags)


@contextmanager
def opened_chromium(folder: Path) -> Iterator[Browser]:
    """Headless Chromium whose webcam shows ``camera_scene``, which is kept in ``folder``."""
    camera = write_camera(folder / "camera.mjpeg", camera_scene())
    with sync_playwright() as playwright:
        browser = launch_chromium(playwright, camera)
        yield browser
        browser.close()


@dataclass
class Visitor:
    """One visitor: a page in its own browser context, and what went wrong on it."""

    page: Page
    console_errors: list[str] = field(default_factory=list)
    foreign_requests: list[str] = field(default_factory=list)

    def assert_clean(self) -> None:
        """No console error, and nothing asked of another host than this machine."""
        assert self.console_errors == []
        assert self.foreign_requests == []

    def close(self) -> None:
        self.page.context.close()


def open_page(
    browser: Browser,
    url: str,
    width: int = 1280,
    height: int = 900,
    dark: bool = False,
    script: str = "",
) -> Visitor:
    """Open ``url`` as a visitor who allows the camera; ``script`` runs before the page's own."""
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme="dark" if dark else "light",
        permissions=["camera"],
    )
    context.add_init_script(script)
    visitor = Visitor(context.new_page())
    visitor.page.set_default_timeout(60_000)  # a busy machine is slow, not wrong
    visitor.page.on("console", lambda message: _note_console(visitor, message.type, message.text))
    visitor.page.on("pageerror", lambda error: visitor.console_errors.append(str(error)))
    visitor.page.on("request", lambda request: _note_request(visitor, request.url))
    visitor.page.goto(url, wait_until="domcontentloaded")
    return visitor


def unreadable(page: Page) -> list[str]:
    """Text whose contrast is below WCAG 2.2's level AA: 4.5, and 3 where it is large."""
    rule = {"runOnly": ["color-contrast"], "resultTypes": ["violations"]}
    found = Axe().run(page, options=rule).response["violations"]
    return [
        f"{node['html'][:120]}: {node['any'][0]['message']}"
        for violation in found
        for node in violation["nodes"]
    ]


def _note_console(visitor: Visitor, kind: str, text: str) -> None:
    if kind == "error":
        visitor.console_errors.append(text)


def _note_request(visitor: Visitor, url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme in ("http", "https", "ws", "wss") and parts.hostname != "127.0.0.1":
        visitor.foreign_requests.append(url)
