"""Annotated videos as they leave: H.264 in MP4, which every browser plays, with the source's sound.

H.264 because it is the cheapest here for what it looks like. Per 640×480 frame on one thread:
x264 ultrafast 2.8 ms (veryfast 6.7), VP8 in real time 5.2 ms at 2.6 times the size, VP9 6.9 ms.
"""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from types import TracebackType

import av
import cv2
import numpy as np
from av.audio.stream import AudioStream
from av.container import InputContainer, OutputContainer
from numpy.typing import NDArray

from fer.errors import UserError
from fer.video.file import OPEN_OPTIONS, first_picture

_TICKS = 90_000  # per second: fine enough for any frame rate
_COPIED = ("aac", "mp3", "opus", "flac")  # sound that browsers play from MP4; other becomes AAC
_BT601, _LIMITED_RANGE = 5, 1  # FFmpeg's numbers for how OpenCV makes YUV from RGB


class VideoWriter:
    """An MP4 file, open for writing; a context manager, and playable whenever it was closed.

    Without a single frame there is no file.

    Attributes:
        path: the file.
        notes: sentences on what had to be left out.
    """

    def __init__(
        self,
        path: Path,
        width: int,
        height: int,
        frame_rate: float,
        sound: Path | None = None,
        start: float = 0.0,
    ) -> None:
        """Open ``path``.

        Args:
            path: the file to write.
            width: of the frames in pixels; an odd column, or row, at the edge is left out.
            height: of the frames.
            frame_rate: frames per second, roughly; every frame has its own time.
            sound: a video whose sound is kept.
            start: when the first frame is shown in that video, in seconds.

        Raises:
            UserError: if the file cannot be written.
        """
        self.path = path
        self.notes: list[str] = []
        self._start, self._last = start, -1
        self._shape = width - width % 2, height - height % 2
        self._rate = Fraction(frame_rate).limit_denominator(1001)
        try:
            self._open(sound)
        except av.FFmpegError as error:
            if sound is None or isinstance(error, OSError):
                raise UserError(f"{path} cannot be written: {error.strerror or error}.") from error
            self._container.close()  # sound of a kind that MP4 does not take
            self._open(None)
            self.notes.append("The sound is of a kind that could not be kept.")

    def _open(self, sound: Path | None) -> None:
        self._container = av.open(str(self.path), "w", format="mp4", options=_FAST_START)
        self._video = self._container.add_stream("libx264", rate=self._rate, options=_ENCODER)
        self._video.width, self._video.height = self._shape
        self._video.pix_fmt = "yuv420p"
        self._video.codec_context.time_base = Fraction(1, _TICKS)
        self._video.codec_context.colorspace = _BT601
        self._video.codec_context.color_range = _LIMITED_RANGE
        self._sound = _Sound.open(sound, self._container, self._start) if sound else None
        self._container.start_encoding()

    def __enter__(self) -> "VideoWriter":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def write(self, rgb: NDArray[np.uint8], seconds: float) -> None:
        """Add a frame ``(h, w, 3)``, shown from ``seconds`` on the source's clock."""
        width, height = self._video.width, self._video.height
        yuv = cv2.cvtColor(rgb[:height, :width], cv2.COLOR_RGB2YUV_I420)
        frame = av.VideoFrame.from_ndarray(np.asarray(yuv, np.uint8), format="yuv420p")
        frame.pts = self._last = max(self._last + 1, round((seconds - self._start) * _TICKS))
        frame.time_base = Fraction(1, _TICKS)
        self._mux(self._video.encode(frame))
        if self._sound:
            self._sound.write_until(seconds)

    def close(self) -> None:
        """Write what is still held back and finish the file."""
        try:
            if self._last >= 0:
                self._mux(self._video.encode(None))
            if self._sound:
                self._sound.finish(self._start + self._last / _TICKS)
                self.notes += self._sound.notes
        finally:
            self._container.close()
            if self._last < 0:
                self.path.unlink(missing_ok=True)

    def _mux(self, packets: list[av.Packet]) -> None:
        try:
            self._container.mux(packets)
        except OSError as error:
            reason = error.strerror or error
            raise UserError(f"{self.path} cannot be written: {reason}.") from error


_FAST_START = {"movflags": "+faststart"}  # the index comes first, so that it plays while loading
_ENCODER = {"preset": "ultrafast", "crf": "23"}


class _Sound:
    """The sound of a source on its way into another file, in step with the pictures.

    It reads the source a second time: reading costs next to nothing, and pictures and sound
    need not wait for each other.
    """

    def __init__(
        self, source: InputContainer, stream: AudioStream, target: OutputContainer, start: float
    ) -> None:
        self.notes: list[str] = []
        self._source, self._stream, self._target, self._start = source, stream, target, start
        self._zero = first_picture(source.streams.video[0])
        self._copied = stream.codec_context.codec.canonical_name in _COPIED
        self._out = (
            target.add_stream_from_template(stream)
            if self._copied
            else target.add_stream("aac", rate=stream.rate)
        )
        self._ready = self._copies() if self._copied else self._encoded()
        self._next: tuple[float, av.Packet] | None = (-1.0, av.Packet(0))
        self._advance()

    @classmethod
    def open(cls, path: Path, target: OutputContainer, start: float) -> "_Sound | None":
        """The sound of ``path``, or ``None`` if it has none that can be read."""
        source = av.open(str(path), options=OPEN_OPTIONS)
        streams = source.streams.audio
        if not streams or streams[0].codec_context is None:
            source.close()
            return None
        return cls(source, streams[0], target, start)

    def write_until(self, seconds: float) -> None:
        """Write what is heard before ``seconds`` on the source's clock."""
        while self._next is not None and self._next[0] < seconds:
            try:
                self._target.mux(self._next[1])
            except av.FFmpegError as error:
                if isinstance(error, OSError):
                    raise
                self.notes.append("The sound could be kept only in part.")
                self._next = None
                return
            self._advance()

    def finish(self, seconds: float) -> None:
        """Write what is heard before ``seconds``, and what the encoder holds back."""
        self.write_until(seconds)
        if not self._copied:
            self._target.mux(self._out.encode(None))
        self._source.close()

    def _advance(self) -> None:
        try:
            self._next = next(self._ready, None)
        except av.FFmpegError:
            self.notes.append("The sound is damaged, and was kept only up to there.")
            self._next = None

    def _copies(self) -> Iterator[tuple[float, av.Packet]]:
        for packet in self._source.demux(self._stream):
            if packet.pts is None or packet.dts is None or packet.time_base is None:
                continue
            seconds = float(packet.pts * packet.time_base) - self._zero
            if self._start and seconds < self._start:
                continue
            shift = round((self._zero + self._start) / packet.time_base)
            packet.pts -= shift
            packet.dts -= shift
            packet.stream = self._out
            yield seconds, packet

    def _encoded(self) -> Iterator[tuple[float, av.Packet]]:
        for sound in self._source.decode(self._stream):
            if sound.time is None:
                continue
            seconds = sound.time - self._zero
            if seconds >= self._start:
                sound.pts = round((seconds - self._start) * sound.sample_rate)
                sound.time_base = Fraction(1, sound.sample_rate)
                for packet in self._out.encode(sound):
                    yield seconds, packet
