"""FER+ votes: ten annotators for every FER2013 image (Barsoum et al., 2016, arXiv:1608.01041)."""

import numpy as np
from numpy.typing import NDArray

from fer.labels import LABELS

VOTE_COLUMNS: tuple[str, ...] = (
    "neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear",
    "contempt", "unknown", "NF",
)  # fmt: skip
"""Columns of ``fer2013new.csv`` after ``Usage`` and ``Image name``; ``NF`` is "not a face"."""

_COLUMN_OF_LABEL = {
    "angry": "anger", "disgust": "disgust", "fear": "fear", "happy": "happiness",
    "sad": "sadness", "surprise": "surprise", "neutral": "neutral",
}  # fmt: skip
_ORDER = [VOTE_COLUMNS.index(_COLUMN_OF_LABEL[label]) for label in LABELS]

NO_MAJORITY = -1


def label_votes(votes: NDArray[np.integer]) -> NDArray[np.float32]:
    """Votes for the seven labels only: ``(n, 10)`` vote columns → ``(n, 7)`` in ``LABELS`` order."""
    return votes[:, _ORDER].astype(np.float32)


def majority(votes: NDArray[np.integer]) -> NDArray[np.int64]:
    """The label with most of all ten columns' votes, ``(n,)`` indices into ``LABELS``.

    ``NO_MAJORITY`` where two columns tie for the most votes, or the most votes went to
    contempt, unknown or not-a-face.
    """
    most = votes.max(axis=1, keepdims=True)
    clear = (votes == most).sum(axis=1) == 1
    seven = label_votes(votes)
    winner = seven.argmax(axis=1)
    among_labels = seven.max(axis=1) == most[:, 0]
    return np.where(clear & among_labels, winner, NO_MAJORITY)
