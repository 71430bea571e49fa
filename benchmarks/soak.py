"""Thousands of frames through the webcam's path: memory and time must stay what they are.

Run from the repository root: ``python -m benchmarks.soak``; 10,000 frames take some minutes. The
face of the example photograph wanders through the frame, grows, shrinks, leaves and comes back.
"""

import argparse
import json
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from time import perf_counter

import cv2
import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

import fer
from benchmarks.peer_worker import resident_megabytes
from fer.app.webcam import Live, answer_frame
from fer.paths import ASTRONAUT
from fer.vision.image import read_image
from fer.vision.recognize import Recognizer

_WIDTH, _HEIGHT = 640, 480
VISITORS = 4
MOST_GROWTH = 20  # MB
MOST_SLOWER = 1.5
_PERIOD = 97  # frames until the face comes back to where it was


@dataclass(frozen=True)
class Soak:
    """What `soak` saw.

    Attributes:
        frames: number of frames after the warm-up.
        faces: frames in which a face was shown.
        errors: frames that ended in a sentence instead of an answer.
        growth_mb: memory in use at the end, less that after the warm-up.
        first_ms: median milliseconds a frame, all visitors together, in the first fifth...
        last_ms: ...and in the last.
    """

    frames: int
    faces: int
    errors: int
    growth_mb: float
    first_ms: float
    last_ms: float

    def problems(self) -> list[str]:
        """What should not be, in sentences; empty when all is well."""
        said = []
        if self.errors:
            said.append(f"{self.errors} frames ended in an error.")
        if self.growth_mb > MOST_GROWTH:
            said.append(f"Memory grew by {self.growth_mb:.0f} MB, more than {MOST_GROWTH}.")
        if self.last_ms > MOST_SLOWER * self.first_ms:
            said.append(f"A frame took {self.first_ms:.1f} ms at first, {self.last_ms:.1f} later.")
        return said


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


def soak(recognizer: Recognizer, frames: int, warm_up: int = 500, visitors: int = VISITORS) -> Soak:
    """Answer ``frames`` frames as the app does, after ``warm_up`` others.

    ``visitors`` watch at once, each at another place of the scene, in threads of their own.
    """
    photo = read_image(ASTRONAUT)
    rounds, first = frames // visitors, -(-warm_up // visitors)
    live, times = [Live() for _ in range(visitors)], np.empty(rounds)
    faces = errors = 0
    before = 0.0

    def answer(visitor: int, index: int) -> tuple[str, str, str, Live]:
        frame = frame_at(photo, index + visitor * _PERIOD // visitors)
        return answer_frame(recognizer, frame, live[visitor])

    with ThreadPoolExecutor(visitors) as pool:
        for i in tqdm(range(-first, rounds), desc="Soak", unit="round", disable=None):
            if i == 0:
                before = resident_megabytes()
            begin = perf_counter()
            answers = list(pool.map(answer, range(visitors), [i + first] * visitors))
            live = [state for *_, state in answers]
            if i >= 0:
                times[i] = 1000 * (perf_counter() - begin) / visitors
                faces += sum('class="face"' in overlay for overlay, *_ in answers)
                errors += sum('role="alert"' in panel for _, panel, *_ in answers)
    fifth = max(1, rounds // 5)
    return Soak(
        frames=rounds * visitors,
        faces=faces,
        errors=errors,
        growth_mb=resident_megabytes() - before,
        first_ms=float(np.median(times[:fifth])),
        last_ms=float(np.median(times[-fifth:])),
    )


def main() -> int:
    """Run it, print what it saw; exit status 1 if something grew."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--frames", type=int, default=10_000)
    parser.add_argument("--weights", default="fer")
    parser.add_argument("--detector", default="auto")
    options = parser.parse_args()
    report = soak(fer.load(options.weights, options.detector), options.frames)
    print(json.dumps(asdict(report), indent=2))
    for problem in report.problems():
        print(problem, file=sys.stderr)
    return 1 if report.problems() else 0


if __name__ == "__main__":
    sys.exit(main())
