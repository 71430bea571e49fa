"""Frame after frame: the whole frame twice a second, in between only where faces are known to be.

A face does not jump, and one of known size need not be looked at larger than a detector needs. With
a crowd this would be slower than searching everything, which is then done instead. Where a network
has two views, frames that follow soon on each other take them in turn, and smoothing joins them: of
250 faces, each eight frames long, 99.6 % got the label that both views in every frame give.
`browser/src/follow.js` does the same on the visitor's device.
"""

from collections.abc import Sequence
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

_MOST_SEARCHED = 0.45
"""Share of the pixels of a whole search from which on that is faster, for each region is a search
of its own: two large faces are below. With 16 faces everything took 10.6 ms a frame, regions took
20.5 ms (YuNet, 640×480)."""

_MARGIN = 0.25
"""Around a known face, in sides of it: how far it may have moved from where it was going."""

_LARGEST = 85
"""Side in pixels to which a known face is reduced: with its margin it then fills four of YuNet's
largest strides. Of 662 faces of FER2013 of 120 to 300 pixels that YuNet finds in the whole frame,
moved on by up to 8 % of a side, it finds 94 to 98 % so (at 106 pixels 97 to 98 %), and places them
as well for the classifier; where it does not, the whole frame is searched at once."""


@dataclass(frozen=True)
class Stream:
    """The state of one visitor's live view, or of one video; ``Stream()`` is its beginning.

    Attributes:
        tracks: who was seen.
        searched: when the whole frame was searched last, in seconds.
        mirrored: whether the last frame's faces were seen mirrored.
    """

    tracks: Tracks = field(default_factory=Tracks)
    searched: float = -np.inf
    mirrored: bool = False


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
    tracks, searched = stream.tracks, stream.searched
    found = Detections.empty()
    if 0 <= seconds - searched < _SEARCH_EVERY:
        found = _found_near(recognizer.detector, rgb, tracks, seconds)
    if len(found) == 0:  # nobody is known, or somebody moved too far, or is hidden, or has left
        found, searched = recognizer.detector(rgb, STREAM_SIZE), seconds
    soon = bool(tracks.known) and 0 <= seconds - tracks.seconds <= tracker.half_life / 2
    mirrored = not stream.mirrored if soon else None
    faces = recognizer.classify(rgb, found, mirrored=mirrored)
    tracks, faces = tracker.update(tracks, faces, rgb, seconds)
    return Stream(tracks, searched, bool(mirrored)), faces


def _found_near(
    detector: Detector, rgb: NDArray[np.uint8], tracks: Tracks, seconds: float
) -> Detections:
    """What is found where known faces should be; nothing if one is gone, or it is not worth it."""
    height, width = rgb.shape[:2]
    known = expected(tracks, seconds)
    places = regions(known, width, height)
    sizes = working_sizes(places, known, width, height)
    if not _worth_it(tracks, sizes):
        return Detections.empty()
    found = detect_near(detector, rgb, places, sizes)
    return found if len(found) >= len(known) else Detections.empty()


def _worth_it(tracks: Tracks, sizes: Sequence[int]) -> bool:
    """Whether looking near known faces alone finds them all, and costs less than a whole search."""
    if any(track.seen < tracks.seconds for track in tracks.known):
        return False
    return 0 < sum(size**2 for size in sizes) < _MOST_SEARCHED * STREAM_SIZE**2


def expected(tracks: Tracks, seconds: float) -> NDArray[np.float64]:
    """Where known faces should be at ``seconds``, ``(n, 4)`` x0 y0 x1 y1; lost ones as well."""
    boxes = [
        np.concatenate([centre - track.side / 2, centre + track.side / 2])
        for track in tracks.known
        for centre in [track.centre + track.velocity * (seconds - track.seen)]
    ]
    return np.array(boxes).reshape(-1, 4)


def detect_near(
    detector: Detector, rgb: NDArray[np.uint8], places: NDArray[np.int32], sizes: Sequence[int]
) -> Detections:
    """What ``detector`` finds in ``places`` ``(m, 4)`` of ``rgb`` at working ``sizes``."""
    found = []
    for (x0, y0, x1, y1), size in zip(places.tolist(), sizes, strict=True):
        found.append(_moved(detector(rgb[y0:y1, x0:x1], size), x0, y0))
    return _joined(found)


def working_sizes(
    places: NDArray[np.int32], boxes: NDArray[np.floating], width: int, height: int
) -> list[int]:
    """The working size for each of ``places`` ``(m, 4)``, in which are ``boxes`` ``(n, 4)``.

    They are looked at on the scale of a whole search, or smaller where all faces in them are large.
    """
    scale = STREAM_SIZE * (0.75 / (width * height)) ** 0.5
    sides = (boxes[:, 2:] - boxes[:, :2]).max(axis=1, initial=0)
    sizes = []
    for place, area in zip(places, areas(places).tolist(), strict=True):
        inside = intersections(place[None], boxes)[0] > 0  # none, where a face is just leaving
        smallest = np.min(sides, where=inside, initial=sides.max())
        sizes.append(max(1, round(min(scale, _LARGEST / smallest) * (area / 0.75) ** 0.5)))
    return sizes


def regions(boxes: NDArray[np.floating], width: int, height: int) -> NDArray[np.int32]:
    """Where to look for faces that were in ``boxes`` ``(n, 4)``: ``(m, 4)``, none overlapping.

    Every box grows by a quarter of its side in each direction, inside a ``width`` × ``height``
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
