"""Twenty visitors at once, then a kill: does everybody get an answer?

Run from the repository root on an idle machine: ``python -m benchmarks.reliability``; it takes
five minutes and writes ``docs/reliability.md``. The app is started as ``python app.py``, in a
process of its own, and asked over HTTP as browsers ask.
"""

import argparse
import json
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path

import cv2
import numpy as np

from benchmarks.app_process import App
from benchmarks.reliability_report import Figures, Load, jain, page
from benchmarks.soak import frame_at
from benchmarks.visitors import Page, Seen, Visitor
from fer.files import write_text
from fer.paths import ASTRONAUT, EXAMPLES_FOLDER
from fer.vision.image import read_image

PAGE = Path("docs/reliability.md")
_UNTIL_KILLED = 3.0  # seconds of load


def measure(load: Load, weights: str) -> Figures:
    """Start the app, send the visitors of ``load``, kill it under load, and start it again."""
    with tempfile.TemporaryDirectory() as name:
        app = App(Path(name), weights)
        try:
            app.wait()
            with app.watched() as sizes:
                seen = _visit(app, load, load.seconds)
            _visit(app, load, _UNTIL_KILLED + 1, threading.Timer(_UNTIL_KILLED, app.kill).start)
            restart = app.restart()
            again = _visit(app, Load(0, 1, 0, pause=load.pause), 1.0)
            left = app.left_behind()
            return _figures(load, seen, again, sizes, app.errors(), restart, left)
        finally:
            app.stop()


def _visit(
    app: App, load: Load, seconds: float, at_first: Callable[[], None] = lambda: None
) -> list[Seen]:
    """Everybody at once for ``seconds``, from ``at_first`` on; what each saw."""
    page = Page.of(app.address)
    pictures = sorted(EXAMPLES_FOLDER.glob("*.jpg"))
    frames = _frames()
    at_first()
    until = time.monotonic() + seconds

    def come(kind: str, number: int) -> Seen:
        visitor = Visitor(page, kind)
        asks: dict[str, Callable[[], None]] = {
            "stream": lambda: visitor.stream(frames, **page.chosen, until=until),
            "photo": lambda: visitor.photo(pictures[number % len(pictures)], **page.chosen),
            "video": lambda: visitor.video(EXAMPLES_FOLDER / "clip.mp4", **page.chosen),
        }
        return visitor.repeat(asks[kind], until, 0.0 if kind == "stream" else load.pause)

    kinds = ["stream"] * load.streams + ["photo"] * load.photos + ["video"] * load.videos
    with ThreadPoolExecutor(len(kinds)) as pool:
        return list(pool.map(come, kinds, range(len(kinds))))


def _frames(count: int = 20) -> list[bytes]:
    """A face that wanders, as a camera's JPEGs of 640×480 pixels."""
    photo = read_image(ASTRONAUT)
    frames = (frame_at(photo, 5 * i)[..., ::-1] for i in range(count))
    return [cv2.imencode(".jpg", frame)[1].tobytes() for frame in frames]


def _figures(
    load: Load,
    seen: Sequence[Seen],
    again: Sequence[Seen],
    sizes: list[float],
    logged: list[str],
    restart: float,
    left: list[str],
) -> Figures:
    times: dict[str, list[float]] = {one.kind: [] for one in seen}
    for one in seen:
        times[one.kind] += one.seconds
    frames = [len(one.seconds) for one in seen if one.kind == "stream"]
    middle = sizes[len(sizes) // 2 :]
    return Figures(
        load=load,
        answered={kind: len(seconds) for kind, seconds in times.items()},
        busy=sum(one.busy for one in seen),
        problems=[problem for one in [*seen, *again] for problem in one.problems],
        logged=logged,
        p95={kind: float(np.quantile(each, 0.95)) for kind, each in times.items() if each},
        frames=frames,
        fairness=jain(frames),
        waited=max((one.waited for one in seen), default=0.0),
        most_mb=max(sizes),
        growth_mb=float(np.mean(middle[-5:]) - np.mean(middle[:5])),
        restart_seconds=restart,
        answered_again=sum(len(one.seconds) for one in again),
        left_behind=left,
    )


def main() -> int:
    """Run it and write the page; exit status 1 if something should not be."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=300.0)
    parser.add_argument("--weights", default="fer")
    parser.add_argument("--out", type=Path, default=PAGE)
    options = parser.parse_args()
    figures = measure(Load(seconds=options.seconds), options.weights)
    print(json.dumps(asdict(figures), indent=2))
    write_text(options.out, page(figures))
    for fault in figures.faults():
        print(fault, file=sys.stderr)
    return 1 if figures.faults() else 0


if __name__ == "__main__":
    sys.exit(main())
