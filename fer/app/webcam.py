"""The Webcam tab: the visitor's camera, live, with boxes and labels laid over it."""

from abc import ABCMeta
from collections.abc import Callable
from typing import Any

import gradio as gr
from gradio.data_classes import ImageData

from fer.app.choice import Choice
from fer.app.live import Live, answer_frame, idle_panel, recent

FRAME_WIDTH, FRAME_HEIGHT = 640, 480

_STREAM_EVERY = 0.1  # seconds; shorter than an answer takes makes everything later
TURN = 20  # seconds until the next visitor in the queue has a turn
VISITORS = 8
"""At once. Two cores answer about forty frames a second in all; where that is less than everybody
sends, each gets fewer: a newer frame takes the place of the one that waits for its answer."""


def webcam_tab(choice: Choice) -> Callable[[Callable[..., Any]], None]:
    """Build the tab's content inside the current `gr.Tab`.

    Args:
        choice: the visitor's choice of a recogniser.

    Returns:
        A function that makes one more event, such as ``other_tab.select``, stop the camera.
    """
    with gr.Row(elem_classes="sheet"):
        with gr.Column(scale=3, min_width=320):
            camera, overlay, stop = _stage()
            timeline = gr.HTML(recent((), 0), elem_id="recent", padding=False)
        with gr.Column(scale=2, min_width=280, elem_id="beside"):
            # Two, of which the page shows one: an answer that comes late changes what is hidden.
            gr.HTML(idle_panel(), elem_id="idle", padding=False)
            panel = gr.HTML(idle_panel(), elem_id="panel", padding=False)
    live = gr.State(Live())
    # Written by the page: the number of the face that was clicked.
    wanted = gr.Number(0, precision=0, visible="hidden", elem_id="wanted")

    def answer(
        frame: str | None, model: str, detector: str, live: Live, wanted: int | None
    ) -> tuple[str, str, str, Live]:
        return answer_frame(choice.recognizer(model, detector), frame, live, wanted or 0)

    camera.stream(
        answer,
        [camera, *choice.inputs, live, wanted],
        [overlay, panel, timeline, live],
        stream_every=_STREAM_EVERY,
        time_limit=TURN,
        concurrency_limit=VISITORS,
        show_progress="hidden",
        api_visibility="private",
    )

    def stop_on(event: Callable[..., Any]) -> None:
        _stop_on(event, camera, [overlay, panel, timeline, live, wanted])

    stop_on(stop.click)
    return stop_on


def _stage() -> tuple[gr.Image, gr.HTML, gr.Button]:
    """The camera with what is laid over it, and the button that stops it."""
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
    return camera, overlay, stop


def _as_sent(_: gr.Image, payload: ImageData | None) -> str | None:
    """A frame's ``data:`` address, to be read with limits: Gradio would read it without any."""
    return None if payload is None else payload.url or ""


# As `class` does it, but for Gradio's metaclass, which writes a .pyi beside a component's source.
_Camera: Any = ABCMeta.__new__(
    type(gr.Image),
    "Camera",
    (gr.Image,),
    {"__module__": __name__, "is_template": True, "preprocess": _as_sent},
)


def _camera() -> gr.Image:
    # The mirrored picture is both shown and sent, so the overlay needs no mirroring.
    camera: gr.Image = _Camera(
        sources=["webcam"],
        streaming=True,
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
    return camera


def _stop_on(event: Callable[..., Any], camera: gr.Image, answers: list[Any]) -> None:
    """Taking the camera's component off the page ends the stream and frees the camera."""
    quietly = {"show_progress": "hidden", "api_visibility": "private", "queue": False}

    def clear() -> tuple[str, str, str, Live, int]:
        return "", idle_panel(), recent((), 0), Live(), 0

    event(lambda: gr.Image(visible=False), None, camera, **quietly).then(
        lambda: gr.Image(visible=True), None, camera, **quietly
    ).then(clear, None, answers, **quietly)
