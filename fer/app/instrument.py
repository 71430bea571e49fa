"""A video's player, timeline and faces as one piece of HTML, which ``instrument.js`` moves.

Not Plotly: bands are plain elements, drawn at once, and need no library to follow the player.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import numpy as np
from numpy.typing import NDArray

from fer.labels import LABELS, UNSURE
from fer.look import kit, words
from fer.palette import COLORS
from fer.video.moments import Moment
from fer.video.run import VideoResult
from fer.video.timeline import OTHERS, FaceSummary, Run, Timeline, fold_brief, runs, summarize
from fer.wording import count

_ROWS = 8  # of faces; more would not fit under the player


def script() -> str:
    """What makes the HTML one instrument, for ``js_on_load``."""
    return Path(__file__).with_suffix(".js").read_text(encoding="utf-8")


def instrument(result: VideoResult, unsure_below: float) -> str:
    """The player, the strongest moments, and one row a face with a band of its labels.

    Args:
        result: of a run that saw a face.
        unsure_below: the probability under which a face is "unsure".
    """
    timeline = fold_brief(result.timeline)
    faces, summaries = timeline.by_face(), summarize(timeline)
    named = [one for one in summaries if one.face != OTHERS]
    drawn = sorted(named[:_ROWS], key=lambda one: one.first) + summaries[len(named) :]
    rows = "".join(
        _row(one, faces[one.face], result.analysed, result.portraits.get(one.face)) for one in drawn
    )
    legend = _legend(len(named) - _ROWS, unsure_below, others=len(summaries) > len(named))
    return (
        f'<section class="instrument" data-seconds="{result.analysed:.3f}">'
        f"{_player(result.path)}{moments_list(result.moments, {one.face for one in named})}"
        f'<div class="timeline">{rows}{_axis(result.analysed)}'
        '<output class="peek" hidden><video muted playsinline></video><span></span></output></div>'
        f'<p class="hint">{legend}</p></section>'
    )


def _player(path: Path | None) -> str:
    if path is None:
        return ""
    # The address is relative to the page's, wherever that is served.
    source = f"gradio_api/file={quote(str(path))}"
    return f'<video class="player reveal" src="{source}" controls playsinline></video>'


def moments_list(moments: Sequence[Moment], named: set[int]) -> str:
    """The strongest moments of every label: pictures that lead there; ``named`` faces by number."""
    items = "".join(
        f'<li><button type="button" data-at="{moment.seconds:.3f}">'
        f"{kit.picture(moment.picture, '')}{kit.verdict(moment.label, moment.probability)}"
        f"<span>{f'face {moment.face}, ' * (moment.face in named)}{moment.seconds:.1f} s</span>"
        "</button></li>"
        for moment in moments
    )
    if not items:
        return ""
    return f'<div class="moments"><h2 class="count">Strongest moments</h2><ol>{items}</ol></div>'


def _row(face: FaceSummary, rows: Timeline, end: float, portrait: NDArray[np.uint8] | None) -> str:
    """A face's picture, what it showed by time, and its band."""
    name, thumbnail = f"face {face.face}", "" if portrait is None else kit.picture(portrait, "")
    if face.face == OTHERS:  # of several faces at once only the presence can be drawn
        name, thumbnail = "others", ""
        rows = replace(rows, labels=np.full(len(rows), name))
    bands = "".join(_run_band(run, end, name) for run in runs(rows))
    shares = sorted(face.shares.items(), key=lambda item: -item[1])
    said = [kit.prose(f"{label} {words.percent(share)}") for label, share in shares]
    changes = f", {count(face.transitions, 'change')}" if face.face != OTHERS else ""
    return (
        f'<div class="person"><figure>{thumbnail}</figure>'
        f"<p><b>{name}</b><small>, {face.seconds:.1f} s{changes}</small>"
        f"<span><i>{'</i><i>, '.join(said)}</i></span></p>"
        f'<div class="track">{bands}</div></div>'
    )


def _run_band(run: Run, end: float, name: str) -> str:
    said = name
    if run.label in LABELS:
        said = f"{name}: {run.label} {words.percent(run.confidence)}"
    elif run.label == UNSURE:
        said = f"{name}: unsure, perhaps {run.best_guess} {words.percent(run.confidence)}"
    return band(run.begin / end, run.end / end, run.label, said)


def band(begin: float, end: float, label: str, said: str) -> str:
    """A stretch of a track from ``begin`` to ``end``, shares of it, in which ``label`` was shown.

    "unsure" is hatched, and what is no label has no colour. ``said`` tells it when hovered.
    """
    style, mark = "", ' class="fer-unsure"' if label == UNSURE else ' class="others"'
    if label in LABELS:
        style, mark = f"background:{COLORS[label]}", ""
    left, width = 100 * begin, 100 * (end - begin)
    return f'<i{mark} data-said="{said}" style="left:{left:.2f}%;width:{width:.2f}%;{style}"></i>'


def _axis(end: float) -> str:
    times = "".join(f"<span>{words.clock(share * end)}</span>" for share in (0, 0.5, 1))
    return f'<div class="axis">{times}</div>'


def _legend(more: int, unsure_below: float, others: bool) -> str:
    rest = f"{count(more, 'more face')} in the downloads. " if more > 0 else ""
    return kit.prose(rest + words.bands(unsure_below, others))
