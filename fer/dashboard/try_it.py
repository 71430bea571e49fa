"""Page 6: a picture of one's own."""

from pathlib import Path
from tempfile import TemporaryDirectory

import cv2
import numpy as np
import streamlit as st
from numpy.typing import NDArray

from fer import plots
from fer.bundle import MODEL_ONNX, SPEC
from fer.dashboard import parts
from fer.dashboard.files import Identity, identity
from fer.dashboard.state import Context
from fer.errors import UserError
from fer.labels import LABELS, UNSURE
from fer.look.words import CAUTION, NO_FACE_PHOTO, percent
from fer.vision.draw import draw_faces, overlay_map
from fer.vision.faces import Faces
from fer.vision.image import read_image
from fer.vision.recognize import Recognizer

MAX_MEGABYTES = 10
_SHOWN_FACES = 12
_SHOWN_PIXELS = 1600


def show(context: Context) -> None:
    """Draw the page."""
    parts.heading("Try it", "Your picture is analysed here and forgotten; nothing is kept.")
    uploaded = st.file_uploader(
        "A picture with faces", ["jpg", "jpeg", "png", "webp", "bmp"], key="picture",
        max_upload_size=MAX_MEGABYTES,
    )  # fmt: skip
    if uploaded is None:
        parts.note(CAUTION)
        return
    with parts.mending():
        _answer(context, uploaded.getvalue(), uploaded.name)


def _answer(context: Context, content: bytes, name: str) -> None:
    bundle = context.bundle
    recognizer = _recognizer(identity(bundle / SPEC), identity(bundle / MODEL_ONNX))
    rgb = _decode(content, name)
    faces = recognizer(rgb, maps=True)
    if not len(faces):
        st.image(_shown(rgb))
        parts.note(NO_FACE_PHOTO)
        return
    st.image(_shown(draw_faces(rgb, faces)), alt=f"{len(faces)} faces with their labels")
    count = "1 face" if len(faces) == 1 else f"{len(faces)} faces, largest first"
    parts.note(
        f"{count}. A frame is the very square that was classified; below "
        f"{percent(faces.unsure_below)} the answer is “{UNSURE}”."
    )
    heat = st.toggle("Show where the evidence lies", key="evidence", bind="query-params")
    if heat:
        parts.note(
            "Bright places speak for the label that is shown (class activation map). They say "
            "where the model looked, not that it was right."
        )
    for i in range(min(len(faces), _SHOWN_FACES)):
        _face(rgb, faces, i, heat)
    if len(faces) > _SHOWN_FACES:
        parts.note(f"The {_SHOWN_FACES} largest faces are shown one by one.")


def _face(rgb: NDArray[np.uint8], faces: Faces, i: int, heat: bool) -> None:
    picture = rgb
    if heat and faces.maps is not None:
        picture = overlay_map(rgb, faces.boxes[i], faces.maps[i, int(faces.probs[i].argmax())])
    x0, y0, x1, y1 = (int(value) for value in faces.boxes[i])
    left, right = st.columns([1, 2], vertical_alignment="center")
    with left:
        st.image(_shown(picture[y0:y1, x0:x1]), width=220, alt=f"face {i + 1}")
    with right:
        answer = LABELS[int(faces.probs[i].argmax())]
        shown = faces.labels[i]
        parts.chart(
            plots.probabilities(faces.probs[i], faces.unsure_below),
            f"face-{i + 1}",
            f"Face {i + 1}: {shown}"
            + (f" (its best guess is {answer})" if shown == UNSURE else "")
            + f", {percent(float(faces.confidences[i]))} for {answer}.",
        )


def _shown(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """``rgb``, reduced to what a screen can show."""
    factor = _SHOWN_PIXELS / max(rgb.shape[:2])
    if factor >= 1:
        return rgb
    size = (max(1, round(rgb.shape[1] * factor)), max(1, round(rgb.shape[0] * factor)))
    return np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.uint8)


def _decode(content: bytes, name: str) -> NDArray[np.uint8]:
    # The one reader of pictures takes a path; the copy is gone before the answer is drawn.
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"picture{Path(name).suffix.lower()}"
        path.write_bytes(content)
        try:
            return read_image(path)
        except UserError as error:
            raise UserError(str(error).replace(str(path), name)) from error


@st.cache_resource(show_spinner="Opening the model …", max_entries=4)
def _recognizer(spec: Identity, model: Identity) -> Recognizer:
    """Opened once for as long as the bundle's files stay as they are."""
    return Recognizer.open(Path(model[0]).parent)
