"""A site to look at."""

import shutil
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from streamlit.components.v2 import manifest_scanner
from streamlit.testing.v1 import AppTest

from tests.support.dashboard_bundle import write_bundle, write_dataset

ROOT = Path(__file__).resolve().parent.parent.parent


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


@pytest.fixture
def weights(site, tmp_path) -> Path:
    """A copy of the bundles to be damaged."""
    return Path(shutil.copytree(site / "weights", tmp_path / "weights"))


@pytest.fixture
def data(site, tmp_path) -> Path:
    """A copy of the dataset to be changed."""
    return Path(shutil.copytree(site / "data", tmp_path / "data"))


@pytest.fixture
def visit(monkeypatch):
    """Open a page; ``query`` is what stands in the address."""
    monkeypatch.delenv("FER_DATA", raising=False)
    monkeypatch.setattr("fer.dashboard.state.DEFAULT_DATA", Path("no-such-folder"))

    def open_page(where: str, *arguments: object, **query: str) -> AppTest:
        monkeypatch.setattr(sys, "argv", ["dashboard.py", *map(str, arguments)])
        app = AppTest.from_file(str(ROOT / "dashboard.py"), default_timeout=120)
        for key, value in ({"page": where} | query).items():
            app.query_params[key] = value
        return app.run()

    return open_page
