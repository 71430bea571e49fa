"""The kit of HTML that the app and the dashboard are built of: pure functions, text to text.

Colours are the variables of `fer.palette.css_variables`, everything else is ``kit.css``. Bars are
plain HTML and not Plotly: a live frame's panel is two kilobytes, drawn at once.
"""

import base64
from collections.abc import Mapping, Sequence
from functools import cache
from html import escape
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from fer.labels import LABELS, UNSURE
from fer.look.words import PROMISE, TITLE, USES, USES_TITLE, percent, unsure
from fer.palette import COLORS, text_on


@cache
def css() -> str:
    """The kit's style sheet."""
    return Path(__file__).with_name("kit.css").read_text(encoding="utf-8")


def prose(text: str) -> str:
    """Text as HTML in which no line begins with a per cent sign."""
    return escape(text).replace(" %", "&nbsp;%")


def masthead() -> str:
    """The title beside the seven colours, and one line under it."""
    dots = "".join(
        f'<i style="background:{COLORS[label]}" title="{label}"></i>' for label in LABELS
    )
    return (
        f'<header class="fer-masthead"><h1>{TITLE}</h1>'
        f'<div aria-hidden="true">{dots}</div><p>{prose(PROMISE)}</p></header>'
    )


def uses() -> str:
    """What the model is meant for and what is out of scope, folded up."""
    return f'<details class="fer-uses"><summary>{USES_TITLE}</summary>{sentences(USES)}</details>'


def notice(sentence: str, role: str = "") -> str:
    """A sentence in place of a result; a screen reader speaks it at once with a ``role``.

    ``role`` is "status", "alert" where something went wrong, or none in a panel that is
    written ten times a second.
    """
    spoken = f' role="{role}"' if role else ""
    return f'<div class="fer-notice"{spoken}><p>{prose(sentence)}</p></div>'


def note(sentence: str, role: str = "status") -> str:
    """`notice` on a card of its own."""
    return f'<div class="fer-note-card">{notice(sentence, role)}</div>'


def sentences(lines: Sequence[str]) -> str:
    """A list of sentences."""
    return f'<ul class="fer-list">{"".join(f"<li>{prose(line)}</li>" for line in lines)}</ul>'


def facts(items: Mapping[str, str]) -> str:
    """Names and values."""
    rows = "".join(
        f"<div><dt>{prose(name)}</dt><dd>{prose(value)}</dd></div>" for name, value in items.items()
    )
    return f'<dl class="fer-facts">{rows}</dl>'


def chip(label: str) -> str:
    """A label beside its colour."""
    return f'<span class="fer-chip">{_dot(label)}{escape(label)}</span>'


def _dot(label: str) -> str:
    if label not in LABELS:
        return '<i class="fer-unsure"></i>'
    return f'<i style="background:{COLORS[label]}"></i>'


def verdict(label: str, confidence: float) -> str:
    """The shown label on its colour, and its probability; "unsure" is hatched, without one."""
    if label == UNSURE:
        return f'<div class="fer-verdict fer-unsure"><span>{UNSURE}</span></div>'
    color = COLORS[label]
    return (
        f'<div class="fer-verdict" style="background:{color};color:{text_on(color)}">'
        f"<span>{label}</span><b>{prose(percent(confidence))}</b></div>"
    )


def answer(shown: str, probs: NDArray[np.float32], unsure_below: float, advice: str = "") -> str:
    """What is shown for a face: its label, why it is "unsure" where it is, seven bars.

    Args:
        shown: the label, or "unsure".
        probs: ``(7,)`` in the order of ``LABELS``.
        unsure_below: the probability under which a face is "unsure".
        advice: what would help, where the picture and not the face is why it is "unsure".
    """
    best = int(probs.argmax())
    known = LABELS.index(shown) if shown in LABELS else best
    why = ""
    if shown == UNSURE:
        said = advice or unsure(LABELS[best], probs[best], unsure_below)
        why = f'<p class="fer-why">{prose(said)}</p>'
    return verdict(shown, float(probs[known])) + why + bars(probs)


def bars(probs: NDArray[np.float32] | None) -> str:
    """The seven probabilities ``(7,)`` of a face in the order of ``LABELS``; ``None``: no face."""
    rows = [_bar(label, None, False) for label in LABELS]
    if probs is not None:
        strongest = int(probs.argmax())
        rows = [_bar(LABELS[i], float(p), i == strongest) for i, p in enumerate(probs)]
    about = "Probability of each apparent expression"
    return f'<ul class="fer-bars" aria-label="{about}">{"".join(rows)}</ul>'


def _bar(label: str, share: float | None, strongest: bool) -> str:
    width = 100 * (share or 0)
    return (
        f'<li class="{"strongest" if strongest else ""}"><span>{label}</span><i aria-hidden="true">'
        f'<i style="width:{width:.1f}%;background:{COLORS[label]}"></i></i>'
        f"<b>{'–' if share is None else prose(percent(share))}</b></li>"
    )


def columns(probs: Sequence[float]) -> str:
    """The seven probabilities as small upright bars without text, for a grid of many faces."""
    drawn = "".join(
        f'<i style="height:{max(2.0, 100 * p):.0f}%;background:{COLORS[label]}"></i>'
        for label, p in zip(LABELS, probs, strict=True)
    )
    said = ", ".join(f"{label} {percent(p)}" for label, p in zip(LABELS, probs, strict=True))
    return f'<span class="fer-columns" role="img" aria-label="{said}" title="{said}">{drawn}</span>'


def picture(image: NDArray[np.uint8], alternative: str) -> str:
    """``image`` ``(h, w, 3)`` RGB as an element that says ``alternative`` to who cannot see it."""
    return f'<img src="{data_url(image)}" alt="{escape(alternative)}">'


def data_url(rgb: NDArray[np.uint8]) -> str:
    """``rgb`` ``(h, w, 3)`` as a JPEG inside a URL, so that nothing is written to the disk."""
    _, jpeg = cv2.imencode(".jpg", cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR))
    return "data:image/jpeg;base64," + base64.b64encode(jpeg.tobytes()).decode("ascii")
