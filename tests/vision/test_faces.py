"""`Faces` as a value: compared, iterated, indexed; and the records that programs read."""

import json
import pickle

import numpy as np
import pytest

from fer.labels import LABELS, UNSURE
from fer.vision.faces import CSV_COLUMNS, Face, Faces, csv_cells


def some_faces(count=3, **changes):
    rng = np.random.default_rng(0)
    probs = rng.dirichlet(np.ones(7), count).astype(np.float32)
    boxes = np.array([[10 * i, 5, 10 * i + 40, 35] for i in range(count)], np.int32)
    return Faces(**{"boxes": boxes.reshape(-1, 4), "probs": probs.reshape(-1, 7)} | changes)


def test_equal_faces_are_equal():
    assert some_faces() == some_faces()
    assert Faces.empty() == Faces.empty()
    assert some_faces() != some_faces(2) and some_faces() != Faces.empty()
    assert some_faces() != some_faces(unsure_below=0.9)
    assert some_faces() != some_faces(boxes=some_faces().boxes + 1)
    assert some_faces() != some_faces(ids=np.arange(3))
    assert some_faces() != "faces"
    maps = np.zeros((3, 7, 6, 6), np.float32)
    assert some_faces(maps=maps) == some_faces(maps=maps.copy())
    assert pickle.loads(pickle.dumps(some_faces())) == some_faces()


def test_faces_are_a_sequence_of_face():
    faces = some_faces(ids=np.array([4, 7, 9]))
    assert [face.id for face in faces] == [4, 7, 9]
    assert [face.label for face in faces] == faces.labels
    assert faces[-1] == faces[2] == list(faces)[2] and isinstance(faces[0], Face)
    assert faces[0].box == (0, 5, 40, 35) and faces[1].box == (10, 5, 50, 35)
    assert list(faces[0].probabilities) == list(LABELS)
    assert sum(faces[0].probabilities.values()) == pytest.approx(1)
    assert faces[1:] == Faces(faces.boxes[1:], faces.probs[1:], ids=faces.ids[1:])
    assert list(Faces.empty()) == [] and not Faces.empty() and faces


@pytest.mark.parametrize("index", [3, -4])
def test_a_face_that_is_not_there_is_an_index_error(index):
    with pytest.raises(IndexError, match="the picture has 3"):
        some_faces()[index]


@pytest.mark.parametrize(
    ("threshold", "shown", "label", "confidence"),
    [
        (0.0, None, "sad", 0.5),
        (0.5, None, "sad", 0.5),
        (0.6, None, UNSURE, 0.5),
        (0.6, ("sad",), "sad", 0.5),  # tracking decides
        (0.0, ("happy",), "happy", 0.25),
        (0.0, (UNSURE,), UNSURE, 0.5),
    ],
)
def test_the_label_is_what_is_shown_in_every_form(threshold, shown, label, confidence):
    probs = np.full((1, 7), 0.05, np.float32)
    probs[0, LABELS.index("sad")], probs[0, LABELS.index("happy")] = 0.5, 0.25
    faces = some_faces(1, probs=probs, unsure_below=threshold, shown=shown)
    assert faces.labels == [label] and faces.best_guesses == ["sad"]
    assert faces.confidences.tolist() == [confidence]
    face, record = faces[0], faces.records()[0]
    assert (face.label, face.best_guess, face.confidence) == (label, "sad", confidence)
    assert record == json.loads(json.dumps(record))
    assert (record["label"], record["best_guess"], record["confidence"]) == (
        label, "sad", confidence,
    )  # fmt: skip
    row = dict(zip(CSV_COLUMNS, csv_cells(record), strict=True))
    assert (row["label"], row["best_guess"]) == (label, "sad")
    assert row["confidence"] == f"{confidence:.6f}"


def test_records_hold_every_digit_of_32_bits_and_no_more():
    faces = some_faces()
    record = json.loads(json.dumps(faces.records()[1]))
    values = list(record["probabilities"].values())
    assert np.array(values, np.float32).tolist() == faces.probs[1].tolist()
    assert all(len(repr(value)) <= 13 for value in values)


def test_faces_check_their_shapes():
    for name, wrong in (
        ("probs", np.zeros((3, 6), np.float32)),
        ("ids", np.zeros(2, np.int64)),
        ("maps", np.zeros((3, 6, 5, 5), np.float32)),
        ("shown", ("sad",)),
    ):
        with pytest.raises(ValueError, match=rf"Faces\.{name}"):
            some_faces(**{name: wrong})
