"""The one browser, markers that follow from where a test is and what it asks for, and their order.

All other fixtures are with their room.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

_TENSORFLOW = {"training", "ship"}
_LONG = ("train", "browser", "slow")
_MAIN = sys.modules["__main__"]


def pytest_configure(config: pytest.Config) -> None:
    """Two processes take files in the order below, not those with the most tests first."""
    config.option.loadscopereorder = False


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """`pytest -m "not browser and not train"` needs neither Chromium nor TensorFlow."""
    for item in items:
        if "chromium" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.browser)
            # A page that missed a moment on a busy machine is shown once more; two misses count.
            item.add_marker(pytest.mark.flaky(reruns=1))
        if _TENSORFLOW & set(Path(item.path).parent.parts):
            item.add_marker(pytest.mark.train)
    _long_files_first(items)


def _long_files_first(items: list[pytest.Item]) -> None:
    """Short files are left for the end: a long one there would keep the other process waiting."""
    turns: dict[Path, int] = {}
    for item in items:
        turn = next(
            (i for i, name in enumerate(_LONG) if item.get_closest_marker(name)), len(_LONG)
        )
        turns[item.path] = min(turn, turns.get(item.path, turn))
    items.sort(key=lambda item: turns[item.path])


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
