"""Take the README's picture: ``python -m tests.support.screenshot docs/screenshot.png``.

The app runs with the bundle named with ``--weights`` and reads the picture of the drawn people.
"""

import argparse
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import expect

import app
from tests.support.browser import open_page, opened_chromium

_SIZE = 930, 625  # as wide as a README is shown


def main() -> None:
    """Start the app, open the picture, wait for its faces, save the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--weights", default="fer")
    options = parser.parse_args()
    demo = app.build_app({options.weights: app.open_model(options.weights)})
    url = app.launch(demo, prevent_thread_lock=True, quiet=True)
    with tempfile.TemporaryDirectory() as folder, opened_chromium(Path(folder)) as browser:
        page = open_page(browser, url, 1280, 860).page
        page.get_by_role("tab", name="Photo").click()
        page.get_by_role("button", name="Drawings").click()
        expect(page.locator("#picture rect.face")).to_have_count(7, timeout=120_000)
        page.wait_for_timeout(3000)  # until nothing fades any more
        shot = Path(folder) / "shot.png"
        page.screenshot(path=shot)
        options.out.parent.mkdir(parents=True, exist_ok=True)
        Image.open(shot).convert("RGB").resize(_SIZE).save(options.out, optimize=True)
    demo.close()


if __name__ == "__main__":
    main()
