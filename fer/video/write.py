"""Annotated videos as they leave: H.264 in MP4, which every browser plays, with the source's sound.

H.264 because it is the cheapest here for what it looks like. Per 640×480 frame on one thread:
x264 ultrafast 2.8 ms (veryfast 6.7), VP8 in real time 5.2 ms at 2.6 times the size, VP9 6.9 ms.
"""

from contextlib import ExitStack, suppress
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from fer.errors import UserError
from fer.files import written_whole
from fer.video.ffmpeg import Closing, open_output, system_errors
from fer.video.info import VideoInfo
from fer.video.sound import Sound

_TICKS = 90_000  # per second: fine enough for any frame rate
_BT601, _LIMITED_RANGE = 5, 1  # FFmpeg's numbers for how OpenCV makes YUV from RGB
_LONGEST_SIDE = 16_384  # pixels; H.264 takes no more
_ENCODER = {"preset": "ultrafast", "crf": "23"}


class VideoWriter(Closing):
    """An MP4 file, open for writing; a context manager, and playable once it was closed.

    Without a single frame there is no file. Neither is there one if the disk fills up: then
    ``problem`` says so and further frames are dropped, for whoever hands them over may have more
    to do than writing a copy.

    Attributes:
        path: the file.
        notes: sentences on what had to be left out.
        problem: a sentence on why there is no file, if there is none and should be.
    """

    def __init__(
        self, path: Path, info: VideoInfo, sound: Path | None = None, start: float = 0.0
    ) -> None:
        """Begin ``path``.

        Args:
            path: the file to write.
            info: the size and rate of the frames; a row or column is doubled where a side is odd.
            sound: a video whose sound is kept; ``info`` is what it says of itself.
            start: when the first frame is shown in that video, in seconds.

        Raises:
            UserError: if the file cannot be written.
        """
        if max(info.width, info.height) > _LONGEST_SIDE:
            raise UserError(
                f"{path} cannot be written: H.264 takes no side of more than {_LONGEST_SIDE} "
                f"pixels, and here are {info.width} × {info.height}; save the video smaller."
            )
        self.path = path
        self.notes: list[str] = []
        self.problem: str | None = None
        self._info, self._start, self._last, self._heard = info, start, -1, start
        self._sound: Sound | None = None
        with ExitStack() as files:
            part = files.enter_context(written_whole(path))
            files.enter_context(system_errors())
            try:
                self._begin(part, sound)
            except _SoundRefusedError:
                self._container.close()
                self._begin(part, None)
                self.notes.append("The sound is of a kind that could not be kept.")
            self._files: ExitStack | None = files.pop_all()

    @property
    def written(self) -> bool:
        """Whether the file is there, whole; known once the writer was closed."""
        return self._files is None and self.problem is None and self._last >= 0

    def write(self, rgb: NDArray[np.uint8], seconds: float) -> None:
        """Add a frame ``(h, w, 3)``, shown from ``seconds`` on the source's clock."""
        if self._files is None:
            return
        height, width = rgb.shape[:2]
        even = ((0, height % 2), (0, width % 2), (0, 0))
        rgb = np.pad(rgb, even, "edge") if height % 2 or width % 2 else rgb
        yuv = cv2.cvtColor(rgb, cv2.COLOR_RGB2YUV_I420)
        frame = av.VideoFrame.from_ndarray(np.asarray(yuv, np.uint8), format="yuv420p")
        frame.pts = self._last = max(self._last + 1, round((seconds - self._start) * _TICKS))
        frame.time_base = Fraction(1, _TICKS)
        try:
            self._container.mux(self._video.encode(frame))
            if self._sound:
                self._sound.write_until(seconds)
        except (av.FFmpegError, OSError) as error:
            self._abandon(error)

    def keep_sound(self, until: float) -> None:
        """Let the sound end at ``until``, in seconds of the source's clock, or with the picture."""
        self._heard = until

    def close(self) -> None:
        """Write what is still held back and finish the file."""
        if self._files is None:
            return
        try:
            if self._last < 0:
                raise EOFError("no frame came")
            self._container.mux(self._video.encode(None))
            if self._sound:
                self._sound.finish(max(self._heard, self._start + self._last / _TICKS))
            self._container.close()
            self._close_sound()
            files, self._files = self._files, None
            files.close()
        except UserError as error:
            self.problem = str(error)
        except (av.FFmpegError, OSError, EOFError) as error:
            self._abandon(error)

    def _begin(self, part: Path, sound: Path | None) -> None:
        self._container = open_output(part)
        rate = Fraction(self._info.frame_rate).limit_denominator(1001)
        self._video = self._container.add_stream("libx264", rate=rate, options=_ENCODER)
        self._video.width = self._info.width + self._info.width % 2
        self._video.height = self._info.height + self._info.height % 2
        self._video.pix_fmt = "yuv420p"
        self._video.codec_context.time_base = Fraction(1, _TICKS)
        self._video.codec_context.colorspace = _BT601
        self._video.codec_context.color_range = _LIMITED_RANGE
        if sound is not None:
            self._add_sound(sound)
        try:
            self._container.start_encoding()
        except OSError:
            raise
        except av.FFmpegError as error:
            if self._sound is None:
                raise
            self._close_sound()
            raise _SoundRefusedError from error

    def _add_sound(self, path: Path) -> None:
        try:
            self._sound = Sound.open(path, self._container, self._info.clock_begin, self._start)
        except (av.FFmpegError, UserError) as error:  # nothing is written yet: it is the sound
            raise _SoundRefusedError from error

    def _abandon(self, error: Exception) -> None:
        """Leave no file, and say why if a frame had come."""
        with suppress(av.FFmpegError, OSError):
            self._container.close()
        self._close_sound()
        files, self._files = self._files, None
        try:
            if files is not None:
                files.__exit__(type(error), error, error.__traceback__)
        except UserError as sentence:
            self.problem = str(sentence)
        except EOFError:
            pass

    def _close_sound(self) -> None:
        if self._sound:
            self.notes += self._sound.notes
            self._sound.close()
            self._sound = None


class _SoundRefusedError(Exception):
    """The pictures can be written, the sound cannot."""
