"""What the app answers, without a browser: frames, pictures, sentences."""

import csv
import json
import re
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image
from skimage.data import astronaut

import app
from fer.app import live as live_view
from fer.app import photo, photo_result, video, video_result, webcam
from fer.errors import UserError
from fer.labels import LABELS, UNSURE
from fer.look import kit, words
from fer.spec import ModelSpec
from fer.vision.detection import Detections
from fer.vision.detectors import open_detector
from fer.vision.faces import Faces
from fer.vision.whole import WholePicture

FRAME = np.full((48, 64, 3), 90, np.uint8)


def some_faces(count, unsure_below=0.0, label="sad"):
    boxes = np.array([[4 * i, 3 * i, 4 * i + 20, 3 * i + 30] for i in range(count)], np.int32)
    probs = np.full((count, 7), 0.1, np.float32)
    probs[:, LABELS.index(label)] = 0.4
    maps = np.ones((count, 7, 3, 3), np.float32)
    return Faces(boxes.reshape(-1, 4), probs, maps, unsure_below=unsure_below)


class Blind:
    """A detector that finds nothing."""

    name = "yunet"

    def __call__(self, rgb, working_size=None):
        return Detections.empty()


class Answers:
    """A recogniser that answers every picture with the same."""

    detector = Blind()

    def __init__(self, answer, unsure_below=0.0):
        self.answer, self.seen = answer, []
        self.spec = ModelSpec("toy", "toy weights", unsure_below=unsure_below)

    def __call__(self, image, **options):
        self.seen.append(image)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    def classify(self, rgb, found, **options):
        return self(rgb)


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
    assert app.WAITING / webcam.VISITORS * webcam.TURN <= 60
    assert "within a minute" in words.CAMERA_BUSY


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


def found(faces, path="me.png"):
    crops = tuple(np.full((9, 9, 3), 10, np.uint8) for _ in range(len(faces)))
    heated = tuple(np.full((9, 9, 3), 200, np.uint8) for _ in range(len(faces)))
    good = ("good",) * len(faces)
    return photo_result.Photo(Path(path), ("toy", "haar"), faces, crops, heated, good)


@pytest.mark.parametrize("count", [1, 30])
def test_every_face_gets_a_card_of_its_own(count):
    cards = photo_result.cards(found(some_faces(count)), heat=False)
    assert cards.count('id="face-') == count
    assert cards.count("data:image/jpeg;base64,") == count
    assert "evidence for" not in cards


def test_evidence_is_shown_on_demand_for_the_best_guess():
    faces = some_faces(2, unsure_below=0.5)
    cards = photo_result.cards(found(faces), heat=True)
    assert cards.count("evidence for sad") == 2
    assert cards != photo_result.cards(found(faces), heat=False)


def test_heat_of_all_faces_is_on_one_scale(tmp_path):
    faces = some_faces(2)
    faces.maps[0] *= 0.02
    path = save(tmp_path / "grey.png", np.full((60, 80, 3), 60, np.uint8))
    _, shown = photo_result.look_at(Answers(faces), path)
    weak, strong = (int(heated.max()) for heated in shown.heated)
    assert weak < strong / 2


def test_no_picture_no_cards():
    assert photo_result.cards(None, heat=True) == ""


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache"


def save(path, rgb=FRAME):
    Image.fromarray(rgb).save(path)
    return path


def test_an_analysis_writes_no_file(cache, tmp_path):
    path = save(tmp_path / "me.png")
    photo.analyse_file(Answers(some_faces(2)), str(path), heat=True)
    assert not cache.exists()


def test_downloads_hold_every_face_and_lie_where_gradio_deletes_them(cache, tmp_path):
    faces = some_faces(2)
    kept = found(faces, save(tmp_path / "me.png"))
    picture, as_json, as_csv = (
        write(kept)
        for write in (photo_result.save_picture, photo_result.save_json, photo_result.save_csv)
    )
    assert all(path.is_relative_to(cache) for path in (picture, as_json, as_csv))
    assert [path.name for path in (picture, as_json, as_csv)] == [
        "me-faces.jpg", "me-faces.json", "me-faces.csv",
    ]  # fmt: skip
    assert Image.open(picture).size == (64, 48)
    written = json.loads(as_json.read_text())
    assert (written["model"], written["detector"]) == ("toy", "haar")
    assert written["faces"] == [{"file": "me.png", **record} for record in faces.records()]
    with as_csv.open() as file:
        rows = list(csv.DictReader(file))
    assert [row["label"] for row in rows] == ["sad", "sad"]
    assert [rows[1][corner] for corner in ("x0", "y0", "x1", "y1")] == ["4", "3", "24", "33"]
    assert rows[0]["happy"] == "0.100000"


@pytest.mark.parametrize(
    "write", [photo_result.save_picture, photo_result.save_json, video_result.save_csv]
)
def test_what_was_deleted_meanwhile_is_told(write):
    with pytest.raises(UserError, match="deleted"):
        write(None)


def test_a_picture_that_was_deleted_meanwhile_is_told(cache):
    with pytest.raises(UserError, match=r"me\.png"):
        photo_result.save_picture(found(some_faces(1)))


@pytest.mark.parametrize(
    ("name", "content"),
    [("broken.jpg", b"no picture at all"), ("broken.jpg", b""), ("sheet.csv", b"a,b")],
    ids=["text", "empty", "table"],
)
def test_a_file_that_is_no_picture_is_named_without_its_place_on_the_server(
    tmp_path, name, content
):
    path = tmp_path / name
    path.write_bytes(content)
    said = said_of(photo.analyse_file(Answers(some_faces(1)), str(path), heat=False))
    assert name in said
    assert str(tmp_path) not in said
    assert 'role="alert"' in said


def said_of(answers):
    """The sentence in place of a result; the drop zone is there again, or the picture is."""
    upload, picture, again, tools, said, result, *_ = answers
    assert said.visible is True
    assert (tools.visible, result.visible) == (False, False)
    assert (upload.visible is True) != (picture.visible is True)
    assert again.visible == picture.visible
    return said.value


def test_a_picture_without_faces_says_what_to_try_and_stays(tmp_path):
    path = save(tmp_path / "wall.png", np.full((300, 400, 3), 120, np.uint8))
    answers = photo.analyse_file(Answers(Faces.empty()), str(path), heat=False)
    assert words.NO_FACE_PHOTO in said_of(answers)
    assert answers[1].visible is True


def test_a_face_that_is_cropped_already_is_told_how_to_be_read(tmp_path):
    head = save(tmp_path / "head.png", np.ascontiguousarray(astronaut()[62:176, 168:282]))
    assert words.CROPPED in said_of(photo.analyse_file(Cascade(), str(head), heat=False))
    small = save(tmp_path / "small.png")  # 64 pixels wide: whatever was found in it
    answers = photo.analyse_file(Answers(some_faces(1)), str(small), heat=False)
    assert any(words.CROPPED in str(answer) for answer in answers)
    whole = Answers(some_faces(1))
    whole.detector = WholePicture()
    answers = photo.analyse_file(whole, str(small), heat=False)
    assert not any(words.CROPPED in str(answer) for answer in answers)


def test_a_fault_of_ours_is_a_sentence(tmp_path):
    path = save(tmp_path / "wall.png")
    said = said_of(photo.analyse_file(Answers(RuntimeError("secret")), str(path), heat=False))
    assert words.FAILED in said
    assert "secret" not in said


def test_removing_the_picture_brings_the_empty_state_back():
    assert words.PHOTO_EMPTY in said_of(
        photo.analyse_file(Answers(Faces.empty()), None, heat=False)
    )


class Cascade:
    """Finds nothing in any picture as it is, so that only turned ones are left."""

    detector = open_detector("haar")
    spec = ModelSpec("toy", "toy weights")

    def __call__(self, image, **options):
        return Faces.empty()


@pytest.mark.parametrize(
    ("rgb", "tilted"),
    [
        (np.asarray(Image.fromarray(astronaut()).rotate(60)), True),
        (np.asarray(Image.fromarray(astronaut()).rotate(90)), True),
        (np.full((300, 400, 3), 120, np.uint8), False),
        (np.asarray(Image.fromarray(astronaut()[260:, :])), False),  # a suit
    ],
    ids=["60 degrees", "90 degrees", "wall", "suit"],
)
def test_a_tilted_face_that_the_cascade_cannot_see_is_told_as_such(tmp_path, rgb, tilted):
    path = save(tmp_path / "me.png", rgb)
    said = said_of(photo.analyse_file(Cascade(), str(path), heat=False, yunet=True))
    assert (words.tilted(True) in said) == tilted
    assert (words.NO_FACE_PHOTO in said) != tilted


def test_yunet_is_never_blamed_for_a_tilted_face(tmp_path):
    path = save(tmp_path / "me.png", np.asarray(Image.fromarray(astronaut()).rotate(60)))
    said = said_of(photo.analyse_file(Answers(Faces.empty()), str(path), heat=False))
    assert "tilted" not in said


def test_a_run_that_is_discarded_shows_nothing(tmp_path, cache):
    from tests.support.videos import moving_face, write_video

    path = write_video(tmp_path / "walk.mp4", moving_face(30, 3))
    steps = video.analyse_video(Answers(Faces.empty()), str(path), "made by")
    stopper = next(steps)["stopper"]
    video.discard_run(stopper)
    assert all(set(step) == {"said"} for step in steps)


def test_without_a_video_the_tab_says_what_it_is_for():
    [values] = video.analyse_video(Answers(Faces.empty()), None)
    assert words.VIDEO_EMPTY in values["said"].value
    assert values["result"].visible is False


def test_nothing_to_stop_is_no_fault():
    video.stop_run(None)
    video.discard_run(None)
