"""Searching near known faces answers as searching everywhere does, and timelines add up."""

import csv
import json

import numpy as np
import pytest

import fer
from fer import plots
from fer.labels import LABELS, UNSURE
from fer.video.timeline import Timeline, TimelineBuilder, summarize, write_csv, write_json
from fer.vision.detection import Detections
from fer.vision.faces import Faces
from fer.vision.stream import Stream, detect_near, recognize_next, regions
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
        ([[100, 80, 140, 110]], [[80, 60, 160, 130]]),
        ([[5, 100, 45, 140]], [[0, 80, 65, 160]]),
        ([[280, 200, 330, 260]], [[250, 170, 320, 240]]),
        ([[400, 300, 420, 340]], []),
        ([[100, 80, 140, 120], [150, 80, 190, 120]], [[80, 60, 210, 140]]),
        (
            [[40, 40, 60, 60], [260, 40, 280, 60]],
            [[30, 30, 70, 70], [250, 30, 290, 70]],
        ),
    ],
    ids=["none", "inside", "left", "corner", "outside", "two as one", "two"],
)
def test_regions(boxes, expected):
    found = regions(np.array(boxes, float).reshape(-1, 4), 320, 240)
    assert found.tolist() == expected


def test_what_is_found_in_a_region_is_told_in_pixels_of_the_frame():
    class Corner:
        name = "corner"

        def __call__(self, rgb, working_size):
            marks = np.full((1, 5, 2), 3, np.float32)
            score = np.array([rgb.shape[1]], np.float32)
            return Detections(np.array([[1, 2, 11, 22]], np.float32), score, marks)

    places = np.array([[10, 10, 50, 50], [180, 80, 260, 160]])
    found = detect_near(Corner(), np.zeros((240, 320, 3), np.uint8), places)
    assert found.scores.tolist() == [80, 40]
    assert found.boxes.tolist() == [[181, 82, 191, 102], [11, 12, 21, 32]]
    assert found.landmarks[:, 0].tolist() == [[183, 83], [13, 13]]


def tracked(*faces):
    """Faces from (id, label shown, probability)."""
    probs = np.full((len(faces), 7), 0.0, np.float32)
    for row, (_, label, p) in enumerate(faces):
        probs[row] = (1 - p) / 6
        probs[row, LABELS.index("happy" if label == UNSURE else label)] = p
    boxes = [[10 * i, 5, 10 * i + 40, 35] for i, _, _ in faces]
    return Faces(
        np.array(boxes, np.int32).reshape(-1, 4),
        probs,
        ids=np.array([i for i, _, _ in faces], np.int64),
        shown=tuple(label for _, label, _ in faces),
    )


@pytest.fixture
def builder():
    builder, rgb = TimelineBuilder(), np.zeros((60, 120, 3), np.uint8)
    seen = [
        (0.0, tracked((1, "happy", 0.6))),
        (0.1, tracked((1, "happy", 0.9), (2, UNSURE, 0.3))),
        (0.4, tracked((2, "sad", 0.5))),
        (0.5, tracked()),
        (0.6, tracked((1, "sad", 0.7))),
    ]
    for number, (seconds, faces) in enumerate(seen):
        builder.add(faces, rgb, seconds, 3 * number)
    return builder


def test_a_row_stands_for_the_time_until_the_next_analysis(builder):
    rows = builder.timeline(0.9)
    assert rows.ids.tolist() == [1, 1, 2, 2, 1]
    assert rows.frames.tolist() == [0, 3, 3, 6, 12]
    np.testing.assert_allclose(rows.lasting, [0.1, 0.3, 0.3, 0.1, 0.3], atol=1e-9)


def test_the_table_of_faces_adds_up(builder):
    first, second = summarize(builder.timeline(0.9))
    assert (first.face, first.transitions, second.face, second.transitions) == (1, 1, 2, 1)
    assert first.seconds == pytest.approx(0.7)
    assert first.shares == pytest.approx({"happy": 4 / 7, "sad": 3 / 7})
    assert second.shares == pytest.approx({UNSURE: 0.75, "sad": 0.25})
    assert (second.first, second.last) == pytest.approx((0.1, 0.5))


def test_the_strongest_moments_are_of_different_faces(builder):
    moments = builder.moments()
    assert [(m.label, m.face, m.seconds, m.frame) for m in moments] == [
        ("happy", 1, 0.1, 3),
        ("sad", 1, 0.6, 12),
        ("sad", 2, 0.4, 6),
    ]
    assert moments[0].picture.shape == (30, 40, 3)
    for face in range(10, 20):
        builder.add(tracked((face, "sad", face / 20)), np.zeros((60, 300, 3), np.uint8), 1.0, 9)
    strongest = [m.face for m in builder.moments() if m.label == "sad"]
    assert strongest == [19, 18, 17]


def test_nothing_seen_is_an_empty_timeline(tmp_path):
    empty = TimelineBuilder().timeline(0.0)
    assert len(empty) == 0
    assert summarize(empty) == []
    write_csv(tmp_path / "a.csv", empty)
    write_json(tmp_path / "a.json", empty, {"video": "é.mp4"})
    assert len((tmp_path / "a.csv").read_text().splitlines()) == 1
    assert json.loads((tmp_path / "a.json").read_text()) == {
        "video": "é.mp4", "faces": [], "rows": [],
    }  # fmt: skip


def test_tables_hold_every_row(builder, tmp_path):
    rows = builder.timeline(0.9)
    write_csv(tmp_path / "a.csv", rows)
    with (tmp_path / "a.csv").open() as file:
        lines = list(csv.DictReader(file))
    assert [line["label"] for line in lines] == list(rows.labels)
    assert float(lines[1]["happy"]) == pytest.approx(rows.probs[1, LABELS.index("happy")], abs=1e-6)
    assert [lines[2][key] for key in ("x0", "y0", "x1", "y1")] == ["20", "5", "60", "35"]


def test_a_timeline_checks_itself(builder):
    rows = builder.timeline(0.9)
    with pytest.raises(ValueError, match="labels has 1 labels, expected 5"):
        Timeline(*[getattr(rows, n) for n in ("times", "frames", "ids", "boxes", "probs")],
                 ("sad",), rows.lasting)  # fmt: skip
    with pytest.raises(ValueError, match="ids has shape"):
        Timeline(rows.times, rows.frames, rows.ids[:2], rows.boxes, rows.probs, rows.labels,
                 rows.lasting)  # fmt: skip


def test_the_figure_has_an_area_per_label_and_face_and_ends_at_gaps():
    times = np.array([0.0, 0.1, 0.2, 3.0, 3.1])
    probs = np.full((10, 7), 1 / 7, np.float32)
    ids = np.array([4] * 5 + [2] * 5)
    figure = plots.timeline(np.tile(times, 2), np.arange(10), ids, probs)
    areas = [trace for trace in figure.data if trace.stackgroup]
    assert [trace.name for trace in areas] == [*LABELS] * 2
    assert [axis.title.text for axis in figure.select_yaxes()] == ["face 2", "face 4"]
    assert np.asarray(areas[0].y)[2:5].tolist() == pytest.approx([1 / 7, 0, 0])
    frames = next(trace for trace in figure.data if not trace.stackgroup)
    assert [n for n in frames.customdata if n >= 0] == [5, 6, 7, 8, 9]
    assert (
        plots.timeline(np.zeros(0), np.zeros(0, int), np.zeros(0, int), np.zeros((0, 7))).data == ()
    )


def test_many_faces_and_rows_stay_readable():
    count = 9000
    ids = np.repeat(np.arange(1, 10), 1000)
    ids[1000:2000] = 1
    figure = plots.timeline(
        np.tile(np.arange(1000.0), 9), np.arange(count), ids, np.full((count, 7), 1 / 7)
    )
    areas = [trace for trace in figure.data if trace.stackgroup]
    assert len(areas) == 7 * 6
    assert max(len(trace.x) for trace in areas) <= 1000
