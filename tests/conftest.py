"""The one browser, and markers that follow from where a test is and what it asks for.

All other fixtures are with their room.
"""

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

_TENSORFLOW = {"training", "ship"}
_MAIN = sys.modules["__main__"]


def pytest_collection_modifyitems(items: Iterable[pytest.Item]) -> None:
    """`pytest -m "not browser and not train"` needs neither Chromium nor TensorFlow."""
    for item in items:
        if "chromium" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.browser)
            # A page that missed a moment on a busy machine is shown once more; two misses count.
            item.add_marker(pytest.mark.flaky(reruns=1))
        if _TENSORFLOW & set(Path(item.path).parent.parts):
            item.add_marker(pytest.mark.train)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup() -> None:
    """Streamlit leaves the page it tested as ``__main__``: a spawned process would run it again."""
    sys.modules["__main__"] = _MAIN


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Headless Chromium; Playwright, which can run once in a process, is imported only here."""
    from tests.support.browser import opened_chromium

    with opened_chromium(tmp_path_factory.mktemp("camera")) as browser:
        yield browser
