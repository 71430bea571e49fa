"""The Photo tab: a picture is read, its faces are recognised, drawn and shown, in this order."""

import logging
import time
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
from numpy.typing import NDArray

from fer.app.choice import WHOLE, Choice
from fer.app.photo_result import (
    cards,
    headline,
    look_at,
    save_csv,
    save_json,
    save_picture,
    shown_picture,
)
from fer.app.saving import save_buttons
from fer.app.temporary import KEEP
from fer.errors import UserError, place_of, without_folders
from fer.look import kit, words
from fer.vision.faces import Faces
from fer.vision.recognize import Recognizer
from fer.vision.turned import turned_face
from fer.vision.whole import SMALL, looks_cropped

log = logging.getLogger(__name__)

_NOT_OVERTAKEN = "(file) => [fer.overtaken() ? null : file]"
"""An example may be pressed while a large file is still on its way."""


def photo_tab(choice: Choice, examples: Mapping[str, Path]) -> None:
    """Build the tab's content inside the current `gr.Tab`.

    Args:
        choice: the visitor's choice of a recogniser.
        examples: pictures to try, by what their buttons say.
    """
    with gr.Row(elem_classes="sheet"):
        with gr.Column(scale=3, min_width=320):
            upload = gr.File(label=words.PHOTO_PLACEHOLDER, elem_id="upload", height=300)
            picture = gr.HTML(padding=False, elem_id="picture", visible=False)
            again = gr.Button(words.PHOTO_AGAIN, visible=False, elem_id="again", size="md")
            found = gr.State(None, time_to_live=KEEP)
            with gr.Column(visible=False, elem_id="photo-tools") as tools:
                heat = gr.Checkbox(label=words.HEAT, elem_id="heat")
                save_buttons(
                    {"Save picture": save_picture, "Save JSON": save_json, "Save CSV": save_csv},
                    [found],
                )
            with gr.Column(elem_classes="offer"):
                offer = f"{words.PHOTO_LIMITS} {words.EXAMPLES}"
                gr.HTML(f'<p class="limits">{offer}</p>', padding=False)
                with gr.Row(elem_classes="examples"):
                    buttons = [
                        (gr.Button(name, icon=path, size="md", min_width=130), path)
                        for name, path in examples.items()
                    ]
                whole = gr.Checkbox(
                    label=words.WHOLE_PICTURE, elem_id="whole", visible=_has_whole(choice)
                )
        with gr.Column(scale=2, min_width=320, elem_id="photo-answer"):
            said = gr.HTML(kit.note(words.PHOTO_EMPTY), padding=False, elem_id="photo-said")
            with gr.Column(visible=False, elem_id="photo-result") as result:
                above = gr.HTML(padding=False)
                answers = gr.HTML(padding=False)
    outputs = [upload, picture, again, tools, said, result, above, answers, found]
    _connect(choice, outputs, buttons, whole, heat)
    heat.change(cards, [found, heat], answers, api_visibility="private", show_progress="hidden")


def _connect(
    choice: Choice,
    outputs: Sequence[Any],
    examples: Sequence[tuple[gr.Button, Path]],
    whole: gr.Checkbox,
    heat: gr.Checkbox,
) -> None:
    """Let pictures, examples and the choice of a model have their effect on ``outputs``."""
    source = gr.State(_asked(None))
    upload, _, again, *_ = outputs

    def analyse(
        asked: tuple[str | None, int], model: str, detector: str, whole: bool, heat: bool
    ) -> list[Any]:
        path, _ = asked
        detector = WHOLE if whole else detector
        made_by = choice.made_by(model, detector, Path(path).name if path else "")
        return analyse_file(choice.recognizer(model, detector), path, heat, made_by, _yunet(choice))

    quietly: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
    inputs = [source, *choice.inputs, whole, heat]
    # Only of events in the queue does the page hear that a state has changed.
    at_once: dict[str, Any] = {"concurrency_limit": None, "trigger_mode": "multiple", **quietly}
    upload.upload(_uploaded, upload, [source, upload], js=_NOT_OVERTAKEN, **at_once)
    again.click(partial(_asked, None), None, source, **at_once)
    for button, path in examples:
        button.click(partial(_asked, str(path)), None, source, **at_once)
    # One event for all: what was asked last is answered last.
    changed = [source.change, *(each.change for each in choice.inputs), whole.change]
    gr.on(changed, analyse, inputs, outputs, trigger_mode="always_last", **quietly).then(
        None, js="() => fer.reveal('photo')"
    )


def _uploaded(path: str | None) -> tuple[Any, Any]:
    """What `_asked` says; a file that was overtaken asks nothing and leaves its place."""
    return (gr.skip(), None) if path is None else (_asked(path), gr.skip())


def _asked(path: str | None) -> tuple[str | None, int]:
    """``path`` and when: the same picture given again is another question."""
    return path, time.monotonic_ns()


def _has_whole(choice: Choice) -> bool:
    return any(detector == WHOLE for _, detector in choice.recognizers)


def _yunet(choice: Choice) -> bool:
    return any(detector == "yunet" for _, detector in choice.recognizers)


def analyse_file(
    recognizer: Recognizer, path: str | None, heat: bool, made_by: str = "", yunet: bool = False
) -> list[Any]:
    """Values of the tab's outputs for the picture in ``path``; an error becomes a sentence.

    Args:
        recognizer: finds and classifies the faces.
        path: of the picture, or nothing.
        heat: whether the cards show where the evidence lies.
        made_by: what the result was made with, as a sentence.
        yunet: whether the visitor could choose YuNet.
    """
    if path is None:
        return _nothing(kit.note(words.PHOTO_EMPTY))
    if not Path(path).exists():  # it was kept for half an hour, and then something else was chosen
        return _nothing(kit.note(words.FORGOTTEN, role="alert"))
    try:
        rgb, photo = look_at(recognizer, Path(path))
        if len(photo.faces) == 0:
            return _nothing(kit.note(_why_none(recognizer, rgb, yunet)), rgb)
        tiny = recognizer.detector.name != WHOLE and max(rgb.shape[:2]) <= SMALL
        hint = f"{words.CROPPED} " if tiny else ""
    except UserError as error:
        return _nothing(kit.note(without_folders(str(error), Path(path)), role="alert"))
    except Exception as error:
        log.error("A picture could not be analysed.\n%s", place_of(error))
        return _nothing(kit.note(words.FAILED, role="alert"))
    return [
        gr.File(None, visible="hidden"),
        gr.HTML(shown_picture(rgb, photo.faces, photo.qualities), visible=True),
        gr.Button(visible=True),
        gr.Column(visible=True),
        gr.HTML(visible=False),
        gr.Column(visible=True),
        headline(photo, f"{hint}{made_by}"),
        cards(photo, heat),
        photo,
    ]


def _why_none(recognizer: Recognizer, rgb: NDArray[np.uint8], yunet: bool) -> str:
    """What to say of a picture in which no face was found."""
    if recognizer.detector.name != WHOLE and looks_cropped(rgb, recognizer.detector):
        return words.CROPPED
    if recognizer.detector.name == "haar" and turned_face(recognizer.detector, rgb):
        return words.tilted(yunet)
    return words.NO_FACE_PHOTO


def _nothing(said: str, rgb: NDArray[np.uint8] | None = None) -> list[Any]:
    """Values of the tab's outputs when there is only something to say, of ``rgb`` perhaps."""
    seen = rgb is not None
    return [
        gr.File(None, visible="hidden" if seen else True),
        gr.HTML("" if rgb is None else shown_picture(rgb, Faces.empty()), visible=seen),
        gr.Button(visible=seen),
        gr.Column(visible=False),
        gr.HTML(said, visible=True),
        gr.Column(visible=False),
        "",
        "",
        None,
    ]
