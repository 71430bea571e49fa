"""The page's code and Python give the same answers for the same pixels."""

import json
import subprocess
from pathlib import Path

import cv2
import numpy as np
import pytest

import fer
from fer.bundle import Bundle
from fer.evaluation.scenes import make_scene
from fer.paths import REPOSITORY
from fer.vision import yunet
from fer.vision.detection import STREAM_SIZE
from fer.vision.image import read_image
from fer.vision.track import Tracker, Tracks

_SCENES = 200
_FACE = (222.0, 120.0)  # the middle of the astronaut's
_FRAMES = 40


def _scenes() -> list[np.ndarray]:
    """Pictures with the astronaut: turned, enlarged, darkened, cut off, in many sizes."""
    random = np.random.default_rng(16)
    photo = read_image(REPOSITORY / "examples" / "astronaut.jpg")
    scenes = []
    for _ in range(_SCENES):
        width, height = int(random.integers(160, 420)), int(random.integers(120, 320))
        angle, scale = random.uniform(-50, 50), random.uniform(0.4, 1.8)
        turn = cv2.getRotationMatrix2D(_FACE, angle, scale)
        turn[:, 2] += random.uniform(0.2, 0.8, 2) * [width, height] - _FACE
        scene = cv2.warpAffine(photo, turn, (width, height), borderMode=cv2.BORDER_REFLECT)
        scenes.append((scene * random.uniform(0.4, 1.0)).astype(np.uint8))
    return scenes


def _answers(folder: Path, runtime: Path, bundle: Bundle, pictures, seconds) -> list:
    listed = []
    for i, (rgb, when) in enumerate(zip(pictures, seconds, strict=True)):
        alpha = np.full((*rgb.shape[:2], 1), 255, np.uint8)
        np.concatenate([rgb, alpha], axis=2).tofile(folder / f"{i}.rgba")
        listed.append(
            {"file": f"{i}.rgba", "width": rgb.shape[1], "height": rgb.shape[0], "seconds": when}
        )
    (folder / "list.json").write_text(json.dumps(listed))
    script = REPOSITORY / "browser" / "test" / "answers.js"
    command = ["node", script, runtime, yunet.model_path(), bundle.folder, folder]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def _differences(theirs: list, faces) -> list[float]:
    """Largest difference of a probability, face by face; boxes must be the same to a pixel."""
    assert len(theirs) == len(faces)
    largest = []
    for mine, other in zip(faces, theirs, strict=True):
        np.testing.assert_allclose(other["box"], mine.box, atol=1)
        expected = np.array(list(mine.probabilities.values()))
        largest.append(float(np.abs(expected - other["probabilities"]).max()))
    return largest


def _require_alike(differences: list[float]) -> None:
    """Nearly always the same to a hundredth.

    Two runtimes find a face a thousandth of a pixel apart. Where that lies at the half at which a
    square or an angle is rounded, a network in eight bits answers a little differently.
    """
    assert np.quantile(differences, 0.98) < 0.01
    assert max(differences) < 0.1


@pytest.mark.parametrize("name", ["fer", "fer-nano"])
def test_pictures(name, runtime, tmp_path):
    recognizer = fer.load(name, "yunet")
    pictures = [
        *(read_image(REPOSITORY / "examples" / f"{each}.jpg") for each in ("astronaut", "group")),
        make_scene(1280, 720, 16).rgb,
        *_scenes(),
    ]
    answers = _answers(tmp_path, runtime, Bundle.open(name), pictures, [None] * len(pictures))
    differences = []
    for rgb, theirs in zip(pictures, answers, strict=True):
        differences += _differences(theirs, recognizer(rgb))
    assert len(differences) > 150  # the comparison is of something
    _require_alike(differences[:10])  # the example pictures
    _require_alike(differences)


def test_a_video_is_followed_alike(runtime, tmp_path):
    photo = read_image(REPOSITORY / "examples" / "astronaut.jpg")
    frames = [np.roll(photo, round(60 * np.sin(i / 9)), axis=1)[:384] for i in range(_FRAMES)]
    seconds = [i / 10 for i in range(_FRAMES)]
    recognizer, tracker, tracks = fer.load("fer", "yunet"), Tracker(), Tracks()
    answers = _answers(tmp_path, runtime, Bundle.open("fer"), frames, seconds)
    differences = []
    for rgb, when, theirs in zip(frames, seconds, answers, strict=True):
        faces = recognizer(rgb, working_size=STREAM_SIZE)
        tracks, faces = tracker.update(tracks, faces, rgb, when)
        differences += _differences(theirs, faces)
        assert [face["id"] for face in theirs] == list(faces.ids)
    _require_alike(differences)
