"""Take the README's picture: ``python -m tests.support.screenshot docs/screenshot.png``.

The app runs with the bundles under ``weights/``, or the one named with ``--weights``, and a
webcam that shows the astronaut.
"""

import argparse
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image
from playwright.sync_api import expect, sync_playwright

import app
from tests.support.browser import CAMERA_SIZE, launch_chromium, open_page, write_camera

_SIZE = 930, 625  # as wide as a README is shown


def main() -> None:
    """Start the app, start the camera, wait for a face, save the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--weights", default="fer")
    options = parser.parse_args()
    demo = app.build_app({options.weights: app.open_model(options.weights)})
    url = app.launch(demo, prevent_thread_lock=True, quiet=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        camera = write_camera(Path(folder) / "camera.mjpeg", _scene())
        browser = launch_chromium(playwright, camera)
        page = open_page(browser, url, 1280, 860).page
        page.get_by_role("button", name="Start camera").click()
        expect(page.locator("#overlay rect.face")).to_have_count(1, timeout=60_000)
        page.wait_for_timeout(5000)  # until the pace has settled
        shot = Path(folder) / "shot.png"
        page.screenshot(path=shot)
        browser.close()
        options.out.parent.mkdir(parents=True, exist_ok=True)
        Image.open(shot).convert("RGB").resize(_SIZE).save(options.out, optimize=True)
    demo.close()


def _scene() -> np.ndarray:
    """The astronaut, filling the camera's picture."""
    with Image.open(app.EXAMPLES["Astronaut"]) as image:
        return np.asarray(image.crop((0, 0, 512, 384)).resize(CAMERA_SIZE))


if __name__ == "__main__":
    main()
