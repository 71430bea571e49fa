"""The images behind a cell of the confusion matrix."""

import numpy as np
from numpy.typing import NDArray

from fer.labels import LABELS
from fer.predictions import Predictions


def cell_images(
    found: Predictions, true: str | None = None, predicted: str | None = None
) -> NDArray[np.int64]:
    """Indices of the images with the label ``true`` and the answer ``predicted``.

    The most confident answers come first; ``None`` stands for any label.
    """
    chosen = np.ones(len(found), bool)
    if true is not None:
        chosen &= found.targets == LABELS.index(true)
    if predicted is not None:
        chosen &= found.answers == LABELS.index(predicted)
    indices = np.flatnonzero(chosen)
    return indices[np.argsort(-found.probs[indices].max(axis=1), kind="stable")]
