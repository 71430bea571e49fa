"""Page 6: a picture of one's own."""

from pathlib import Path

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from fer.bundle import ONNX, SPEC
from fer.dashboard import look, parts, state
from fer.dashboard.address import bar
from fer.dashboard.files import Identity, identity
from fer.dashboard.state import Site
from fer.look import kit
from fer.look.words import ADVICE, CAUTION, EXAMPLES, NO_FACE_PHOTO, TRY_IT, made_by
from fer.paths import EXAMPLE_PICTURES
from fer.vision.detectors import TITLES
from fer.vision.draw import draw_faces, enlarged
from fer.vision.faces import Faces
from fer.vision.heat import heat_up, seen_part
from fer.vision.image import read_image
from fer.vision.quality import face_quality
from fer.vision.recognize import Recognizer
from fer.vision.thumbnail import face_thumbnail, thumbnail
from fer.wording import count

MAX_MEGABYTES = 10
SUFFIXES = ["jpg", "jpeg", "png", "webp", "gif", "bmp", "tif", "tiff", "avif"]
"""Of `fer.pictures.SUFFIXES`, those that can be read and that people have."""
_SHOWN_FACES = 12
_SHOWN_PIXELS = 1600
_FACE_PIXELS = 220
_SHOW = {"": "The faces", "evidence": "What it looked at"}


def show(site: Site) -> None:
    """Draw the page."""
    with look.head("Try it"):
        context = state.choose(site, measured=False)
    parts.note(TRY_IT)
    st.html(kit.uses())
    uploaded = st.file_uploader(
        "A picture with faces", SUFFIXES, key="picture", max_upload_size=MAX_MEGABYTES
    )
    example = None if uploaded else st.pills(EXAMPLES, list(EXAMPLE_PICTURES), key="example")
    if uploaded:
        picture, name = uploaded.getvalue(), uploaded.name
    elif example:
        path = EXAMPLE_PICTURES[example]
        picture, name = path.read_bytes(), path.name
    else:
        parts.note(CAUTION)
        return
    with parts.mending():
        bundle = context.bundle
        recognizer = _recognizer(identity(bundle.path(SPEC)), identity(bundle.path(ONNX)))
        rgb = read_image(picture, name)
        _answer(rgb, recognizer(rgb, maps=True))
        parts.note(made_by(context.title, TITLES[recognizer.detector.name], name))


def _answer(rgb: NDArray[np.uint8], faces: Faces) -> None:
    if not len(faces):
        _picture(rgb, "no face")
        parts.note(NO_FACE_PHOTO)
        return
    heat = bool(bar("Show", _SHOW, "show"))
    left, right = st.columns(2, gap="medium")
    qualities = face_quality(rgb, faces)
    with left:
        marked = draw_faces(*enlarged(rgb, faces), qualities=qualities)
        _picture(marked, f"{count(len(faces), 'face')} with their labels")
        if heat:
            parts.note(
                "Bright places spoke for the label: where the model looked, not that it was right."
            )
    with right:
        for i in range(min(len(faces), _SHOWN_FACES)):
            _face(rgb, faces, i, ADVICE.get(qualities[i], ""), heat)
        if len(faces) > _SHOWN_FACES:
            parts.note(f"The {_SHOWN_FACES} largest of {len(faces)} faces.")


def _picture(rgb: NDArray[np.uint8], alternative: str) -> None:
    st.html(
        f'<div class="fer-picture">{kit.picture(thumbnail(rgb, _SHOWN_PIXELS), alternative)}</div>'
    )


def _face(rgb: NDArray[np.uint8], faces: Faces, i: int, advice: str, heat: bool) -> None:
    picture = face_thumbnail(rgb, faces.boxes[i], _FACE_PIXELS)
    if heat and faces.maps is not None:
        part = seen_part(faces.boxes[i], rgb.shape[1], rgb.shape[0])
        strongest = float(faces.maps.max())  # one scale, so that faces compare
        picture = heat_up(picture, faces.maps[i, int(faces.probs[i].argmax())], part, strongest)
    number = f"<figcaption>face {i + 1}</figcaption>" if len(faces) > 1 else ""
    image = f"<figure>{kit.picture(picture, f'face {i + 1}')}{number}</figure>"
    answer = kit.answer(faces.labels[i], faces.probs[i], faces.unsure_below, advice)
    st.html(f'<div class="fer-face">{image}<div>{answer}</div></div>')


@st.cache_resource(show_spinner="Opening the model …", max_entries=4)
def _recognizer(spec: Identity, model: Identity) -> Recognizer:
    """Opened once for as long as the bundle's files stay as they are."""
    return Recognizer.open(Path(model[0]).parent)
