"""Vectors as a few bytes each: product quantization."""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

CENTROIDS = 256
"""That a code of one byte tells apart."""

_ROUNDS = 12
_ITERATIONS = 12
_SEED = 0

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Quantized:
    """Vectors ``(n, parts · numbers)`` as codes, and what these stand for.

    Attributes:
        turn: ``(d, d)``, orthogonal: codes stand for the vectors times this.
        codes: ``(n, parts)``.
        centroids: ``(parts, 256, numbers)``; the codes of a part choose among its centroids.
    """

    turn: Floats
    codes: NDArray[np.uint8]
    centroids: Floats

    @property
    def decoded(self) -> Floats:
        """``(n, d)``: nearly the vectors times `turn`."""
        chosen = [table[code] for table, code in zip(self.centroids, self.codes.T, strict=True)]
        return np.hstack(chosen)


def quantize(vectors: Floats, parts: int) -> Quantized:
    """Find the turn, the centroids and the codes that lose little.

    Jégou et al. (2011) with the turn of Ge et al. (2013, without assumptions on the vectors): by
    turns k-means within each part and the orthogonal turn that is best for what it found.

    Args:
        vectors: ``(n, d)``, at least 256; ``d`` is a multiple of ``parts``.
        parts: codes of a vector.
    """
    random = np.random.default_rng(_SEED)
    cv2.setRNGSeed(_SEED)
    turn = np.linalg.qr(random.standard_normal((vectors.shape[1],) * 2))[0].astype(np.float32)
    nearest: list[Any] = [None] * parts
    for _ in range(_ROUNDS):
        groups = np.split(vectors @ turn, parts, axis=1)
        found = [_cluster(group, known) for group, known in zip(groups, nearest, strict=True)]
        nearest = [labels for labels, _ in found]
        result = Quantized(
            turn,
            codes=np.hstack(nearest).astype(np.uint8),
            centroids=np.stack([centroids for _, centroids in found]),
        )
        left, _, right = np.linalg.svd(vectors.T @ result.decoded)
        turn = left @ right
    return Quantized(turn, result.codes, result.centroids)


def _cluster(group: Floats, nearest: Any) -> tuple[NDArray[np.int32], Floats]:
    """k-means, begun with the ``nearest`` if known: the nearest centroid ``(n, 1)``, and all."""
    stop = (cv2.TERM_CRITERIA_MAX_ITER, _ITERATIONS, 0.0)
    begin = cv2.KMEANS_PP_CENTERS if nearest is None else cv2.KMEANS_USE_INITIAL_LABELS
    _, labels, centroids = cv2.kmeans(
        np.ascontiguousarray(group), CENTROIDS, nearest, stop, attempts=1, flags=begin
    )
    return np.asarray(labels, np.int32), np.asarray(centroids, np.float32)
