"""In a real browser the page answers what Python answers: its canvas, its worker, its files."""

import base64
import io

import pytest
from PIL import Image

import fer
from fer.evaluation.scenes import make_scene
from fer.paths import EXAMPLE_PICTURES
from fer.vision.image import read_image
from tests.ondevice.test_parity import differences_of
from tests.support.browser import open_page

ANSWER = """async ({ model, pictures }) => {
  const { Engine } = await import("./src/engine.js");
  const engine = new Engine();
  await engine.open(model);
  const answers = [];
  for (const png of pictures) {
    const bytes = Uint8Array.from(atob(png), (letter) => letter.charCodeAt(0));
    const bitmap = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
    const { faces } = await engine.recognize(bitmap);
    answers.push(faces.map(({ box, probabilities: p }) => ({ box, probabilities: [...p] })));
  }
  engine.worker.terminate();
  return answers;
}"""


def _png(rgb) -> str:
    """A picture in a form that every decoder reads to the same pixels."""
    file = io.BytesIO()
    Image.fromarray(rgb).save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["fer", "fer-consensus", "fer-nano"])
def test_the_example_pictures(chromium, address, name):
    recognizer = fer.load(name, "yunet")
    pictures = [read_image(path) for path in EXAMPLE_PICTURES.values()]
    pictures.append(make_scene(640, 480, 4).rgb)
    visitor = open_page(chromium, address, 1366, 900)
    found = visitor.page.evaluate(
        ANSWER, {"model": name, "pictures": [_png(rgb) for rgb in pictures]}
    )
    visitor.close()
    differences = [
        difference
        for rgb, theirs in zip(pictures, found, strict=True)
        for difference in differences_of(theirs, recognizer(rgb))
    ]
    assert len(differences) >= 14  # the comparison is of something
    assert max(differences) < 0.01
