"""Fixtures that several test files share."""

from browser import chromium

from tests.tiny_run import tiny_dataset, tiny_run

__all__ = ["chromium", "tiny_dataset", "tiny_run"]
