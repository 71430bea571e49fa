"""Geometry of boxes: none of them is square, so that a swapped axis fails."""

import numpy as np
import pytest

from fer.vision.boxes import areas, clip_boxes, intersections, overlaps

NONE = np.zeros((0, 4))


def test_no_boxes_have_no_areas_and_no_overlap():
    some = np.array([[0, 0, 10, 4], [1, 2, 3, 5]])
    assert areas(NONE).shape == (0,)
    assert overlaps(NONE, some).shape == (0, 2) and overlaps(some, NONE).shape == (2, 0)
    assert clip_boxes(NONE.astype(np.int32), 9, 7).shape == (0, 4)


def test_intersections_of_boxes_that_are_not_square():
    a = np.array([[0, 0, 10, 4], [20, 20, 30, 22]], float)
    b = np.array([[5, 2, 25, 30], [0, 0, 10, 4], [10, 4, 12, 9]], float)
    np.testing.assert_array_equal(intersections(a, b), [[10, 40, 0], [10, 0, 0]])


@pytest.mark.parametrize(
    ("one", "other", "share"),
    [
        ((0, 0, 10, 4), (0, 0, 10, 4), 1.0),
        ((0, 0, 10, 4), (5, 0, 15, 4), 1 / 3),
        ((0, 0, 10, 4), (0, 3, 10, 7), 1 / 7),
        ((0, 0, 10, 4), (10, 0, 20, 4), 0.0),
        ((0, 0, 10, 4), (2, 1, 6, 3), 0.2),
        ((5, 5, 5, 5), (5, 5, 5, 5), 0.0),  # nothing overlaps nothing
    ],
)
@pytest.mark.parametrize("kind", [np.int32, np.float32])
def test_overlap_is_intersection_over_union(one, other, share, kind):
    found = overlaps(np.array([one], kind), np.array([other], kind))
    np.testing.assert_allclose(found, [[share]], rtol=1e-6)


@pytest.mark.parametrize(
    ("box", "clipped"),
    [
        ((-5, 3, 9, 17), (0, 3, 9, 17)),
        ((5, -3, 9, 17), (5, 0, 9, 17)),
        ((5, 3, 70, 17), (5, 3, 64, 17)),
        ((5, 3, 9, 77), (5, 3, 9, 48)),
    ],
)
def test_clip_boxes_on_each_side(box, clipped):
    before = np.array([box], np.int32)
    np.testing.assert_array_equal(clip_boxes(before, 64, 48), [clipped])
    assert tuple(before[0]) == box  # a copy
