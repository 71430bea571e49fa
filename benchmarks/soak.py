"""Thousands of frames through the webcam's path: memory and time must stay what they are.

Run from the repository root: ``python -m benchmarks.soak``; 10,000 frames take some minutes. The
face of the example photograph wanders through the frame, grows, shrinks, leaves and comes back.
"""

import argparse
import json
from dataclasses import asdict, dataclass
from time import perf_counter

import cv2
import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

import fer
from benchmarks.peer_worker import resident_megabytes
from fer.examples import ASTRONAUT
from fer.interface.webcam import Live, answer_frame
from fer.vision.image_io import read_image
from fer.vision.recognize import Recognizer

_WIDTH, _HEIGHT = 640, 480
_PERIOD = 97  # frames until the face comes back to where it was


@dataclass(frozen=True)
class Soak:
    """What `soak` saw.

    Attributes:
        frames: number of frames after the warm-up.
        faces: frames in which a face was shown.
        errors: frames that ended in a sentence instead of an answer.
        growth_mb: memory in use at the end, less that after the warm-up.
        first_ms: median milliseconds a frame in the first fifth...
        last_ms: ...and in the last.
    """

    frames: int
    faces: int
    errors: int
    growth_mb: float
    first_ms: float
    last_ms: float


def frame_at(photo: NDArray[np.uint8], index: int) -> NDArray[np.uint8]:
    """Frame ``index`` of the endless scene, ``(480, 640, 3)`` RGB."""
    phase = 2 * np.pi * index / _PERIOD
    scale = 0.8 + 0.3 * np.sin(phase)
    x = _WIDTH / 2 + 260 * np.cos(phase) - scale * 224
    y = _HEIGHT / 2 + 60 * np.sin(2 * phase) - scale * 119
    move = np.array([[scale, 0, x], [0, scale, y]])
    if index // _PERIOD % 5 == 4:  # nobody there
        return np.full((_HEIGHT, _WIDTH, 3), 90, np.uint8)
    moved = cv2.warpAffine(photo, move, (_WIDTH, _HEIGHT), borderValue=(90, 90, 90))
    return np.asarray(moved, np.uint8)


def soak(recognizer: Recognizer, frames: int, warm_up: int = 500) -> Soak:
    """Answer ``frames`` frames as the app does for one visitor, after ``warm_up`` others."""
    photo = read_image(ASTRONAUT)
    live, times = Live(), np.empty(frames)
    faces = errors = 0
    before = 0.0
    for i in tqdm(range(-warm_up, frames), desc="Soak", unit="frame", disable=None):
        if i == 0:
            before = resident_megabytes()
        frame = frame_at(photo, i + warm_up)
        begin = perf_counter()
        overlay, panel, live = answer_frame(recognizer, frame, live)
        if i >= 0:
            times[i] = 1000 * (perf_counter() - begin)
            faces += 'class="face"' in overlay
            errors += 'role="alert"' in panel
    fifth = max(1, frames // 5)
    return Soak(
        frames=frames,
        faces=faces,
        errors=errors,
        growth_mb=resident_megabytes() - before,
        first_ms=float(np.median(times[:fifth])),
        last_ms=float(np.median(times[-fifth:])),
    )


def main() -> None:
    """Run it and print what it saw."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--frames", type=int, default=10_000)
    parser.add_argument("--weights", default="fer")
    parser.add_argument("--detector", default="auto")
    options = parser.parse_args()
    report = soak(fer.load(options.weights, options.detector), options.frames)
    print(json.dumps(asdict(report), indent=2))


if __name__ == "__main__":
    main()
