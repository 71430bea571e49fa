"""The page in Firefox: another engine, with a camera and WebAssembly of its own."""

import shutil

import pytest

from tests.support.firefox import NAMES, opened_firefox


@pytest.fixture(scope="module")
def page(address, tmp_path_factory):
    program = next(filter(None, map(shutil.which, NAMES)), None)
    if not program:
        pytest.fail(
            f"This test needs Firefox: install one of {', '.join(NAMES)}.",
            pytrace=False,
        )
    with opened_firefox(program, tmp_path_factory.mktemp("firefox")) as page:
        page.open(address)
        yield page


def test_the_example_is_read(page):
    page.wait_for("document.querySelector('.face h2 span')?.textContent === 'happy'")
    assert page.evaluate("document.getElementById('notice').hidden")


def test_the_camera_starts_and_is_watched(page):
    page.wait_for("!document.getElementById('camera').disabled")
    page.evaluate("document.getElementById('camera').click()")
    page.wait_for("document.getElementById('camera').textContent === 'Stop camera'")
    page.wait_for("Number(document.getElementById('timeline').getAttribute('aria-valuemax')) > 0")
    page.wait_for("document.getElementById('advice').textContent.startsWith('No face found')")
    page.evaluate("document.getElementById('camera').click()")
    page.wait_for("document.querySelector('.face h2 span')?.textContent === 'happy'")
