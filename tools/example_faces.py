"""Draw the people of ``examples/``, who do not exist: seven with an expression each, and a clip.

``python tools/example_faces.py examples`` writes ``group.jpg`` and ``clip.mp4``.
"""

import argparse
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from face_drawing import NEUTRAL, Face, Person, draw
from numpy.typing import NDArray
from PIL import Image

# The directions are those of Ekman's Facial Action Coding System; the amounts were tried until the
# shipped models read them, so that their answers to these drawings prove nothing.
EXPRESSIONS: dict[str, Face] = {
    "angry": {
        "inner_brow": -1.1, "outer_brow": 0.75, "frown": 0.65, "lid": 0.35, "squint": 0.7,
        "lip_up": 0.75, "corner": -0.85, "wide": 0.2, "open": 0.25, "teeth": 1.1, "fold": 0.6,
        "forehead": 0.2,
    },
    "disgust": {
        "inner_brow": -0.95, "outer_brow": -0.45, "frown": 0.25, "lid": -0.95, "squint": 1.1,
        "wrinkle": 0.8, "lip_up": 1.1, "corner": -0.95, "wide": -0.25, "open": 0.4, "teeth": 0.8,
        "fold": 1, "forehead": 0.25,
    },
    "fear": {
        "inner_brow": 0.55, "outer_brow": -0.55, "frown": 0.15, "lid": 1.1, "wrinkle": 0.1,
        "lip_up": 0.2, "corner": 0.1, "wide": 1.1, "teeth": 0.25, "fold": 0.85, "forehead": 0.95,
    },
    "happy": {
        "inner_brow": 0.35, "outer_brow": 0.55, "frown": 0.25, "lid": -0.55, "squint": 0.8,
        "lip_up": 0.25, "corner": 1.1, "wide": 0.75, "open": 0.65, "teeth": 1.1, "fold": 1,
    },
    "sad": {
        "inner_brow": 1.1, "outer_brow": -0.55, "frown": 0.8, "lid": -0.85, "squint": 0.25,
        "lip_up": 0.25, "corner": -0.75, "wide": 0.25, "open": 0.25, "fold": 0.85,
    },
    "surprise": {
        "inner_brow": 1.1, "outer_brow": 1.1, "lid": 0.55, "wrinkle": 0.25, "lip_up": 0.2,
        "corner": -0.25, "wide": -0.95, "open": 1.05, "fold": 0, "forehead": 1.05,
    },
    "neutral": {
        "inner_brow": -0.25, "outer_brow": -0.1, "lid": -0.8, "squint": 0.2, "lip_up": 0.1,
        "wide": -0.15, "open": 0.1, "fold": 0,
    },
}  # fmt: skip


PEOPLE = {
    "angry": Person((226, 180, 150), (92, 56, 34), (64, 84, 108), (201, 208, 214), "short", 1.25),
    "disgust": Person(
        (240, 202, 176),
        (168, 112, 58),
        (96, 128, 96),
        (214, 219, 205),
        "long",
        0.85,
        iris=(70, 104, 84),
    ),
    "fear": Person((232, 190, 160), (40, 32, 32), (150, 96, 120), (206, 202, 216), "bun", 0.9),
    "happy": Person((150, 100, 72), (28, 22, 22), (214, 168, 60), (222, 212, 192), "short", 1.0),
    "sad": Person(
        (236, 194, 168),
        (120, 116, 112),
        (86, 104, 140),
        (200, 210, 220),
        "bald",
        1.0,
        iris=(80, 110, 140),
    ),
    "surprise": Person((140, 94, 70), (24, 18, 18), (70, 150, 158), (204, 219, 220), "long", 0.9),
    "neutral": Person(
        (222, 176, 140), (36, 30, 30), (120, 120, 124), (212, 212, 210), "long", 0.85
    ),
}


def between(first: Face, second: Face, share: float) -> Face:
    """The face that is ``share``, 0 to 1, of the way from ``first`` to ``second``."""
    ends = ({**NEUTRAL, **first}, {**NEUTRAL, **second})
    return {name: (1 - share) * ends[0][name] + share * ends[1][name] for name in NEUTRAL}


def group(side: int = 300) -> NDArray[np.uint8]:
    """All seven, four above and three below, ``(2 * side, 4 * side, 3)``."""
    page = np.full((2 * side, 4 * side, 3), 245, np.uint8)
    for i, (label, person) in enumerate(PEOPLE.items()):
        row, column = divmod(i, 4)
        top, left = row * side, column * side + row * side // 2
        page[top : top + side, left : left + side] = draw(person, EXPRESSIONS[label], side)
    return page


CLIP = {
    "happy": ("neutral", "happy", "happy", "surprise", "happy"),
    "fear": ("neutral", "surprise", "fear", "sad", "neutral"),
    "angry": ("neutral", "neutral", "angry", "disgust", "neutral"),
}
"""Who is in the clip, by the keys of ``PEOPLE``, and what their faces show from time to time."""


def clip(side: int = 320, rate: int = 12, seconds: float = 1.5) -> Iterator[NDArray[np.uint8]]:
    """Three people side by side, ``seconds`` from one expression to the next."""
    steps = round(rate * seconds)
    turns = len(next(iter(CLIP.values()))) - 1
    for i in range(turns * steps):
        turn, step = divmod(i, steps)
        share = min(1.0, 2.0 * step / steps)  # half of the time on the way, half of it there
        share = share * share * (3 - 2 * share)
        yield np.concatenate(
            [
                draw(
                    PEOPLE[who],
                    between(EXPRESSIONS[s[turn]], EXPRESSIONS[s[turn + 1]], share),
                    side,
                )
                for who, s in CLIP.items()
            ],
            axis=1,
        )


def write_clip(path: Path, frames: Iterator[NDArray[np.uint8]], rate: int = 12) -> None:
    """Write ``frames`` as H.264, which every browser plays."""
    with av.open(path, "w", options={"movflags": "+faststart"}) as container:
        stream = container.add_stream("libx264", rate=Fraction(rate), options={"crf": "27"})
        for i, frame in enumerate(frames):
            if i == 0:
                stream.height, stream.width, stream.pix_fmt = *frame.shape[:2], "yuv420p"
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(stream.encode())


def main() -> None:
    """Write both files into the named folder."""
    parser = argparse.ArgumentParser(description="Draw the examples' faces.")
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    Image.fromarray(group()).save(folder / "group.jpg", quality=88)
    write_clip(folder / "clip.mp4", clip())


if __name__ == "__main__":
    main()
