"""Frames and their faces: how often they are searched, and what lies in between."""

import numpy as np
import pytest

from fer.video.follow import between, follow
from fer.video.read import Frame
from fer.vision.faces import Faces
from fer.vision.track import Tracker
from tests.support.videos import moving_face, scene


def test_no_more_frames_are_held_than_lie_between_two_analyses(recognizer):
    frames = [Frame(rgb, i / 25, i) for i, rgb in enumerate(moving_face(23, 3))]
    stretches = list(follow(recognizer, Tracker(), frames, every=5))
    assert [len(stretch.frames) for stretch in stretches] == [5, 5, 5, 5, 3]
    assert [stretch.until for stretch in stretches] == pytest.approx([0.2, 0.4, 0.6, 0.8, 0.92])
    assert all(stretch.analysed for stretch in stretches)


@pytest.mark.parametrize(("every", "analysed"), [(None, 4), (150, 2)])
def test_however_many_frames_come_only_some_are_held(recognizer, every, analysed):
    frames = (Frame(scene(), i / 1000, i) for i in range(200))
    stretches = list(follow(recognizer, Tracker(), frames, every))
    assert max(len(stretch.frames) for stretch in stretches) == 60
    assert [frame.number for s in stretches for frame in s.frames] == list(range(200))
    assert sum(stretch.analysed for stretch in stretches) == analysed


def test_what_was_found_is_told_before_what_broke_off(recognizer):
    def frames():
        yield from (Frame(rgb, i / 25, i) for i, rgb in enumerate(moving_face(3)))
        raise OSError("the disk is gone")

    told = []
    with pytest.raises(OSError, match="gone"):
        told.extend(
            (stretch.frames[0].number, len(stretch.faces[0]))
            for stretch in follow(recognizer, Tracker(), frames(), every=1)
        )
    assert told == [(0, 1), (1, 1), (2, 1)]


def test_nothing_to_follow():
    assert list(follow(None, Tracker(), [])) == []


def test_boxes_move_on_straight_lines_between_analyses():
    def tracked(ids, boxes):
        n = len(ids)
        probs = np.full((n, 7), 1 / 7, np.float32)
        return Faces(np.array(boxes, np.int32).reshape(n, 4), probs, ids=np.array(ids, np.int64))

    before = tracked([3, 5], [[0, 0, 40, 50], [100, 100, 160, 190]])
    after = tracked([5, 9], [[110, 120, 180, 200], [0, 0, 10, 20]])
    middle = between(before, after, 0.5)
    assert middle.ids.tolist() == [3, 5]
    assert middle.boxes.tolist() == [[0, 0, 40, 50], [105, 110, 170, 195]]
    assert len(between(tracked([], []), after, 0.5)) == 0
