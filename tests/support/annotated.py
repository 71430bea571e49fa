"""Five images with the votes of ten annotators, clear and unclear."""

import numpy as np

from fer.data.ferplus import VOTE_COLUMNS
from fer.data.folder import LabelledImages
from fer.labels import LABELS


def labelled_images(targets, votes):
    n = len(targets)
    return LabelledImages(
        pixels=np.zeros((n, 48, 48), np.uint8),
        targets=np.array(targets),
        rows=np.arange(n),
        files=tuple(f"validation/happy/{i}.png" for i in range(n)),
        votes=None if votes is None else np.array(votes),
    )


def ten_votes(**counts):
    return [counts.get(column, 0) for column in VOTE_COLUMNS]


ANNOTATED = labelled_images(
    [LABELS.index(label) for label in ("fear", "happy", "sad", "angry", "neutral")],
    [
        ten_votes(surprise=8, fear=2),
        ten_votes(happiness=10),
        ten_votes(sadness=5, neutral=5),  # a tie: no majority
        ten_votes(contempt=6, anger=4),  # the most votes went to no label of ours
        ten_votes(neutral=9, sadness=1),
    ],
)
