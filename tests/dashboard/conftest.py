"""A site to look at."""

from pathlib import Path

import pytest

from tests.support.dashboard_bundle import write_bundle, write_dataset


@pytest.fixture(scope="session")
def site(tmp_path_factory) -> Path:
    """A dataset in ``data`` and two bundles in ``weights``; nobody changes them."""
    folder = tmp_path_factory.mktemp("site")
    data = write_dataset(folder / "data")
    write_bundle(folder / "weights", data, "fer", 0)
    write_bundle(folder / "weights", data, "fer-consensus", 1, "ferplus")
    return folder
