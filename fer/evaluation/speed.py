"""How long a frame takes, part by part and as a whole, on scenes that are always the same."""

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from timeit import repeat
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from fer.bundle import Bundle
from fer.errors import UserError
from fer.evaluation.scenes import COUNTS, SIZES, Scene, make_scene
from fer.paths import ASTRONAUT, REPOSITORY
from fer.vision.draw import draw_faces, svg_overlay
from fer.vision.framing import crop_faces, frame_squares, tilts
from fer.vision.recognize import Recognizer
from fer.vision.stream import Stream, recognize_next
from fer.vision.track import Tracker

ROUNDS = 30
_FRAME_RATE = 10.0  # of the simulated stream, as in the app
_BATCH = 64

_COLD_START = """
import time
begin = time.perf_counter()
import sys
import fer
fer.load(sys.argv[1], sys.argv[2])(sys.argv[3])
seconds = time.perf_counter() - begin
import json, resource
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"seconds": seconds, "peak_memory_mb": peak}))
"""


@dataclass(frozen=True)
class Spread:
    """Median and 95th percentile of some runs, in milliseconds."""

    median: float
    p95: float

    @classmethod
    def of(cls, milliseconds: Sequence[float] | NDArray[np.floating]) -> "Spread":
        """The spread of single runs."""
        return cls(float(np.median(milliseconds)), float(np.percentile(milliseconds, 95)))


@dataclass(frozen=True)
class SceneSpeed:
    """One scene.

    Attributes:
        width: of the scene in pixels.
        height: of the scene in pixels.
        faces: how many there are in it.
        found: how many of them were found in a single photo.
        false_boxes: boxes in that photo that are on no face.
        milliseconds: by part. ``detect``, ``crop``, ``classify`` and ``draw`` are those of a
            single photo, ``photo`` is all of them; ``stream`` is a frame among others: faces
            followed, and drawn as the app's overlay.
    """

    width: int
    height: int
    faces: int
    found: int
    false_boxes: int
    milliseconds: dict[str, Spread]


@dataclass(frozen=True)
class SpeedReport:
    """What ``python -m fer bench`` measures.

    Attributes:
        weights: name of the bundle.
        detector: name of the detector.
        scenes: one entry per scene.
        faces_per_second: classified in batches of 64, one thread, network alone.
        cold_start_seconds: in a new process, from before the first import to the first answer.
        peak_memory_mb: of that process, in MiB.
    """

    weights: str
    detector: str
    scenes: tuple[SceneSpeed, ...]
    faces_per_second: float
    cold_start_seconds: float
    peak_memory_mb: float


def measure_speed(bundle: Bundle | str | Path, detector: str, rounds: int = ROUNDS) -> SpeedReport:
    """Measure ``bundle`` with ``detector`` on every scene; only an idle machine gives good figures.

    Raises:
        UserError: if either cannot be opened.
    """
    bundle = Bundle.open(bundle)
    recognizer = Recognizer.open(bundle.folder, detector)
    cold = cold_start(bundle.folder, recognizer.detector.name)
    plan = [(*size, faces) for size in SIZES for faces in COUNTS]
    scenes = tuple(
        time_scene(recognizer, make_scene(*scene), rounds)
        for scene in tqdm(plan, desc="Scenes", disable=None)
    )
    return SpeedReport(
        weights=recognizer.spec.name,
        detector=recognizer.detector.name,
        scenes=scenes,
        faces_per_second=_faces_per_second(recognizer, rounds),
        cold_start_seconds=cold["seconds"],
        peak_memory_mb=cold["peak_memory_mb"],
    )


def time_scene(recognizer: Recognizer, scene: Scene, rounds: int) -> SceneSpeed:
    """Time every part of a frame on ``scene``, ``rounds`` times after a warm-up."""
    rgb, spec = scene.rgb, recognizer.spec
    height, width = rgb.shape[:2]
    found = recognizer.detector(rgb)
    squares = frame_squares(found.boxes, spec.framing_for(recognizer.detector.name))
    angles = tilts(found.landmarks, len(found))

    def cut() -> NDArray[np.float32]:
        gray = np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), np.uint8)
        return crop_faces(gray, squares, spec.input_size, angles)

    crops, faces = cut(), recognizer(rgb)
    parts: dict[str, Callable[[], Any]] = {
        "detect": lambda: recognizer.detector(rgb),
        "crop": cut,
        "classify": lambda: recognizer.classifier(crops) if len(crops) else None,
        "draw": lambda: draw_faces(rgb, faces),
        "photo": lambda: draw_faces(rgb, recognizer(rgb)),
    }
    milliseconds = {name: Spread.of(times_of(call, rounds)) for name, call in parts.items()}
    milliseconds["stream"] = Spread.of(_stream_times(recognizer, rgb, rounds))
    hits, wrong = scene.found(faces.boxes)
    return SceneSpeed(width, height, len(scene.faces), hits, wrong, milliseconds)


def cold_start(bundle: Path, detector: str) -> dict[str, float]:
    """Seconds from the first import to the first answer in a new process, and its memory.

    Raises:
        UserError: if that process fails; says what it said last.
    """
    command = [sys.executable, "-c", _COLD_START, str(bundle.resolve()), detector, str(ASTRONAUT)]
    process = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    if process.returncode:
        last = (process.stderr.strip().splitlines() or ["no message"])[-1]
        raise UserError(f"A new process could not recognise {ASTRONAUT}: {last}.")
    return dict(json.loads(process.stdout))


def times_of(call: Callable[[], Any], rounds: int, warm_up: int = 3) -> NDArray[np.float64]:
    """Milliseconds of ``rounds`` calls by the wall clock, ``(rounds,)``, after a warm-up."""
    return 1000 * np.array(repeat(call, number=1, repeat=warm_up + rounds)[warm_up:])


def _stream_times(
    recognizer: Recognizer, rgb: NDArray[np.uint8], rounds: int
) -> NDArray[np.float64]:
    """Frames of a stream at the app's rate, whole searches included as often as they happen."""
    height, width = rgb.shape[:2]
    tracker, stream, frames = Tracker(), Stream(), count(start=1)

    def follow() -> None:
        nonlocal stream
        now = next(frames) / _FRAME_RATE
        stream, faces = recognize_next(recognizer, tracker, stream, rgb, now)
        svg_overlay(faces, width, height)

    return times_of(follow, rounds)


def _faces_per_second(recognizer: Recognizer, rounds: int) -> float:
    size = recognizer.spec.input_size
    crops = np.random.default_rng(0).uniform(0, 255, (_BATCH, size, size, 1)).astype(np.float32)
    milliseconds = np.median(times_of(lambda: recognizer.classifier(crops), max(3, rounds // 5)))
    return float(1000 * _BATCH / milliseconds)
