"""What comes of a photo: its faces as HTML, and the files that visitors save."""

import csv
import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from fer.app.saving import new_folder
from fer.errors import UserError
from fer.files import free_path
from fer.labels import LABELS
from fer.look import kit, words
from fer.vision.draw import draw_faces, enlarged, svg_overlay
from fer.vision.faces import CSV_COLUMNS, Faces, csv_cells
from fer.vision.heat import heat_up, seen_part
from fer.vision.image import read_image
from fer.vision.quality import face_quality
from fer.vision.recognize import Recognizer
from fer.vision.thumbnail import face_thumbnail, thumbnail
from fer.wording import count

_SHOWN = 1280  # pixels of the picture on the page
_THUMBNAIL = 224  # pixels

CARDS = 100
"""Faces that get a card: each keeps two pictures in memory, and nobody reads on to the next."""


@dataclass(frozen=True)
class Photo:
    """What is kept of a visitor's photo: enough to draw its cards again, or files to save.

    Attributes:
        path: of the picture, for as long as Gradio keeps it.
        made_by: the names of the model and of the detector.
        faces: numbered from 1, with activation maps.
        crops: RGB pictures of the `CARDS` largest faces, each the box of one.
        heated: the same, with the evidence for their label as heat, all on one scale.
        qualities: one of `fer.vision.quality.QUALITIES` for each face.
    """

    path: Path
    made_by: tuple[str, str]
    faces: Faces
    crops: tuple[NDArray[np.uint8], ...]
    heated: tuple[NDArray[np.uint8], ...]
    qualities: tuple[str, ...]


def look_at(recognizer: Recognizer, path: Path) -> tuple[NDArray[np.uint8], Photo]:
    """The picture in ``path`` ``(h, w, 3)``, and what was found in it.

    Raises:
        UserError: if it cannot be read.
    """
    rgb = read_image(path)
    faces = recognizer(rgb, maps=True)
    faces = replace(faces, ids=np.arange(1, len(faces) + 1))
    boxes = faces.boxes[:CARDS]
    crops = [face_thumbnail(rgb, box, _THUMBNAIL, enlarge=True) for box in boxes]
    heated = _heated(rgb, faces, crops)
    made_by = recognizer.spec.name, recognizer.detector.name
    qualities = tuple(face_quality(rgb, faces))
    return rgb, Photo(path, made_by, faces, tuple(crops), tuple(heated), qualities)


def _heated(
    rgb: NDArray[np.uint8], faces: Faces, crops: list[NDArray[np.uint8]]
) -> list[NDArray[np.uint8]]:
    if faces.maps is None or len(faces) == 0:
        return crops
    height, width = rgb.shape[:2]
    strongest = float(faces.maps.max())
    return [
        heat_up(crop, maps[LABELS.index(label)], seen_part(box, width, height), strongest)
        for crop, maps, label, box in zip(
            crops, faces.maps, faces.best_guesses, faces.boxes, strict=False
        )
    ]


def shown_picture(rgb: NDArray[np.uint8], faces: Faces, qualities: tuple[str, ...] = ()) -> str:
    """The picture with its faces marked, as HTML."""
    rgb, faces = enlarged(rgb, faces)
    height, width = rgb.shape[:2]
    marks = svg_overlay(faces, width, height, qualities=qualities)
    drawn = kit.picture(thumbnail(rgb, _SHOWN), "Your picture")
    return f'<div class="shot" style="--ratio:{width / height:.4f}">{drawn}{marks}</div>'


def cards(photo: Photo | None, heat: bool) -> str:
    """A card for each of the `CARDS` largest faces: picture, label and seven probabilities.

    With ``heat``, pictures show where the evidence for the label lies.
    """
    if photo is None:
        return kit.note(words.FORGOTTEN, role="alert")
    faces, pictures = photo.faces, photo.heated if heat else photo.crops
    drawn = []
    each = zip(pictures, faces, faces.probs, photo.qualities, strict=False)
    for i, (picture, face, probs, quality) in enumerate(each, 1):
        said = kit.answer(face.label, probs, faces.unsure_below, words.ADVICE.get(quality, ""))
        caption = _caption(i, len(faces), f"evidence for {face.best_guess}" if heat else "")
        reveal = " reveal" if i == 1 else ""  # page.js brings the first answer into view
        drawn.append(
            f'<li class="face{reveal}" id="face-{i}" data-card="{i}">'
            f"<figure>{kit.picture(picture, f'Face {i}')}{caption}</figure>"
            f"<div>{said}</div></li>"
        )
    return f'<ol class="cards">{"".join(drawn)}</ol>'


def _caption(number: int, faces: int, evidence: str) -> str:
    said = [f"face {number}"] * (faces > 1) + [evidence] * bool(evidence)
    return f"<figcaption>{', '.join(said)}</figcaption>" if said else ""


def headline(photo: Photo, made_by: str) -> str:
    """How many faces were found, and by what."""
    found = count(len(photo.faces), "face")
    order = ", largest first" if len(photo.faces) > 1 else ""
    if len(photo.faces) > CARDS:
        order = f", the {CARDS} largest below; saved files have all"
    return f'<h2 class="count">{found}{order}</h2><p class="made-by">{kit.prose(made_by)}</p>'


def save_picture(photo: Photo | None) -> Path:
    """Write the picture with its faces marked."""
    photo, path = _file_of(photo, ".jpg")
    if not photo.path.exists():
        raise UserError(words.FORGOTTEN)
    rgb, faces = enlarged(read_image(photo.path), photo.faces)
    drawn = draw_faces(rgb, faces, qualities=photo.qualities)
    Image.fromarray(drawn).save(path, quality=92)
    return path


def save_json(photo: Photo | None) -> Path:
    """Write one record a face, as ``fer predict --json`` does, and what made them."""
    photo, path = _file_of(photo, ".json")
    model, detector = photo.made_by
    written = {"model": model, "detector": detector, "faces": _records(photo)}
    path.write_text(json.dumps(written, indent=2), encoding="utf-8")
    return path


def save_csv(photo: Photo | None) -> Path:
    """Write one line a face, as ``fer predict --csv`` does."""
    photo, path = _file_of(photo, ".csv")
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(("file", *CSV_COLUMNS))
        table.writerows([record["file"], *csv_cells(record)] for record in _records(photo))
    return path


def _file_of(photo: Photo | None, ending: str) -> tuple[Photo, Path]:
    if photo is None:
        raise UserError(words.FORGOTTEN)
    return photo, free_path(new_folder(), photo.path.stem, (ending,))


def _records(photo: Photo) -> list[dict[str, Any]]:
    return [{"file": photo.path.name, **record} for record in photo.faces.records()]
