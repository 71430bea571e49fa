"""Small videos for tests: a face that moves, two that cross, with sound, turned, cut off."""

from collections.abc import Iterable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from skimage.data import astronaut

from fer.video.read import Frame, VideoReader
from fer.video.run import VideoResult, VideoRun
from fer.vision.recognize import Recognizer

Rgb = NDArray[np.uint8]

_OF_FIXED_RATE = ("gif", "mjpeg", "mpeg2video", "wmv2", "flv")


def face_patch(width: int = 100, height: int = 120) -> Rgb:
    """The astronaut's head and shoulders, in which the cascade finds one face."""
    head = Image.fromarray(astronaut()[0:240, 120:320])
    return np.asarray(head.resize((width, height)))


def scene(*placed: tuple[Rgb, int, int], width: int = 320, height: int = 240) -> Rgb:
    """A grey picture with patches at (left, top), the last in front; what sticks out is cut."""
    picture = Image.new("RGB", (width, height), (90, 90, 90))
    for patch, left, top in placed:
        picture.paste(Image.fromarray(patch), (left, top))
    return np.asarray(picture)


def moving_face(count: int = 20, step: int = 5) -> list[Rgb]:
    """A face that moves to the right by ``step`` pixels a frame."""
    head = face_patch()
    return [scene((head, 20 + step * i, 60)) for i in range(count)]


def write_video(
    path: Path,
    frames: Iterable[Rgb],
    rate: float = 25,
    times: Sequence[float] | None = None,
    codec: str = "libx264",
    sound: str | None = None,
    sound_seconds: float | None = None,
    sound_rate: int = 48_000,
    rotation: int = 0,
    pixel_shape: Fraction | None = None,
    pixels: str = "yuv420p",
    begin: float = 0.0,
    format: str | None = None,
) -> Path:
    """Write ``frames``; the answer is ``path``.

    Args:
        path: its ending names the container.
        frames: RGB pictures of one size.
        rate: frames per second.
        times: seconds at which each frame is shown; evenly by default.
        codec: of the pictures.
        sound: the codec of a tone of 440 Hz.
        sound_seconds: how long it lasts; as long as the pictures by default.
        sound_rate: its samples per second.
        rotation: degrees counter-clockwise by which players turn it.
        pixel_shape: width of a pixel to its height.
        pixels: FFmpeg's name for how they are stored.
        begin: what the file's clock shows at the first picture, in seconds.
        format: the container, where the ending does not name it.
    """
    frames = list(frames)
    with av.open(f"file:{path}", "w", format=format) as container:
        stream = container.add_stream(codec, rate=Fraction(rate).limit_denominator(1001))
        height, width = frames[0].shape[:2]
        stream.width, stream.height, stream.pix_fmt = width, height, pixels
        if codec not in _OF_FIXED_RATE:
            stream.codec_context.time_base = Fraction(1, 1000)
        if pixel_shape:
            stream.codec_context.sample_aspect_ratio = pixel_shape
        if rotation:
            stream.set_display_rotation(rotation)
        audio = container.add_stream(sound, rate=sound_rate) if sound else None
        if audio:
            audio.layout = "mono"
        times = times or [i / rate for i in range(len(frames))]
        for rgb, seconds in zip(frames, times, strict=True):
            frame = av.VideoFrame.from_ndarray(rgb, format="rgb24")
            frame.pts, frame.time_base = round(1000 * (begin + seconds)), Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
        if audio:
            tone = _tone(sound_seconds or times[-1] + 1 / rate, sound_rate)
            tone.pts = round(begin * sound_rate)
            container.mux(audio.encode(tone))
            container.mux(audio.encode(None))
    return path


def joined(path: Path, *parts: Path) -> Path:
    """The bytes of ``parts`` one after the other, as cameras and ``cat`` join MPEG-TS."""
    path.write_bytes(b"".join(part.read_bytes() for part in parts))
    return path


def first_part(path: Path, share: float) -> Path:
    """A copy of ``path`` that breaks off after ``share`` of its bytes."""
    broken = path.with_name(f"broken{path.suffix}")
    broken.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    return broken


def _tone(seconds: float, rate: int) -> av.AudioFrame:
    samples = np.sin(2 * np.pi * 440 * np.arange(int(rate * seconds)) / rate)
    frame = av.AudioFrame.from_ndarray(
        (8000 * samples).astype(np.int16)[None], format="s16", layout="mono"
    )
    frame.sample_rate, frame.pts, frame.time_base = rate, 0, Fraction(1, rate)
    return frame


@pytest.fixture(scope="session")
def clip(tmp_path_factory):
    """Two seconds of a face that moves to the right, with sound."""
    path = tmp_path_factory.mktemp("clip") / "walk.mp4"
    return write_video(path, moving_face(50, 3), sound="aac")


def read(path: Path, **options: float) -> tuple[VideoReader, list[Frame]]:
    """Every frame of ``path``, and the reader with its notes."""
    with VideoReader(path) as reader:
        frames = list(reader.frames(**options))
    return reader, frames


def analyse(
    recognizer: Recognizer, source: Path, target: Path | None = None, **options: Any
) -> VideoResult:
    """``source`` from end to end."""
    with VideoRun.open(recognizer, source, target, **options) as run:
        for _ in run:
            pass
    return run.result()


def picture_times(path: Path) -> list[float]:
    """When each picture of ``path`` is shown, by its own clock."""
    with av.open(f"file:{path}") as container:
        return [frame.time for frame in container.decode(video=0)]


def loudness(path: Path) -> NDArray[np.floating]:
    """The samples of the first channel."""
    with av.open(f"file:{path}") as container:
        sound = [frame.to_ndarray()[0] for frame in container.decode(audio=0)]
    return np.concatenate(sound)
