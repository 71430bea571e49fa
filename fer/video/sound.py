"""The sound of a video on its way into another file, in step with the pictures."""

from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path

import av
from av.audio.stream import AudioStream
from av.container import InputContainer, OutputContainer

from fer.video.clock import Clock
from fer.video.ffmpeg import open_input

_COPIED = ("aac", "mp3", "opus", "flac")  # sound that browsers play from MP4; other becomes AAC

_EARLIER = 0.1  # seconds by which sound may begin before the pictures: an encoder's run-up

Ready = Iterator[tuple[float, av.Packet]]
"""Packets for the new file, each with when it is heard, in seconds of the source."""


class Sound:
    """Sound that is copied, or encoded anew where browsers would not play it.

    It reads the source a second time: reading costs next to nothing, and pictures and sound
    need not wait for each other.

    Attributes:
        notes: sentences on what had to be left out.
    """

    def __init__(
        self,
        source: InputContainer,
        stream: AudioStream,
        target: OutputContainer,
        begin: float,
        start: float,
    ) -> None:
        """Give ``target`` a stream for the sound of ``stream``; its first sound is read.

        Args:
            source: the file that ``stream`` is in; it is closed in the end.
            stream: the sound.
            target: where it goes, not yet begun.
            begin: what the source's clock shows at its first picture, in seconds.
            start: what is heard earlier is left out, in seconds since the first picture.

        Raises:
            av.FFmpegError: if it cannot be kept.
        """
        self.notes: list[str] = []
        self._source, self._stream, self._target, self._start = source, stream, target, start
        self._clock = Clock(begin, 1024 / stream.rate)
        self._copied = stream.codec_context.codec.canonical_name in _COPIED
        self._out = (
            target.add_stream_from_template(stream)
            if self._copied
            else target.add_stream("aac", rate=_aac_rate(stream.rate))
        )
        if not self._copied:
            self._out.codec_context.open()
        self._ready = self._copies() if self._copied else self._encoded()
        self._next: tuple[float, av.Packet] | None = None
        self._advance()

    @classmethod
    def open(
        cls, path: Path, target: OutputContainer, begin: float, start: float
    ) -> "Sound | None":
        """The sound of ``path``, or ``None`` if it has none that can be read."""
        source = open_input(path)
        streams = source.streams.audio
        try:
            if streams and streams[0].codec_context is not None and streams[0].rate:
                return cls(source, streams[0], target, begin, start)
        except BaseException:
            source.close()
            raise
        source.close()
        return None

    def write_until(self, seconds: float) -> None:
        """Write what is heard before ``seconds`` since the source's first picture.

        Raises:
            OSError: if the system does not let it be written.
        """
        while self._next is not None and self._next[0] < seconds:
            with self._ending_at_errors("The sound could be kept only in part."):
                self._target.mux(self._next[1])
            self._advance()

    def finish(self, seconds: float) -> None:
        """Write what is heard before ``seconds``, and what the encoder holds back."""
        self.write_until(seconds)
        if not self._copied and not self.notes:
            with self._ending_at_errors("The end of the sound could not be kept."):
                self._target.mux(self._out.encode(None))

    def close(self) -> None:
        """Close the source."""
        self._source.close()

    def _advance(self) -> None:
        self._next = None
        with self._ending_at_errors("The sound is damaged, and was kept only up to there."):
            self._next = next(self._ready, None)

    @contextmanager
    def _ending_at_errors(self, note: str) -> Iterator[None]:
        """What FFmpeg finds wrong with the sound ends it; errors of the system go on."""
        try:
            yield
        except OSError:
            raise
        except av.FFmpegError:
            self.notes.append(note)
            self._ready = iter(())

    def _copies(self) -> Ready:
        for packet in self._source.demux(self._stream):
            if packet.pts is None or packet.time_base is None:
                continue
            seconds = self._clock.seconds(float(packet.pts * packet.time_base))
            if seconds >= self._start - _EARLIER:
                packet.pts = packet.dts = round((seconds - self._start) / packet.time_base)
                packet.stream = self._out
                yield seconds, packet

    def _encoded(self) -> Ready:
        for sound in self._source.decode(self._stream):
            if sound.time is None:
                continue
            seconds = self._clock.seconds(sound.time)
            if seconds >= self._start:
                sound.pts = round((seconds - self._start) * sound.sample_rate)
                sound.time_base = Fraction(1, sound.sample_rate)
                for packet in self._out.encode(sound):
                    yield seconds, packet


def _aac_rate(rate: int) -> int:
    """The samples a second that AAC knows nearest to ``rate``."""
    known = av.codec.Codec("aac", "w").audio_rates or [rate]
    return min(known, key=lambda one: abs(one - rate))
