"""A picture of one's own on the dashboard."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from fer.labels import LABELS
from fer.look import kit, words
from fer.vision.image import MAX_MEGAPIXELS
from tests.support.dashboard_pages import html, problems


@pytest.mark.parametrize(
    ("content", "sentence"),
    [(b"no picture", "face.jpg is not a picture"), (b"", "face.jpg is empty")],
)
def test_a_broken_upload_gets_a_sentence(visit, site, content, sentence):
    app = visit("try", "--weights", site / "weights")
    app.file_uploader(key="picture").upload("face.jpg", content, "image/jpeg").run()
    assert not app.exception
    assert sentence in problems(app)


def test_who_starts_is_told_what_happens_to_the_picture_and_what_it_is_for(visit, site):
    said = html(visit("try", "--weights", site / "weights"))
    assert words.TRY_IT in said and kit.uses() in said
    assert f"{MAX_MEGAPIXELS} megapixels" in words.TRY_IT


def upload(app: AppTest, name: str, content: bytes) -> AppTest:
    return app.file_uploader(key="picture").upload(name, content, "image/png").run()


def png(pixels: np.ndarray) -> bytes:
    buffer = BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


def test_an_uploaded_picture_gets_an_answer(visit, site):
    from skimage.data import astronaut

    app = visit("try", "--weights", site / "weights", show="evidence")
    app = upload(app, "astronaut.png", png(astronaut()))
    assert not app.exception
    assert problems(app) == ""
    assert "1 face" in html(app)
    made_by = html(app).split("astronaut.png")[1]
    assert "original labels" in made_by
    assert "haar" in made_by or "yunet" in made_by.lower()
    assert all(f"<span>{label}</span>" in html(app) for label in LABELS)


def test_an_example_shows_what_the_page_does(visit, site):
    app = visit("try", "--weights", site / "weights")
    app.pills(key="example").select("Astronaut").run()
    assert not app.exception
    assert "1 face" in html(app) and "astronaut.jpg" in html(app)


@pytest.mark.parametrize("shape", [(120, 200), (1, 20000), (20000, 1), (1, 1)])
def test_a_picture_without_a_face_says_so(visit, site, shape):
    app = visit("try", "--weights", site / "weights")
    app = upload(app, "grey.png", png(np.full((*shape, 3), 128, np.uint8)))
    assert not app.exception
    assert "No face found" in html(app)
