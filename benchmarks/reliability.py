"""Twenty visitors at once, then a kill: does everybody get an answer?

Run from the repository root on an idle machine: ``python -m benchmarks.reliability``; it takes
five minutes and writes ``docs/reliability.md``. The app is started as ``python app.py``, in a
process of its own, and asked over HTTP as browsers ask.
"""

import argparse
import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import cv2
import httpx
import numpy as np

from benchmarks.soak import frame_at
from benchmarks.visitors import Page, Seen, Visitor
from fer.files import written_whole
from fer.paths import ASTRONAUT, EXAMPLES_FOLDER, REPOSITORY
from fer.training.provenance import machine
from fer.vision.image import read_image

PAGE = Path("docs/reliability.md")
SLOWEST_PHOTO = 3.0  # seconds, of 95 in 100
MOST_MEMORY = 1500  # MB
MOST_GROWTH = 150  # MB, from the middle to the end
LEAST_FAIR = 0.8
_UNTIL_KILLED = 3.0  # seconds of load
_PAUSE = 2.0  # seconds for which a visitor looks at an answer


@dataclass(frozen=True)
class Load:
    """How many visitors of each kind come at once, and for how long."""

    streams: int = 10
    photos: int = 8
    videos: int = 2
    seconds: float = 300.0


@dataclass(frozen=True)
class Figures:
    """What came of it.

    Attributes:
        load: who came.
        answered: questions with an answer by kind of visitor, frames of streams among them.
        busy: questions that were told that others are waiting.
        problems: of visitors: neither an answer nor that sentence.
        logged: lines of the app's log that tell of an error.
        p95: seconds within which 95 of 100 answers came, by kind.
        frames: answered for each stream, in order.
        fairness: Jain's index of ``frames``: 1 if all had as many, 1/n if one had all.
        waited: the longest wait for a turn of a stream, in seconds.
        most_mb: memory of the app at most.
        growth_mb: from the middle of the time to its end.
        restart_seconds: from starting again after the kill to the first page.
        left_behind: what the kill left and nobody removed.
    """

    load: Load
    answered: dict[str, int]
    busy: int
    problems: list[str]
    logged: list[str]
    p95: dict[str, float]
    frames: list[int]
    fairness: float
    waited: float
    most_mb: float
    growth_mb: float
    restart_seconds: float
    left_behind: list[str]

    def faults(self) -> list[str]:
        """What should not be, in sentences; empty when all is well."""
        said = [*self.problems[:10], *self.logged[:10]]
        said += [f"The kill left {name} behind." for name in self.left_behind]
        said += [f"No {kind} was answered." for kind, n in self.answered.items() if n == 0]
        photo = self.p95.get("photo", 0.0)
        if photo > SLOWEST_PHOTO:
            said.append(f"95 of 100 photos took up to {photo:.1f} s, more than {SLOWEST_PHOTO:g}.")
        if self.most_mb > MOST_MEMORY or self.growth_mb > MOST_GROWTH:
            said.append(
                f"Memory rose to {self.most_mb:.0f} MB, at the end by {self.growth_mb:.0f}."
            )
        if self.frames and self.fairness < LEAST_FAIR:
            said.append(f"Streams share unfairly: {self.frames} frames.")
        return said


class App:
    """The app in a process of its own, with its log and its temporary files in ``folder``."""

    def __init__(self, folder: Path, weights: str) -> None:
        self._folder, self._weights = folder, weights
        self.log = folder / "log.txt"
        (folder / "tmp").mkdir(exist_ok=True)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.address = f"http://127.0.0.1:{self.port}"
        self._process = self._start()

    def _start(self) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "app.py", "--weights", self._weights, "--port", str(self.port)]
        environment = os.environ | {"TMPDIR": str(self._folder / "tmp"), "PYTHONUNBUFFERED": "1"}
        with self.log.open("ab") as log:
            return subprocess.Popen(
                command, cwd=REPOSITORY, env=environment, stdout=log, stderr=log
            )

    def wait(self, patience: float = 600.0) -> float:
        """Seconds until the first page."""
        began = time.monotonic()
        while time.monotonic() - began < patience:
            with suppress(httpx.HTTPError):
                if httpx.get(self.address, timeout=10).status_code == 200:
                    return time.monotonic() - began
            if self._process.poll() is not None:
                break
            time.sleep(0.1)
        raise RuntimeError(f"The app did not start: {self.log.read_text()[-2000:]}")

    def megabytes(self) -> float:
        """Memory that the app has in use."""
        status = Path(f"/proc/{self._process.pid}/status").read_text().splitlines()
        return int(next(line for line in status if line.startswith("VmRSS")).split()[1]) / 1024

    def kill(self) -> None:
        """End it as the system does where memory runs out (``kill -9``)."""
        self._process.kill()

    def restart(self) -> float:
        """Start it again after `kill`; seconds until the first page."""
        self._process.wait()
        self._process = self._start()
        return self.wait()

    def left_behind(self) -> list[str]:
        """Visitors' files of processes that are gone, and files not written to the end."""
        own = f"fer-app-{self._process.pid}-"
        folders = [path.name for path in (self._folder / "tmp").glob("fer-app-*")]
        parts = [str(path) for path in (REPOSITORY / "weights").rglob("part-*")]
        return [name for name in folders if not name.startswith(own)] + parts

    def stop(self) -> None:
        """End it as a service manager does."""
        self._process.terminate()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def measure(load: Load, weights: str) -> Figures:
    """Start the app, send the visitors of ``load``, kill it under load, and start it again."""
    with tempfile.TemporaryDirectory() as name:
        app = App(Path(name), weights)
        try:
            app.wait()
            with _memory(app) as sizes:
                seen = _visit(app, load, load.seconds)
            logged = _errors(app.log)
            _visit(app, load, _UNTIL_KILLED + 1, threading.Timer(_UNTIL_KILLED, app.kill).start)
            restart = app.restart()
            again = _visit(app, Load(0, 1, 0), 1.0)
            problems = [problem for one in [*seen, *again] for problem in one.problems]
            return _figures(load, seen, sizes, problems, logged, restart, app.left_behind())
        finally:
            app.stop()


def _visit(
    app: App, load: Load, seconds: float, at_first: Callable[[], None] = lambda: None
) -> list[Seen]:
    """Everybody at once for ``seconds``, from ``at_first`` on; what each saw."""
    page = Page.of(app.address)
    radio = {part: _first_choice(app, part) for part in ("model", "detector")}
    pictures = sorted(EXAMPLES_FOLDER.glob("*.jpg"))
    frames = _frames()
    at_first()
    until = time.monotonic() + seconds

    def come(kind: str, number: int) -> Seen:
        visitor = Visitor(page, kind)
        asks: dict[str, Callable[[], None]] = {
            "stream": lambda: visitor.stream(frames, **radio, until=until),
            "photo": lambda: visitor.photo(pictures[number % len(pictures)], **radio),
            "video": lambda: visitor.video(EXAMPLES_FOLDER / "clip.mp4", **radio),
        }
        return visitor.repeat(asks[kind], until, 0.0 if kind == "stream" else _PAUSE)

    kinds = ["stream"] * load.streams + ["photo"] * load.photos + ["video"] * load.videos
    with ThreadPoolExecutor(len(kinds)) as pool:
        return list(pool.map(come, kinds, range(len(kinds))))


def _first_choice(app: App, part: str) -> str:
    config = httpx.get(f"{app.address}/config", timeout=30).json()["components"]
    return next(str(c["props"]["value"]) for c in config if c["props"].get("elem_id") == part)


def _frames(count: int = 20) -> list[bytes]:
    """A face that wanders, as a camera's JPEGs of 640×480 pixels."""
    photo = read_image(ASTRONAUT)
    frames = (frame_at(photo, 5 * i)[..., ::-1] for i in range(count))
    return [cv2.imencode(".jpg", frame)[1].tobytes() for frame in frames]


@contextmanager
def _memory(app: App) -> Iterator[list[float]]:
    """Megabytes of the app, every half second while the block runs."""
    sizes, done = [app.megabytes()], threading.Event()

    def look() -> None:
        while not done.wait(0.5):
            sizes.append(app.megabytes())

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        yield sizes
    finally:
        done.set()
        watcher.join()


def _errors(log: Path) -> list[str]:
    lines = log.read_text(errors="replace").splitlines()
    return [line for line in lines if "Traceback" in line or "Error" in line or "ERROR" in line]


def _figures(
    load: Load,
    seen: Sequence[Seen],
    sizes: list[float],
    problems: list[str],
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
        problems=problems,
        logged=logged,
        p95={kind: float(np.quantile(each, 0.95)) for kind, each in times.items() if each},
        frames=frames,
        fairness=jain(frames),
        waited=max((one.waited for one in seen), default=0.0),
        most_mb=max(sizes),
        growth_mb=float(np.mean(middle[-5:]) - np.mean(middle[:5])),
        restart_seconds=restart,
        left_behind=left,
    )


def jain(shares: Sequence[float]) -> float:
    """Jain's fairness index (1984): 1 if all are alike, 1/n if one has everything.

    >>> jain([3, 3]), jain([4, 0])
    (1.0, 0.5)
    """
    total = float(np.square(shares).sum())
    return float(np.sum(shares)) ** 2 / (len(shares) * total) if total else 1.0


def page(figures: Figures) -> str:
    """``docs/reliability.md``."""
    load, p95 = figures.load, figures.p95
    rows = [
        f"| {kind} | {visitors} | {figures.answered.get(kind, 0):,} | {p95.get(kind, 0):.2f} s |"
        for kind, visitors in (
            ("stream", load.streams), ("photo", load.photos), ("video", load.videos),
        )
    ]  # fmt: skip
    faults = figures.faults()
    processor = machine()
    return "\n".join(
        [
            "<!-- Written by `python -m benchmarks.reliability`: do not edit. -->",
            "",
            "# Many visitors at once",
            "",
            f"{load.streams + load.photos + load.videos} visitors for {load.seconds:g} seconds "
            "over HTTP, as browsers ask, the visitors on the same machine as the app "
            f"({processor['processor']}, {processor['threads']} threads).",
            "",
            "| Visitors with a | Number | Answers | 95 of 100 within |",
            "| --- | --- | --- | --- |",
            *rows,
            "",
            f"- Told that others are waiting: {figures.busy} questions. Neither that nor an "
            f"answer: {len(figures.problems)}. Errors in the log: {len(figures.logged)}.",
            f"- Streams take turns: from {min(figures.frames, default=0):,} to "
            f"{max(figures.frames, default=0):,} frames each (Jain's fairness index "
            f"{figures.fairness:.2f}), the longest wait for a turn {figures.waited:.0f} s.",
            f"- Memory of the app: {figures.most_mb:.0f} MB at most, "
            f"{figures.growth_mb:+.0f} MB from the middle to the end.",
            f"- Killed under the same load (`kill -9`) and started again: the page is there after "
            f"{figures.restart_seconds:.1f} s, a photo is answered, nothing of before is left.",
            "",
            "A photo is uploaded, searched and answered; its visitor then looks at it for "
            f"{_PAUSE:g} seconds. A stream sends at most ten frames a second, each after its "
            "answer.",
            "",
            *(["What should not be:", "", *(f"- {fault}" for fault in faults), ""] * bool(faults)),
        ]
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
    with written_whole(options.out) as aside:
        aside.write_text(page(figures), encoding="utf-8")
    for fault in figures.faults():
        print(fault, file=sys.stderr)
    return 1 if figures.faults() else 0


if __name__ == "__main__":
    sys.exit(main())
