"""What the network is asked to answer: label and vote distributions of the training images."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fer.bundle import Bundle
from fer.data.copies import first_equals
from fer.data.face_image import is_blank
from fer.data.ferplus import label_votes
from fer.data.folder import LabelledImages
from fer.errors import UserError
from fer.evaluation.report import face_crops
from fer.labels import LABELS
from fer.training.keras_file import load_keras
from fer.training.views import View
from fer.vision.classify import joint


@dataclass(frozen=True)
class TrainingSet:
    """Images with the distributions to learn, ready for the loop.

    Attributes:
        pixels: ``(n, 48, 48, 1)`` uint8.
        labels: ``(n, 7)`` float32, rows sum to 1.
        votes: ``(n, 7)`` float32, rows sum to 1, or to 0 where nobody voted for a label.
    """

    pixels: NDArray[np.uint8]
    labels: NDArray[np.float32]
    votes: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.pixels)


def make_training_set(images: LabelledImages, smoothing: float) -> TrainingSet:
    """Leave blank images out, average the labels of identical images, smooth, normalise votes.

    Raises:
        UserError: if every image is blank.
    """
    labels = _average_identical(images)
    smooth = labels * (1.0 - smoothing) + smoothing / len(LABELS)
    keep = ~is_blank(images.pixels)
    if not keep.any():
        raise UserError("Every training image is blank; import the dataset again.")
    return TrainingSet(
        pixels=images.pixels[keep][..., None],
        labels=smooth[keep].astype(np.float32),
        votes=_vote_distribution(images)[keep],
    )


def distill(
    images: TrainingSet,
    teachers: Sequence[str | Path | Bundle],
    weight: float,
    views: Sequence[View] = (),
) -> TrainingSet:
    """Replace the share ``weight`` of the label targets by what ``teachers`` answer on average.

    Each teacher looks at an image and at its mirror image (test-time augmentation).

    Args:
        images: the training set.
        teachers: names or folders of bundles with a ``model.keras``.
        weight: 0..1.
        views: what teachers are shown, one after the other, instead of the images as they are: what
            they know of those by heart they do not teach then.

    Raises:
        UserError: if a teacher cannot be read.
    """
    if not teachers:
        return images
    shown: Sequence[View | None] = views or (None,)
    answers = [
        _answers(Bundle.open(teacher), images.pixels, view)
        for teacher in teachers
        for view in shown
    ]
    blended = (1.0 - weight) * images.labels + weight * np.mean(answers, axis=0)
    return replace(images, labels=blended.astype(np.float32))


def _answers(
    teacher: Bundle, pixels: NDArray[np.uint8], view: View | None, batch: int = 256
) -> NDArray[np.float32]:
    """The teacher's probabilities, ``(n, 7)``."""
    model = load_keras(teacher)
    size, answers = model.input_shape[1], []
    for start in range(0, len(pixels), batch):
        faces = face_crops(pixels[start : start + batch, ..., 0], size)
        if view is not None:
            faces = view(faces, start)
        both = (faces, faces[:, :, ::-1])
        answers.append(joint([model.predict_on_batch(one)[0] for one in both]))
    return np.concatenate(answers)


def _average_identical(images: LabelledImages) -> NDArray[np.float64]:
    """One-hot labels ``(n, 7)``; byte-identical images share the mean of theirs."""
    one_hot = np.eye(len(LABELS))[images.targets]
    group = first_equals(images.pixels)
    sums = np.zeros_like(one_hot)
    np.add.at(sums, group, one_hot)
    return sums[group] / sums[group].sum(axis=1, keepdims=True)


def _vote_distribution(images: LabelledImages) -> NDArray[np.float32]:
    if images.votes is None:
        return np.zeros((len(images), len(LABELS)), np.float32)
    votes = label_votes(images.votes)
    return votes / np.maximum(votes.sum(axis=1, keepdims=True), 1.0)
