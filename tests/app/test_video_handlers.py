"""What the video tab answers without a video, or when nobody waits any more."""

from fer.app import video
from fer.look import words
from fer.vision.faces import Faces
from tests.support.app_answers import Answers


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
