"""Who is who from frame to frame, and labels that do not flicker."""

import copy
import pickle
from dataclasses import replace

import numpy as np
import pytest
from skimage.data import astronaut

from fer.labels import LABELS, UNSURE
from fer.vision.appearance import likeness, looks
from fer.vision.faces import Faces
from fer.vision.track import Tracker, Tracks, match

FRAME = np.zeros((240, 400, 3), np.uint8)
RED, BLUE = (190, 120, 90), (90, 120, 190)


def faces_at(*boxes, probs=None, unsure_below=0.0):
    if probs is None:
        probs = [peaked("happy")] * len(boxes)
    return Faces(
        np.array(boxes, np.int32).reshape(-1, 4),
        np.array(probs, np.float32).reshape(-1, 7),
        unsure_below=unsure_below,
    )


def peaked(label, height=0.7):
    probs = np.full(7, (1 - height) / 6)
    probs[LABELS.index(label)] = height
    return probs


def painted(*people):
    """A frame with a patch for every (box, colour), the first in front."""
    rgb = FRAME.copy()
    for (x0, y0, x1, y1), color in reversed(people):
        rgb[y0:y1, x0:x1] = color
    return rgb


def box_at(x, y=100, width=40, height=44):
    x, y = round(x), round(y)
    return (x - width // 2, y - height // 2, x + width // 2, y + height // 2)


def follow(probs, step, tracker=None, unsure_below=0.0):
    """The shown label after each of ``probs``, seen ``step`` seconds apart; and the last faces."""
    tracker, tracks, shown = tracker or Tracker(), Tracks(), []
    for i, p in enumerate(probs):
        faces = faces_at(box_at(80), probs=[p], unsure_below=unsure_below)
        tracks, seen = tracker.update(tracks, faces, FRAME, i * step)
        shown.append(seen.labels[0])
    return shown, seen


def test_no_faces_no_tracks():
    tracks, faces = Tracker().update(Tracks(), Faces.empty(), FRAME, 0.0)
    assert len(faces) == 0
    assert faces.ids.shape == (0,)
    assert faces.labels == []
    assert tracks == Tracks(seconds=0.0)


def test_a_face_keeps_its_number_and_order_stays_that_of_the_faces():
    tracker = Tracker()
    tracks, first = tracker.update(Tracks(), faces_at(box_at(60), box_at(300)), FRAME, 0.0)
    tracks, second = tracker.update(tracks, faces_at(box_at(304), box_at(63)), FRAME, 0.1)
    assert first.ids.tolist() == [1, 2]
    assert second.ids.tolist() == [2, 1]
    assert second.boxes.tolist() == [list(box_at(304)), list(box_at(63))]


@pytest.mark.parametrize(
    ("missed", "step", "same"),
    [(0.5, 0.1, True), (0.5, 1 / 30, True), (0.8, 0.1, False), (0.0, 1.0, True), (0.0, 3.0, False)],
    ids=["half a second", "at 30 frames/s", "too long", "rare frames", "a break"],
)
def test_an_id_survives_half_a_second_of_missed_detections(missed, step, same):
    tracker = Tracker()
    tracks, _ = tracker.update(Tracks(), faces_at(box_at(60)), FRAME, 0.0)
    count = round(missed / step)
    for i in range(count):
        tracks, _ = tracker.update(tracks, Faces.empty(), FRAME, (i + 1) * step)
    tracks, faces = tracker.update(tracks, faces_at(box_at(60)), FRAME, (count + 1) * step)
    assert faces.ids.tolist() == [1 if same else 2]


def test_numbers_are_never_given_twice():
    tracker = Tracker()
    tracks, _ = tracker.update(Tracks(), faces_at(box_at(60)), FRAME, 0.0)
    tracks, _ = tracker.update(tracks, Faces.empty(), FRAME, 1.0)
    tracks, faces = tracker.update(tracks, faces_at(box_at(60)), FRAME, 1.5)
    assert faces.ids.tolist() == [2]


@pytest.mark.parametrize("colors", [(RED, BLUE), (RED, RED)], ids=["two looks", "one look"])
@pytest.mark.parametrize("frame_rate", [10, 30])
@pytest.mark.parametrize("hidden", [False, True], ids=["both seen", "one hides the other"])
def test_two_who_cross_keep_their_numbers(colors, frame_rate, hidden):
    """Where both are seen throughout, the one in front covers less than half of the other."""
    positions = [(100 + 150 * t, 300 - 150 * t) for t in np.arange(0, 1.3, 1 / frame_rate)]
    assert_never_swapped(positions, colors, 1 / frame_rate, hidden)


@pytest.mark.parametrize("hidden", [False, True], ids=["both seen", "one hides the other"])
def test_two_who_meet_and_turn_back_are_told_apart_by_their_looks(hidden):
    times = np.arange(0, 1.6, 0.1)
    positions = [
        (100 + 95 * min(t, 1.6 - t) / 0.8, 300 - 95 * min(t, 1.6 - t) / 0.8) for t in times
    ]
    assert_never_swapped(positions, (RED, BLUE), 0.1, hidden)


def assert_never_swapped(positions, colors, step, hidden):
    tracker, tracks = Tracker(), Tracks()
    for i, (left, right) in enumerate(positions):
        boxes = [box_at(left, 100), box_at(right, 104 if hidden else 130)]
        if hidden and abs(left - right) < 25:
            boxes = boxes[:1]
        rgb = painted(*zip(boxes, colors, strict=False))
        tracks, faces = tracker.update(tracks, faces_at(*boxes), rgb, i * step)
        assert faces.ids.tolist() == [1, 2][: len(boxes)]


def test_another_person_in_the_same_place_gets_another_number():
    tracker, box = Tracker(), box_at(80)
    tracks, _ = tracker.update(Tracks(), faces_at(box), painted((box, RED)), 0.0)
    _, faces = tracker.update(tracks, faces_at(box), painted((box, BLUE)), 0.1)
    assert faces.ids.tolist() == [2]


def test_looks_do_not_depend_on_brightness_nor_on_what_covers_a_part():
    rgb, box = astronaut(), np.array([[170, 60, 275, 190]], np.int32)
    dark, covered = (rgb * 0.7).astype(np.uint8), rgb.copy()
    covered[60:190, 170:196] = 200, 20, 20
    [own] = looks(rgb, box)
    other = likeness(own, looks(rgb[:, :, ::-1], box)[0])
    for same in (dark, covered):
        assert likeness(own, looks(same, box)[0]) > 0.3 > 0.1 > other


def test_a_face_without_area_or_colour_has_a_look():
    boxes = np.array([[400, 20, 400, 60], [10, 10, 30, 50]], np.int32)
    assert np.isfinite(looks(FRAME, boxes)).all()


@pytest.mark.parametrize("step", [0.05, 0.1, 0.3], ids=["20 frames/s", "10", "3"])
def test_smoothing_goes_by_time_and_not_by_frames(step):
    count = round(0.6 / step)
    _, faces = follow([peaked("sad")] + [peaked("happy")] * count, step)
    expected = 0.25 * peaked("sad") + 0.75 * peaked("happy")  # two half-lives of 0.3 s
    np.testing.assert_allclose(faces.probs[0], expected, atol=1e-5)
    assert faces.probs.dtype == np.float32


def test_the_first_observation_is_not_smoothed_and_smoothing_can_be_off():
    _, first = follow([peaked("fear")], 0.1)
    _, off = follow([peaked("fear"), peaked("angry")], 0.1, Tracker(half_life=0))
    np.testing.assert_allclose(first.probs[0], peaked("fear"), rtol=1e-6)
    np.testing.assert_allclose(off.probs[0], peaked("angry"), rtol=1e-6)


def test_a_label_that_barely_leads_now_and_then_does_not_flicker():
    near = [peaked("happy", 0.4), peaked("happy", 0.4)]
    near[1][[LABELS.index("happy"), LABELS.index("sad")]] = 0.38, 0.42
    shown, faces = follow(near * 20, 0.1, Tracker(half_life=0))
    assert set(shown) == {"happy"}
    assert (faces.labels, faces.best_guesses) == (["happy"], ["sad"])
    assert faces.confidences[0] == pytest.approx(0.38)


@pytest.mark.parametrize(
    ("rival", "changes_after"),
    [(0.60, 0.0), (0.42, 0.5)],
    ids=["a clear lead counts at once", "a small one with time"],
)
def test_a_label_that_leads_clearly_or_for_long_is_shown(rival, changes_after):
    new = peaked("happy", 0.35)
    new[LABELS.index("sad")] = rival
    new /= new.sum()
    shown, _ = follow([peaked("happy")] + [new] * 10, 0.1, Tracker(half_life=0))
    first = shown.index("sad")
    assert (first - 1) * 0.1 == pytest.approx(changes_after)
    assert set(shown[first:]) == {"sad"}


def test_no_label_is_shown_under_its_limit_and_none_flickers_there():
    probs = [peaked("happy", 0.52), peaked("happy", 0.48)] * 20
    shown, _ = follow(probs, 0.1, Tracker(half_life=0), unsure_below=0.5)
    assert shown == ["happy", *[UNSURE] * 39]
    shown, _ = follow(probs[1:], 0.1, Tracker(half_life=0), unsure_below=0.5)
    assert set(shown) == {UNSURE}
    shown, _ = follow([*probs, peaked("happy", 0.2)], 0.1, Tracker(half_life=0), unsure_below=0.5)
    assert shown[-1] == UNSURE


def test_time_that_runs_backwards_stands_still():
    tracker = Tracker()
    tracks, _ = tracker.update(Tracks(), faces_at(box_at(60)), FRAME, 5.0)
    later, faces = tracker.update(tracks, faces_at(box_at(62)), FRAME, 4.0)
    assert faces.ids.tolist() == [1]
    assert later.seconds == 5.0
    assert np.isfinite(later.known[0].velocity).all()


def test_the_state_is_a_value():
    tracker, faces = Tracker(), faces_at(box_at(60))
    before, _ = tracker.update(Tracks(), faces, FRAME, 0.0)
    kept = pickle.loads(pickle.dumps(before))
    for state in (before, kept, copy.deepcopy(before)):
        _, seen = tracker.update(state, faces_at(box_at(70)), FRAME, 0.1)
        assert seen.ids.tolist() == [1]
    assert before.known[0].centre.tolist() == [60, 100]
    assert replace(before, known=()) == Tracks((), 2, 0.0)


@pytest.mark.parametrize(
    ("scores", "partners"),
    [
        (np.zeros((0, 2)), [None, None]),
        (np.zeros((2, 0)), []),
        (np.array([[0.0, 0.9], [0.8, 0.0], [0.0, 0.95]]), [1, 2]),
        (np.array([[0.05]]), [None]),
    ],
)
def test_pairs_are_made_best_first_and_once(scores, partners):
    assert match(scores) == partners


@pytest.mark.parametrize("bad", [{"half_life": -1}, {"keep": np.nan}, {"margin": np.inf}])
def test_a_tracker_checks_itself(bad):
    with pytest.raises(ValueError, match=next(iter(bad))):
        Tracker(**bad)
