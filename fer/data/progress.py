"""How slow work tells how far it is: it takes its items through a `Progress`."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from tqdm import tqdm

Progress = Callable[[Sequence[Any], str], Iterable[Any]]
"""Hands items on one by one, and may show how many were taken; the text says what is done."""


def silent(items: Sequence[Any], _: str) -> Iterable[Any]:
    """Shows nothing."""
    return items


def bar(items: Sequence[Any], what: str) -> Iterable[Any]:
    """Shows a bar on stderr, which is gone afterwards."""
    return tqdm(items, what, leave=False)
