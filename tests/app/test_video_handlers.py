"""What the video tab answers without a video, or when nobody waits any more."""

from fer.app import video
from fer.look import words
from fer.vision.faces import Faces
from tests.support.app_answers import Answers, some_faces


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


def test_a_video_gets_ten_minutes_and_keeps_what_was_done(tmp_path, cache, monkeypatch):
    from tests.support.videos import moving_face, write_video

    told = f"{video.BUDGET // 60} minutes"
    assert told in words.VIDEO_LIMITS and told in words.VIDEO_LONG
    monkeypatch.setattr(video, "BUDGET", 0)
    path = write_video(tmp_path / "walk.mp4", moving_face(60, 3))
    *_, values = video.analyse_video(Answers(some_faces(1)), str(path), "made by")
    assert words.VIDEO_LONG in values["said"].value
    assert 0 < values["found"].result.analysed < 1
    assert values["found"].target.is_file()


def test_a_video_that_has_been_swept_is_to_be_chosen_again(tmp_path):
    [values] = video.analyse_video(Answers(Faces.empty()), str(tmp_path / "gone.mp4"))
    assert words.FORGOTTEN in values["said"].value


def test_an_error_names_the_file_without_folders_of_the_server(tmp_path, cache):
    (tmp_path / "walk.mp4").mkdir()
    *_, values = video.analyse_video(Answers(Faces.empty()), str(tmp_path / "walk.mp4"))
    assert "walk.mp4 is a folder" in values["said"].value
    assert str(tmp_path) not in values["said"].value


def test_nothing_to_stop_is_no_fault():
    video.stop_run(None)
    video.discard_run(None)
