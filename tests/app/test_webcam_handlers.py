"""What the webcam tab answers on the server, without a browser: frames, advice, sentences."""

import io
import re
from base64 import b64encode
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from gradio.data_classes import ImageData
from PIL import Image

from fer.app import live as live_view
from fer.app import photo_result, queue, webcam
from fer.errors import UserError
from fer.labels import UNSURE
from fer.look import kit, words
from fer.vision.faces import Faces
from tests.support.app_answers import FRAME, Answers, found, some_faces


def set_clock(monkeypatch, step):
    """Each look at the live view's clock, and at no other, finds it ``step`` seconds further."""
    ticks = iter(np.arange(1000, 2000, step))
    clock = SimpleNamespace(
        monotonic=lambda: float(next(ticks)), perf_counter=live_view.time.perf_counter
    )
    monkeypatch.setattr(live_view, "time", clock)


def beside(faces):
    """Boxes side by side, the second larger: far enough apart to be followed as two."""
    boxes = np.array([[0, 5, 20, 25], [35, 5, 60, 30]], np.int32)[: len(faces)]
    return replace(faces, boxes=boxes)


@pytest.fixture
def legible(monkeypatch):
    """Every face of these plain grey frames counts as a good one."""
    monkeypatch.setattr(live_view, "face_quality", lambda rgb, faces: ["good"] * len(faces))


def test_a_frame_gets_an_overlay_and_the_bars_of_a_face(legible):
    overlay, panel, _, live = live_view.answer_frame(
        Answers(some_faces(1)), FRAME, live_view.Live()
    )
    assert overlay.count('class="face"') == 1
    assert "1 face" in panel
    assert "40&nbsp;%" in panel
    assert live.pace.last > 0
    assert live.beside == 1


def test_the_panel_follows_a_face_and_changes_by_choice_or_when_it_is_gone(monkeypatch):
    set_clock(monkeypatch, 0.1)
    two = beside(some_faces(2))
    swapped = Faces(two.boxes[::-1].copy(), two.probs)  # as if the other were the largest now
    live, shown = live_view.Live(), []
    for faces, wanted in [(two, 0), (swapped, 0), (two, 0), (swapped, 0), (two, 2), (swapped, 2)]:
        *_, live = live_view.answer_frame(Answers(faces), FRAME, live, wanted)
        shown.append(live.beside)
    assert shown == [1, 1, 1, 1, 2, 2]
    one = two[:1]
    for _ in range(10):  # a second without the second face
        _, panel, _, live = live_view.answer_frame(Answers(one), FRAME, live, 2)
    assert live.beside == 1
    assert "1 face" in panel


def test_a_face_that_one_frame_misses_keeps_the_panel():
    two = beside(some_faces(2))
    *_, live = live_view.answer_frame(Answers(two), FRAME, live_view.Live())
    _, panel, _, live = live_view.answer_frame(Answers(Faces.empty()), FRAME, live)
    assert words.NO_FACE_LIVE not in panel
    assert live.beside == 1


def test_of_several_faces_the_panel_names_one_and_the_overlay_numbers_all(legible):
    overlay, panel, *_ = live_view.answer_frame(
        Answers(beside(some_faces(2))), FRAME, live_view.Live()
    )
    assert "<h2>Face 1</h2>" in panel
    assert words.FOLLOW in panel
    assert "2 faces: 1 · sad" in overlay and "2 · sad" in overlay


def test_a_face_too_small_to_be_read_gets_advice_and_no_guess(monkeypatch):
    set_clock(monkeypatch, 0.05)
    qualities = ["small"] * 3 + ["good"] * 8 + ["small"] * 2  # at ten frames a second
    measured = iter(qualities)
    monkeypatch.setattr(live_view, "face_quality", lambda rgb, faces: [next(measured)])
    live, advised = live_view.Live(), []
    for _ in qualities:
        overlay, panel, _, live = live_view.answer_frame(Answers(some_faces(1)), FRAME, live)
        advised.append(words.ADVICE["small"] in panel)
        assert (UNSURE in overlay) == (UNSURE in panel) == advised[-1]
    # It goes once half of the last second was good, and two frames do not bring it back.
    assert advised == [True] * 5 + [False] * 8


def test_the_last_half_minute_is_a_band_for_each_label(monkeypatch, legible):
    set_clock(monkeypatch, 0.5)  # read twice a frame: one frame a second
    live = live_view.Live()
    for label in ["sad"] * 40 + ["happy"] * 10:
        *_, timeline, live = live_view.answer_frame(
            Answers(some_faces(1, label=label)), FRAME, live
        )
    bands = re.findall(r'data-said="(\w+)" style="left:([\d.]+)%;width', timeline)
    assert {label for label, _ in bands} == {"sad", "happy"}
    assert all(0 <= float(left) <= 100 for _, left in bands)
    assert live.sights[0].seconds > live.sights[-1].seconds - 30


def test_who_waits_for_a_live_view_waits_a_minute_at_most_as_the_page_says():
    assert queue.WAITING / webcam.VISITORS * webcam.TURN <= 60
    assert "within a minute" in words.CAMERA_BUSY
    assert f"Turns last {webcam.TURN} seconds" in words.CAMERA_OFF


def test_no_frame_is_the_idle_state():
    live = live_view.Live(live_view.Pace(5.0, 2.0))
    answer = live_view.answer_frame(Answers(some_faces(1)), None, live)
    assert answer == ("", live_view.idle_panel(), live_view.recent((), 0), live)


def test_a_frame_without_faces_says_what_to_try():
    overlay, panel, *_ = live_view.answer_frame(Answers(Faces.empty()), FRAME, live_view.Live())
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
    overlay, panel, *_ = live_view.answer_frame(Answers(error), FRAME, live_view.Live())
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
    recognizer = Answers(some_faces(1))
    live_view.answer_frame(recognizer, frame, live_view.Live())
    assert [(seen.dtype, seen.shape) for seen in recognizer.seen] == [
        (np.dtype(np.uint8), (48, 64, 3))
    ]


def sent(image, kind="PNG"):
    """A picture as the page sends it."""
    stream = io.BytesIO()
    image.save(stream, kind)
    return "data:image/png;base64," + b64encode(stream.getvalue()).decode()


def test_a_frame_arrives_as_it_was_sent():
    camera, address = webcam._camera(), sent(Image.fromarray(FRAME))
    assert camera.preprocess(ImageData(url=address)) == address
    assert camera.preprocess(None) is None
    assert camera.get_block_name() == "image"  # what the page draws it as
    recognizer = Answers(some_faces(1))
    live_view.answer_frame(recognizer, address, live_view.Live())
    assert np.array_equal(recognizer.seen[0], FRAME)


@pytest.mark.parametrize(
    ("frame", "sentence"),
    [
        ("", "is empty"),
        ("data:image/png;base64,%%%", "arrived damaged"),
        ("data:image/png;base64,AAAA", "not a picture"),
        (sent(Image.new("RGB", (40, 40)), "EPS"), "not a picture"),
        (sent(Image.new("1", (4001, 1000))), "more than 4 megapixels"),
        ("data:image/png;base64,é", "arrived damaged"),
    ],
    ids=["nothing", "no base64", "noise", "a document", "large", "no ASCII"],
)
def test_what_no_camera_sends_is_a_sentence(frame, sentence, caplog):
    overlay, panel, *_ = live_view.answer_frame(Answers(some_faces(1)), frame, live_view.Live())
    assert overlay == "" and sentence in panel
    assert caplog.text == ""


def test_pace_is_an_average_and_forgets_a_break():
    pace = live_view.Pace()
    for tick in range(1, 40):
        pace = pace.tick(100 + 0.1 * tick)
    assert pace.rate == pytest.approx(10, rel=0.01)
    assert pace.tick(500).rate == 0


def test_unsure_is_explained_where_it_is_shown_and_the_bars_stay(legible):
    faces = some_faces(1, unsure_below=0.5)
    recognizer = Answers(faces, unsure_below=0.5)
    _, panel, *_ = live_view.answer_frame(recognizer, FRAME, live_view.Live())
    card = photo_result.cards(found(faces), heat=False)
    for html in (panel, card):
        assert f"<span>{UNSURE}</span>" in html
        assert "fer-unsure" in html
        assert "sad, 40&nbsp;%" in html  # the best guess
        assert "50&nbsp;%" in html  # the limit
        assert "<span>sad</span>" in html


def test_a_label_that_is_sure_needs_no_explanation():
    assert "Best guess" not in kit.answer("sad", some_faces(1).probs[0], 0.3)


def test_sentences_and_file_names_cannot_carry_markup():
    evil = "<script>alert(1)</script>"
    assert "<script>" not in kit.note(evil)
    assert "<script>" not in kit.sentences([evil])
    assert "<script>" not in kit.facts({evil: evil})
    assert "<script>" not in photo_result.headline(found(some_faces(1)), evil)
