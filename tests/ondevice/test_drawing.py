"""Labels on a picture stand in the same places, whoever draws them: the page or Python."""

from dataclasses import dataclass

import numpy as np
import pytest

from fer.labels import LABELS, UNSURE
from fer.vision.placing import Words, plate
from fer.wording import percent
from tests.support.browser import open_page

WIDTH, HEIGHT, SIZE = 640, 480, 15
"""A picture shown pixel for pixel, and the page's font size in pixels of the screen."""

DRAW = """async ({faces, width, height}) => {
  const { drawFaces } = await import("./src/draw.js");
  await document.fonts.load("600 15px Figtree");
  const overlay = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  Object.assign(overlay.style, {position: "fixed", width: `${width}px`, height: `${height}px`});
  document.body.append(overlay);
  drawFaces(overlay, faces, width, height, false);
  const drawn = [...overlay.querySelectorAll("g")].map((group) => {
    const plate = group.querySelectorAll("rect")[2];
    const at = ["x", "y", "width", "height"].map((name) => Number(plate.getAttribute(name)));
    return { text: group.querySelector("text").textContent, at };
  });
  overlay.remove();
  return drawn;
}"""


@dataclass(frozen=True)
class Face:
    box: tuple[float, float, float, float]
    label: str
    confidence: float
    guess: str

    def on_the_page(self) -> dict:
        return {
            "box": list(self.box), "label": self.label, "confidence": self.confidence,
            "bestGuess": self.guess, "quality": "good",
        }  # fmt: skip


def some_faces(random: np.random.Generator, count: int) -> list[Face]:
    """Faces of every size, some over each other, some beyond the picture's edge."""
    faces = []
    for _ in range(count):
        side = random.uniform(20, 600 / np.sqrt(count))
        x, y = random.uniform(-side / 4, WIDTH - side), random.uniform(-side / 4, HEIGHT - side)
        guess = str(random.choice(LABELS))
        label = UNSURE if random.random() < 0.3 else guess
        faces.append(Face((x, y, x + side, y + side), label, random.uniform(0.2, 1.0), guess))
    return faces


def plates(faces: list[Face]) -> list[tuple[str, list[float]]]:
    """Texts and places as Python chooses them."""
    found, taken = [], []
    for i, face in enumerate(faces):
        unsure = face.label == UNSURE
        words = Words(
            str(i + 1) if len(faces) > 1 else "",
            face.label,
            "" if unsure else percent(face.confidence),
            face.guess if unsure else "",
        )
        others = [other.box for other in faces if other is not face]
        placed = plate(words, face.box, SIZE, (WIDTH, HEIGHT), [*others, *taken])
        taken.append(placed.box)
        left, top, right, bottom = placed.box
        found.append((placed.text, [left, top, right - left, bottom - top]))
    return found


@pytest.mark.parametrize("count", [1, 2, 5, 12])
def test_labels_stand_in_the_same_places(chromium, address, count):
    random = np.random.default_rng(count)
    scenes = [some_faces(random, count) for _ in range(60 // count)]
    visitor = open_page(chromium, address, 1366, 900)
    alike = []
    for faces in scenes:
        picture = {"width": WIDTH, "height": HEIGHT}
        drawn = visitor.page.evaluate(
            DRAW, {"faces": [face.on_the_page() for face in faces], **picture}
        )
        for (text, place), there in zip(plates(faces), drawn, strict=True):
            alike.append(text == there["text"] and np.allclose(place, there["at"], atol=1.5))
    visitor.close()
    # A text that has room by a hair in one may not have it in the other, which measure by pixels.
    assert np.mean(alike) >= 0.95, f"{len(alike) - sum(alike)} of {len(alike)} stand elsewhere"
