"""Films of several people, cut: who comes back keeps the number, and nobody gets another's."""

import numpy as np

from fer.video.cuts import _learned
from fer.video.follow import follow
from fer.video.read import Frame
from fer.vision.track import Tracker
from tests.support.videos import face_patch

TINTS = {
    "ann": ((1.0, 0.85, 0.75), (200, 40, 40)),
    "bob": ((0.8, 0.62, 0.5), (40, 60, 190)),
    "cyd": ((1.0, 0.95, 0.6), (40, 150, 60)),
    "dan": ((0.75, 0.8, 1.0), (230, 200, 60)),
}
FILM = [  # who is seen in each shot, from left to right
    ("ann",), ("bob",), ("ann", "bob"), ("cyd",), ("bob",), ("dan", "cyd"), ("ann",), ("dan",),
]  # fmt: skip


def person(name, grey=False):
    """A head in a tint of its own, over clothes in a colour of its own."""
    tint, clothes = TINTS[name]
    head = np.clip(face_patch() * np.array(tint), 0, 255).astype(np.uint8)
    body = np.full((60, 100, 3), clothes, np.uint8)
    picture = np.concatenate([head[:92], body])
    if grey:
        picture = np.repeat(picture.mean(axis=2, keepdims=True).astype(np.uint8), 3, axis=2)
    return picture


def film(shots, grey=False):
    """Half a second a shot, each before a wall of its own and with everybody somewhere else."""
    for number, shot in enumerate(shots):
        for i in range(12):
            at = 20 + 7 * (number % 3) + i
            wall = np.full((240, 320, 3), (40, 150, 90)[number % 3], np.uint8)
            for k, who in enumerate(shot):
                body = person(who, grey)
                left, top = at + 150 * k, 40 + 9 * (number % 4)
                wall[top : top + len(body), left : left + body.shape[1]] = body
            yield Frame(wall, (12 * number + i) / 25, 12 * number + i)


def numbers_by_shot(recognizer, shots, **options):
    """The numbers in the middle of every shot, from left to right."""
    seen = {}
    for stretch in follow(recognizer, Tracker(), film(shots, **options)):
        for frame, faces in zip(stretch.frames, stretch.faces, strict=True):
            order = np.argsort(faces.boxes[:, 0])
            seen[frame.number] = tuple(faces.ids[order].tolist())
    return [seen[12 * number + 8] for number in range(len(shots))]


def test_who_comes_back_after_a_cut_keeps_the_number(recognizer):
    numbers = {"ann": 1, "bob": 2, "cyd": 3, "dan": 4}
    expected = [tuple(numbers[who] for who in shot) for shot in FILM]
    assert numbers_by_shot(recognizer, FILM) == expected


def test_without_colour_everybody_is_new_after_a_cut(recognizer):
    shots = [("ann",), ("bob",), ("ann",)]
    assert numbers_by_shot(recognizer, shots, grey=True) == [(1,), (2,), (3,)]


def test_who_could_be_two_is_new(recognizer, monkeypatch):
    monkeypatch.setitem(TINTS, "bob", TINTS["ann"])  # twins
    both, one = numbers_by_shot(recognizer, [("ann", "bob"), ("ann",)])
    assert set(both) == {1, 2} and one == (3,)  # which of the twins is 1 does not matter


def test_nothing_slides_across_a_cut(recognizer):
    shots = [("ann",), ("bob",), ("ann",)]
    for stretch in follow(recognizer, Tracker(), film(shots), every=6):
        for before, after in zip(stretch.faces, stretch.faces[1:], strict=False):
            assert np.abs(after.boxes - before.boxes).max(initial=0) <= 3


def test_clothes_that_are_out_of_sight_do_not_forget_those_that_were_seen():
    known, seen = np.full((2, 16, 2), 0.3, np.float32), np.full((2, 16, 2), 0.4, np.float32)
    seen[1] = np.nan
    for first, second in [(known, seen), (seen, known)]:
        assert not np.isnan(_learned(first, second)).any()
