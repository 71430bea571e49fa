"""Recognisers that answer every picture alike, for tests of what the app makes of it."""

from pathlib import Path

import numpy as np

from fer.app import photo_result
from fer.labels import LABELS
from fer.spec import ModelSpec
from fer.vision.detection import Detections
from fer.vision.faces import Faces

FRAME = np.full((48, 64, 3), 90, np.uint8)


def some_faces(count, unsure_below=0.0, label="sad"):
    boxes = np.array([[4 * i, 3 * i, 4 * i + 20, 3 * i + 30] for i in range(count)], np.int32)
    probs = np.full((count, 7), 0.1, np.float32)
    probs[:, LABELS.index(label)] = 0.4
    maps = np.ones((count, 7, 3, 3), np.float32)
    return Faces(boxes.reshape(-1, 4), probs, maps, unsure_below=unsure_below)


class Blind:
    """A detector that finds nothing."""

    name = "yunet"

    def __call__(self, rgb, working_size=None):
        return Detections.empty()


class Answers:
    """A recogniser that answers every picture with the same."""

    detector = Blind()

    def __init__(self, answer, unsure_below=0.0):
        self.answer, self.seen = answer, []
        self.spec = ModelSpec("toy", "toy weights", unsure_below=unsure_below)

    def __call__(self, image, **options):
        self.seen.append(image)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    def classify(self, rgb, found, **options):
        return self(rgb)


def found(faces, path="me.png"):
    """What the photo tab knows of a picture with ``faces``."""
    crops = tuple(np.full((9, 9, 3), 10, np.uint8) for _ in range(len(faces)))
    heated = tuple(np.full((9, 9, 3), 200, np.uint8) for _ in range(len(faces)))
    good = ("good",) * len(faces)
    return photo_result.Photo(Path(path), ("toy", "haar"), faces, crops, heated, good)
