"""The seven expressions, in the one order that every array, file and model of this project follows.

The order is that of Kaggle's ``fer2013.csv`` (``emotion`` 0 to 6). Folder loaders
sort alphabetically, which swaps neutral, sad and surprise: the silent bug of this
field. Everything here therefore goes by ``LABELS`` and looks colours up by name.
"""

from collections.abc import Sequence

LABELS: tuple[str, ...] = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")

NEUTRAL = LABELS.index("neutral")

UNSURE = "unsure"
"""Shown instead of a label when the highest probability is under the bundle's threshold."""

# Found by search: of all colours near the customary hues that stand out on white and on the dark
# theme alike, those whose closest pair is farthest apart (CIEDE2000 of 16 and more) for normal
# sight and under simulated protanopia, deuteranopia and tritanopia; tests/test_plots.py checks it.
COLORS: dict[str, str] = {
    "angry": "#e04658",
    "disgust": "#3b7001",
    "fear": "#855182",
    "happy": "#cfab1f",
    "sad": "#2b7be2",
    "surprise": "#13bfd1",
    "neutral": "#8d8e8e",
    UNSURE: "#a9afb8",
}

EMOJI: dict[str, str] = {
    "angry": "😠",
    "disgust": "🤢",
    "fear": "😨",
    "happy": "😄",
    "sad": "😢",
    "surprise": "😲",
    "neutral": "😐",
    UNSURE: "🤔",
}


def index_of(label: str) -> int:
    """Column of ``label`` (any capitalisation) in every probability array.

    Raises:
        ValueError: if ``label`` is not one of ``LABELS``; the message names all of them.
    """
    name = label.strip().lower()
    if name not in LABELS:
        raise ValueError(f"Unknown label '{label}'; the labels are {', '.join(LABELS)}.")
    return LABELS.index(name)


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
