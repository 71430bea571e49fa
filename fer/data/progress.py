"""How slow work tells how far it is: it takes its items through a `Progress`."""

from collections.abc import Iterable, Sequence
from typing import Protocol, TypeVar

from tqdm import tqdm

Item = TypeVar("Item")


class Progress(Protocol):
    """Hands items on one by one, and may show how many were taken."""

    def __call__(self, items: Sequence[Item], what: str) -> Iterable[Item]:
        """``items``; ``what`` is done with them, in a word."""


def silent(items: Sequence[Item], what: str) -> Iterable[Item]:
    """Shows nothing."""
    return items


def bar(items: Sequence[Item], what: str) -> Iterable[Item]:
    """Shows a bar on stderr, which is gone afterwards."""
    return tqdm(items, what, leave=False)
