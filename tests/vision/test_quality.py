"""Whether a face can be read: the four answers, each on a picture that shows nothing else."""

import cv2
import numpy as np
import pytest

from fer.vision.quality import face_quality
from tests.support.videos import face_patch

HEAD = face_patch(100, 100)
PICTURES = {
    "good": HEAD,
    "small": HEAD[:39, :39],
    "dark": (HEAD * 0.2).astype(np.uint8),
    "blurred": cv2.GaussianBlur(HEAD, (0, 0), 5),
}


@pytest.mark.parametrize("expected", PICTURES)
def test_each_answer(expected):
    height, width = PICTURES[expected].shape[:2]
    picture = np.full((height + 60, width + 20, 3), 128, np.uint8)
    picture[50 : 50 + height, 10 : 10 + width] = PICTURES[expected]
    boxes = np.array([[10, 50, 10 + width, 50 + height]], np.int32)
    assert face_quality(picture, boxes) == [expected]


def test_none_and_the_empty_box():
    assert face_quality(HEAD, np.zeros((0, 4), np.int32)) == []
    assert face_quality(HEAD, np.array([[5, 5, 5, 60]], np.int32)) == ["small"]
