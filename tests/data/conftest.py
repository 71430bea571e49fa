"""A dataset folder for the tests of this room."""

from pathlib import Path

import pytest

from fer.labels import LABELS
from tests.support.fer2013_forms import natural_face, save_image


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """Three images of every label in train, and nothing to find fault with."""
    data = tmp_path / "data"
    for row in range(21):
        name = f"{row:05d}.png"
        save_image(data / "images" / "train" / LABELS[row % 7] / name, natural_face(row))
    return data
