"""Whose labels judge a bundle: the dataset's own, or the clear majority of the FER+ votes."""

import numpy as np
from numpy.typing import NDArray

from fer.data.ferplus import majority
from fer.data.folder import LabelledImages
from fer.labels import NO_MAJORITY
from fer.spec import ModelSpec


def clear_majority(images: LabelledImages) -> NDArray[np.int64]:
    """The clear FER+ majority of each image, ``(n,)``; ``NO_MAJORITY`` where there is none."""
    if images.votes is None:
        return np.full(len(images), NO_MAJORITY)
    return majority(images.votes)


def judging_labels(images: LabelledImages, spec: ModelSpec) -> tuple[NDArray[np.int64], str]:
    """The labels that judge a bundle, ``(n,)``, and whose they are: ``original`` or ``ferplus``.

    A bundle is judged by the labels it was made to give. One that is judged by FER+ has
    ``NO_MAJORITY`` where the votes have no clear winner: such images are left out. Without
    any votes it falls back on the folder's labels, and the second value says so.
    """
    votes = clear_majority(images)
    if spec.judged_by == "ferplus" and (votes != NO_MAJORITY).any():
        return votes, "ferplus"
    return images.targets, "original"


def winning_share(images: LabelledImages) -> NDArray[np.float64]:
    """Share of the votes for the most voted answer, ``(n,)``; NaN for images without votes."""
    if images.votes is None:
        return np.full(len(images), np.nan)
    total = images.votes.sum(axis=1)
    most = images.votes.max(axis=1, initial=0)
    return np.where(total > 0, most / np.maximum(total, 1), np.nan)
