"""The Photo tab: every face of one picture, with probabilities, activation maps and downloads."""

import csv
import io
import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import gradio as gr
import numpy as np
from gradio.data_classes import ImageData
from numpy.typing import NDArray
from PIL import Image

from fer.app import downloads
from fer.app.choice import Choice
from fer.errors import UserError
from fer.labels import LABELS
from fer.look import parts, words
from fer.vision.draw import Part, draw_faces, heat_up, seen_part
from fer.vision.faces import CSV_COLUMNS, Faces, csv_cells
from fer.vision.image import read_image
from fer.vision.recognize import Recognizer

MAPS_OFF = "Off"
MAPS_SHOWN = "Its own label"

_THUMBNAIL = 224  # pixels
_FORGET = 1800  # seconds

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Portraits:
    """What the gallery is drawn from, kept per visitor so that maps need no second look.

    Attributes:
        faces: with activation maps.
        crops: ``n`` RGB pictures, each the box of a face reduced to a thumbnail.
        seen: ``n`` parts of the classified squares that these show.
    """

    faces: Faces
    crops: Sequence[NDArray[np.uint8]]
    seen: Sequence[Part]


def portraits(rgb: NDArray[np.uint8], faces: Faces) -> Portraits:
    """Cut every face of ``rgb`` ``(h, w, 3)`` out as a thumbnail."""
    crops = []
    for x0, y0, x1, y1 in faces.boxes.tolist():
        scale = _THUMBNAIL / max(x1 - x0, y1 - y0, 1)
        size = (max(1, round(scale * (x1 - x0))), max(1, round(scale * (y1 - y0))))
        area = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
        crops.append(np.asarray(cv2.resize(rgb[y0:y1, x0:x1], size, interpolation=area), np.uint8))
    height, width = rgb.shape[:2]
    return Portraits(faces, crops, [seen_part(box, width, height) for box in faces.boxes])


def gallery(found: Portraits | None, maps: str) -> str:
    """The cards of ``found``; with ``maps`` on, each shows where the evidence for a label lies."""
    if found is None:
        return ""
    faces = found.faces
    if maps == MAPS_OFF or faces.maps is None:
        return parts.face_cards(faces, found.crops, [""] * len(faces))
    labels = faces.best_guesses if maps == MAPS_SHOWN else [maps] * len(faces)
    heated = [
        heat_up(crop, activation[LABELS.index(label)], part)
        for crop, activation, label, part in zip(
            found.crops, faces.maps, labels, found.seen, strict=True
        )
    ]
    return parts.face_cards(faces, heated, [f"evidence for {label}" for label in labels])


def save_results(name: str, annotated: NDArray[np.uint8], faces: Faces) -> tuple[str, str, str]:
    """Write the annotated picture, JSON and CSV where Gradio forgets them; the three paths.

    The records are those of ``python -m fer predict``.
    """
    folder = downloads.new_folder()
    stem = Path(name).stem
    picture, as_json, as_csv = (
        folder / f"{stem}-{ending}" for ending in ("faces.jpg", "faces.json", "faces.csv")
    )
    Image.fromarray(annotated).save(picture, quality=92)
    records = [{"file": name, **record} for record in faces.records()]
    as_json.write_text(json.dumps(records, indent=2), encoding="utf-8")
    as_csv.write_text(_csv(records), encoding="utf-8")
    return str(picture), str(as_json), str(as_csv)


def photo_tab(choice: Choice, examples: Mapping[str, Path]) -> None:
    """Build the tab's content inside the current `gr.Tab`.

    Args:
        choice: the visitor's choice of a recogniser.
        examples: pictures to try, by what their buttons say.
    """
    with gr.Row(elem_classes="sheet"):
        with gr.Column(scale=2, min_width=300):
            upload = _upload()
            _examples(upload, examples)
        with gr.Column(scale=3, min_width=320):
            said = gr.HTML(parts.note(words.PHOTO_EMPTY), padding=False)
            with gr.Column(visible=False, elem_id="result") as result:
                annotated = _annotated()
                save = downloads.buttons(("Save picture", "Save JSON", "Save CSV"))
                maps = _maps()
                cards = gr.HTML(padding=False)
    found = gr.State(None, time_to_live=_FORGET)

    def analyse(path: str | None, model: str, detector: str, maps: str) -> list[Any]:
        return analyse_file(choice.recognizer(model, detector), path, maps)

    outputs = [said, result, annotated, *save.values(), cards, found]
    quietly: dict[str, Any] = {"api_visibility": "private", "show_progress": "minimal"}
    events = [upload.change, *(each.change for each in choice.inputs)]
    gr.on(events, analyse, [upload, *choice.inputs, maps], outputs, **quietly)
    maps.change(gallery, [found, maps], cards, **quietly)


def _upload() -> gr.Image:
    picture = gr.Image(
        sources=["upload", "clipboard"],
        type="filepath",
        image_mode=None,
        show_label=False,
        elem_id="upload",
        buttons=[],
        placeholder=words.PHOTO_PLACEHOLDER,
        height=340,
    )
    # Gradio would open the file itself and fail without a word where it is no picture. (A
    # subclass would do as well, but Gradio writes a .pyi file beside every subclass.)
    picture.preprocess = _path_of  # type: ignore[method-assign, assignment]
    return picture


def _path_of(uploaded: ImageData | None) -> str | None:
    return uploaded.path if uploaded else None


def _examples(upload: gr.Image, examples: Mapping[str, Path]) -> None:
    # Buttons, because the thumbnails of `gr.Examples` have no name for a screen reader.
    with gr.Row(elem_classes="examples"):
        for name, path in examples.items():
            button = gr.Button(name, icon=path, size="md", min_width=120)
            button.click(partial(str, path), None, upload, api_visibility="private")


def _annotated() -> gr.Image:
    return gr.Image(
        interactive=False,
        show_label=False,
        elem_id="annotated",
        buttons=["fullscreen"],
        alt_text="Your picture with a frame and a label on every face",
    )


def _maps() -> gr.Dropdown:
    return gr.Dropdown(
        [MAPS_OFF, MAPS_SHOWN, *LABELS],
        value=MAPS_OFF,
        label="Show the evidence for",
        elem_id="maps",
        filterable=False,
    )


def analyse_file(recognizer: Recognizer, path: str | None, maps: str) -> list[Any]:
    """Values of the tab's outputs for the picture in ``path``; an error becomes a sentence."""
    if path is None:
        return _nothing(parts.note(words.PHOTO_EMPTY))
    name = Path(path).name
    try:
        rgb = read_image(path)
        faces = recognizer(rgb, maps=True)
        if len(faces) == 0:
            return _nothing(parts.note(words.NO_FACE_PHOTO))
        files = save_results(name, draw_faces(rgb, faces), faces)
    except UserError as error:
        return _nothing(parts.note(str(error).replace(path, name), role="alert"))
    except Exception:
        log.exception("A picture could not be analysed.")
        return _nothing(parts.note(words.PHOTO_FAILED, role="alert"))
    found = portraits(rgb, faces)
    return [
        gr.HTML(visible=False),
        gr.Column(visible=True),
        *files[:1],
        *files,
        gallery(found, maps),
        found,
    ]


def _nothing(said: str) -> list[Any]:
    """Values of the tab's outputs when there is only something to say."""
    return [gr.HTML(said, visible=True), gr.Column(visible=False), *[None] * 4, "", None]


def _csv(records: Sequence[dict[str, Any]]) -> str:
    """One line per face."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(("file", *CSV_COLUMNS))
    table.writerows([record["file"], *csv_cells(record)] for record in records)
    return text.getvalue()
