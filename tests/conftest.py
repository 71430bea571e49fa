"""Markers that follow from where a test is and what it asks for; fixtures are with their room."""

from collections.abc import Iterable
from pathlib import Path

import pytest

_TENSORFLOW = {"training", "ship"}


def pytest_collection_modifyitems(items: Iterable[pytest.Item]) -> None:
    """`pytest -m "not browser and not train"` needs neither Chromium nor TensorFlow."""
    for item in items:
        if "chromium" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.browser)
        if _TENSORFLOW & set(Path(item.path).parent.parts):
            item.add_marker(pytest.mark.train)
