"""The benchmark that tells memorisation from recognition."""

import numpy as np

from benchmarks.nearness import CLASSES, class_of, nearest, nearness_table
from fer.data.folder import LabelledImages


def _noise(count: int, seed: int) -> np.ndarray:
    """Smooth noise: unlike images hardly correlate."""
    coarse = np.random.default_rng(seed).integers(0, 256, (count, 12, 12))
    return np.kron(coarse, np.ones((4, 4))).astype(np.uint8)


def _images(pixels: np.ndarray, targets: list[int]) -> LabelledImages:
    rows = np.arange(len(targets))
    return LabelledImages(pixels, np.array(targets), rows, tuple(map(str, rows)))


def test_copies_brighter_ones_and_mirror_images_are_near():
    train = _noise(5, seed=0)
    pixels = np.stack([train[3], train[1] // 2 + 60, train[4][:, ::-1], _noise(1, seed=9)[0]])
    index, nearness = nearest(pixels, train)
    assert index[:3].tolist() == [3, 1, 4]
    assert (nearness[:3] > 0.99).all() and nearness[3] < 0.8
    assert class_of(nearness).tolist() == [0, 0, 0, len(CLASSES) - 1]


def test_a_blank_image_is_near_nothing():
    _, nearness = nearest(np.full((1, 48, 48), 77, np.uint8), _noise(3, seed=0))
    assert abs(nearness[0]) < 0.01


def test_the_table_counts_every_image_once_and_judges_by_label():
    train = _images(_noise(4, seed=0), [0, 1, 2, 3])
    new = _noise(1, seed=9)
    judged = _images(np.concatenate([train.pixels[:3], new]), [0, 1, 5, 6])
    lines = nearness_table(judged, train, {"fer": np.array([0, 2, 5, 6])}).splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]
    assert [row[1] for row in cells] == ["3", "0", "0", "1", "4"]
    assert cells[0][3:] == ["66.7 %", "66.7 %"]
    assert cells[1][3:] == ["–", "–"]
    assert cells[-1][4] == "75.0 %"
