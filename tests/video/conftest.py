"""A small clip and a recogniser, which the tests of video files share."""

import pytest

import fer
from tests.support.bundles import write_toy_bundle
from tests.support.videos import clip

__all__ = ["clip"]


@pytest.fixture(scope="session")
def bundle(tmp_path_factory):
    return write_toy_bundle(tmp_path_factory.mktemp("weights"))


@pytest.fixture(scope="session")
def recognizer(bundle):
    return fer.load(bundle)
