"""A browser, for the tests that look at the app as visitors do."""

from tests.support.browser import chromium
from tests.support.videos import clip

__all__ = ["chromium", "clip"]
