"""The Video tab: every face of a video through time, with an annotated copy and downloads."""

import logging
import threading
import time
from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path
from typing import Any

import gradio as gr

from fer.app import downloads
from fer.app.choice import Choice
from fer.errors import UserError
from fer.files import free_path
from fer.look import parts
from fer.look.words import percent
from fer.palette import COLORS
from fer.video.info import Limits
from fer.video.moments import Moment
from fer.video.run import Progress, VideoResult, VideoRun
from fer.video.tables import write_tables
from fer.video.timeline import FaceSummary, Timeline, summarize
from fer.vision.recognize import Recognizer

LIMITS = Limits(megabytes=100, seconds=300, megapixels=2.1)

LIMITS_SAID = (
    "MP4, MOV, WebM, MKV or AVI, up to 5 minutes, 100 MB and 1920 × 1080 pixels. Longer ones: "
    "“python -m fer video” on your own machine."
)

EMPTY = (
    "The annotated video and a timeline of every face appear here. Videos and downloads are "
    "deleted from the server within an hour."
)

STOPPED = "Stopped: this is what was done until then."

NO_FACE = "No face found: try a video where faces look at the camera and are well lit."

FAILED = "This video could not be analysed because of a fault of ours: try another one."

WAITING = "Waiting for the video before yours…"

_TABLE_ROWS = 12
_SAY_EVERY = 0.4  # seconds between two messages to the page

log = logging.getLogger(__name__)


def video_tab(choice: Choice) -> None:
    """Build the tab's content inside the current `gr.Tab`.

    Args:
        choice: the visitor's choice of a recogniser.
    """
    with gr.Row(elem_classes="sheet"):
        with gr.Column(scale=2, min_width=300):
            upload = gr.File(
                file_types=["video", ".mkv", ".avi", ".ts"], label="Video", elem_id="video-file"
            )
            gr.HTML(f'<p class="limits">{LIMITS_SAID}</p>', padding=False)
            stop = gr.Button("Stop and keep what is done", visible=False, elem_id="video-stop")
        with gr.Column(scale=3, min_width=320):
            said = gr.HTML(parts.note(EMPTY), padding=False, elem_id="video-said")
            with gr.Column(visible=False, elem_id="video-result") as result:
                player = gr.Video(
                    interactive=False, show_label=False, elem_id="video-player", buttons=[]
                )
                save = downloads.buttons(("Save video", "Save JSON", "Save CSV"))
                chart = gr.Plot(show_label=False, elem_id="video-timeline")
                tables = gr.HTML(padding=False, elem_id="video-tables")
    outputs = {
        "said": said, "stop": stop, "result": result, "player": player, "chart": chart,
        "tables": tables, "stopper": gr.State(None), **save,
    }  # fmt: skip

    def analyse(path: str | None, model: str, detector: str) -> Iterator[dict[Any, Any]]:
        for values in analyse_video(choice.recognizer(model, detector), path):
            yield {outputs[key]: value for key, value in values.items()}

    quietly: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
    # What runs already is stopped first; it would hold up the next video otherwise.
    for event in (upload.upload, upload.clear, stop.click):
        event(stop_run, outputs["stopper"], None, queue=False, **quietly)
    upload.upload(
        lambda: gr.HTML(parts.note(WAITING), visible=True), None, said, queue=False, **quietly
    ).then(analyse, [upload, *choice.inputs], [*outputs.values()], concurrency_limit=1, **quietly)


def analyse_video(recognizer: Recognizer, path: str | None) -> Iterator[dict[str, Any]]:
    """Values of the tab's outputs by name, again and again; an error becomes a sentence.

    The first answer hands out what `stop_run` needs.
    """
    if path is None:
        return
    stopper = threading.Event()
    yield {
        "said": gr.HTML(progress_note(Progress(0, None, 0)), visible=True),
        "stop": gr.Button(visible=True),
        "result": gr.Column(visible=False),
        "stopper": stopper,
    }
    source = Path(path)
    target = free_path(downloads.new_folder(), source.stem, "-faces", (".mp4",))
    try:
        with VideoRun.open(recognizer, source, target, limits=LIMITS) as run:
            last = time.monotonic()
            for progress in run:
                if stopper.is_set():
                    break
                if time.monotonic() - last >= _SAY_EVERY:
                    last = time.monotonic()
                    yield {"said": progress_note(progress)}
        result = run.result()
        tables = write_tables(result, target, source, recognizer.spec.name)
    except UserError as error:
        yield _nothing(str(error), "alert")
    except Exception:
        log.exception("A video could not be analysed.")
        yield _nothing(FAILED, "alert")
    else:
        yield _shown(result, tables, stopper.is_set())


def stop_run(stopper: threading.Event | None) -> None:
    """End the visitor's run, if there is one, after the frame that it is at."""
    if stopper is not None:
        stopper.set()


def progress_note(progress: Progress) -> str:
    """A bar and a sentence with the time left."""
    value = "" if progress.share is None else f' value="{progress.share:.3f}"'
    sentence = escape(progress.sentence())
    return (
        f'<div class="note"><div class="notice"><p>{sentence}</p>'
        f'<progress max="1"{value} aria-label="Progress"></progress></div></div>'
    )


def moments_list(moments: Sequence[Moment]) -> str:
    """The strongest moments of every label as small pictures."""
    items = "".join(
        f'<li><img src="{parts.data_url(moment.picture)}" alt="Face {moment.face}">'
        f"{parts.verdict(moment.label, moment.probability)}"
        f"<p>face {moment.face} at {moment.seconds:.1f} s</p></li>"
        for moment in moments
    )
    if not items:
        return ""
    return f'<h2 class="count">Strongest moments</h2><ol class="moments">{items}</ol>'


def faces_table(faces: Sequence[FaceSummary]) -> str:
    """One line per face: for how long it was seen, its labels by time, how often they changed."""
    rows = "".join(
        f"<tr><th scope='row'>{face.face}</th><td>{face.seconds:.1f} s</td>"
        f"<td>{_shares(face)}</td><td>{face.transitions}</td></tr>"
        for face in faces[:_TABLE_ROWS]
    )
    heads = "".join(f"<th scope='col'>{name}</th>" for name in ("Face", "Seen", "Shown", "Changes"))
    more = len(faces) - _TABLE_ROWS
    rest = f"<p>{more} more, seen more briefly, are in the downloads.</p>" if more > 0 else ""
    return (
        f'<h2 class="count">Faces</h2><table class="faces"><thead><tr>{heads}</tr></thead>'
        f"<tbody>{rows}</tbody></table>{rest}"
    )


def _shares(face: FaceSummary) -> str:
    ordered = sorted(face.shares.items(), key=lambda item: -item[1])
    bar = "".join(
        f'<i style="width:{100 * share:.1f}%;background:{COLORS[label]}"></i>'
        for label, share in ordered
    )
    said = ", ".join(f"{label} {percent(share)}" for label, share in ordered)
    return f'<span class="shares" aria-hidden="true">{bar}</span>{said}'


def _shown(result: VideoResult, tables: Sequence[Path], stopped: bool) -> dict[str, Any]:
    """Values of the outputs for a video that was analysed, or its beginning."""
    from fer import plots  # Plotly takes a quarter of a second, which the first page need not wait

    sentences = [STOPPED] * stopped + list(result.notes)
    if result.problem:
        sentences.append(result.problem)
    copy = str(result.path) if result.path else None
    rows = result.timeline
    if len(rows) == 0:
        return _nothing(" ".join([*sentences, NO_FACE]), "status")
    said = " ".join(sentences)
    as_csv, as_json = (str(table) for table in tables)
    return {
        "said": gr.HTML(parts.note(said), visible=bool(said)),
        "stop": gr.Button(visible=False),
        "result": gr.Column(visible=True),
        "player": copy,
        "Save video": copy,
        "Save CSV": as_csv,
        "Save JSON": as_json,
        "chart": plots.timeline(rows.times, rows.frames, rows.ids, rows.probs),
        "tables": _undrawn(rows) + faces_table(summarize(rows)) + moments_list(result.moments),
    }


def _undrawn(rows: Timeline) -> str:
    """A sentence on the faces that the chart leaves out."""
    from fer.plots.timeline import FACES_SHOWN

    more = len(set(rows.ids.tolist())) - FACES_SHOWN
    if more <= 0:
        return ""
    return f"<p>The chart shows the {FACES_SHOWN} faces seen longest; {more} more are below.</p>"


def _nothing(sentence: str, role: str) -> dict[str, Any]:
    """Values of the outputs when there is only something to say."""
    return {
        "said": gr.HTML(parts.note(sentence, role), visible=True),
        "stop": gr.Button(visible=False),
        "result": gr.Column(visible=False),
    }
