"""Images that stand in a dataset more than once: identical, or one photograph changed a little.

**Identical** means equal in every grey value at 48 × 48 pixels, as training sees them.

**Near-duplicates** are compared by their fine detail: the image minus its own blur, so that
lighting, contrast and fades do not count. There are half a billion pairs in FER2013, hence two
steps. The amplitudes of an image's low spatial frequencies hardly change when it is shifted
(only their phases do); a pair whose amplitudes correlate by more than 0.86 is a candidate. Of a
candidate, the middle 40 × 40 pixels of one image are shifted by up to 4 pixels over the other;
the best correlation is the pair's similarity.

The threshold comes from looking at FER2013's train and validation images: of 120 pairs drawn
at random from the 4,157 found, 119 (99 %) show the same photograph; of 60 drawn from the band
just above the threshold, 0.75 to 0.78, 58 (97 %) do. Copies that are mirrored (131 pairs in FER2013
by the same measure), turned by 6 degrees or enlarged by a tenth are mostly missed.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from fer.data.copies import first_equals
from fer.data.face_image import is_blank
from fer.data.progress import Progress, silent

NEAR_THRESHOLD = 0.75
IDENTICAL_METHOD = "Every grey value at 48 × 48 pixels is equal."
NEAR_METHOD = (
    "Fine detail of the two images correlates by 0.75 or more at the best shift of up to 4 pixels, "
    "among pairs whose amplitudes of low spatial frequencies correlate by more than 0.86. "
    "Measured by eye on FER2013: 119 of 120 such pairs (99 %) show the same photograph. "
    "Mirrored, turned or enlarged copies are mostly missed."
)

_FREQUENCIES = 10
_CANDIDATE = 0.86
_BLUR = 4.0
_SHIFT = 4
_BLOCK = 1024


@dataclass(frozen=True)
class DuplicateGroup:
    """Two or more images that look the same.

    Attributes:
        files: paths relative to the folder that holds the splits, ``<split>/<label>/<name>``.
        similarity: correlation of the pixels across the weakest link that holds the group
            together; 1 where all images are identical.
    """

    files: tuple[str, ...]
    similarity: float = 1.0

    def __post_init__(self) -> None:
        if len(self.files) < 2:
            raise ValueError(f"A group of duplicates has two images or more, not {self.files}.")

    @property
    def splits(self) -> tuple[str, ...]:
        """The splits that the group touches, sorted."""
        return tuple(sorted({file.split("/")[0] for file in self.files}))

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels that the group was given, sorted; more than one is a conflict."""
        return tuple(sorted({file.split("/")[1] for file in self.files}))


@dataclass(frozen=True)
class Duplicates:
    """All groups of one kind of duplicate, and how they were found.

    Attributes:
        method: one or two sentences for the reader.
        threshold: least similarity of a pair, -1..1.
        groups: largest first.
    """

    method: str
    threshold: float
    groups: tuple[DuplicateGroup, ...]

    @property
    def images(self) -> int:
        """How many images stand in a group."""
        return sum(len(group.files) for group in self.groups)

    @property
    def conflicting(self) -> tuple[DuplicateGroup, ...]:
        """Groups whose images were given different labels."""
        return tuple(group for group in self.groups if len(group.labels) > 1)

    @property
    def across_splits(self) -> tuple[DuplicateGroup, ...]:
        """Groups that touch more than one split."""
        return tuple(group for group in self.groups if len(group.splits) > 1)

    def also_in_train(self, split: str) -> tuple[str, ...]:
        """Files of ``split`` that have a duplicate in ``train``."""
        return tuple(
            file
            for group in self.groups
            if "train" in group.splits
            for file in group.files
            if file.split("/")[0] == split != "train"
        )

    @property
    def summary(self) -> dict[str, int]:
        """The headline figures."""
        return {
            "groups": len(self.groups),
            "images": self.images,
            "conflicting_groups": len(self.conflicting),
            "groups_across_splits": len(self.across_splits),
        }


def find_identical(files: Sequence[str], pixels: NDArray[np.uint8]) -> Duplicates:
    """Images that are equal pixel by pixel; ``pixels`` is ``(n, 48, 48)``, one for each file."""
    groups = tuple(
        DuplicateGroup(tuple(files[i] for i in members))
        for members in _copies(pixels)
        if len(members) > 1
    )
    return Duplicates(IDENTICAL_METHOD, 1.0, _largest_first(groups))


def find_near(
    files: Sequence[str], pixels: NDArray[np.uint8], progress: Progress = silent
) -> Duplicates:
    """Images that show the same photograph, though their pixels differ; see the module's text.

    Blank images are left out: they are alike without being the same photograph. Identical
    copies of an image join its group, but do not make a group by themselves.

    Args:
        files: ``n`` paths relative to the folder that holds the splits.
        pixels: ``(n, 48, 48)`` uint8 grey.
        progress: shows how far it is.
    """
    blank = is_blank(pixels)
    copies = [alike for alike in _copies(pixels) if not blank[alike[0]]]
    distinct = pixels[[members[0] for members in copies]]
    pairs = _similar_pairs(distinct, progress)
    groups = tuple(
        DuplicateGroup(tuple(sorted(files[i] for k in members for i in copies[k])), similarity)
        for members, similarity in _join(pairs)
    )
    return Duplicates(NEAR_METHOD, NEAR_THRESHOLD, _largest_first(groups))


def _copies(pixels: NDArray[np.uint8]) -> list[list[int]]:
    """Indices of the images, those with equal pixels in one list."""
    members: dict[int, list[int]] = {}
    for i, first in enumerate(first_equals(pixels).tolist()):
        members.setdefault(first, []).append(i)
    return list(members.values())


def _largest_first(groups: Iterable[DuplicateGroup]) -> tuple[DuplicateGroup, ...]:
    return tuple(sorted(groups, key=lambda group: (-len(group.files), group.files)))


def _similar_pairs(pixels: NDArray[np.uint8], progress: Progress) -> list[tuple[float, int, int]]:
    """``(similarity, i, j)`` of every pair that passes ``NEAR_THRESHOLD``, most similar first."""

    @cache
    def detail(i: int) -> NDArray[np.float32]:
        return _fine_detail(pixels[i])

    candidates = _candidates(pixels, progress)
    pairs = [
        (_similarity(detail(i), detail(j)), i, j) for i, j in progress(candidates, "comparing")
    ]
    return sorted((pair for pair in pairs if pair[0] >= NEAR_THRESHOLD), reverse=True)


def _candidates(pixels: NDArray[np.uint8], progress: Progress) -> list[tuple[int, int]]:
    """Pairs ``i < j`` whose amplitudes correlate."""
    if not len(pixels):
        return []
    amplitudes = _amplitudes(pixels, progress)
    found: list[tuple[int, int]] = []
    starts = range(0, len(pixels), _BLOCK)
    for start in progress(starts, "searching"):
        # Only the upper triangle: block start.. against all images from start on.
        correlation = amplitudes[start : start + _BLOCK] @ amplitudes[start:].T
        above = np.flatnonzero(correlation > _CANDIDATE)
        i, j = np.divmod(above, correlation.shape[1])
        upper = i < j
        found += zip((i[upper] + start).tolist(), (j[upper] + start).tolist(), strict=True)
    return found


def _amplitudes(pixels: NDArray[np.uint8], progress: Progress) -> NDArray[np.float32]:
    """``(n, 181)`` spectra with mean 0 and length 1: their products are correlations."""
    spectra = [_spectrum(pixels[i]) for i in progress(range(len(pixels)), "transforming")]
    flat = np.array(spectra, np.float32).reshape(len(pixels), -1)
    flat -= flat.mean(axis=1, keepdims=True)
    length = np.linalg.norm(flat, axis=1, keepdims=True)
    return np.divide(flat, length, out=np.zeros_like(flat), where=length > 0)


def _spectrum(image: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Amplitudes of the low frequencies, ``(181,)``; a Hann window hides what a shift brings in."""
    height, width = image.shape
    window = np.outer(np.hanning(height), np.hanning(width))
    amplitudes = np.abs(np.fft.rfft2(_fine_detail(image) * window))
    falling = amplitudes[:_FREQUENCIES, :_FREQUENCIES]
    rising = amplitudes[1 - _FREQUENCIES :, 1:_FREQUENCIES]
    return np.concatenate([falling.ravel(), rising.ravel()]).astype(np.float32)


def _fine_detail(image: NDArray[np.uint8]) -> NDArray[np.float32]:
    values = image.astype(np.float32)
    return values - cv2.GaussianBlur(values, (0, 0), _BLUR)


def _similarity(detail: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    """Best correlation, -1..1, of the middle of one image with any place in the other."""
    middle = detail[_SHIFT:-_SHIFT, _SHIFT:-_SHIFT]
    best = float(cv2.matchTemplate(other, middle, cv2.TM_CCOEFF_NORMED).max())
    return min(best, 1.0) if np.isfinite(best) else 0.0


@dataclass
class _Group:
    members: list[int]
    weakest: float = 1.0


def _join(pairs: Sequence[tuple[float, int, int]]) -> list[tuple[list[int], float]]:
    """Groups that pairs connect, each with the weakest link it needs; ``pairs`` best first."""
    group_of: dict[int, _Group] = {}
    for similarity, i, j in pairs:
        one = group_of.get(i) or _Group([i])
        two = group_of.get(j) or _Group([j])
        if one is not two:
            joined = _Group(one.members + two.members, similarity)
            group_of.update(dict.fromkeys(joined.members, joined))
    groups = {id(group): group for group in group_of.values()}
    return [(group.members, group.weakest) for group in groups.values()]
