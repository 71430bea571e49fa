"""Time counts from the first picture, whatever a file's own clock shows."""

import csv

import av
import numpy as np
import pytest

from fer.errors import UserError
from fer.video.clock import Clock
from fer.video.info import Limits
from fer.video.read import VideoReader
from fer.video.run import VideoRun
from fer.video.tables import write_tables
from tests.support.videos import (
    analyse,
    first_part,
    joined,
    loudness,
    moving_face,
    picture_times,
    read,
    write_video,
)


@pytest.mark.parametrize(
    ("stamps", "seconds", "joins"),
    [
        ([], [], []),
        ([100.0, 100.1, 100.2], [0, 0.1, 0.2], []),
        ([100.0, None, None, 100.3], [0, 0.1, 0.2, 0.3], []),
        ([100.0, 100.6, 103.0], [0, 0.6, 3.0], []),
        ([100.0, 100.0, 100.1], [0, 0.001, 0.1], []),
        ([100.0, 100.2, 100.1, 100.3], [0, 0.2, 0.201, 0.3], []),
        ([100.0, 100.3, 100.0, 100.1], [0, 0.3, 0.4, 0.5], [0.4]),
        ([100.0, 100.3, 0.0, 0.3, 0.0], [0, 0.3, 0.4, 0.7, 0.8], [0.4, 0.8]),
        ([100.0, 3700.0], [0, 3600.0], []),
        ([0.0, 1.8e9, 1.8e9 + 0.1], [0, 0.1, 0.2], [0.1]),
    ],
    ids=[
        "nothing",
        "late",
        "no stamps",
        "a gap",
        "twice",
        "disorder",
        "anew",
        "anew twice",
        "an hour",
        "a clock that is set",
    ],
)
def test_a_clock(stamps, seconds, joins):
    clock = Clock(begin=stamps[0] if stamps else 0.0, step=0.1)
    assert [clock.seconds(stamp) for stamp in stamps] == pytest.approx(seconds, abs=1e-9)
    assert clock.joins == pytest.approx(joins)


LATE = [
    (".mkv", "libx264", "aac", 100.0),
    (".mkv", "libx264", "aac", 400.0),
    (".webm", "libvpx", "libopus", 100.0),
    (".mp4", "libx264", "aac", 100.0),
    (".ts", "libx264", "aac", 100.0),
    (".flv", "flv", "aac", 100.0),
]


@pytest.mark.parametrize(("ending", "codec", "sound", "begin"), LATE)
def test_a_clock_that_begins_late(recognizer, tmp_path, ending, codec, sound, begin):
    source = write_video(
        tmp_path / f"late{ending}", moving_face(30, 3), codec=codec, sound=sound, begin=begin
    )
    result = analyse(recognizer, source, tmp_path / "out.mp4", limits=Limits(seconds=10))
    assert result.notes == ()
    assert result.info.seconds == pytest.approx(1.2, abs=0.1)
    assert result.info.clock_begin == pytest.approx(begin, abs=0.1)
    assert result.analysed == pytest.approx(1.2, abs=0.01)
    assert (result.timeline.times[0], result.timeline.frames[0]) == (0, 0)
    times = picture_times(result.path)
    assert (len(times), times[0]) == (30, 0)
    assert len(loudness(result.path)) == pytest.approx(1.2 * 48_000, abs=5000)
    as_csv, _ = write_tables(result, tmp_path / "out.mp4", source, "toy")
    with as_csv.open() as file:
        assert [float(row["time"]) for row in csv.DictReader(file)][:3] == [0, 0.12, 0.24]


def test_a_part_of_a_late_clock(recognizer, tmp_path):
    source = write_video(tmp_path / "late.mkv", moving_face(60, 2), begin=100, sound="aac")
    result = analyse(recognizer, source, tmp_path / "out.mp4", start=0.6, end=1.2, every=1)
    assert result.timeline.frames.tolist() == list(range(15, 30))
    np.testing.assert_allclose(result.timeline.times, np.arange(15, 30) / 25)
    assert picture_times(result.path)[0] == 0
    assert len(loudness(result.path)) == pytest.approx(0.6 * 48_000, abs=5000)


def test_the_length_of_a_late_recording_is_told_and_limited(tmp_path):
    late = write_video(tmp_path / "late.mkv", moving_face(60, 2), begin=400)
    with pytest.raises(UserError, match="lasts 2 seconds, more than 1"):
        VideoReader(late, Limits(seconds=1))
    with VideoReader(late, Limits(seconds=3)) as reader:
        assert reader.info.seconds == pytest.approx(2.4)


def test_progress_through_a_late_recording(recognizer, tmp_path):
    late = write_video(tmp_path / "late.mkv", moving_face(20, 2), begin=400)
    with VideoRun.open(recognizer, late) as run:
        shares = [progress.share for progress in run]
    assert shares[-1] == pytest.approx(1)
    assert shares == sorted(shares)
    assert shares[0] < 0.3


def test_a_late_recording_that_really_breaks_off(tmp_path):
    whole = write_video(tmp_path / "late.mkv", moving_face(90, 2), codec="mjpeg", begin=100,
                        pixels="yuvj420p")  # fmt: skip
    reader, frames = read(first_part(whole, 0.4))
    assert 30 < len(frames) < 40
    [note] = reader.notes
    assert "of 3.6 seconds" in note


@pytest.mark.parametrize("count", [10, 35], ids=["0.4 s", "1.4 s"])
def test_joined_recordings_lose_no_frame(recognizer, tmp_path, count):
    one = write_video(tmp_path / "one.ts", moving_face(count, 2), sound="aac")
    source = joined(tmp_path / "joined.ts", one, one, one)
    result = analyse(recognizer, source, tmp_path / "out.mp4", every=5)
    assert sorted(set(result.timeline.frames.tolist())) == list(range(0, 3 * count, 5))
    times = picture_times(result.path)
    np.testing.assert_allclose(times, np.arange(3 * count) / 25, atol=1e-3)
    [note] = result.notes
    assert "3 recordings" in note
    assert f"{count / 25:.1f}" in note and f"{2 * count / 25:.1f}" in note
    assert len(loudness(result.path)) == pytest.approx(3 * count / 25 * 48_000, rel=0.1)


def test_a_part_from_the_second_of_two_joined_recordings(tmp_path):
    pictures = [np.full((48, 64, 3), 4 * i, np.uint8) for i in range(50)]
    one = write_video(tmp_path / "one.ts", pictures)
    source = joined(tmp_path / "joined.ts", one, one)
    _, frames = read(source, start=2.4)
    assert [frame.number for frame in frames] == list(range(60, 100))
    assert frames[0].seconds == pytest.approx(2.4)
    assert frames[0].rgb.mean() == pytest.approx(40, abs=4)


def test_sound_that_begins_before_the_pictures_stays_in_step(recognizer, tmp_path):
    source = write_video(
        tmp_path / "in.mkv", moving_face(40, 2), times=[0.5 + i / 25 for i in range(40)],
        sound="aac", sound_seconds=2.1,
    )  # fmt: skip
    result = analyse(recognizer, source, tmp_path / "out.mp4")
    assert result.info.clock_begin == pytest.approx(0.5)
    with av.open(str(result.path)) as container:
        starts = [float(s.start_time * s.time_base) for s in container.streams]
    assert starts == pytest.approx([0, 0], abs=0.1)
    assert len(loudness(result.path)) == pytest.approx(1.6 * 48_000, abs=6000)
