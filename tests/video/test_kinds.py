"""Whatever a file is and is called, it ends in a result or in a sentence."""

import os
import wave

import av
import numpy as np
import pytest
from PIL import Image

from fer.errors import UserError
from fer.video.info import Limits
from fer.video.read import VideoReader
from fer.video.run import VideoRun
from tests.support.videos import (
    analyse,
    face_patch,
    joined,
    moving_face,
    picture_times,
    read,
    scene,
    write_video,
)

NAMES = [
    "10:30 meeting.mp4",
    "http:x.mp4",
    "100% %d 😀é.mp4",
    "-i.mp4",
    "a?b#c&d.mp4",
    "pipe:1.mp4",
    os.fsdecode(b"caf\xe9.mp4"),
    "x" * 251 + ".mp4",
]


@pytest.fixture(scope="module")
def short(tmp_path_factory):
    """A video of six pictures: here names matter."""
    return write_video(tmp_path_factory.mktemp("short") / "short.mp4", moving_face(6)).read_bytes()


@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_every_name_can_be_read_and_most_can_be_written(recognizer, short, tmp_path, name):
    source = tmp_path / "in" / name
    source.parent.mkdir(parents=True)
    source.write_bytes(short)
    target = tmp_path / "out" / (name if len(name) < 200 else "long.mp4")
    result = analyse(recognizer, source, target)
    assert result.path == target
    assert result.notes == ()
    assert len(picture_times(target)) == 6


@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_relative_names(short, tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    (tmp_path / name).write_bytes(short)
    with VideoReader(name) as reader:
        assert len(list(reader.frames())) == 6


KINDS = {
    "gif": {"codec": "gif", "pixels": "rgb8"},
    "motion JPEG": {"ending": ".avi", "codec": "mjpeg", "pixels": "yuvj420p"},
    "bare motion JPEG": {"ending": ".mjpeg", "codec": "mjpeg", "pixels": "yuvj420p"},
    "MPEG-2": {"ending": ".mpg", "codec": "mpeg2video"},
    "WMV": {"ending": ".wmv", "codec": "wmv2"},
    "FLV": {"ending": ".flv", "codec": "flv"},
    "3GP": {"ending": ".3gp", "codec": "mpeg4"},
    "Ogg": {"ending": ".ogv", "codec": "libvpx", "format": "ogg"},
    "MXF": {"ending": ".mxf", "codec": "mpeg2video"},
    "bare H.264": {"ending": ".264", "format": "h264"},
    "10 bits": {"ending": ".mkv", "codec": "libx264", "pixels": "yuv420p10le"},
    "grey": {"ending": ".mkv", "codec": "libx264", "pixels": "gray"},
    "transparent": {"ending": ".mkv", "codec": "libvpx-vp9", "pixels": "yuva420p"},
    "RGB": {"ending": ".mkv", "codec": "ffv1", "pixels": "bgr0"},
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_video(recognizer, tmp_path, kind):
    how = dict(KINDS[kind])
    source = tmp_path / f"in{how.pop('ending', '.gif')}"
    result = analyse(
        recognizer, write_video(source, moving_face(15), **how), tmp_path / "out.mp4", every=1
    )
    assert result.notes == ()
    assert len(result.timeline) == 15
    assert result.analysed == pytest.approx(0.6, abs=0.1)
    assert len(picture_times(result.path)) == 15


@pytest.mark.parametrize(("width", "height"), [(1, 1), (3, 1), (2, 2), (5, 3), (319, 239)])
def test_every_size(recognizer, tmp_path, width, height):
    pictures = [np.full((height, width, 3), (200, 40, 60), np.uint8)] * 3
    source = write_video(tmp_path / "in.mkv", pictures, codec="ffv1", pixels="bgr0")
    result = analyse(recognizer, source, tmp_path / "out.mp4")
    assert (result.info.width, result.info.height) == (width, height)
    _, frames = read(result.path)
    even = (height + height % 2, width + width % 2)
    assert [frame.rgb.shape[:2] for frame in frames] == [even] * 3
    assert np.abs(frames[0].rgb.astype(int) - (200, 40, 60)).max() <= 8


def test_a_side_that_h264_does_not_take_gets_a_sentence(recognizer, tmp_path):
    strip = [np.zeros((4, 16_390, 3), np.uint8)]
    source = write_video(tmp_path / "in.mkv", strip, codec="ffv1", pixels="bgr0")
    with pytest.raises(UserError, match="16390 × 4"):
        analyse(recognizer, source, tmp_path / "out.mp4")
    assert analyse(recognizer, source).path is None


@pytest.mark.parametrize(
    ("rate", "count", "lasting"), [(0.5, 5, 10.0), (25, 1, 0.04), (240, 30, 0.125)]
)
def test_every_rate(recognizer, tmp_path, rate, count, lasting):
    source = write_video(tmp_path / "in.mp4", moving_face(count, 2), rate=rate)
    result = analyse(recognizer, source, tmp_path / "out.mp4")
    assert result.info.frame_rate == pytest.approx(rate, rel=0.05)
    assert result.analysed == pytest.approx(lasting, rel=0.05)
    assert len(picture_times(result.path)) == count


def test_a_size_that_changes_on_the_way(recognizer, tmp_path):
    large, small = moving_face(10), [rgb[:160, :200] for rgb in moving_face(10)]
    source = joined(
        tmp_path / "in.ts",
        write_video(tmp_path / "a.ts", large),
        write_video(tmp_path / "b.ts", small),
    )
    result = analyse(recognizer, source, tmp_path / "out.mp4")
    assert (result.info.width, result.info.height) == (320, 240)
    assert len(picture_times(result.path)) == 20


def without_length(path, frames):
    """As a browser records: the header does not say how long it will be."""
    with av.open(str(path), "w", format="webm", options={"live": "1"}) as container:
        stream = container.add_stream("libvpx", rate=25)
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt = "yuv420p"
        for rgb in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(rgb, format="rgb24")))
        container.mux(stream.encode(None))
    return path


def test_a_header_that_does_not_say_how_long(recognizer, tmp_path):
    source = without_length(tmp_path / "live.webm", moving_face(15))
    with VideoRun.open(recognizer, source, tmp_path / "out.mp4") as run:
        steps = list(run)
    result = run.result()
    assert result.info.seconds is None
    assert all(step.share is None for step in steps)
    assert result.analysed == pytest.approx(0.6)
    assert result.notes == ()


def empty_video(path):
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        container.start_encoding()


def sound_only(path):
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(bytes(16_000))


PICTURES = ("JPEG", "PNG", "WEBP", "BMP", "TIFF", "JPEG2000", "PPM", "TGA", "ICO")


@pytest.mark.parametrize("kind", PICTURES)
def test_a_picture_by_the_name_of_a_video_gets_a_sentence(tmp_path, kind):
    path = tmp_path / "in.mp4"
    Image.fromarray(face_patch()).save(path, format=kind)
    with pytest.raises(UserError, match=r"in\.mp4 is a picture"):
        VideoReader(path)


@pytest.mark.parametrize("kind", ["GIF", "AVIF"])
def test_a_picture_in_a_format_for_videos_is_a_video_of_one_frame(recognizer, tmp_path, kind):
    path = tmp_path / f"in.{kind.lower()}"
    Image.fromarray(scene((face_patch(), 100, 60))).save(path, format=kind)
    result = analyse(recognizer, path, tmp_path / "out.mp4")
    assert len(result.timeline) == 1
    assert len(picture_times(result.path)) == 1


@pytest.mark.parametrize(
    ("name", "write", "said"),
    [
        ("none.mp4", empty_video, "without pictures or sound"),
        ("none.mkv", empty_video, "not a video that can be read"),
        ("a.wav", sound_only, "sound but no picture"),
        (
            "a.srt",
            lambda path: path.write_text("1\n00:00:00,0 --> 00:00:01,0\nhi\n"),
            "not a video",
        ),
        ("random.mp4", lambda path: path.write_bytes(os.urandom(9999)), "not a video"),
        ("zeros.mp4", lambda path: path.write_bytes(bytes(9999)), "not a video"),
        ("pipe.mp4", os.mkfifo, "is no file"),
        ("loop.mp4", lambda path: path.symlink_to(path), "cannot be opened"),
        ("x" * 300 + ".mp4", lambda path: None, "cannot be opened: File name too long"),
        ("nowhere/a.mp4", lambda path: None, "does not exist"),
    ],
    ids=lambda value: value[:12] if isinstance(value, str) else "",
)
def test_what_is_no_video_gets_a_sentence(tmp_path, name, write, said):
    write(tmp_path / name)
    with pytest.raises(UserError, match=said):
        VideoReader(tmp_path / name)


def test_a_bomb_is_refused_before_it_is_decoded(clip, monkeypatch):
    monkeypatch.setattr(VideoReader, "_decoded", lambda *_: pytest.fail("it was decoded"))
    with pytest.raises(UserError, match="320 × 240 pixels"):
        VideoReader(clip, Limits(megapixels=0.05))
