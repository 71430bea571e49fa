"""Other pictures of each face, as a run distorts them: for what looks at faces beside its loop."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from fer.training.camera import distort
from fer.training.config import TrainConfig

View = Callable[[NDArray[np.float32], int], NDArray[np.float32]]
"""Another picture of each face: of ``(n, size, size, 1)`` 0..255 and the number of the first."""

_SEED = 30_011  # their draws shall not be those of the run


def spoilt_views(config: TrainConfig, count: int, strength: float) -> list[View]:
    """Faces as the run changes them, each behind the camera; every view draws anew.

    Args:
        config: of the run.
        count: how many views.
        strength: share of the augmentation's ranges, 0..1.
    """
    return [partial(_spoilt, config, number, strength) for number in range(count)]


def _spoilt(
    config: TrainConfig, number: int, strength: float, faces: NDArray[np.float32], first: int
) -> NDArray[np.float32]:
    seed = tf.constant((config.seed + _SEED * (number + 1), first), tf.int32)
    camera, size = replace(config.camera, share=1.0), faces.shape[1]
    share = tf.constant(strength, tf.float32)
    return np.asarray(distort(faces, size, share, config.augmentation, camera, seed))
