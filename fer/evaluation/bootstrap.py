"""Bootstrap intervals: how far a figure would move with another sample of as many images.

Percentile intervals of 95 % over resampled images (Efron & Tibshirani, 1993, chapter 13),
with a fixed seed, so that the same predictions give the same interval. Images are taken as
independent; FER2013 holds copies, so the true intervals are a little wider.

Where all images are right, or none, every resample is alike, and such an interval has no length:
what may be as small as a group of people has that of `jeffreys_estimate`.
"""

import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 2000
SEED = 0
LEVEL = 0.95
_CHUNK = 50

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Estimate:
    """A figure, its interval, and the number of images (or measurements) it is over."""

    value: float
    low: float
    high: float
    n: int


def percentile_interval(resampled: Floats) -> tuple[Floats, Floats]:
    """Low and high end over the first axis of ``resampled (resamples, ...)``, NaN left out."""
    tail = (1 - LEVEL) / 2
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a label that never occurs is NaN
        low, high = np.nanquantile(resampled, [tail, 1 - tail], axis=0)
    return low, high


def estimate_of(value: float | Floats, resampled: Floats, n: int) -> Estimate:
    """``value`` with the percentile interval of ``resampled (resamples,)``."""
    low, high = percentile_interval(resampled)
    return Estimate(float(value), float(low), float(high), n)


def basic_interval_of(value: float | Floats, resampled: Floats, n: int) -> Estimate:
    """``value``, never negative, with the basic interval of ``resampled (resamples,)``.

    The percentile interval mirrored at ``value`` (Davison & Hinkley, 1997, section 2.4): what
    resampling adds on average is taken off instead of being added a second time.
    """
    low, high = percentile_interval(resampled)
    ends = np.clip([2 * value - high, 2 * value - low], 0.0, None)
    return Estimate(float(value), float(ends[0]), float(max(value, ends[1])), n)


def resample_confusion(confusion: NDArray[np.int64]) -> NDArray[np.int64]:
    """Confusion matrices of resampled images, ``(resamples, 7, 7)``.

    Drawing n images with replacement makes the 49 counts multinomial with the shares of
    the matrix at hand: this is the bootstrap over images itself, not an approximation.
    """
    n = int(confusion.sum())
    draws = np.random.default_rng(SEED).multinomial(n, confusion.ravel() / n, size=RESAMPLES)
    return draws.reshape(RESAMPLES, *confusion.shape)


def resample_images(n: int) -> Iterator[NDArray[np.int64]]:
    """How often each of n images was drawn: `RESAMPLES` rows in chunks ``(chunk, n)``."""
    random = np.random.default_rng(SEED)
    starts = np.arange(_CHUNK)[:, None] * n  # so that one bincount serves the whole chunk
    for _ in range(RESAMPLES // _CHUNK):
        draws = random.integers(n, size=(_CHUNK, n)) + starts
        yield np.bincount(draws.ravel(), minlength=_CHUNK * n).reshape(_CHUNK, n)


def share_estimate(flags: NDArray[np.bool_]) -> Estimate | None:
    """The share of true ``flags (n,)``; ``None`` without any image.

    The number of true flags in a resample is binomial, so nothing else needs drawing.
    """
    n = len(flags)
    if n == 0:
        return None
    share = float(np.mean(flags))
    return estimate_of(share, np.random.default_rng(SEED).binomial(n, share, RESAMPLES) / n, n)


def jeffreys_estimate(flags: NDArray[np.bool_]) -> Estimate:
    """The share of true ``flags (n,)``, n at least 1, with an interval of some length always.

    The ends are 0 and 1 where no flag is true, or every one (Brown, Cai & DasGupta, 2001,
    Statistical Science 16(2), the Jeffreys interval).
    """
    n, share = len(flags), float(np.mean(flags))
    return spanning_estimate(share, jeffreys_shares(np.array([share]), np.array([n]))[:, 0], n)


def jeffreys_shares(shares: Floats, counts: NDArray[np.int64]) -> Floats:
    """What ``shares (k,)`` of ``counts (k,)`` images may truly be: draws ``(RESAMPLES, k)``.

    From Jeffreys' posterior distribution, Beta(right + 1/2, wrong + 1/2).
    """
    right = shares * counts
    size = (RESAMPLES, len(counts))
    return np.random.default_rng(SEED).beta(right + 0.5, counts - right + 0.5, size)


def spanning_estimate(value: float, drawn: Floats, n: int) -> Estimate:
    """``value`` with the percentile interval of ``drawn (resamples,)``, stretched to hold it."""
    low, high = percentile_interval(drawn)
    return Estimate(value, min(float(low), value), max(float(high), value), n)


def statistic_estimate(values: Floats, statistic: Callable[..., Floats]) -> Estimate:
    """A statistic with an ``axis`` argument (such as ``np.median``) of ``values (n,)``."""
    n = len(values)
    draws = values[np.random.default_rng(SEED).integers(n, size=(RESAMPLES, n))]
    return estimate_of(statistic(values), statistic(draws, axis=1), n)
