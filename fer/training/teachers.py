"""Learning from other networks: what they answer for the training images becomes a target."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from fer.bundle import TRAIN, bundle_path, read_json
from fer.errors import UserError
from fer.labels import LABELS
from fer.training.export import load_keras
from fer.training.targets import TrainingSet, part_of

Floats = NDArray[np.float32]

_LEAST = 1e-3
"""Added to probabilities before their logarithm is a feature of the referee."""


def blend_teachers(
    images: TrainingSet, teachers: Sequence[str | Path], weight: float, refereed: bool = False
) -> TrainingSet:
    """Replace the share ``weight`` of the label targets by what ``teachers`` answer on average.

    Args:
        images: the training set.
        teachers: names or folders of bundles with a ``model.keras``.
        weight: 0..1.
        refereed: weigh the answers against the annotators' votes first; see `referee`.

    Raises:
        UserError: if a teacher cannot be read, none may answer for some image, or one of those
            to be refereed has learned the images that it answers for.
    """
    if not teachers:
        return images
    answers = teachers_answers(images, teachers)
    if refereed:
        for teacher in teachers:
            if not held_out_by(bundle_path(teacher)):
                raise UserError(
                    f"{teacher} learned the labels that a referee would judge it by; "
                    "name teachers trained with --hold-out, or set referee to false."
                )
        answers = referee(answers, images.votes, images.labels)
    blended = (1.0 - weight) * images.labels + weight * answers
    return replace(images, labels=blended.astype(np.float32))


def teachers_answers(images: TrainingSet, teachers: Sequence[str | Path]) -> Floats:
    """Mean probabilities ``(n, 7)`` of the teachers, each over an image and its mirror image.

    A teacher that held out a part of the images (``TrainConfig.held_out``) answers for that part
    only: what it says of the images that it learned repeats their labels, the wrong ones too. One
    that held out nothing answers for all.

    Args:
        images: the training set.
        teachers: names or folders of bundles with a ``model.keras``.

    Raises:
        UserError: if a teacher cannot be read, or none may answer for some image.
    """
    total = np.zeros((len(images), len(LABELS)), np.float32)
    answered = np.zeros((len(images), 1), np.float32)
    for teacher in teachers:
        bundle = bundle_path(teacher)
        held_out = held_out_by(bundle)
        asked = (
            part_of(images.pixels, held_out[1]) == held_out[0]
            if held_out
            else np.ones(len(images), bool)
        )
        total[asked] += _answers(load_keras(bundle), images.pixels[asked])
        answered[asked] += 1.0
    if not answered.all():
        raise UserError(
            f"{int((answered == 0).sum()):,} training images are held out by none of the teachers "
            f"{', '.join(map(str, teachers))}; name the ones of the other parts, too."
        )
    return total / answered


def held_out_by(bundle: Path) -> tuple[int, ...]:
    """``TrainConfig.held_out`` of the run that made ``bundle``."""
    return tuple(
        read_json(bundle / TRAIN, "python -m fer train").get("config", {}).get("held_out", ())
    )


def referee(answers: Floats, votes: Floats, labels: Floats) -> Floats:
    """What the teachers' answers and the annotators' votes together say of the labels.

    Softmax regression of the labels on the logarithms of both: stacked generalisation (Wolpert,
    1992) with privileged information (Lopez-Paz et al., 2016, arXiv:1511.03643), for a network
    that is served sees no votes. Only for answers about images that the teachers did not learn.

    Args:
        answers: ``(n, 7)`` probabilities.
        votes: ``(n, 7)``, rows sum to 1, or to 0 where nobody voted for a label.
        labels: ``(n, 7)`` distributions to fit.

    Returns:
        ``(n, 7)`` probabilities.
    """
    features = np.concatenate([np.log(answers + _LEAST), np.log(votes + 0.05), votes], axis=1)
    features = (features - features.mean(axis=0)) / (features.std(axis=0) + _LEAST)
    model: Any = keras.Sequential([keras.layers.Dense(len(LABELS), activation="softmax")])
    model.compile(keras.optimizers.Adam(0.005), "categorical_crossentropy")
    model.fit(features, labels, batch_size=256, epochs=15, verbose=0)
    return np.asarray(model.predict(features, batch_size=4096, verbose=0), np.float32)


def _answers(teacher: keras.Model, pixels: NDArray[np.uint8], batch: int = 256) -> Floats:
    """Mean probabilities ``(n, 7)`` of a teacher over images and their mirror images."""
    probabilities = [
        np.concatenate(
            [
                teacher.predict_on_batch(view[start : start + batch].astype(np.float32))[0]
                for start in range(0, len(view), batch)
            ]
        )
        for view in (pixels, pixels[:, :, ::-1])
    ]
    return np.asarray(np.mean(probabilities, axis=0), np.float32)
