"""A browser, for the tests that look at the dashboard as visitors do."""

from tests.support.browser import chromium

__all__ = ["chromium"]
