"""Whether a face can be read: the answers, each on a picture that shows nothing else."""

import cv2
import numpy as np
import pytest

from fer.labels import LABELS
from fer.vision.faces import Faces
from fer.vision.quality import face_quality
from tests.support.videos import face_patch

HEAD = face_patch(100, 100)
PICTURES = {
    "good": HEAD,
    "small": HEAD[:39, :39],
    "dark": (HEAD * 0.2).astype(np.uint8),
    "blurred": cv2.GaussianBlur(HEAD, (0, 0), 5),
}


def faces(*boxes, turns=None):
    probs = np.full((len(boxes), len(LABELS)), 1 / len(LABELS), np.float32)
    turns = None if turns is None else np.array(turns, np.float32)
    return Faces(np.array(boxes, np.int32), probs, turns=turns)


@pytest.mark.parametrize("expected", PICTURES)
def test_each_answer(expected):
    height, width = PICTURES[expected].shape[:2]
    picture = np.full((height + 60, width + 20, 3), 128, np.uint8)
    picture[50 : 50 + height, 10 : 10 + width] = PICTURES[expected]
    assert face_quality(picture, faces([10, 50, 10 + width, 50 + height])) == [expected]


@pytest.mark.parametrize(("turn", "expected"), [(0.4, "good"), (-0.6, "turned"), (0.6, "turned")])
def test_a_head_that_looks_aside_is_turned(turn, expected):
    picture = np.pad(HEAD, ((50, 10), (10, 10), (0, 0)), constant_values=128)
    assert face_quality(picture, faces([10, 50, 110, 150], turns=[turn])) == [expected]


def test_no_face():
    assert face_quality(HEAD, Faces.empty()) == []


def test_a_face_cut_off_by_the_border_is_not_squeezed_into_a_square():
    """It was, and then reduced less across than down: sharp faces counted as blurred."""
    sharp_enough = cv2.GaussianBlur(HEAD, (0, 0), 1)
    assert face_quality(sharp_enough, faces([0, 0, 100, 100])) == ["good"]
    wall = np.full_like(sharp_enough[:, :50], 128)
    for half, begin in (
        (np.hstack([wall, sharp_enough[:, :50]]), 50),  # the picture ends in the middle of the face
        (np.hstack([sharp_enough[:, 50:], wall]), 0),
    ):
        assert face_quality(half, faces([begin, 0, begin + 50, 100])) == ["good"]
