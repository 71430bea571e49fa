"""The parts of the app's pages as HTML: bars, verdicts, cards and notices; pure functions.

Bars are plain HTML and not Plotly: a live frame's panel is two kilobytes, drawn at once.
"""

import base64
from collections.abc import Sequence
from html import escape

import cv2
import numpy as np
from numpy.typing import NDArray

from fer.labels import LABELS, UNSURE
from fer.look.words import PROMISE, TITLE, percent
from fer.palette import COLORS, text_on
from fer.vision.faces import Faces


def masthead() -> str:
    """Title, the seven colours, and the line that says what this can and cannot tell."""
    dots = "".join(f'<i style="background:{COLORS[label]}"></i>' for label in LABELS)
    return (
        f'<header class="masthead"><div class="dots" aria-hidden="true">{dots}</div>'
        f"<h1>{TITLE}</h1><p>{PROMISE}</p></header>"
    )


def notice(sentence: str, role: str = "") -> str:
    """A sentence in place of a result; a screen reader speaks it at once with a ``role``.

    ``role`` is "status", "alert" where something went wrong, or none in a panel that is
    written ten times a second.
    """
    spoken = f' role="{role}"' if role else ""
    return f'<div class="notice"{spoken}><p>{escape(sentence)}</p></div>'


def note(sentence: str, role: str = "status") -> str:
    """`notice` on a card of its own."""
    return f'<div class="note">{notice(sentence, role)}</div>'


def verdict(label: str, confidence: float) -> str:
    """The shown label on its colour, and how sure the model is."""
    color = COLORS[label]
    share = "" if label == UNSURE else f"<b>{percent(confidence)}</b>"
    return (
        f'<div class="verdict" style="background:{color};color:{text_on(color)}">'
        f"<span>{label}</span>{share}</div>"
    )


def bars(probs: NDArray[np.float32] | None) -> str:
    """The seven probabilities ``(7,)`` of a face in the order of ``LABELS``; ``None``: no face."""
    rows = [_bar(label, None, False) for label in LABELS]
    if probs is not None:
        strongest = int(probs.argmax())
        rows = [_bar(LABELS[i], float(p), i == strongest) for i, p in enumerate(probs)]
    return f'<ul class="bars" aria-label="Probability of each expression">{"".join(rows)}</ul>'


def _bar(label: str, share: float | None, strongest: bool) -> str:
    width = 100 * (share or 0)
    return (
        f'<li class="{"strongest" if strongest else ""}"><span>{label}</span><i aria-hidden="true">'
        f'<i style="width:{width:.1f}%;background:{COLORS[label]}"></i></i>'
        f"<b>{'–' if share is None else percent(share)}</b></li>"
    )


def live_panel(faces: Faces, milliseconds: float, rate: float) -> str:
    """What stands beside the live view: the largest face, and how fast frames are answered."""
    largest = f"Largest of {len(faces)} faces" if len(faces) > 1 else "One face"
    return (
        f'<section class="panel"><h2>{largest}</h2>'
        f"{verdict(faces.labels[0], float(faces.confidences[0]))}{bars(faces.probs[0])}"
        f"{facts(len(faces), milliseconds, rate)}</section>"
    )


def waiting_panel(sentence: str, below: str, role: str = "") -> str:
    """The panel without a face: why, empty bars, and the facts ``below``."""
    return f'<section class="panel">{notice(sentence, role)}{bars(None)}{below}</section>'


def facts(faces: int | None, milliseconds: float = 0.0, rate: float = 0.0) -> str:
    """Faces, milliseconds per frame on this server, frames answered per second; or dashes."""
    values = {
        "faces": "–" if faces is None else f"{faces}",
        "ms per frame": f"{milliseconds:.0f}" if milliseconds else "–",
        "frames / s": f"{rate:.1f}" if rate else "–",
    }
    rows = "".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in values.items())
    return f'<dl class="facts">{rows}</dl>'


def face_cards(
    faces: Faces, thumbnails: Sequence[NDArray[np.uint8]], captions: Sequence[str]
) -> str:
    """One card per face: its picture, its label and its seven probabilities.

    Args:
        faces: ``n`` faces.
        thumbnails: ``n`` RGB pictures.
        captions: ``n`` sentences under the pictures, may be empty.
    """
    cards = [
        f'<li class="face"><figure><img src="{data_url(thumbnail)}" alt="Face {i}">'
        f"{_caption(caption)}</figure>"
        f"<div>{verdict(label, confidence)}{bars(probs)}</div></li>"
        for i, (thumbnail, caption, label, confidence, probs) in enumerate(
            zip(
                thumbnails,
                captions,
                faces.labels,
                faces.confidences.tolist(),
                faces.probs,
                strict=True,
            ),
            start=1,
        )
    ]
    count = "1 face" if len(faces) == 1 else f"{len(faces)} faces, largest first"
    return f'<h2 class="count">{count}</h2><ol class="cards">{"".join(cards)}</ol>'


def _caption(text: str) -> str:
    return f"<figcaption>{escape(text)}</figcaption>" if text else ""


def sentences(lines: Sequence[str]) -> str:
    """A list of sentences."""
    return f'<ul class="sentences">{"".join(f"<li>{escape(line)}</li>" for line in lines)}</ul>'


def data_url(rgb: NDArray[np.uint8]) -> str:
    """``rgb`` as a JPEG inside a URL, so that nothing is written to the disk."""
    _, jpeg = cv2.imencode(".jpg", cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR))
    return "data:image/jpeg;base64," + base64.b64encode(jpeg.tobytes()).decode("ascii")
