"""The one way from a picture of a face to a square of a given size."""

import numpy as np
import pytest

from fer.pixels import middle_square, resize_square


@pytest.mark.parametrize(
    ("shape", "rows", "columns"),
    [
        ((4, 4), (0, 4), (0, 4)),
        ((4, 9), (0, 4), (2, 6)),
        ((10, 3, 3), (3, 6), (0, 3)),
        ((1, 5), (0, 1), (2, 3)),
    ],
)
def test_a_picture_is_cut_to_its_middle_never_squeezed(shape, rows, columns):
    pixels = np.arange(np.prod(shape)).reshape(shape)
    np.testing.assert_array_equal(middle_square(pixels), pixels[slice(*rows), slice(*columns)])


@pytest.mark.parametrize("size", [2, 6, 12])
def test_resizing_keeps_the_mean_and_the_directions(size):
    pixels = np.tile(np.linspace(20, 220, 6).astype(np.uint8), (6, 1))
    resized = resize_square(pixels, size)
    assert resized.shape == (size, size) and resized.dtype == np.uint8
    assert abs(resized.mean() - pixels.mean()) < 3 and (np.diff(resized[0].astype(int)) > 0).all()


def test_the_size_at_hand_is_left_as_it_is():
    pixels = np.random.default_rng(0).integers(0, 256, (48, 48), np.uint8)
    np.testing.assert_array_equal(resize_square(pixels, 48), pixels)
