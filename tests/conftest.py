"""Fixtures that several test files share."""

from browser import chromium

__all__ = ["chromium"]
