"""Two models on the same images: where they differ, and whether by more than chance."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fer.predictions import Predictions

Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Comparison:
    """Two models' answers for the same images in the same order, as by `compare`."""

    first: Predictions
    second: Predictions

    def __len__(self) -> int:
        return len(self.first)

    @property
    def both_right(self) -> Flags:
        """``(n,)``."""
        return self.first.correct & self.second.correct

    @property
    def only_first_right(self) -> Flags:
        """``(n,)``."""
        return self.first.correct & ~self.second.correct

    @property
    def only_second_right(self) -> Flags:
        """``(n,)``."""
        return self.second.correct & ~self.first.correct

    @property
    def both_wrong(self) -> Flags:
        """``(n,)``."""
        return ~self.first.correct & ~self.second.correct


def compare(first: Predictions, second: Predictions) -> Comparison:
    """The images that both models answered, matched by row, in rising order of rows."""
    _, in_first, in_second = np.intersect1d(first.rows, second.rows, return_indices=True)
    return Comparison(first.take(in_first), second.take(in_second))


def mcnemar(only_first: int, only_second: int) -> float:
    """Two-sided mid-p value of McNemar's test (1947).

    Of the images on which exactly one of two models is right, the first's share is binomial
    with one half if both are equally good. The mid-p value is the one to use according to
    Fagerland et al. (2013, BMC Med Res Methodol 13:91).

    Args:
        only_first: images that only the first gets right.
        only_second: images that only the second gets right.
    """
    n, fewer = int(only_first + only_second), int(min(only_first, only_second))
    if n == 0:
        return 1.0
    # Whole numbers without an end, of the 2 ** n ways in which the images may fall.
    beyond, observed = 0, 1
    for count in range(fewer):
        beyond += observed
        observed = observed * (n - count) // (count + 1)
    if only_first == only_second:
        return 1.0 - observed / 2 ** (n + 1)
    return (2 * beyond + observed) / 2**n
