"""The seven expressions, in the one order that every array, file and model of this project follows.

The order is that of Kaggle's ``fer2013.csv`` (``emotion`` 0 to 6). Folder loaders
sort alphabetically, which swaps neutral, sad and surprise: the silent bug of this
field. Everything therefore goes by ``LABELS`` and looks things up by name.
"""

from collections.abc import Sequence

LABELS: tuple[str, ...] = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")

UNSURE = "unsure"
"""Shown instead of a label when the highest probability is under the bundle's threshold."""

NO_MAJORITY = -1
"""Instead of an index into ``LABELS``: the annotators' votes have no clear winner among them."""


def require_same_order(labels: Sequence[str], source: str) -> None:
    """Refuse ``labels`` that are not exactly ``LABELS``; ``source`` names where they came from.

    Raises:
        ValueError: with both lists, so that the difference can be seen.
    """
    if tuple(labels) != LABELS:
        raise ValueError(
            f"{source} has the labels {', '.join(labels)}, but this version of fer uses "
            f"{', '.join(LABELS)}; export the weights again with this version."
        )
