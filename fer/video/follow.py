"""The faces of a video's frames: recognised ten times a second, on straight lines in between."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from fer.video.cuts import Numbers, anew
from fer.video.read import Frame
from fer.vision.faces import Faces
from fer.vision.recognize import Recognizer
from fer.vision.stream import Stream, recognize_next
from fer.vision.track import Tracker

PAUSE = 0.1
"""Seconds between two searches for faces unless told otherwise: a face moves little meanwhile, and
an expression lasts longer. By time, for some files state 1000 frames a second."""

_HELD = 60  # frames at most between two searches: they are in memory, and may be large


@dataclass(frozen=True)
class Stretch:
    """Successive frames, 60 at most, and their tracked faces.

    Attributes:
        frames: one or more.
        faces: of each frame; where none were searched for, between those before and after.
        analysed: whether the faces of the first frame were recognised in it.
        until: when the last frame gives way to the next, in seconds.
    """

    frames: tuple[Frame, ...]
    faces: tuple[Faces, ...]
    analysed: bool
    until: float


def follow(
    recognizer: Recognizer,
    tracker: Tracker,
    frames: Iterable[Frame],
    every: int | None = None,
    step: float = 1 / 25,
) -> Iterator[Stretch]:
    """All ``frames`` with their faces, in order.

    Args:
        recognizer: finds and classifies the faces.
        tracker: how they are followed and smoothed.
        frames: of a video, in order.
        every: search for faces in every so many frames; by default by time.
        step: seconds for which the very last frame is shown.

    Raises:
        Exception: whatever ``frames`` or the recognizer raise, once all frames before are told.
    """
    stream, faces, analysed = Stream(), Faces.empty(), False
    numbers = Numbers()
    held: list[Frame] = []  # from the last analysed frame on
    try:
        for count, frame in enumerate(frames):
            full = len(held) >= _HELD
            late = not held or frame.seconds - held[0].seconds > 0.95 * PAUSE
            if count % every == 0 if every else late or full:
                cut = numbers.is_cut(frame.rgb)
                stream, found = recognize_next(
                    recognizer, tracker, anew(stream) if cut else stream, frame.rgb, frame.seconds
                )
                found = numbers.numbered(found, frame.rgb)
                if held:  # across a cut nothing moves
                    yield _towards(
                        held, faces, analysed, found[:0] if cut else found, frame.seconds
                    )
                held, faces, analysed = [], found, True
            elif full:
                yield Stretch(tuple(held), (faces,) * len(held), analysed, frame.seconds)
                held, analysed = [], False
            held.append(frame)
    except Exception:
        if held:  # what was found in them is not lost with what comes after
            yield _last(held, faces, analysed, step)
        raise
    if held:
        yield _last(held, faces, analysed, step)


def between(before: Faces, after: Faces, share: float) -> Faces:
    """``before``, with boxes moved ``share`` (0..1) of the way to where ``after`` has them.

    A face that ``after`` does not have stays where it was. Both must be tracked.
    """
    if before.ids is None or after.ids is None:
        raise ValueError("Only tracked faces can be moved towards each other.")
    later = dict(zip(after.ids.tolist(), after.boxes, strict=True))
    boxes = before.boxes.copy()
    for i, (face, box) in enumerate(zip(before.ids.tolist(), before.boxes, strict=True)):
        boxes[i] = np.rint(box * (1 - share) + later.get(face, box) * share)
    return replace(before, boxes=boxes)


def _last(held: Sequence[Frame], faces: Faces, analysed: bool, step: float) -> Stretch:
    return Stretch(tuple(held), (faces,) * len(held), analysed, held[-1].seconds + step)


def _towards(
    held: Sequence[Frame], faces: Faces, analysed: bool, following: Faces, until: float
) -> Stretch:
    """``held``, whose faces move from where ``faces`` are to where ``following`` are ``until``."""
    begin = held[0].seconds
    moved = (between(faces, following, (f.seconds - begin) / (until - begin)) for f in held)
    return Stretch(tuple(held), tuple(moved), analysed, until)
