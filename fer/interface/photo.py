"""The Photo tab: every face of one picture, with probabilities, activation maps and downloads."""

import csv
import io
import json
import logging
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import gradio as gr
import numpy as np
from gradio.utils import get_upload_folder
from numpy.typing import NDArray
from PIL import Image

from fer.errors import UserError
from fer.interface import parts, words
from fer.labels import LABELS
from fer.vision.draw import draw_faces, overlay_map
from fer.vision.faces import Faces
from fer.vision.image_io import read_image
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
    """

    faces: Faces
    crops: Sequence[NDArray[np.uint8]]


def portraits(rgb: NDArray[np.uint8], faces: Faces) -> Portraits:
    """Cut every face of ``rgb`` ``(h, w, 3)`` out as a thumbnail."""
    crops = []
    for x0, y0, x1, y1 in faces.boxes.tolist():
        scale = _THUMBNAIL / max(x1 - x0, y1 - y0, 1)
        size = (max(1, round(scale * (x1 - x0))), max(1, round(scale * (y1 - y0))))
        area = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
        crops.append(np.asarray(cv2.resize(rgb[y0:y1, x0:x1], size, interpolation=area), np.uint8))
    return Portraits(faces, crops)


def gallery(found: Portraits | None, maps: str) -> str:
    """The cards of ``found``; with ``maps`` on, each shows where the evidence for a label lies."""
    if found is None or len(found.faces) == 0:
        return ""
    faces = found.faces
    if maps == MAPS_OFF or faces.maps is None:
        return parts.face_cards(faces, found.crops, [""] * len(faces))
    labels = faces.labels if maps == MAPS_SHOWN else [maps] * len(faces)
    heated = [
        overlay_map(crop, _whole(crop), activation[LABELS.index(label)])
        for crop, activation, label in zip(found.crops, faces.maps, labels, strict=True)
    ]
    return parts.face_cards(faces, heated, [f"evidence for {label}" for label in labels])


def save_results(name: str, annotated: NDArray[np.uint8], faces: Faces) -> tuple[str, str, str]:
    """Write the annotated picture, JSON and CSV where Gradio forgets them; the three paths.

    The records are those of ``python -m fer predict``.
    """
    folder = Path(tempfile.mkdtemp(dir=_cache()))
    stem = Path(name).stem
    picture, as_json, as_csv = (
        folder / f"{stem}-{ending}" for ending in ("faces.jpg", "faces.json", "faces.csv")
    )
    Image.fromarray(annotated).save(picture, quality=92)
    records = [{"file": name, **record} for record in faces.records()]
    as_json.write_text(json.dumps(records, indent=2), encoding="utf-8")
    as_csv.write_text(_csv(records), encoding="utf-8")
    return str(picture), str(as_json), str(as_csv)


def photo_tab(recognizers: Mapping[str, Recognizer], model: gr.Radio, examples: list[Path]) -> None:
    """Build the tab's content inside the current `gr.Tab`.

    Args:
        recognizers: by the name that ``model`` holds.
        model: the visitor's choice.
        examples: pictures to try.
    """
    with gr.Row(elem_classes="sheet"):
        with gr.Column(scale=2, min_width=300):
            upload = _upload()
            gr.Examples(
                [str(path) for path in examples],
                upload,
                label="Or try one of these",
                cache_examples=False,
                api_visibility="private",
            )
        with gr.Column(scale=3, min_width=320):
            said = gr.HTML(parts.note(words.PHOTO_EMPTY), padding=False)
            annotated = gr.Image(
                visible=False,
                interactive=False,
                show_label=False,
                elem_id="annotated",
                buttons=["fullscreen"],
                alt_text="Your picture with a frame and a label on every face",
            )
            downloads = _downloads()
    with gr.Column(visible=False, elem_id="gallery") as section:
        with gr.Row(elem_classes="head"):
            count = gr.HTML(padding=False)
            maps = gr.Dropdown(
                [MAPS_OFF, MAPS_SHOWN, *LABELS],
                value=MAPS_OFF,
                label="Mark where the evidence lies for",
                elem_id="maps",
                filterable=False,
            )
        cards = gr.HTML(padding=False)
    found = gr.State(None, time_to_live=_FORGET)

    def analyse(path: str | None, name: str, maps: str) -> list[Any]:
        return _analyse(recognizers[name], path, maps)

    outputs = [said, annotated, *downloads, section, count, cards, found]
    quietly: dict[str, Any] = {"api_visibility": "private", "show_progress": "minimal"}
    gr.on([upload.change, model.change], analyse, [upload, model, maps], outputs, **quietly)
    maps.change(gallery, [found, maps], cards, **quietly)


def _upload() -> gr.Image:
    # A path and no mode: `read_image` knows more kinds of pictures than Gradio does.
    return gr.Image(
        sources=["upload", "clipboard"],
        type="filepath",
        image_mode=None,
        show_label=False,
        elem_id="upload",
        buttons=[],
        height=360,
    )


def _downloads() -> list[gr.DownloadButton]:
    with gr.Row(elem_classes="downloads"):
        return [
            gr.DownloadButton(label, visible=False, size="md", min_width=80)
            for label in ("Save picture", "Save JSON", "Save CSV")
        ]


def _analyse(recognizer: Recognizer, path: str | None, maps: str) -> list[Any]:
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
        return _nothing(parts.note(str(error).replace(path, name), alarm=True))
    except Exception:
        log.exception("A picture could not be analysed.")
        return _nothing(parts.note(words.PHOTO_FAILED, alarm=True))
    found = portraits(rgb, faces)
    return [
        gr.HTML(visible=False),
        gr.Image(files[0], visible=True),
        *(gr.DownloadButton(value=file, visible=True) for file in files),
        gr.Column(visible=True),
        parts.count(faces),
        gallery(found, maps),
        found,
    ]


def _nothing(said: str) -> list[Any]:
    """Values of the tab's outputs when there is only something to say."""
    hidden = [gr.DownloadButton(visible=False) for _ in range(3)]
    return [
        gr.HTML(said, visible=True),
        gr.Image(None, visible=False),
        *hidden,
        gr.Column(visible=False),
        "",
        "",
        None,
    ]


def _csv(records: Sequence[dict[str, Any]]) -> str:
    """One line per face: file, corners of the box, label, confidence, seven probabilities."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["file", "x0", "y0", "x1", "y1", "label", "confidence", *LABELS])
    for record in records:
        writer.writerow(
            [
                record["file"],
                *record["box"],
                record["label"],
                record["confidence"],
                *record["probabilities"].values(),
            ]
        )
    return text.getvalue()


def _whole(crop: NDArray[np.uint8]) -> NDArray[np.int32]:
    height, width = crop.shape[:2]
    return np.array([0, 0, width, height], np.int32)


def _cache() -> Path:
    """Gradio's own folder, whose files `delete_cache` removes."""
    folder = Path(get_upload_folder())
    folder.mkdir(parents=True, exist_ok=True)
    return folder
