"""A site to look at."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from streamlit.components.v2 import manifest_scanner

from tests.support.dashboard_bundle import write_bundle, write_dataset


@pytest.fixture(scope="session")
def site(tmp_path_factory) -> Path:
    """A dataset in ``data`` and two bundles in ``weights``; nobody changes them."""
    folder = tmp_path_factory.mktemp("site")
    data = write_dataset(folder / "data")
    write_bundle(folder / "weights", data, "fer", 0)
    write_bundle(folder / "weights", data, "fer-consensus", 1, "ferplus")
    return folder


@pytest.fixture(scope="session", autouse=True)
def packages_looked_through_once() -> Iterator[None]:
    """``AppTest`` reads the metadata of every installed package for each page: most of its time."""
    with pytest.MonkeyPatch.context() as patch:
        once = cache(manifest_scanner.scan_component_manifests)
        patch.setattr(manifest_scanner, "scan_component_manifests", once)
        yield
