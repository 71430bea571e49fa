"""A visitor's live view: what a frame is answered with, and what is kept until the next one."""

import binascii
import logging
import time
from base64 import b64decode
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fer.app.sights import Sight, recent, remembered
from fer.errors import UserError, place_of, without_folders
from fer.look import kit, words
from fer.pictures import to_rgb
from fer.vision.draw import svg_overlay
from fer.vision.faces import Faces
from fer.vision.image import read_image
from fer.vision.quality import face_quality
from fer.vision.recognize import Recognizer
from fer.vision.stream import Stream, recognize_next
from fer.vision.track import Track, Tracker

_MEGAPIXELS = 4  # of a frame; the page asks the camera for 0.3

_TRACKER = Tracker()

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Pace:
    """When this visitor's last frame was answered, and how many are answered per second."""

    last: float = 0.0
    rate: float = 0.0

    def tick(self, now: float) -> "Pace":
        """The pace after an answer at ``now`` (seconds): an average over about ten answers."""
        gap = now - self.last
        if not 0 < gap < 5:
            return Pace(now)
        return Pace(now, 0.9 * self.rate + 0.1 / gap if self.rate else 1 / gap)


@dataclass(frozen=True)
class Live:
    """What is kept of one visitor between two frames: never pictures.

    Attributes:
        pace: how fast frames are answered.
        stream: the faces that are followed.
        beside: the number of the face that the panel shows, 0 for none yet.
        sights: of the last half minute, in order.
    """

    pace: Pace = field(default_factory=Pace)
    stream: Stream = field(default_factory=Stream)
    beside: int = 0
    sights: tuple[Sight, ...] = ()


def answer_frame(
    recognizer: Recognizer, frame: NDArray[Any] | str | None, live: Live, wanted: int = 0
) -> tuple[str, str, str, Live]:
    """Overlay (SVG), panel, timeline (HTML) and state after a frame; an error becomes a sentence.

    Raising would restart the stream without a word, so nothing is raised. ``frame`` is a picture
    or the ``data:`` address of one, as the page sends it; ``wanted`` is the number of the face
    that the visitor clicked, if any.
    """
    if frame is None:
        return "", idle_panel(), recent((), 0), live
    try:
        start, now = time.perf_counter(), time.monotonic()
        rgb = _read_frame(frame) if isinstance(frame, str) else to_rgb(frame)
        stream, faces = recognize_next(recognizer, _TRACKER, live.stream, rgb, now)
        sights = remembered(live.sights, faces, face_quality(rgb, faces), now)
        seen = sights[len(sights) - len(faces) :]
        faces = replace(faces, shown=tuple(one.label for one in seen))
        shown = followed(stream.tracks.known, faces, wanted, live.beside)
        overlay = _overlay(faces, rgb, shown, [one.quality for one in seen])
        milliseconds = 1000 * (time.perf_counter() - start)
    except UserError as error:
        return "", _waiting(without_folders(str(error)), role="alert"), recent((), 0), live
    except Exception as error:
        log.error("A webcam frame could not be analysed.\n%s", place_of(error))
        return "", _waiting(words.FAILED, role="alert"), recent((), 0), live
    live = Live(live.pace.tick(time.monotonic()), stream, shown.id if shown else 0, sights)
    below = _facts(len(faces), milliseconds, live.pace.rate)
    panel = _panel(words.NO_FACE_LIVE, below=below)
    if shown is not None:
        last = next(one for one in reversed(sights) if one.face == shown.id)
        panel = live_panel(shown, last, len(faces), recognizer.spec.unsure_below, below)
    return overlay, panel, recent(sights, now), live


def _read_frame(address: str) -> NDArray[np.uint8]:
    """The picture in a ``data:`` address, which anybody may have written."""
    name = "The camera's picture"
    try:
        content = b64decode(address.partition(",")[2], validate=True)
    except (binascii.Error, ValueError) as error:
        raise UserError(f"{name} arrived damaged: start the camera again.") from error
    return read_image(content, name, _MEGAPIXELS)


def _overlay(
    faces: Faces, rgb: NDArray[np.uint8], shown: Track | None, qualities: list[str]
) -> str:
    chosen = shown.id if shown and len(faces) > 1 else 0
    return svg_overlay(faces, rgb.shape[1], rgb.shape[0], chosen=chosen, qualities=qualities)


def followed(known: tuple[Track, ...], faces: Faces, wanted: int, before: int) -> Track | None:
    """The face that the panel shows: the one ``wanted``, else the one ``before``, else the largest.

    A face that a frame misses is shown for as long as it is ``known``: the panel changes by
    choice, or when that face is gone.
    """
    tracks = {track.id: track for track in known}
    largest = int(faces.ids[0]) if faces.ids is not None and len(faces) else 0
    return next((tracks[face] for face in (wanted, before, largest) if face in tracks), None)


def live_panel(shown: Track, last: Sight, count: int, unsure_below: float, below: str) -> str:
    """What stands beside the live view: one face, and how fast frames are answered."""
    name, hint = "1 face", ""
    if count > 1:
        name, hint = f"Face {shown.id}", f'<p class="hint">{words.FOLLOW}</p>'
    advice = words.ADVICE.get(last.quality, "")
    answer = kit.answer(last.label, shown.probs, unsure_below, advice)
    return f'<section class="panel"><h2>{name}</h2>{answer}{hint}{below}</section>'


def idle_panel() -> str:
    """The panel while the camera is off."""
    return _waiting(words.CAMERA_OFF)


def _waiting(sentence: str, role: str = "") -> str:
    return _panel(sentence, role, _facts(None))


def _panel(sentence: str, role: str = "", below: str = "") -> str:
    """The panel without a face: why, empty bars, and the facts ``below``."""
    notice = kit.notice(sentence, role)
    return f'<section class="panel">{notice}{kit.bars(None)}{below}</section>'


def _facts(faces: int | None, milliseconds: float = 0.0, rate: float = 0.0) -> str:
    """Faces, milliseconds per frame on this server, frames answered per second; or dashes."""
    return kit.facts(
        {
            "face" if faces == 1 else "faces": "–" if faces is None else f"{faces}",
            "ms per frame": f"{milliseconds:.0f}" if milliseconds else "–",
            "frames / s": f"{rate:.1f}" if rate else "–",
        }
    )
