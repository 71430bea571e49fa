"""The Video tab: every face of a video through time, with an annotated copy and downloads."""

import logging
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from html import escape
from pathlib import Path
from typing import Any

import gradio as gr

from fer.app.choice import Choice
from fer.app.instrument import instrument, script
from fer.app.saving import new_folder, save_buttons
from fer.app.temporary import KEEP
from fer.app.video_result import Analysed, save_csv, save_json, save_video
from fer.errors import UserError, place_of, printable
from fer.files import free_path
from fer.look import kit, words
from fer.video.info import Limits
from fer.video.run import Progress, VideoRun
from fer.vision.recognize import Recognizer

LIMITS = Limits(megabytes=100, seconds=300, megapixels=2.1)

BUDGET = 600
"""Seconds of work on one video, for which the others wait; `words.VIDEO_LONG` says so."""

_SAY_EVERY = 0.4  # seconds between two messages to the page

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Asked:
    """What a visitor asked for last, and how its run is ended from outside.

    Attributes:
        path: of the video.
        model, detector: names of those that were chosen.
        begun: set once it is under way; of several questions that waited only the last is.
        now: set to end it after the frame that it is at.
        discard: set if nothing of it is wanted any more.
    """

    path: str = ""
    model: str = ""
    detector: str = ""
    begun: threading.Event = field(default_factory=threading.Event)
    now: threading.Event = field(default_factory=threading.Event)
    discard: threading.Event = field(default_factory=threading.Event)


_Take = tuple[gr.Button, Callable[[Asked | None], str | None]]
"""A button, and what it puts in the place of the video."""


def video_tab(choice: Choice, example: Path) -> None:
    """Build the tab's content inside the current `gr.Tab`.

    Args:
        choice: the visitor's choice of a recogniser.
        example: a video to try.
    """
    found, asked = gr.State(None, time_to_live=KEEP), gr.State(None)
    with gr.Row(elem_classes="sheet", elem_id="video-sheet"):
        with gr.Column(scale=2, min_width=300):
            upload = gr.File(label="Video", elem_id="video-file", height=170)
            gr.HTML(f'<p class="limits">{words.VIDEO_LIMITS}</p>', padding=False)
            try_it = gr.Button(words.VIDEO_EXAMPLE, elem_id="video-example", size="md")
            stop = gr.Button("Stop and keep what is done", visible=False, elem_id="video-stop")
        with gr.Column(scale=3, min_width=320):
            said = gr.HTML(kit.note(words.VIDEO_EMPTY), padding=False, elem_id="video-said")
    with gr.Column(visible=False, elem_id="video-result") as result:
        with gr.Row(elem_classes="result-head"):
            made_by = gr.HTML(padding=False)
            again = gr.Button(words.VIDEO_AGAIN, elem_id="video-again", size="md", min_width=80)
            save_buttons(
                {"Save video": save_video, "Save JSON": save_json, "Save CSV": save_csv}, [found]
            )
        shown = gr.HTML(padding=False, js_on_load=script(), elem_id="video-instrument")
    outputs = {
        "said": said, "stop": stop, "result": result, "made_by": made_by, "shown": shown,
        "asked": asked, "found": found,
    }  # fmt: skip
    takes: list[_Take] = [(try_it, partial(_take_example, example)), (again, discard_run)]
    _connect(choice, upload, takes, outputs)


def _connect(
    choice: Choice,
    upload: gr.File,
    takes: Sequence[_Take],
    outputs: Mapping[str, Any],
) -> None:
    """Let a video, its removal and the choice of a model have their effect on ``outputs``.

    ``takes`` are buttons, and what each puts in the place of ``upload``.
    """

    def analyse(asked: Asked | None) -> Iterator[dict[Any, Any]]:
        # More than one question waited, or the visitor has been forgotten.
        if asked is None or asked.begun.is_set() or asked.discard.is_set():
            yield {outputs["stop"]: gr.skip()}
            return
        asked.begun.set()
        about = choice.made_by(asked.model, asked.detector, Path(asked.path).name)
        recognizer = choice.recognizer(asked.model, asked.detector)
        for values in analyse_video(recognizer, asked, about):
            yield {outputs[key]: value for key, value in values.items()}

    def clear(path: str | None, model: str, detector: str) -> dict[Any, Any]:
        values = _nothing(words.VIDEO_WAITING if path else words.VIDEO_EMPTY, "status")
        if path:  # without one nobody waits
            values["asked"] = Asked(path, model, detector)
        return {outputs[key]: value for key, value in values.items()}

    quietly: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
    asked, every = outputs["asked"], [*outputs.values()]
    outputs["stop"].click(stop_run, asked, None, queue=False, **quietly)
    # What stands there was made of another video or by another model; so was what still runs.
    changed = [upload.upload, upload.clear, *(each.change for each in choice.inputs)]
    begun = gr.on(changed, discard_run, asked, None, queue=False, **quietly)
    taken = [button.click(take, asked, upload, queue=False, **quietly) for button, take in takes]
    for event in (begun, *taken):
        # In the queue: of other events the page does not hear that a state has changed.
        event.then(clear, [upload, *choice.inputs], every, concurrency_limit=None, **quietly)
    shown = [output for output in every if output is not asked]
    asked.change(
        analyse, asked, shown, concurrency_limit=1, trigger_mode="multiple", **quietly
    ).then(None, js="() => fer.reveal('video')")


def _take_example(example: Path, asked: Asked | None) -> str:
    """A visitor's own copy of ``example``, in place of whatever still runs."""
    discard_run(asked)
    return str(shutil.copy(example, new_folder()))


def analyse_video(
    recognizer: Recognizer, asked: Asked, made_by: str = ""
) -> Iterator[dict[str, Any]]:
    """Values of the tab's outputs by name, again and again; an error becomes a sentence."""
    source, stopped = Path(asked.path), ""
    if not source.exists():  # it was kept for half an hour, and then another model was chosen
        yield _nothing(words.FORGOTTEN, "alert")
        return
    yield {
        "said": gr.HTML(progress_note(Progress(0, None, 0)), visible=True),
        "stop": gr.Button(visible=True),
    }
    target = free_path(new_folder(), source.stem, "-faces", (".mp4",))
    try:
        with VideoRun.open(recognizer, source, target, limits=LIMITS) as run:
            begun = last = time.monotonic()
            for progress in run:
                if asked.now.is_set():
                    stopped = words.VIDEO_STOPPED
                elif time.monotonic() - begun >= BUDGET and progress.share != 1:
                    stopped = words.VIDEO_LONG
                if stopped:
                    break
                if time.monotonic() - last >= _SAY_EVERY:
                    last = time.monotonic()
                    yield {"said": progress_note(progress)}
        if asked.discard.is_set():
            return
        found = Analysed(run.result(), target, source, recognizer.spec.name)
    except UserError as error:
        said = str(error)  # without folders of this server
        for file in (source, target):
            said = said.replace(printable(str(file)), printable(file.name))
        yield _nothing(said, "alert")
    except Exception as error:
        log.error("A video could not be analysed.\n%s", place_of(error))
        yield _nothing(words.FAILED, "alert")
    else:
        yield _shown(found, made_by, stopped, recognizer)


def stop_run(asked: Asked | None) -> None:
    """End the visitor's run, if there is one, after the frame that it is at."""
    if asked is not None:
        asked.now.set()


def discard_run(asked: Asked | None) -> None:
    """End the visitor's run, if there is one, and show nothing of it."""
    if asked is not None:
        asked.discard.set()
        asked.now.set()


def progress_note(progress: Progress) -> str:
    """A bar and a sentence with the time left."""
    value = "" if progress.share is None else f' value="{progress.share:.3f}"'
    sentence = escape(progress.sentence())
    return (
        f'<div class="fer-note-card"><div class="fer-notice"><p>{sentence}</p>'
        f'<progress max="1"{value} aria-label="Progress"></progress></div></div>'
    )


def _shown(found: Analysed, made_by: str, stopped: str, recognizer: Recognizer) -> dict[str, Any]:
    """Values of the outputs for a video that was analysed; ``stopped`` says why only in part."""
    result = found.result
    sentences = ([stopped] if stopped else []) + list(result.notes)
    sentences += [result.problem] if result.problem else []
    if len(result.timeline) == 0:
        upright = [words.ONLY_UPRIGHT] * (recognizer.detector.name == "haar")
        return _nothing(" ".join([*sentences, words.NO_FACE_PHOTO, *upright]), "status")
    said = " ".join(sentences)
    return {
        "said": gr.HTML(kit.note(said), visible=bool(said)),
        "stop": gr.Button(visible=False),
        "result": gr.Column(visible=True),
        "made_by": f'<p class="made-by">{kit.prose(made_by)}</p>',
        "shown": instrument(result, recognizer.spec.unsure_below),
        "found": found,
    }


def _nothing(sentence: str, role: str) -> dict[str, Any]:
    """Values of the outputs when there is only something to say."""
    return {
        "said": gr.HTML(kit.note(sentence, role), visible=True),
        "stop": gr.Button(visible=False),
        "result": gr.Column(visible=False),
        "made_by": "",
        "shown": "",
        "found": None,
    }
