"""What `browser.py` measured, as the text of ``docs/browser.md``."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fer.evaluation.markdown import table
from fer.evaluation.scenes import Scene
from fer.training.provenance import machine
from fer.wording import ABSENT, percent

RECOGNIZERS = {
    "ours:fer": "this project, `fer`",
    "ours:fer-nano": "this project, `fer-nano`",
    "human:": "`@vladmandic/human` 3.3.6",
    "face-api:tiny": "`@vladmandic/face-api` 1.7.15, its small detector",
    "face-api:ssd": "`@vladmandic/face-api` 1.7.15, its large detector",
}
"""By what ``browser.js`` knows them by: how they are called."""

USUAL = "640×480, 1 face"
MOVING = "640×480, a face that moves"

FACE_SIZE = 160
"""Pixels of a dataset's face in its picture."""

STARTS = 3
"""New visitors whose first answer is waited for."""

Clip = Sequence[Scene]


@dataclass(frozen=True)
class Measured:
    """One recogniser.

    Attributes:
        first: seconds from a page's load to the first answer, a median.
        bytes: sent for a first visit.
        clips: by name of a clip: milliseconds a frame, faces found, false boxes.
        answers: for every placed face its label, ``""`` where the face was not found.
    """

    first: float
    bytes: int
    clips: Mapping[str, tuple[float, int, int]]
    answers: Sequence[str]


def summary(
    results: Mapping[str, Measured], named: Mapping[str, Clip], labels: Sequence[str]
) -> str:
    """One row a recogniser."""
    faces = sum(len(scene.faces) for clip in named.values() for scene in clip)
    rows = []
    for name, result in results.items():
        found = sum(found for _, found, _ in result.clips.values())
        wrong = sum(wrong for *_, wrong in result.clips.values())
        right = sum(a == b for a, b in zip(result.answers, labels, strict=True))
        seen = sum(bool(answer) for answer in result.answers)
        rows.append(
            [
                RECOGNIZERS[name],
                *(f"{result.clips[title][0]:.1f} ms" for title in (USUAL, MOVING)),
                f"{result.first:.1f} s",
                f"{result.bytes / 1e6:.1f} MB",
                f"{found} of {faces}",
                str(wrong),
                f"{percent(seen / len(labels), 1)}" if labels else ABSENT,
                f"{percent(right / len(labels), 1)}" if labels else ABSENT,
            ]
        )
    header = [
        "", USUAL, MOVING, "First answer after", "Transferred", "Faces found", "False boxes",
        "Dataset's faces found", "and named rightly",
    ]  # fmt: skip
    return table(header, rows)


def details(results: Mapping[str, Measured], named: Mapping[str, Clip]) -> str:
    """Every clip: one row each, one column a recogniser."""
    rows = []
    for title, clip in named.items():
        faces = sum(len(scene.faces) for scene in clip)
        cells = [
            f"{ms:.1f} ms; {found} of {faces}, {wrong}"
            for ms, found, wrong in (result.clips[title] for result in results.values())
        ]
        rows.append([title, *cells])
    return table(["Clip", *(RECOGNIZERS[name] for name in results)], rows)


def page_text(
    results: Mapping[str, Measured],
    named: Mapping[str, Clip],
    labels: Sequence[str],
    version: str,
    faces: str,
) -> str:
    """``docs/browser.md``."""
    processor = f"{machine()['processor']}, {machine()['threads']} threads"
    return f"""<!-- Written by `python -m benchmarks.browser`. -->

# In the browser, beside the peers

All in one run on one machine ({processor}) in headless Chromium
{version.split(".")[0]}, WebAssembly on one thread, without a graphics card. Milliseconds: the
median from a frame on a canvas to its answer (this project: to the worker and back). A clip of one
picture is a scene that was never seen before, each time; in the one that moves frames follow each
other as a camera's do, which is what a live view costs. First answer:
from the beginning of the page's load, median of {STARTS} new visitors; `fer`'s is its own page
with everything on it, the others' an empty one. Transferred: the files of a first visit, as they
lie in the packages; `fer`'s hold all that it needs offline. Clips come from one public-domain
photograph (`fer/evaluation/scenes.py`), so where their faces are is known. The dataset: {faces},
each {FACE_SIZE} pixels wide in a picture of 640×480; what is not found counts as wrong. What each
was trained on differs; our epochs and thresholds were chosen on validation, which flatters us.

{summary(results, named, labels)}

`human` runs with what an expression needs (detector, mesh, emotion) and looks at every frame;
otherwise the peers have their default settings, on TensorFlow.js's WebAssembly.

## Every clip

Milliseconds a frame; faces found, false boxes.

{details(results, named)}
"""
