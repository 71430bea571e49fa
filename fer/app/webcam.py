"""The Webcam tab: the visitor's camera, live, with boxes and labels laid over it."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import gradio as gr
import numpy as np
from numpy.typing import NDArray

from fer.app.choice import Choice
from fer.errors import UserError, place_of
from fer.look import kit, words
from fer.vision.draw import svg_overlay
from fer.vision.faces import Faces
from fer.vision.image import to_rgb
from fer.vision.recognize import Recognizer
from fer.vision.stream import Stream, recognize_next
from fer.vision.track import Track, Tracker

FRAME_WIDTH, FRAME_HEIGHT = 640, 480

_STREAM_EVERY = 0.1  # seconds; shorter than an answer takes makes everything later
_TURN = 60  # seconds until the next visitor in the queue has a turn
_TRACKER = Tracker()
_VISITORS = 4  # at ten frames a second each on two cores

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
    """

    pace: Pace = field(default_factory=Pace)
    stream: Stream = field(default_factory=Stream)
    beside: int = 0


def answer_frame(
    recognizer: Recognizer, frame: NDArray[Any] | None, live: Live, wanted: int = 0
) -> tuple[str, str, Live]:
    """Overlay (SVG), panel (HTML) and state after one frame; an error becomes a sentence.

    Raising would restart the stream without a word, so nothing is raised. ``wanted`` is the
    number of the face that the visitor clicked, if any.
    """
    if frame is None:
        return "", idle_panel(), live
    try:
        start, now = time.perf_counter(), time.monotonic()
        rgb = to_rgb(frame)
        stream, faces = recognize_next(recognizer, _TRACKER, live.stream, rgb, now)
        shown = followed(stream.tracks.known, faces, wanted, live.beside)
        overlay = svg_overlay(
            faces,
            rgb.shape[1],
            rgb.shape[0],
            numbered=len(faces) > 1,
            chosen=shown.id if shown and len(faces) > 1 else 0,
        )
        milliseconds = 1000 * (time.perf_counter() - start)
    except UserError as error:
        return "", _waiting(str(error), role="alert"), live
    except Exception as error:
        log.error("A webcam frame could not be analysed.\n%s", place_of(error))
        return "", _waiting(words.FAILED, role="alert"), live
    live = Live(live.pace.tick(time.monotonic()), stream, shown.id if shown else 0)
    below = _facts(len(faces), milliseconds, live.pace.rate)
    if shown is None:
        return overlay, _panel(words.NO_FACE_LIVE, below=below), live
    return overlay, live_panel(shown, len(faces), recognizer.spec.unsure_below, below), live


def followed(known: tuple[Track, ...], faces: Faces, wanted: int, before: int) -> Track | None:
    """The face that the panel shows: the one ``wanted``, else the one ``before``, else the largest.

    A face that a frame misses is shown for as long as it is ``known``: the panel changes by
    choice, or when that face is gone.
    """
    tracks = {track.id: track for track in known}
    largest = int(faces.ids[0]) if faces.ids is not None and len(faces) else 0
    return next((tracks[face] for face in (wanted, before, largest) if face in tracks), None)


def live_panel(shown: Track, count: int, unsure_below: float, below: str) -> str:
    """What stands beside the live view: one face, and how fast frames are answered."""
    name, hint = "1 face", ""
    if count > 1:
        name, hint = f"Face {shown.id}", f'<p class="hint">{words.FOLLOW}</p>'
    answer = kit.answer(shown.shown, shown.probs, unsure_below)
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


def webcam_tab(choice: Choice) -> Callable[[Callable[..., Any]], None]:
    """Build the tab's content inside the current `gr.Tab`.

    Args:
        choice: the visitor's choice of a recogniser.

    Returns:
        A function that makes one more event, such as ``other_tab.select``, stop the camera.
    """
    with gr.Row(elem_classes="sheet"):
        with gr.Column(scale=3, min_width=320):
            with gr.Group(elem_id="stage"):
                camera = _camera()
                overlay = gr.HTML(elem_id="overlay", padding=False)
                gr.Button("Start camera", elem_id="start", variant="primary")
                stop = gr.Button("Stop camera", elem_id="stop", size="md")
            gr.HTML(
                '<p id="camera-help" role="alert"></p>'
                '<label id="camera-choice" hidden>Camera <select></select></label>',
                padding=False,
            )
        with gr.Column(scale=2, min_width=280, elem_id="beside"):
            panel = gr.HTML(idle_panel(), elem_id="panel", padding=False)
    live = gr.State(Live())
    # Written by the page: the number of the face that was clicked.
    wanted = gr.Number(0, precision=0, visible="hidden", elem_id="wanted")

    def answer(
        frame: NDArray[np.uint8] | None, model: str, detector: str, live: Live, wanted: int | None
    ) -> tuple[str, str, Live]:
        return answer_frame(choice.recognizer(model, detector), frame, live, wanted or 0)

    camera.stream(
        answer,
        [camera, *choice.inputs, live, wanted],
        [overlay, panel, live],
        stream_every=_STREAM_EVERY,
        time_limit=_TURN,
        concurrency_limit=_VISITORS,
        show_progress="hidden",
        api_visibility="private",
    )

    def stop_on(event: Callable[..., Any]) -> None:
        _stop_on(event, camera, [overlay, panel, live, wanted])

    stop_on(stop.click)
    return stop_on


def _camera() -> gr.Image:
    # The mirrored picture is both shown and sent, so the overlay needs no mirroring.
    return gr.Image(
        sources=["webcam"],
        streaming=True,
        type="numpy",
        show_label=False,
        elem_id="camera",
        buttons=[],
        webcam_options=gr.WebcamOptions(
            mirror=True,
            constraints={
                "video": {
                    "width": {"ideal": FRAME_WIDTH},
                    "height": {"ideal": FRAME_HEIGHT},
                    "facingMode": "user",
                }
            },
        ),
    )


def _stop_on(event: Callable[..., Any], camera: gr.Image, answers: list[Any]) -> None:
    """Taking the camera's component off the page ends the stream and frees the camera."""
    quietly = {"show_progress": "hidden", "api_visibility": "private", "queue": False}

    def clear() -> tuple[str, str, Live, int]:
        return "", idle_panel(), Live(), 0

    event(lambda: gr.Image(visible=False), None, camera, **quietly).then(
        lambda: gr.Image(visible=True), None, camera, **quietly
    ).then(clear, None, answers, **quietly)
