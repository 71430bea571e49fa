"""Fixtures that several test files share."""

from browser import chromium
from videos import clip

from tests.tiny_run import tiny_dataset, tiny_run

__all__ = ["chromium", "clip", "tiny_dataset", "tiny_run"]
