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
from fer.errors import UserError
from fer.look import parts, words
from fer.vision.draw import svg_overlay
from fer.vision.image import to_rgb
from fer.vision.recognize import Recognizer
from fer.vision.stream import Stream, recognize_next
from fer.vision.track import Tracker

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
    """

    pace: Pace = field(default_factory=Pace)
    stream: Stream = field(default_factory=Stream)


def answer_frame(
    recognizer: Recognizer, frame: NDArray[Any] | None, live: Live
) -> tuple[str, str, Live]:
    """Overlay (SVG), panel (HTML) and state after one frame; an error becomes a sentence.

    Raising would restart the stream without a word, so nothing is raised.
    """
    if frame is None:
        return "", idle_panel(), live
    try:
        start, now = time.perf_counter(), time.monotonic()
        rgb = to_rgb(frame)
        stream, faces = recognize_next(recognizer, _TRACKER, live.stream, rgb, now)
        overlay = svg_overlay(faces, rgb.shape[1], rgb.shape[0])
        milliseconds = 1000 * (time.perf_counter() - start)
    except UserError as error:
        return "", parts.waiting_panel(str(error), parts.facts(None), role="alert"), live
    except Exception:
        log.exception("A webcam frame could not be analysed.")
        return "", parts.waiting_panel(words.FRAME_FAILED, parts.facts(None), role="alert"), live
    live = Live(live.pace.tick(time.monotonic()), stream)
    if len(faces) == 0:
        below = parts.facts(0, milliseconds, live.pace.rate)
        return overlay, parts.waiting_panel(words.NO_FACE_LIVE, below), live
    return overlay, parts.live_panel(faces, milliseconds, live.pace.rate), live


def idle_panel() -> str:
    """The panel while the camera is off."""
    return parts.waiting_panel(words.CAMERA_OFF, parts.facts(None))


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
            gr.HTML('<p id="camera-help" role="alert"></p>', padding=False)
            stop = gr.Button("Stop camera", elem_id="stop", size="md")
        with gr.Column(scale=2, min_width=280, elem_id="beside"):
            panel = gr.HTML(idle_panel(), elem_id="panel", padding=False)
    live = gr.State(Live())

    def answer(
        frame: NDArray[np.uint8] | None, model: str, detector: str, live: Live
    ) -> tuple[str, str, Live]:
        return answer_frame(choice.recognizer(model, detector), frame, live)

    camera.stream(
        answer,
        [camera, *choice.inputs, live],
        [overlay, panel, live],
        stream_every=_STREAM_EVERY,
        time_limit=_TURN,
        concurrency_limit=_VISITORS,
        show_progress="hidden",
        api_visibility="private",
    )

    def stop_on(event: Callable[..., Any]) -> None:
        _stop_on(event, camera, overlay, panel, live)

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


def _stop_on(
    event: Callable[..., Any], camera: gr.Image, overlay: gr.HTML, panel: gr.HTML, live: gr.State
) -> None:
    """Taking the camera's component off the page ends the stream and frees the camera."""
    quietly = {"show_progress": "hidden", "api_visibility": "private", "queue": False}

    def clear() -> tuple[str, str, Live]:
        return "", idle_panel(), Live()

    event(lambda: gr.Image(visible=False), None, camera, **quietly).then(
        lambda: gr.Image(visible=True), None, camera, **quietly
    ).then(clear, None, [overlay, panel, live], **quietly)
