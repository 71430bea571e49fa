"""What was shown of the faces before a camera in the last half minute: labels, never pictures."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from fer.app.instrument import band
from fer.labels import UNSURE
from fer.look import words
from fer.vision.faces import Faces

_REMEMBERED = 30.0  # seconds
_SETTLED = 1.0  # seconds in which the commonest quality of a face counts: advice must not flicker
_PAUSE = 1.0  # seconds without a face after which its band ends
_BRIEF = 0.5  # seconds: a face seen for less has no row if another has
_ROWS = 3  # of faces


@dataclass(frozen=True)
class Sight:
    """What was shown of a face in one frame.

    Attributes:
        seconds: when.
        face: its number.
        label: on display; "unsure" also where the picture is too poor to tell.
        measured: the `face_quality` of this frame.
        quality: what it mostly was in the last second.
    """

    seconds: float
    face: int
    label: str
    measured: str
    quality: str


def remembered(
    sights: tuple[Sight, ...], faces: Faces, qualities: Sequence[str], now: float
) -> tuple[Sight, ...]:
    """The ``sights`` of the last half minute, and those of the tracked ``faces`` ``now``.

    A face that is mostly too small, dark, blurred or turned is "unsure", whatever the network says.
    """
    assert faces.ids is not None
    kept = tuple(one for one in sights if one.seconds > now - _REMEMBERED)
    lately = [one for one in kept if one.seconds > now - _SETTLED]
    new = []
    for face, label, measured in zip(faces.ids.tolist(), faces.labels, qualities, strict=True):
        seen = Counter([measured, *(one.measured for one in lately if one.face == face)])
        quality = seen.most_common(1)[0][0]
        new.append(
            Sight(now, face, UNSURE if quality in words.ADVICE else label, measured, quality)
        )
    return (*kept, *new)


def recent(sights: Sequence[Sight], now: float) -> str:
    """The last half minute as HTML: a band for each of the faces seen longest."""
    begin = now - _REMEMBERED
    mine = {
        face: [one for one in sights if one.face == face] for face in {one.face for one in sights}
    }
    lasting = [face for face in mine if mine[face][-1].seconds - mine[face][0].seconds >= _BRIEF]
    faces = sorted(sorted(lasting or mine, key=lambda face: -len(mine[face]))[:_ROWS])
    rows = "".join(
        f'<div class="row"><b>{f"face {face}" if len(faces) > 1 else ""}</b>'
        f'<div class="track">{_bands(mine.get(face, ()), begin)}</div></div>'
        for face in faces or [0]
    )
    axis = f'<div class="axis"><span>{_REMEMBERED:.0f} s ago</span><span>now</span></div>'
    return f'<div class="recent">{rows}{axis}</div>'


def _bands(mine: Sequence[Sight], begin: float) -> str:
    """What one face showed since ``begin``; successive sights of one label are one band."""
    drawn: list[tuple[str, float, float]] = []
    ends = [min(b.seconds, a.seconds + _PAUSE) for a, b in pairwise(mine)]
    for one, end in zip(mine, [*ends, *(one.seconds for one in mine[-1:])], strict=True):
        if drawn and drawn[-1][0] == one.label and drawn[-1][2] == one.seconds:
            drawn[-1] = (one.label, drawn[-1][1], end)
        else:
            drawn.append((one.label, one.seconds, end))
    return "".join(
        band((first - begin) / _REMEMBERED, (last - begin) / _REMEMBERED, label, label)
        for label, first, last in drawn
    )
