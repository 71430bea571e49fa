"""Searching near known faces answers as searching everywhere does."""

import numpy as np
import pytest

import fer
from fer.vision.detection import Detections
from fer.vision.stream import Stream, detect_near, recognize_next, regions, working_sizes
from fer.vision.track import Tracker
from tests.support.bundles import write_toy_bundle
from tests.support.videos import face_patch, scene


class Counting:
    """A detector that notes the pixels which it was asked to search."""

    def __init__(self, detector):
        self.name, self.detector, self.searched = detector.name, detector, []

    def __call__(self, rgb, working_size):
        self.searched.append(rgb.shape[0] * rgb.shape[1])
        return self.detector(rgb, working_size)


@pytest.fixture
def recognizer(tmp_path):
    recognizer = fer.load(write_toy_bundle(tmp_path))
    recognizer.detector = Counting(recognizer.detector)
    return recognizer


def run(recognizer, frames, step=0.1):
    stream, answers = Stream(), []
    for i, rgb in enumerate(frames):
        stream, faces = recognize_next(recognizer, Tracker(), stream, rgb, i * step)
        answers.append(faces)
    return answers


def test_between_whole_searches_only_the_face_is_searched_and_found(recognizer):
    frames = [scene((face_patch(), 40 + 5 * i, 60)) for i in range(11)]
    answers = run(recognizer, frames)
    whole = 320 * 240
    searched = recognizer.detector.searched
    assert [i for i, pixels in enumerate(searched) if pixels == whole] == [0, 5, 10]
    assert max(pixels for pixels in searched if pixels != whole) < whole / 4
    for rgb, faces in zip(frames, answers, strict=True):
        assert faces.ids.tolist() == [1]
        np.testing.assert_allclose(faces.boxes, recognizer(rgb, working_size=320).boxes, atol=8)


def test_a_face_that_jumps_is_searched_everywhere_at_once(recognizer):
    frames = [scene((face_patch(), x, 60)) for x in (10, 10, 200)]
    assert [len(faces) for faces in run(recognizer, frames)] == [1, 1, 1]


def test_after_a_face_left_a_frame_is_searched_once(recognizer):
    head = face_patch()
    frames = [scene((head, 10, 60), (head, 200, 60))] + [scene((head, 10, 60))] * 4
    run(recognizer, frames)
    assert recognizer.detector.searched[-4:] == [320 * 240] * 4  # at the first, regions as well


def test_a_crowd_is_searched_as_a_whole(recognizer):
    head = face_patch()
    frames = [scene(*((head, x, y) for x in (5, 110, 215) for y in (5, 125)))] * 3
    run(recognizer, frames)
    assert recognizer.detector.searched == [320 * 240] * 3


def test_a_new_face_waits_half_a_second_at_most(recognizer):
    head = face_patch()
    frames = [scene((head, 10, 60))] * 2 + [scene((head, 10, 60), (head, 200, 60))] * 5
    counts = [len(faces) for faces in run(recognizer, frames)]
    assert counts[0] == 1
    assert counts[5:] == [2, 2]


@pytest.mark.parametrize(
    ("boxes", "expected"),
    [
        (np.zeros((0, 4)), []),
        ([[100, 80, 140, 110]], [[90, 70, 150, 120]]),
        ([[5, 100, 45, 140]], [[0, 90, 55, 150]]),
        ([[280, 200, 330, 260]], [[265, 185, 320, 240]]),
        ([[400, 300, 420, 340]], []),
        ([[100, 80, 140, 120], [150, 80, 190, 120]], [[90, 70, 200, 130]]),
        (
            [[40, 40, 60, 60], [260, 40, 280, 60]],
            [[35, 35, 65, 65], [255, 35, 285, 65]],
        ),
    ],
    ids=["none", "inside", "left", "corner", "outside", "two as one", "two"],
)
def test_regions(boxes, expected):
    found = regions(np.array(boxes, float).reshape(-1, 4), 320, 240)
    assert found.tolist() == expected


@pytest.mark.parametrize(
    ("box", "size"),
    [
        ([40, 40, 100, 100], 52),  # half the scale, as in a whole search of this frame
        ([100, 100, 400, 400], 147),  # 85 pixels a side
        ([-30, 40, -5, 65], 4),  # about to leave: what is inside is its margin
    ],
    ids=["small", "large", "leaving"],
)
def test_a_large_face_is_looked_at_reduced(box, size):
    boxes = np.array([box], float)
    places = regions(boxes, 640, 480)
    assert working_sizes(places, boxes, 640, 480) == [size]


def test_what_is_found_in_a_region_is_told_in_pixels_of_the_frame():
    class Corner:
        name = "corner"

        def __call__(self, rgb, working_size):
            marks = np.full((1, 5, 2), 3, np.float32)
            score = np.array([rgb.shape[1]], np.float32)
            return Detections(np.array([[1, 2, 11, 22]], np.float32), score, marks)

    places = np.array([[10, 10, 50, 50], [180, 80, 260, 160]])
    found = detect_near(Corner(), np.zeros((240, 320, 3), np.uint8), places, [40, 80])
    assert found.scores.tolist() == [80, 40]
    assert found.boxes.tolist() == [[181, 82, 191, 102], [11, 12, 21, 32]]
    assert found.landmarks[:, 0].tolist() == [[183, 83], [13, 13]]


class Sides:
    """A classifier that notes which views it was asked for."""

    def __init__(self, classifier):
        self.classifier, self.spec, self.asked = classifier, classifier.spec, []

    def __call__(self, crops, maps, mirrored):
        self.asked.append(mirrored)
        return self.classifier(crops, maps, mirrored)


@pytest.mark.parametrize(
    ("step", "asked"), [(0.1, [None, True, False, True]), (0.2, [None] * 4)], ids=["soon", "late"]
)
def test_frames_that_follow_soon_take_the_two_views_in_turn(recognizer, step, asked):
    recognizer.classifier = Sides(recognizer.classifier)
    run(recognizer, [scene((face_patch(), 40, 60))] * 4, step)
    assert recognizer.classifier.asked == asked
