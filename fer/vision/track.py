"""Faces through time: who is who from frame to frame, and labels that do not flicker.

Everything is a value: `Tracker.update` takes the tracks of one stream and answers with the next
ones, so that each visitor and each video keeps its own.
"""

# Why no kept library: supervision's ByteTrack and norfair count frames where we need seconds,
# keep their state inside mutable objects (a visitor's state must be a value), and know nothing of
# what a face looks like. What is needed is below.

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fer.labels import LABELS, UNSURE
from fer.values import ArrayValue
from fer.vision.appearance import likeness, looks
from fer.vision.faces import Faces

_BREAK = 2.0
"""Seconds without any frame after which nothing is known any more."""

_MIN_LIKENESS = 0.1
"""Under this nearness times likeness a face gets a number of its own rather than another's."""

_VELOCITY_HALF_LIFE = 0.15
"""Seconds: averages the detector's jitter of a few pixels, follows a head that starts to move."""

_LOOK_HALF_LIFE = 0.5
"""Seconds: a face that passes in front must not be learned as the one behind it."""


@dataclass(frozen=True, eq=False)
class Track(ArrayValue):
    """One face as last seen.

    Attributes:
        id: its number, from 1, never given twice in one stream.
        seen: when, in seconds.
        centre: ``(2,)`` x y in pixels.
        side: mean of the box's width and height in pixels.
        velocity: ``(2,)`` pixels per second.
        look: ``(16, 2)``, as by `looks`, averaged over time.
        probs: ``(7,)`` smoothed probabilities, sum 1.
        shown: the label on display, or "unsure".
        rival: what would be shown without hysteresis; ``shown`` itself where nothing else would.
        rival_since: since when, in seconds.
    """

    id: int
    seen: float
    centre: NDArray[np.float64]
    side: float
    velocity: NDArray[np.float64]
    look: NDArray[np.float32]
    probs: NDArray[np.float32]
    shown: str
    rival: str
    rival_since: float


@dataclass(frozen=True)
class Tracks:
    """The state of one stream; ``Tracks()`` is its beginning.

    Attributes:
        known: every face that may still come back.
        next_id: the number of the next new face.
        seconds: when the last frame was seen.
    """

    known: tuple[Track, ...] = ()
    next_id: int = 1
    seconds: float = 0.0


@dataclass(frozen=True)
class Tracker:
    """How faces are followed and labels smoothed; holds no state.

    Attributes:
        half_life: seconds after which an observation weighs half in the smoothed
            probabilities, whatever the frame rate; 0 turns smoothing off.
        keep: seconds of missed detections that an id survives.
        margin: by how much another label must lead to be shown at once...
        patience: ...or how many seconds without a break it must have led.
    """

    half_life: float = 0.3
    keep: float = 0.5
    margin: float = 0.1
    patience: float = 0.5

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if not 0 <= value < np.inf:
                raise ValueError(f"Tracker.{name} must be 0 or more, not {value}.")

    def update(
        self, tracks: Tracks, faces: Faces, rgb: NDArray[np.uint8], seconds: float
    ) -> tuple[Tracks, Faces]:
        """The tracks after a frame, and ``faces`` with ids, smoothed ``probs`` and ``shown``.

        Args:
            tracks: the state before; it is not changed.
            faces: what was recognised in the frame, boxes and order are kept.
            rgb: the frame, ``(h, w, 3)``.
            seconds: when the frame was taken; time that runs backwards counts as standing still.
        """
        seconds = max(seconds, tracks.seconds)
        known = self._still_known(tracks, seconds)
        partners = match(similarity(known, seen := sightings(faces, rgb, seconds)))
        current, next_id = [], tracks.next_id
        for sighting, partner in zip(seen, partners, strict=True):
            if partner is None:
                current.append(replace(sighting, id=next_id))
                next_id += 1
            else:
                current.append(self._follow(known[partner], sighting, faces.unsure_below))
        missed = [track for i, track in enumerate(known) if i not in partners]
        return Tracks((*current, *missed), next_id, seconds), _tracked(faces, current)

    def _still_known(self, tracks: Tracks, seconds: float) -> tuple[Track, ...]:
        if seconds - tracks.seconds > _BREAK:
            return ()
        # Counted up to the last frame: where frames are rare, none was missed in between.
        return tuple(
            track for track in tracks.known if tracks.seconds - track.seen <= self.keep + 1e-6
        )

    def _follow(self, track: Track, sighting: Track, unsure_below: float) -> Track:
        elapsed = sighting.seen - track.seen
        moved = (sighting.centre - track.centre) / elapsed if elapsed > 0 else track.velocity
        track = replace(
            track,
            seen=sighting.seen,
            centre=sighting.centre,
            side=sighting.side,
            velocity=_blend(track.velocity, moved, elapsed, _VELOCITY_HALF_LIFE),
            look=_blend(track.look, sighting.look, elapsed, _LOOK_HALF_LIFE),
            probs=_blend(track.probs, sighting.probs, elapsed, self.half_life),
        )
        return self._settle(track, unsure_below)

    def _settle(self, track: Track, unsure_below: float) -> Track:
        """Change the shown label where another leads clearly, or has led long enough.

        At once where it is no longer as probable as a label must be: then it is "unsure".
        """
        top = int(track.probs.argmax())
        confidence = float(track.probs[top])
        rival = LABELS[top] if confidence >= unsure_below else UNSURE
        if rival == track.shown:
            return replace(track, rival=rival, rival_since=track.seen)
        unsure = track.shown == UNSURE
        held = unsure_below if unsure else float(track.probs[LABELS.index(track.shown)])
        since = track.rival_since if rival == track.rival else track.seen
        clear = held < unsure_below or confidence - held >= self.margin
        if clear or track.seen - since >= self.patience:
            return replace(track, shown=rival, rival=rival, rival_since=track.seen)
        return replace(track, rival=rival, rival_since=since)


def sightings(faces: Faces, rgb: NDArray[np.uint8], seconds: float) -> list[Track]:
    """Every face of a frame as the track that it would begin, without a number."""
    corners = faces.boxes.astype(np.float64)
    centres = (corners[:, :2] + corners[:, 2:]) / 2
    sides = np.maximum((corners[:, 2:] - corners[:, :2]).mean(axis=1), 1.0)
    return [
        Track(0, seconds, centre, float(side), np.zeros(2), look, probs, shown, shown, seconds)
        for centre, side, look, probs, shown in zip(
            centres, sides, looks(rgb, faces.boxes), faces.probs, faces.labels, strict=True
        )
    ]


def similarity(known: Sequence[Track], seen: Sequence[Track]) -> NDArray[np.float64]:
    """How well ``n`` tracks fit ``m`` sightings, ``(n, m)``; 0 where they cannot be the same.

    They can be the same where the square, moved on at constant velocity or left where it was,
    overlaps the face and neither is twice as large as the other. The answer is their nearness
    (1 on the spot, 0 where the overlap ends) times the `likeness` of their looks.
    """
    scores = np.zeros((len(known), len(seen)))
    for i, track in enumerate(known):
        for j, face in enumerate(seen):
            # It may have gone on as it moved, or stopped where it was last seen.
            moved = track.velocity * (face.seen - track.seen)
            distance = min(
                np.abs(track.centre + moved - face.centre).max(),
                np.abs(track.centre - face.centre).max(),
            )
            nearness = 1 - distance / ((track.side + face.side) / 2)
            if nearness > 0 and 0.5 < track.side / face.side < 2:
                scores[i, j] = nearness * likeness(track.look, face.look)
    return scores


def match(scores: NDArray[np.float64]) -> list[int | None]:
    """For every column of ``scores`` ``(n, m)`` its row, or ``None``; the best pairs first.

    A pair that scores under ``_MIN_LIKENESS`` is never made, and no row is given twice.
    """
    columns = scores.shape[1]
    partner: list[int | None] = [None] * columns
    for flat in np.argsort(-scores, axis=None, kind="stable"):
        row, column = divmod(int(flat), columns)
        if scores[row, column] < _MIN_LIKENESS:
            break
        if partner[column] is None and row not in partner:
            partner[column] = row
    return partner


def _blend(old: NDArray[Any], new: NDArray[Any], elapsed: float, half_life: float) -> NDArray[Any]:
    """``old`` decays by half in every ``half_life`` seconds, and ``new`` takes its place."""
    weight = 0.5 ** (elapsed / half_life) if half_life > 0 else 0.0
    return (weight * old + (1 - weight) * new).astype(old.dtype)


def _tracked(faces: Faces, tracks: list[Track]) -> Faces:
    return replace(
        faces,
        ids=np.array([track.id for track in tracks], np.int64),
        probs=np.array([track.probs for track in tracks], np.float32).reshape(-1, len(LABELS)),
        shown=tuple(track.shown for track in tracks),
    )
