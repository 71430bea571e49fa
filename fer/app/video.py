"""The Video tab: every face of a video through time, with an annotated copy and downloads."""

import logging
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from html import escape
from pathlib import Path
from typing import Any

import gradio as gr

from fer.app.choice import Choice
from fer.app.instrument import instrument, script
from fer.app.queue import VIDEO
from fer.app.saving import new_folder, save_buttons
from fer.app.temporary import KEEP
from fer.app.video_result import Analysed, save_csv, save_json, save_video
from fer.errors import UserError, place_of, without_folders
from fer.files import free_path
from fer.look import kit, words
from fer.video.info import Limits
from fer.video.run import Progress, VideoRun
from fer.vision.recognize import Recognizer

LIMITS = Limits(megabytes=100, seconds=300, megapixels=2.1)

BUDGET = 600
"""Seconds of work on one video, for which the others wait; `words.VIDEO_LIMITS` says so."""

_SAY_EVERY = 0.4  # seconds between two messages to the page

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Stopper:
    """How a visitor's run is ended from outside.

    Attributes:
        now: set to end it after the frame that it is at.
        discard: set if nothing of it is wanted any more.
    """

    now: threading.Event = field(default_factory=threading.Event)
    discard: threading.Event = field(default_factory=threading.Event)


_Take = tuple[gr.Button, Callable[[Stopper | None], str | None]]
"""A button, and what it puts in the place of the video."""


def video_tab(choice: Choice, example: Path) -> None:
    """Build the tab's content inside the current `gr.Tab`.

    Args:
        choice: the visitor's choice of a recogniser.
        example: a video to try.
    """
    found, stopper = gr.State(None, time_to_live=KEEP), gr.State(None)
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
        "stopper": stopper, "found": found,
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

    def analyse(path: str | None, model: str, detector: str) -> Iterator[dict[Any, Any]]:
        about = choice.made_by(model, detector, Path(path).name if path else "")
        for values in analyse_video(choice.recognizer(model, detector), path, about):
            yield {outputs[key]: value for key, value in values.items()}

    def clear(path: str | None) -> dict[Any, Any]:
        said = words.VIDEO_WAITING if path else words.VIDEO_EMPTY
        return {outputs[key]: value for key, value in _nothing(said, "status").items()}

    quietly: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
    every = [*outputs.values()]
    outputs["stop"].click(stop_run, outputs["stopper"], None, queue=False, **quietly)
    # What stands there was made of another video or by another model; so was what still runs.
    changed = [upload.upload, upload.clear, *(each.change for each in choice.inputs)]
    begun = gr.on(changed, discard_run, outputs["stopper"], None, queue=False, **quietly)
    taken = [
        button.click(take, outputs["stopper"], upload, queue=False, **quietly)
        for button, take in takes
    ]
    for event in (begun, *taken):
        event.then(clear, upload, every, queue=False, **quietly).then(
            analyse,
            [upload, *choice.inputs],
            every,
            concurrency_limit=1,
            concurrency_id=VIDEO,
            trigger_mode="multiple",
            **quietly,
        ).then(None, js="() => fer.reveal('video')")


def _take_example(example: Path, stopper: Stopper | None) -> str:
    """A visitor's own copy of ``example``, in place of whatever still runs."""
    discard_run(stopper)
    return str(shutil.copy(example, new_folder()))


def analyse_video(
    recognizer: Recognizer, path: str | None, made_by: str = ""
) -> Iterator[dict[str, Any]]:
    """Values of the tab's outputs by name, again and again; an error becomes a sentence.

    The first answer hands out what `stop_run` and `discard_run` need.
    """
    if path is None:  # an iterator without any value would empty the outputs
        yield _nothing(words.VIDEO_EMPTY, "status")
        return
    source, stopper, stopped = Path(path), Stopper(), ""
    if not source.exists():  # it was kept for half an hour, and then another model was chosen
        yield _nothing(words.FORGOTTEN, "alert")
        return
    yield {
        "said": gr.HTML(progress_note(Progress(0, None, 0)), visible=True),
        "stop": gr.Button(visible=True),
        "stopper": stopper,
    }
    target = free_path(new_folder(), source.stem, (".mp4",))
    try:
        with VideoRun.open(recognizer, source, target, limits=LIMITS) as run:
            begun = last = time.monotonic()
            for progress in run:
                if stopper.now.is_set():
                    stopped = words.VIDEO_STOPPED
                elif time.monotonic() - begun >= BUDGET and progress.share != 1:
                    stopped = words.VIDEO_LONG
                if stopped:
                    break
                if time.monotonic() - last >= _SAY_EVERY:
                    last = time.monotonic()
                    yield {"said": progress_note(progress)}
        if stopper.discard.is_set():
            return
        result = run.result()
        result = replace(result, problem=result.problem and without_folders(result.problem))
        found = Analysed(result, target, source, recognizer.spec.name)
    except UserError as error:
        yield _nothing(without_folders(str(error), source, target), "alert")
    except Exception as error:
        log.error("A video could not be analysed.\n%s", place_of(error))
        yield _nothing(words.FAILED, "alert")
    else:
        yield _shown(found, made_by, stopped, recognizer)


def stop_run(stopper: Stopper | None) -> None:
    """End the visitor's run, if there is one, after the frame that it is at."""
    if stopper is not None:
        stopper.now.set()


def discard_run(stopper: Stopper | None) -> None:
    """End the visitor's run, if there is one, and show nothing of it."""
    if stopper is not None:
        stopper.discard.set()
        stopper.now.set()


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
