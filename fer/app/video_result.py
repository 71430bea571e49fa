"""What comes of a video: its faces as HTML, and the files that visitors save."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from fer.errors import UserError
from fer.labels import UNSURE
from fer.look import kit, words
from fer.look.words import percent
from fer.palette import COLORS
from fer.video.moments import Moment
from fer.video.run import VideoResult
from fer.video.tables import write_tables
from fer.video.timeline import OTHERS, FaceSummary, Timeline, fold_brief, summarize

_TABLE_ROWS = 8


@dataclass(frozen=True)
class Analysed:
    """What the downloads are written from.

    Attributes:
        result: of the run.
        target: the annotated copy, whether it could be written or not.
        source: the video.
        model: the name of the bundle.
    """

    result: VideoResult
    target: Path
    source: Path
    model: str


def tables(result: VideoResult) -> str:
    """What stands under the chart: the table of faces and the strongest moments."""
    faces = summarize(fold_brief(result.timeline))
    return _undrawn(result.timeline) + faces_table(faces) + moments_list(result.moments)


def moments_list(moments: Sequence[Moment]) -> str:
    """The strongest moments of every label as small pictures."""
    items = "".join(
        f"<li>{kit.picture(moment.picture, f'Face {moment.face}')}"
        f"{kit.verdict(moment.label, moment.probability)}"
        f"<p>face {moment.face} at {moment.seconds:.1f} s</p></li>"
        for moment in moments
    )
    if not items:
        return ""
    return f'<h2 class="count">Strongest moments</h2><ol class="moments">{items}</ol>'


def faces_table(faces: Sequence[FaceSummary]) -> str:
    """One line per face: for how long it was seen, its labels by time, how often they changed."""
    listed = faces[:_TABLE_ROWS]
    rows = "".join(
        f"<tr><th scope='row'>{'others' if face.face == OTHERS else face.face}</th>"
        f"<td>{face.seconds:.1f} s</td><td>{_shares(face)}</td><td>{face.transitions}</td></tr>"
        for face in listed
    )
    heads = "".join(f"<th scope='col'>{name}</th>" for name in ("Face", "Seen", "Shown", "Changes"))
    more = len(faces) - len(listed)
    rest = f"<p>{words.count(more, 'face')} seen more briefly: see the downloads.</p>"
    return (
        f'<h2 class="count">Faces</h2><table class="faces"><thead><tr>{heads}</tr></thead>'
        f'<tbody>{rows}</tbody></table><p class="hint">{words.IDS}</p>{rest if more else ""}'
    )


def _shares(face: FaceSummary) -> str:
    ordered = sorted(face.shares.items(), key=lambda item: -item[1])
    bar = "".join(
        f'<i class="fer-unsure" style="width:{100 * share:.1f}%"></i>'
        if label == UNSURE
        else f'<i style="width:{100 * share:.1f}%;background:{COLORS[label]}"></i>'
        for label, share in ordered
    )
    said = ", ".join(f"{label} {percent(share)}" for label, share in ordered)
    return f'<span class="shares" aria-hidden="true">{bar}</span>{kit.prose(said)}'


def _undrawn(rows: Timeline) -> str:
    """A sentence on the faces that the chart leaves out."""
    from fer.plots.timeline import (
        FACES_SHOWN,  # with Plotly, which the first page need not wait for
    )

    more = len(set(rows.ids.tolist())) - FACES_SHOWN
    if more <= 0:
        return ""
    return f"<p>The chart shows the {FACES_SHOWN} faces seen longest; {more} more are below.</p>"


def save_video(found: Analysed | None) -> Path:
    """The annotated copy: the player has it already."""
    found = _kept(found)
    if found.result.path is None:
        raise UserError(found.result.problem or words.FAILED)
    return found.result.path


def save_json(found: Analysed | None) -> Path:
    """Write the timeline as JSON beside the annotated copy."""
    return _tables(found)[1]


def save_csv(found: Analysed | None) -> Path:
    """Write the timeline as CSV beside the annotated copy."""
    return _tables(found)[0]


def _tables(found: Analysed | None) -> tuple[Path, Path]:
    found = _kept(found)
    return write_tables(found.result, found.target, found.source, found.model)


def _kept(found: Analysed | None) -> Analysed:
    if found is None or not found.target.parent.exists():
        raise UserError(words.FORGOTTEN)
    return found
