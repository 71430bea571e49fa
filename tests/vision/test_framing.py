"""Geometry between detected boxes and classified squares."""

import cv2
import numpy as np
import pytest
import skimage.data

from fer.spec import Framing
from fer.vision.framing import LEAST_TILT, crop_faces, frame_squares, tilts, turn_back, turns


def boxes(*rows):
    return np.array(rows, np.float32).reshape(-1, 4)


@pytest.mark.parametrize(
    ("framing", "box", "square"),
    [
        (Framing(), (10, 20, 50, 60), (10, 20, 50, 60)),
        (Framing(), (10, 20, 40, 70), (5, 25, 45, 65)),
        (Framing(scale=2.0), (10, 20, 50, 60), (-10, 0, 70, 80)),
        (Framing(shift_x=0.25), (10, 20, 50, 60), (20, 20, 60, 60)),
        (Framing(scale=0.5, shift_y=-0.5), (10, 20, 50, 60), (20, 10, 40, 30)),
        (Framing(scale=0.25), (10, 20, 11, 21), (10, 20, 11, 21)),
    ],
)
def test_squares_follow_the_framing(framing, box, square):
    np.testing.assert_array_equal(frame_squares(boxes(box), framing), [square])


def test_squares_are_square_whatever_the_rounding():
    rng = np.random.default_rng(0)
    corners = rng.uniform(-50, 300, (200, 2))
    found = np.hstack([corners, corners + rng.uniform(1, 90, (200, 2))]).astype(np.float32)
    squares = frame_squares(found, Framing(1.07, 0.013, -0.021))
    sides = squares[:, 2:] - squares[:, :2]
    assert (sides[:, 0] == sides[:, 1]).all() and (sides > 0).all()


def test_no_boxes_are_no_squares_and_no_crops():
    squares = frame_squares(boxes(), Framing())
    assert squares.shape == (0, 4) and squares.dtype == np.int32
    assert crop_faces(np.zeros((9, 9), np.uint8), squares, 48).shape == (0, 48, 48, 1)


def test_a_crop_of_the_model_size_is_the_very_pixels():
    gray = np.random.default_rng(0).integers(0, 256, (70, 90)).astype(np.uint8)
    crops = crop_faces(gray, np.array([[11, 3, 59, 51]], np.int32), 48)
    assert crops.dtype == np.float32
    np.testing.assert_array_equal(crops[0, :, :, 0], gray[3:51, 11:59])


@pytest.mark.parametrize("size", [16, 100, 400])
def test_crops_keep_values_and_directions(size):
    gray = np.tile(np.linspace(0, 250, 500).astype(np.uint8), (450, 1))
    crop = crop_faces(gray, np.array([[30, 20, 30 + size, 20 + size]], np.int32), 48)[0, :, :, 0]
    assert crop.min() >= gray[0, 28] and crop.max() <= gray[0, 32 + size]
    assert crop[:, -1].mean() > crop[:, 0].mean()


def test_a_square_that_leaves_the_picture_continues_the_border():
    gray = np.full((40, 60), 90, np.uint8)
    gray[0], gray[-1], gray[:, 0], gray[:, -1] = 10, 20, 30, 40
    top, bottom, left, right = crop_faces(
        gray,
        np.array([[10, -24, 58, 24], [10, 20, 58, 68], [-24, -4, 24, 44], [30, -4, 78, 44]]),
        48,
    )[..., 0]
    assert (top[:24, :-1] == 10).all() and (bottom[-24:, :-1] == 20).all()
    assert (left[4:-4, :24] == 30).all() and (right[4:-4, -18:] == 40).all()


def test_a_square_outside_the_picture_is_all_border():
    crop = crop_faces(np.full((40, 60), 7, np.uint8), np.array([[80, 90, 128, 138]]), 48)
    assert (crop == 7).all()


@pytest.mark.parametrize(
    ("mouth", "degrees"),
    [
        ((20, 40), 0),
        ((0, 40), 45),  # the chin to the left of the eyes: turned clockwise
        ((40, 40), -45),
        ((20, 0), 180),  # upside down
    ],
)
def test_tilts_follow_the_line_from_eyes_to_mouth(mouth, degrees):
    landmarks = np.zeros((1, 5, 2), np.float32)
    landmarks[0, :2] = (12, 18), (28, 22)  # eyes on a slope, as of a head that looks aside
    landmarks[0, 3:] = np.add(mouth, [(-5, 0), (5, 0)])
    assert np.abs(tilts(landmarks, 1)) == pytest.approx([abs(degrees)])
    assert abs(degrees) == 180 or tilts(landmarks, 1) == pytest.approx([degrees])


def test_without_landmarks_nobody_is_tilted():
    assert tilts(None, 3).tolist() == [0, 0, 0]
    assert tilts(np.zeros((0, 5, 2), np.float32), 0).shape == (0,)


@pytest.mark.parametrize("degrees", [20, -35, 90])
def test_a_tilted_head_comes_out_upright(degrees):
    gray = cv2.cvtColor(skimage.data.astronaut(), cv2.COLOR_RGB2GRAY)
    square = np.array([[177, 66, 272, 161]], np.int32)
    middle = (224.0, 113.0)
    turn = cv2.getRotationMatrix2D(middle, -degrees, 1.0)
    tilted = cv2.warpAffine(gray, turn, gray.shape[::-1])
    upright = crop_faces(gray, square, 48)
    levelled = crop_faces(tilted, square, 48, np.array([degrees], np.float32))
    left = crop_faces(tilted, square, 48)
    assert np.abs(levelled - upright).mean() < 4 < np.abs(left - upright).mean()


def test_small_tilts_are_left_alone():
    gray = np.random.default_rng(0).integers(0, 256, (70, 90)).astype(np.uint8)
    square = np.array([[11, 3, 59, 51]], np.int32)
    crops = crop_faces(gray, square, 48, np.array([LEAST_TILT - 1]))
    np.testing.assert_array_equal(crops, crop_faces(gray, square, 48))


def test_a_levelled_crop_at_the_border_is_filled():
    crop = crop_faces(
        np.full((40, 60), 7, np.uint8), np.array([[40, 20, 88, 68]]), 48, np.ones(1) * 30
    )
    assert (crop == 7).all()


@pytest.mark.parametrize("degrees", [90, -90])
def test_maps_of_a_levelled_crop_lie_over_the_tilted_face(degrees):
    maps = np.zeros((2, 7, 6, 6), np.float32)
    maps[:, 3, 0, 2] = 1.0  # above the middle of the upright crop
    upright, turned = turn_back(maps, np.array([0.0, degrees], np.float32))
    np.testing.assert_array_equal(upright, maps[0])
    row, column = np.unravel_index(turned[3].argmax(), (6, 6))
    assert (row, column) == ((2, 5) if degrees > 0 else (3, 0))


@pytest.mark.parametrize("angle", [0, 35])
@pytest.mark.parametrize("turn", [0.0, -0.5, 0.7])
def test_a_head_looks_aside_as_far_as_its_nose_is_from_the_middle_of_the_eyes(turn, angle):
    upright = np.array([[10, 20], [30, 20], [20 + 20 * turn, 33], [12, 40], [28, 40]], np.float32)
    tilt = cv2.getRotationMatrix2D((0, 0), angle, 1.0)[:, :2].astype(np.float32)
    np.testing.assert_allclose(turns((upright @ tilt.T)[None]), [turn], atol=1e-5)
    assert turns(None) is None
