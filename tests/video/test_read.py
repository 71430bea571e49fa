"""Reading videos: what is let in, damage, joined and cut-off files, limits."""

import av
import numpy as np
import pytest
from PIL import Image

from fer.errors import UserError
from fer.video.info import Limits
from fer.video.read import VideoReader
from tests.support.videos import face_patch, moving_face, read, write_video


def test_frame_numbers_are_right_beyond_a_key_frame(tmp_path):
    frames = [np.full((48, 64, 3), 2 * i, np.uint8) for i in range(100)]
    path = tmp_path / "in.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"g": "12", "bf": "2"})
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for rgb in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(rgb, format="rgb24")))
        container.mux(stream.encode(None))
    _, found = read(path, start=2.0)
    assert [frame.number for frame in found] == list(range(50, 100))
    shades = [frame.rgb.mean() for frame in found]
    np.testing.assert_allclose(shades, 2 * np.arange(50, 100), atol=4)


def test_sound_that_outlasts_the_pictures_is_no_damage(tmp_path):
    short = write_video(tmp_path / "short.mkv", moving_face(10, 2), sound="aac", sound_seconds=3.0)
    with VideoReader(short) as reader:
        assert len(list(reader.frames())) == 10
        assert reader.notes == []


def test_nothing_is_decoded_after_the_end(tmp_path, monkeypatch):
    path = write_video(tmp_path / "in.mp4", moving_face(60, 2))
    with VideoReader(path) as reader:
        decoded = []
        inner = reader._decoded
        monkeypatch.setattr(
            reader, "_decoded", lambda skip: (decoded.append(x) or x for x in inner(skip))
        )
        assert len(list(reader.frames(0.0, 0.4))) == 10
    assert len(decoded) < 20


def test_recordings_that_were_joined_are_read_on(tmp_path):
    one = write_video(tmp_path / "one.ts", moving_face(60, 2))
    joined = tmp_path / "joined.ts"
    joined.write_bytes(one.read_bytes() * 2)
    with VideoReader(joined) as reader:
        times = [frame.seconds for frame in reader.frames()]
    assert len(times) > 110 and times[-1] > 4.5
    assert (np.diff(times) > 0).all()


def test_an_mp4_without_its_index_gets_a_sentence(clip, tmp_path):
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(clip.read_bytes()[: clip.stat().st_size // 2])
    with pytest.raises(UserError, match=r"broken\.mp4 is not a video that can be read, or its end"):
        VideoReader(broken)


def test_a_damaged_middle_is_left_out(tmp_path):
    path = write_video(tmp_path / "in.mp4", moving_face(60, 2))
    data = bytearray(path.read_bytes())
    middle = len(data) // 3
    data[middle : middle + 600] = b"\xff" * 600
    path.write_bytes(bytes(data))
    _, frames = read(path)
    assert len(frames) >= 20
    assert frames[-1].seconds > 2.0


def sentence_for(path, limits=None):
    with pytest.raises(UserError) as caught:
        VideoReader(path, limits)
    return str(caught.value)


def test_what_is_no_video_gets_a_sentence(tmp_path, clip):
    picture = tmp_path / "face.png"
    Image.fromarray(face_patch()).save(picture)
    text, empty, tune, list_ = (tmp_path / n for n in ("a.mp4", "b.mp4", "c.mp4", "d.m3u8"))
    text.write_text("this is text")
    empty.write_bytes(b"")
    list_.write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\n{clip}\n#EXT-X-ENDLIST\n")
    with av.open(str(tune), "w") as container, av.open(str(clip)) as source:
        out = container.add_stream_from_template(source.streams.audio[0])
        for packet in source.demux(audio=0):
            if packet.dts is not None:
                packet.stream = out
                container.mux(packet)
    assert "face.png is a picture, not a video" in sentence_for(picture)
    assert "a.mp4 is not a video that can be read" in sentence_for(text)
    assert "b.mp4 is empty" in sentence_for(empty)
    assert "c.mp4 has sound but no picture" in sentence_for(tune)
    assert "d.m3u8 is not a video that can be read" in sentence_for(list_)
    assert "does not exist" in sentence_for(tmp_path / "none.mp4")
    assert "is a folder" in sentence_for(tmp_path)


def test_a_codec_that_nobody_knows_gets_a_sentence(tmp_path, clip):
    data = clip.read_bytes()
    assert data.count(b"avc1") >= 2
    exotic = tmp_path / "exotic.mp4"
    exotic.write_bytes(data.replace(b"avc1", b"zz9Z"))
    assert "save it as MP4" in sentence_for(exotic)


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        (Limits(megabytes=0.001), "larger than 0.001 MB"),
        (Limits(seconds=1), "lasts 2 seconds, more than 1"),
        (Limits(megapixels=0.05), "320 × 240 pixels, more than 0.05 megapixels"),
    ],
)
def test_limits(clip, limits, said):
    assert said in sentence_for(clip, limits)


def test_a_recording_that_hides_its_length_is_cut_at_the_limit(clip):
    with VideoReader(clip, Limits(seconds=3)) as reader:
        reader.limits = Limits(seconds=1)
        frames = list(reader.frames())
    assert len(frames) == 25
    assert reader.notes == ["Only 1 seconds were analysed, the limit here."]
