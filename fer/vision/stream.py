"""Frame after frame: the whole frame twice a second, in between only where faces are known to be.

A face does not jump. With one face and the cascade this makes a frame four times as fast; with a
crowd it would be slower than searching everything, which is then done instead.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from fer.vision.boxes import areas, intersections
from fer.vision.detection import STREAM_SIZE, Detections, Detector
from fer.vision.faces import Faces
from fer.vision.recognize import Recognizer
from fer.vision.track import Tracker, Tracks

_SEARCH_EVERY = 0.5
"""Seconds between searches of the whole frame: how long a new face may wait."""

_MOST_SEARCHED = 1 / 3
"""Share of a frame from which on one search of everything is faster: each region is a search of its
own. Measured with 16 faces: 10.6 ms a frame for everything, 20.5 ms in regions (YuNet, 640×480)."""

_MARGIN = 0.5
"""Around a known face, in sides of it: how far it may have moved."""


@dataclass(frozen=True)
class Stream:
    """The state of one visitor's live view, or of one video; ``Stream()`` is its beginning.

    Attributes:
        tracks: who was seen.
        searched: when the whole frame was searched last, in seconds.
    """

    tracks: Tracks = field(default_factory=Tracks)
    searched: float = -np.inf


def recognize_next(
    recognizer: Recognizer,
    tracker: Tracker,
    stream: Stream,
    rgb: NDArray[np.uint8],
    seconds: float,
) -> tuple[Stream, Faces]:
    """The state after the next frame of a stream, and the frame's tracked faces.

    Args:
        recognizer: finds and classifies the faces.
        tracker: follows them.
        stream: the state before; it is not changed.
        rgb: the frame, ``(h, w, 3)``.
        seconds: when it was taken.
    """
    height, width = rgb.shape[:2]
    known, searched = expected(stream.tracks, seconds), stream.searched
    places = regions(known, width, height)
    faces = Faces.empty()
    if 0 <= seconds - searched < _SEARCH_EVERY and _worth_it(stream.tracks, places, width, height):
        near = detect_near(recognizer.detector, rgb, places)
        faces = recognizer.classify(rgb, near) if len(near) >= len(known) else faces
    if len(faces) == 0:  # nobody is known, or somebody moved too far, or is hidden, or has left
        faces, searched = recognizer(rgb, working_size=STREAM_SIZE), seconds
    tracks, faces = tracker.update(stream.tracks, faces, rgb, seconds)
    return Stream(tracks, searched), faces


def _worth_it(tracks: Tracks, places: NDArray[np.int32], width: int, height: int) -> bool:
    """Whether looking at ``places`` alone finds all who are known, and costs less than all."""
    if any(track.seen < tracks.seconds for track in tracks.known):
        return False
    area = areas(places).sum()
    return 0 < area < _MOST_SEARCHED * width * height


def expected(tracks: Tracks, seconds: float) -> NDArray[np.float64]:
    """Where known faces should be at ``seconds``, ``(n, 4)`` x0 y0 x1 y1; lost ones as well."""
    boxes = [
        np.concatenate([centre - track.side / 2, centre + track.side / 2])
        for track in tracks.known
        for centre in [track.centre + track.velocity * (seconds - track.seen)]
    ]
    return np.array(boxes).reshape(-1, 4)


def detect_near(
    detector: Detector, rgb: NDArray[np.uint8], places: NDArray[np.int32]
) -> Detections:
    """What ``detector`` finds in ``places`` ``(m, 4)`` of ``rgb``, at the scale of the frame."""
    height, width = rgb.shape[:2]
    found = []
    for x0, y0, x1, y1 in places.tolist():
        share = (x1 - x0) * (y1 - y0) / (width * height)
        part = detector(rgb[y0:y1, x0:x1], max(1, round(STREAM_SIZE * share**0.5)))
        found.append(_moved(part, x0, y0))
    return _joined(found)


def regions(boxes: NDArray[np.floating], width: int, height: int) -> NDArray[np.int32]:
    """Where to look for faces that were in ``boxes`` ``(n, 4)``: ``(m, 4)``, none overlapping.

    Every box grows by half its side in each direction, inside a ``width`` × ``height``
    picture; what then overlaps becomes one region.
    """
    sides = (boxes[:, 2:] - boxes[:, :2]).max(axis=1, keepdims=True)
    margin = np.rint(_MARGIN * sides) * [-1, -1, 1, 1]
    grown = np.clip(boxes + margin, 0, [width, height, width, height]).astype(np.int32)
    while len(grown):
        shared = np.argwhere(np.triu(intersections(grown, grown), 1) > 0)
        if len(shared) == 0:
            break
        pair = shared[0]
        union = np.concatenate([grown[pair, :2].min(axis=0), grown[pair, 2:].max(axis=0)])
        grown = np.concatenate([np.delete(grown, pair, axis=0), union[None]])
    return grown[areas(grown) > 0]


def _moved(part: Detections, x: int, y: int) -> Detections:
    landmarks = part.landmarks
    if landmarks is not None:
        landmarks = landmarks + np.array([x, y], np.float32)
    return Detections(part.boxes + np.array([x, y, x, y], np.float32), part.scores, landmarks)


def _joined(parts: list[Detections]) -> Detections:
    """All of ``parts`` as one, most certain first."""
    parts = [part for part in parts if len(part)]
    if not parts:
        return Detections.empty()
    scores = np.concatenate([part.scores for part in parts])
    order = np.argsort(-scores, kind="stable")
    landmarks = [part.landmarks for part in parts if part.landmarks is not None]
    return Detections(
        np.concatenate([part.boxes for part in parts])[order],
        scores[order],
        np.concatenate(landmarks)[order] if landmarks else None,
    )
