"""What the app answers, without a browser: frames, pictures, sentences."""

import csv
import json
from pathlib import Path

import gradio as gr
import numpy as np
import pytest
from PIL import Image

from fer.app import photo, webcam
from fer.errors import UserError
from fer.labels import LABELS, UNSURE
from fer.look import parts, words
from fer.vision.faces import Faces

FRAME = np.full((48, 64, 3), 90, np.uint8)


def some_faces(count, unsure_below=0.0):
    boxes = np.array([[4 * i, 3 * i, 4 * i + 20, 3 * i + 30] for i in range(count)], np.int32)
    probs = np.full((count, 7), 0.1, np.float32)
    probs[:, LABELS.index("sad")] = 0.4
    maps = np.ones((count, 7, 3, 3), np.float32)
    return Faces(boxes.reshape(-1, 4), probs, maps, unsure_below=unsure_below)


def answers(faces):
    return lambda image, **options: faces


def fails(error):
    def recognizer(image, **options):
        raise error

    return recognizer


def test_a_frame_gets_an_overlay_and_the_bars_of_the_largest_face():
    overlay, panel, live = webcam.answer_frame(answers(some_faces(2)), FRAME, webcam.Live())
    assert overlay.count('class="face"') == 2
    assert "Largest of 2 faces" in panel
    assert "40 %" in panel
    assert live.pace.last > 0
    assert live.stream.tracks.next_id == 3


def test_no_frame_is_the_idle_state():
    live = webcam.Live(webcam.Pace(5.0, 2.0))
    answer = webcam.answer_frame(answers(some_faces(1)), None, live)
    assert answer == ("", webcam.idle_panel(), live)


def test_a_frame_without_faces_says_what_to_try():
    overlay, panel, _ = webcam.answer_frame(answers(Faces.empty()), FRAME, webcam.Live())
    assert 'class="face"' not in overlay
    assert words.NO_FACE_LIVE in panel


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (UserError("This picture is too small: use a larger one."), "too small: use a larger one"),
        (RuntimeError("secret"), "went wrong on our side"),
    ],
)
def test_an_error_is_a_sentence_and_does_not_end_the_stream(error, sentence):
    overlay, panel, _ = webcam.answer_frame(fails(error), FRAME, webcam.Live())
    assert overlay == ""
    assert sentence in panel
    assert 'role="alert"' in panel
    assert "secret" not in panel


@pytest.mark.parametrize(
    "frame",
    [
        np.full((48, 64), 90, np.uint8),
        np.full((48, 64, 4), 90, np.uint8),
        np.full((48, 64), 9000, np.uint16),
    ],
    ids=["grey", "alpha", "16 bits"],
)
def test_frames_of_every_kind_reach_the_recognizer_as_rgb(frame):
    seen = []

    def recognizer(image, **options):
        seen.append((image.dtype, image.shape))
        return some_faces(1)

    webcam.answer_frame(recognizer, frame, webcam.Live())
    assert seen == [(np.dtype(np.uint8), (48, 64, 3))]


def test_pace_is_an_average_and_forgets_a_break():
    pace = webcam.Pace()
    for tick in range(1, 40):
        pace = pace.tick(100 + 0.1 * tick)
    assert pace.rate == pytest.approx(10, rel=0.01)
    assert pace.tick(500).rate == 0


def test_under_the_threshold_the_label_is_unsure_but_the_bars_stay():
    panel = parts.live_panel(some_faces(1, unsure_below=0.5), 12.3, 9.8)
    assert f"<span>{UNSURE}</span>" in panel
    assert "<span>sad</span>" in panel
    assert "12" in panel
    assert "9.8" in panel


def test_sentences_and_file_names_cannot_carry_markup():
    assert "<script>" not in parts.note("<script>alert(1)</script>")
    assert "<script>" not in parts.sentences(["<script>alert(1)</script>"])


@pytest.mark.parametrize("count", [1, 30])
def test_every_face_gets_a_card_of_its_own(count):
    rgb = np.zeros((200, 300, 3), np.uint8)
    found = photo.portraits(rgb, some_faces(count))
    cards = photo.gallery(found, photo.MAPS_OFF)
    assert cards.count('<li class="face">') == count
    assert cards.count("data:image/jpeg;base64,") == count
    assert "evidence for" not in cards


@pytest.mark.parametrize(("choice", "named"), [(photo.MAPS_SHOWN, "sad"), ("happy", "happy")])
def test_maps_are_shown_on_demand_for_a_label(choice, named):
    found = photo.portraits(np.zeros((200, 300, 3), np.uint8), some_faces(2))
    cards = photo.gallery(found, choice)
    assert cards.count(f"evidence for {named}") == 2
    assert cards != photo.gallery(found, photo.MAPS_OFF)


def test_no_picture_no_gallery():
    assert photo.gallery(None, "happy") == ""


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_downloads_hold_every_face_and_lie_where_gradio_deletes_them(cache):
    faces = some_faces(2)
    picture, as_json, as_csv = photo.save_results("me.png", FRAME, faces)
    assert all(Path(path).is_relative_to(cache) for path in (picture, as_json, as_csv))
    assert Image.open(picture).size == (64, 48)
    records = json.loads(Path(as_json).read_text())
    assert records == [{"file": "me.png", **record} for record in faces.records()]
    with Path(as_csv).open() as file:
        rows = list(csv.DictReader(file))
    assert [row["label"] for row in rows] == ["sad", "sad"]
    assert [rows[1][corner] for corner in ("x0", "y0", "x1", "y1")] == ["4", "3", "24", "33"]
    assert float(rows[0]["happy"]) == pytest.approx(0.1)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [(b"no picture at all", "broken.jpg"), (b"", "broken.jpg")],
    ids=["text", "empty"],
)
def test_a_file_that_is_no_picture_is_named_without_its_place_on_the_server(
    tmp_path, content, sentence
):
    path = tmp_path / "broken.jpg"
    path.write_bytes(content)
    said, *_ = photo.analyse_file(answers(some_faces(1)), str(path), photo.MAPS_OFF)
    assert sentence in said.value
    assert str(tmp_path) not in said.value
    assert 'role="alert"' in said.value


def test_a_picture_without_faces_says_what_to_try(cache, tmp_path):
    path = tmp_path / "wall.png"
    Image.fromarray(FRAME).save(path)
    said, *_ = photo.analyse_file(answers(Faces.empty()), str(path), photo.MAPS_OFF)
    assert words.NO_FACE_PHOTO in said.value


def test_a_fault_of_ours_is_a_sentence(cache, tmp_path):
    path = tmp_path / "wall.png"
    Image.fromarray(FRAME).save(path)
    said, *_ = photo.analyse_file(fails(RuntimeError("secret")), str(path), photo.MAPS_OFF)
    assert words.PHOTO_FAILED in said.value
    assert "secret" not in said.value


def test_removing_the_picture_brings_the_empty_state_back():
    said, result, *_ = photo.analyse_file(answers(Faces.empty()), None, photo.MAPS_OFF)
    assert words.PHOTO_EMPTY in said.value
    assert isinstance(result, gr.Column)
    assert result.visible is False
