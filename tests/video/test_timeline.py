"""Timelines add up, and their tables hold every row."""

import csv
import io
import json
import re
from dataclasses import replace

import numpy as np
import pytest

from fer.labels import LABELS, UNSURE
from fer.video.moments import Moments
from fer.video.tables import write_csv, write_json
from fer.video.timeline import OTHERS, TimelineBuilder, fold_brief, summarize
from fer.vision.faces import Faces


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


SEEN = [
    (0.0, tracked((1, "happy", 0.6))),
    (0.1, tracked((1, "happy", 0.9), (2, UNSURE, 0.3))),
    (0.4, tracked((2, "sad", 0.5))),
    (0.5, tracked()),
    (0.6, tracked((1, "sad", 0.7))),
]


@pytest.fixture
def rows():
    builder = TimelineBuilder()
    for number, (seconds, faces) in enumerate(SEEN):
        builder.add(faces, seconds, 3 * number)
    return builder.timeline(0.9)


def test_a_row_stands_for_the_time_until_the_next_analysis(rows):
    assert rows.ids.tolist() == [1, 1, 2, 2, 1]
    assert rows.frames.tolist() == [0, 3, 3, 6, 12]
    np.testing.assert_allclose(rows.lasting, [0.1, 0.3, 0.3, 0.1, 0.3], atol=1e-9)


def test_the_table_of_faces_adds_up(rows):
    first, second = summarize(rows)
    assert (first.face, first.transitions, second.face, second.transitions) == (1, 1, 2, 1)
    assert first.seconds == pytest.approx(0.7)
    assert first.shares == pytest.approx({"happy": 4 / 7, "sad": 3 / 7})
    assert second.shares == pytest.approx({UNSURE: 0.75, "sad": 0.25})
    assert (second.first, second.last) == pytest.approx((0.1, 0.5))


def test_the_rows_of_every_face_longest_seen_first(rows):
    seen = replace(rows, ids=np.array([2, 2, 1, 1, 2]))
    by_face = seen.by_face()
    assert list(by_face) == [2, 1]
    assert by_face[1].times.tolist() == [0.1, 0.4]
    assert by_face[2].labels.tolist() == ["happy", "happy", "sad"]


def test_brief_faces_become_others_and_others_come_last(rows):
    folded = fold_brief(rows, under=0.5)
    assert folded.ids.tolist() == [1, 1, OTHERS, OTHERS, 1]
    assert rows.ids.tolist() == [1, 1, 2, 2, 1]
    assert list(fold_brief(rows, under=1.0).by_face()) == [OTHERS]
    assert fold_brief(rows, under=0.4).ids.tolist() == rows.ids.tolist()
    longest = replace(folded, lasting=np.where(folded.ids == OTHERS, 5.0, 0.1))
    first, others = summarize(longest)
    assert (first.face, others.face) == (1, OTHERS)
    assert (others.seconds, others.transitions) == (10.0, 0)


def test_the_strongest_moments_are_of_different_faces():
    moments, rgb = Moments(), np.zeros((60, 120, 3), np.uint8)
    for number, (seconds, faces) in enumerate(SEEN):
        moments.add(faces, rgb, seconds, 3 * number)
    assert [(m.label, m.face, m.seconds, m.frame) for m in moments.all()] == [
        ("happy", 1, 0.1, 3),
        ("sad", 1, 0.6, 12),
        ("sad", 2, 0.4, 6),
    ]
    assert moments.all()[0].picture.shape == (30, 40, 3)
    for face in range(10, 20):
        moments.add(tracked((face, "sad", face / 20)), np.zeros((60, 300, 3), np.uint8), 1.0, 9)
    strongest = [m.face for m in moments.all() if m.label == "sad"]
    assert strongest == [19, 18, 17]


def table(rows):
    file = io.StringIO()
    write_csv(file, rows)
    return list(csv.DictReader(io.StringIO(file.getvalue())))


def document(rows, about):
    file = io.StringIO()
    write_json(file, rows, about)
    return json.loads(file.getvalue())


def test_nothing_seen_is_an_empty_timeline():
    empty = TimelineBuilder().timeline(0.0)
    assert len(empty) == 0
    assert summarize(empty) == summarize(fold_brief(empty)) == []
    assert table(empty) == []
    assert document(empty, {"video": "é.mp4"}) == {"video": "é.mp4", "faces": [], "rows": []}


def test_tables_hold_every_row_as_a_photo_would_tell_it(rows):
    lines, told = table(rows), document(rows, {})["rows"]
    assert [line["label"] for line in lines] == [row["label"] for row in told]
    assert [line["label"] for line in lines] == rows.labels.tolist()
    assert [lines[2][key] for key in ("x0", "y0", "x1", "y1")] == ["20", "5", "60", "35"]
    photo = SEEN[1][1][1].record()
    assert told[2] == {"time": 0.1, "frame": 3, "face": 2, **photo}
    assert [told[2][key] for key in ("label", "best_guess")] == [UNSURE, "happy"]
    for line, row in zip(lines, told, strict=True):
        for label in LABELS:
            assert float(line[label]) == pytest.approx(row["probabilities"][label], abs=1e-6)


def test_numbers_have_as_many_digits_as_they_mean(rows):
    shaken = replace(rows, times=rows.times + 1 / 3)
    texts = [value for line in table(shaken) for value in line.values()]
    assert max(map(len, texts)) <= len("surprise")
    file = io.StringIO()
    write_json(file, shaken, {"frame_rate": 30000 / 1001})
    assert "29.97" in file.getvalue()
    numbers = re.findall(r"\d+\.\d+", file.getvalue())
    assert max(map(len, numbers)) <= len("0.083333336")  # all that 32 bits tell


def test_many_rows_are_not_records_at_once(rows):
    many = rows.rows(np.arange(5).repeat(500))
    records = many.records()
    assert next(records)["face"] == 1
    assert sum(1 for _ in records) == 2499


def test_a_timeline_checks_itself(rows):
    with pytest.raises(ValueError, match=r"labels has shape \(1,\), expected \(5,\)"):
        replace(rows, labels=np.array(["sad"]))
    with pytest.raises(ValueError, match="ids has shape"):
        replace(rows, ids=rows.ids[:2])
