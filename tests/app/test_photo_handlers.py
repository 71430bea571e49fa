"""What the photo tab answers, without a browser: cards, downloads, sentences."""

import csv
import json

import numpy as np
import pytest
from PIL import Image
from skimage.data import astronaut

from fer.app import photo, photo_result, video_result
from fer.errors import UserError
from fer.look import words
from fer.spec import ModelSpec
from fer.vision.detectors import open_detector
from fer.vision.faces import Faces
from fer.vision.whole import WholePicture
from tests.support.app_answers import FRAME, Answers, found, some_faces


@pytest.mark.parametrize("count", [1, 30])
def test_every_face_gets_a_card_of_its_own(count):
    cards = photo_result.cards(found(some_faces(count)), heat=False)
    assert cards.count('id="face-') == count
    assert cards.count("data:image/jpeg;base64,") == count
    assert "evidence for" not in cards


def test_of_a_crowd_the_largest_get_a_card_and_all_are_counted(tmp_path, monkeypatch):
    monkeypatch.setattr(photo_result, "CARDS", 3)
    path = save(tmp_path / "crowd.png", np.full((90, 120, 3), 60, np.uint8))
    _, shown = photo_result.look_at(Answers(some_faces(8)), path)
    for heat in (False, True):
        assert photo_result.cards(shown, heat).count('id="face-') == 3
    assert "8 faces, the 3 largest below; saved files have all" in photo_result.headline(shown, "")
    assert len(shown.faces) == len(shown.qualities) == 8


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
    assert Image.open(picture).size == (320, 240)  # where labels have room
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
    with pytest.raises(UserError, match=words.FORGOTTEN):
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


def test_a_picture_that_has_been_swept_is_to_be_chosen_again(tmp_path):
    gone = photo.analyse_file(Answers(some_faces(1)), str(tmp_path / "gone.png"), heat=False)
    assert words.FORGOTTEN in said_of(gone)
    assert words.FORGOTTEN in photo.cards(None, heat=True)


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
