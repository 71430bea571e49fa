"""Videos from end to end: read, followed, drawn and written, with all that files bring along."""

from fractions import Fraction

import av
import numpy as np
import pytest

from fer.errors import UserError
from fer.video.run import Progress, VideoRun
from fer.video.timeline import summarize
from tests.support.videos import (
    analyse,
    face_patch,
    first_part,
    loudness,
    moving_face,
    picture_times,
    read,
    scene,
    write_video,
)


def test_a_moving_face_is_followed_and_drawn(recognizer, clip, tmp_path):
    result = analyse(recognizer, clip, tmp_path / "out.mp4")
    rows = result.timeline
    assert set(rows.ids.tolist()) == {1}
    assert rows.frames.tolist() == list(range(0, 50, 3))
    np.testing.assert_allclose(rows.times, rows.frames / 25, atol=1e-3)
    np.testing.assert_allclose(rows.probs.sum(axis=1), 1, atol=1e-5)
    middles = (rows.boxes[:, 0] + rows.boxes[:, 2]) / 2
    np.testing.assert_allclose(np.diff(middles), 9, atol=6)
    assert result.notes == ()
    assert result.analysed == pytest.approx(2.0, abs=0.01)
    _, frames = read(result.path)
    assert len(frames) == 50
    changed = np.abs(frames[30].rgb.astype(int) - moving_face(31, 3)[30]) > 60
    x0, y0, _, y1 = rows.boxes[10]
    assert changed[y0 : y1 + 1, x0].any()
    assert changed[(y0 + y1) // 2, x0 - 1 : x0 + 3].any()
    assert not changed[y1 + 10 :].any()


def test_the_sound_is_kept(recognizer, clip, tmp_path):
    analyse(recognizer, clip, tmp_path / "out.mp4")
    with av.open(str(tmp_path / "out.mp4")) as container:
        assert container.streams.audio[0].codec_context.name == "aac"
    assert len(loudness(tmp_path / "out.mp4")) == pytest.approx(96_000, abs=3000)


def test_sound_outlasts_the_last_picture_unless_an_end_was_asked_for(recognizer, tmp_path):
    source = write_video(tmp_path / "in.mp4", moving_face(25, 2), sound="aac", sound_seconds=3.0)
    for end, seconds in ((None, 3.0), (0.5, 0.5)):
        out = tmp_path / f"{end}.mp4"
        analyse(recognizer, source, out, end=end)
        assert len(loudness(out)) == pytest.approx(48_000 * seconds, abs=3500)


@pytest.mark.parametrize(
    ("ending", "codec", "sound", "kept"),
    [
        (".webm", "libvpx", "libopus", "opus"),
        (".mkv", "libx264", "pcm_s16le", "aac"),
        (".ts", "libx264", "aac", "aac"),
        (".avi", "mpeg4", "libmp3lame", "mp3"),
    ],
)
def test_every_usual_container_and_its_sound(recognizer, tmp_path, ending, codec, sound, kept):
    source = write_video(tmp_path / f"in{ending}", moving_face(15), codec=codec, sound=sound)
    result = analyse(recognizer, source, tmp_path / "out.mp4")
    assert result.notes == ()
    assert len(result.timeline) >= 4
    with av.open(str(result.path)) as container:
        assert container.streams.video[0].codec_context.name == "h264"
        assert kept in container.streams.audio[0].codec_context.name
    assert np.abs(loudness(result.path)).max() > 0
    assert len(picture_times(result.path)) == 15


def test_frames_keep_their_own_times(recognizer, tmp_path):
    times = [0, 0.04, 0.08, 0.5, 0.54, 1.2, 1.24, 1.28]
    source = write_video(tmp_path / "in.mp4", moving_face(8), times=times)
    result = analyse(recognizer, source, tmp_path / "out.mp4", every=1)
    np.testing.assert_allclose(picture_times(result.path), times, atol=2e-3)
    np.testing.assert_allclose(result.timeline.times, times, atol=2e-3)
    [face] = summarize(result.timeline)
    assert face.seconds == pytest.approx(1.28 + 1 / result.info.frame_rate, abs=0.01)


@pytest.mark.parametrize("rotation", [90, -90, 180])
def test_rotation_is_applied(recognizer, tmp_path, rotation):
    upright = moving_face(6)
    stored = [np.ascontiguousarray(np.rot90(rgb, -rotation // 90)) for rgb in upright]
    source = write_video(tmp_path / "phone.mp4", stored, rotation=rotation)
    reader, frames = read(source)
    assert (reader.info.width, reader.info.height) == (320, 240)
    assert np.abs(frames[0].rgb.astype(int) - upright[0]).mean() < 6
    result = analyse(recognizer, source, tmp_path / "out.mp4", every=1)
    assert len(result.timeline) == 6
    assert picture_size(result.path) == (320, 240)


def picture_size(path):
    with av.open(str(path)) as container:
        frame = next(container.decode(video=0))
        assert frame.rotation == 0
        return frame.width, frame.height


def test_pixels_that_are_not_square_and_sides_that_are_odd(recognizer, tmp_path):
    squeezed = [np.ascontiguousarray(rgb[:, ::2]) for rgb in moving_face(4)]
    source = write_video(tmp_path / "in.mp4", squeezed, pixel_shape=Fraction(2))
    reader, _ = read(source)
    assert (reader.info.width, reader.info.height) == (320, 240)
    odd = [rgb[:-1, :-1] for rgb in moving_face(4)]
    source = write_video(tmp_path / "odd.mkv", odd, codec="libvpx-vp9")
    result = analyse(recognizer, source, tmp_path / "out.mp4", every=1)
    assert len(result.timeline) == 4
    assert picture_size(result.path) == (320, 240)


def test_two_who_cross_keep_their_numbers(recognizer, tmp_path):
    left, right = face_patch(150, 180), face_patch(145, 176)[:, :, ::-1]
    frames = [
        scene((left, 10 + 12 * i, 40), (right, 480 - 12 * i, 50), width=640) for i in range(40)
    ]
    result = analyse(recognizer, write_video(tmp_path / "in.mp4", frames), tmp_path / "o.mp4")
    by_face = result.timeline.by_face()
    assert set(by_face) == {1, 2}
    middles = [(rows.boxes[:, 0] + rows.boxes[:, 2]) / 2 for rows in by_face.values()]
    going_right = [middle[-1] > middle[0] for middle in middles]
    assert sorted(going_right) == [False, True]
    for middle, right_way in zip(middles, going_right, strict=True):
        steps = np.diff(middle) * (1 if right_way else -1)
        assert steps.min() > -6  # nobody jumps back into the other's place


def test_a_face_that_enters_and_leaves(recognizer, tmp_path):
    head, empty = face_patch(), scene()
    with_face = scene((head, 100, 60))
    frames = [empty] * 15 + [with_face] * 25 + [empty] * 15
    result = analyse(recognizer, write_video(tmp_path / "in.mp4", frames), tmp_path / "o.mp4")
    [face] = summarize(result.timeline)
    assert face.first == pytest.approx(0.6, abs=0.15)
    assert face.seconds == pytest.approx(1.0, abs=0.15)
    assert sum(face.shares.values()) == pytest.approx(1)


def test_a_video_without_faces_is_an_answer(recognizer, tmp_path):
    source = write_video(tmp_path / "wall.mp4", [scene()] * 10)
    result = analyse(recognizer, source, tmp_path / "out.mp4")
    assert len(result.timeline) == 0
    assert result.moments == ()
    assert summarize(result.timeline) == []
    assert len(picture_times(result.path)) == 10


def test_start_and_end_keep_the_clock_of_the_source(recognizer, clip, tmp_path):
    result = analyse(recognizer, clip, tmp_path / "out.mp4", start=0.6, end=1.2, every=1)
    assert result.timeline.frames.tolist() == list(range(15, 30))
    assert result.timeline.times[0] == pytest.approx(0.6, abs=1e-3)
    times = picture_times(result.path)
    assert (len(times), times[0]) == (15, 0)
    assert len(loudness(result.path)) == pytest.approx(0.6 * 48_000, abs=3000)


def test_leaving_early_keeps_what_was_done(recognizer, clip, tmp_path):
    with VideoRun.open(recognizer, clip, tmp_path / "out.mp4") as run:
        for progress in run:
            if progress.done > 0.9:
                break
    result = run.result()
    assert 0.9 < result.analysed < 1.2
    assert len(picture_times(result.path)) == pytest.approx(25, abs=2)
    assert 25 * result.analysed == pytest.approx(len(picture_times(result.path)))
    assert len(loudness(result.path)) > 40_000


def test_a_file_that_breaks_off_keeps_what_could_be_read(recognizer, tmp_path):
    source = first_part(write_video(tmp_path / "in.mkv", moving_face(60, 2), sound="aac"), 0.5)
    result = analyse(recognizer, source, tmp_path / "out.mp4")
    assert len(result.timeline) > 5
    assert 0.4 < result.analysed < 2.2
    assert len(picture_times(result.path)) > 10
    if result.info.seconds:
        [note] = result.notes
        assert "breaks off" in note


@pytest.mark.parametrize("rate", [5000, 8000, 192_000])
def test_pictures_survive_sound_that_mp4_does_not_take(recognizer, tmp_path, rate):
    source = write_video(tmp_path / "in.mkv", moving_face(5), sound="pcm_s16le", sound_rate=rate)
    result = analyse(recognizer, source, tmp_path / "out.mp4")
    assert len(picture_times(result.path)) == 5
    assert result.notes == () or "sound" in result.notes[0]


def test_a_part_without_pictures_gets_a_sentence_and_leaves_no_file(recognizer, clip, tmp_path):
    with pytest.raises(UserError, match="no picture in the part asked for"):
        analyse(recognizer, clip, tmp_path / "out.mp4", start=10)
    assert not (tmp_path / "out.mp4").exists()


def test_a_folder_that_cannot_be_written_gets_a_sentence(recognizer, clip, tmp_path):
    (tmp_path / "file.txt").write_text("in the way")
    with pytest.raises(UserError, match="cannot be written"):
        analyse(recognizer, clip, tmp_path / "file.txt" / "out.mp4")


def test_colours_survive(recognizer, tmp_path):
    red = np.full((64, 96, 3), (200, 40, 60), np.uint8)
    source = write_video(tmp_path / "in.mp4", [red] * 5)
    analyse(recognizer, source, tmp_path / "out.mp4")
    _, frames = read(tmp_path / "out.mp4")
    assert np.abs(frames[2].rgb.astype(int) - (200, 40, 60)).max() <= 6


@pytest.mark.parametrize(
    ("progress", "said"),
    [
        (Progress(5, 20, 10), "5 of 20 seconds of video analysed, about 30 s left"),
        (Progress(5, 20, 0.5), "5 of 20 seconds of video analysed"),
        (Progress(5, None, 10), "5 seconds of video analysed"),
        (Progress(0, 20, 3), "0 of 20 seconds of video analysed"),
    ],
)
def test_progress_says_what_it_knows(progress, said):
    assert progress.sentence() == said
