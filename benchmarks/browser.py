"""The page for the visitor's own device beside its peers, in headless Chromium, all in one run.

Run from the repository root, on an idle machine: ``python -m benchmarks.browser``; some minutes. It
needs Chromium, npm, and what `fer fetch yunet` and `fer fetch browser` bring. The peers are
installed with npm into a temporary folder. The result goes to ``docs/browser.md``. With ``--data
data/fer2013`` every recogniser also reads faces of a dataset folder, each placed in a picture.
"""

import argparse
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks import peers
from benchmarks.browser_report import (
    FACE_SIZE,
    MOVING,
    RECOGNIZERS,
    STARTS,
    USUAL,
    Clip,
    Measured,
    page_text,
    summary,
)
from fer import ondevice
from fer.data.folder import FolderDataset
from fer.evaluation.pipeline import draw
from fer.evaluation.scenes import FACE, Scene, place_face
from fer.labels import LABELS
from fer.paths import ASTRONAUT
from fer.vision.image import read_image
from tests.support.browser import launch_chromium, write_camera

RESULT = Path(__file__).resolve().parent.parent / "docs" / "browser.md"
PACKAGES = (
    "@vladmandic/human@3.3.6",
    "@vladmandic/face-api@1.7.15",
    "@tensorflow/tfjs-backend-wasm@4.22.0",
)
"""From npm; the third holds the WebAssembly that the others compute with."""

_FRAMES = 20  # of the clip that moves
_SETTLED = 3000  # milliseconds after the first answer in which a page fetches what it keeps
_HTML = (
    '<!doctype html><link rel="icon" href="data:,"><script type="module" src="browser.js"></script>'
)


class _Server(ThreadingHTTPServer):
    """Serves a folder and counts the bytes of the files that it sent."""

    sent = 0


class _Handler(SimpleHTTPRequestHandler):
    def log_message(self, *arguments: object) -> None:
        pass

    def copyfile(self, source: Any, outputfile: Any) -> None:
        data = source.read()
        self.server.sent += len(data)  # type: ignore[attr-defined]
        outputfile.write(data)


def clips() -> dict[str, Clip]:
    """The clips by name: scenes that stand still, and the astronaut moving from side to side."""
    still: dict[str, Clip] = {name: [scene] for name, scene in peers.scenes().items()}
    return still | {MOVING: [_shifted(i) for i in range(_FRAMES)]}


def _shifted(i: int) -> Scene:
    photo = read_image(ASTRONAUT)[:480]
    left = round(64 + 60 * np.sin(i / 3))
    rgb = np.full((480, 640, 3), 70, np.uint8)
    rgb[:, left : left + photo.shape[1]] = photo
    return Scene(rgb, np.add([FACE], [left, 0, left, 0]))


def placed_faces(data: Path, split: str, count: int) -> tuple[list[Scene], list[str]]:
    """A picture for each of ``count`` images of ``split``, and their labels."""
    images = FolderDataset.open(data).load(split)
    rng = np.random.default_rng(0)
    chosen = draw(np.arange(len(images)), count)
    scenes = []
    for face in images.pixels[chosen]:
        rgb, box = place_face(face, FACE_SIZE, rng)
        scenes.append(Scene(rgb, box[None].astype(np.float64)))
    return scenes, [LABELS[target] for target in images.targets[chosen]]


def write_pictures(folder: Path, scenes: Sequence[Scene]) -> list[str]:
    """Save ``scenes`` as PNG under ``folder``; their addresses."""
    folder.mkdir(parents=True)
    for i, scene in enumerate(scenes):
        Image.fromarray(scene.rgb).save(folder / f"{i}.png", compress_level=1)
    return [f"/clips/{folder.name}/{i}.png" for i in range(len(scenes))]


@contextmanager
def served(folder: Path) -> Iterator[tuple[_Server, str]]:
    """A server of ``folder``, and its address."""
    server = _Server(("127.0.0.1", 0), partial(_Handler, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server, f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()


def prepare(folder: Path) -> None:
    """Put the page, the peers and what measures them into ``folder``."""
    ondevice.build_site(folder / "site")
    (folder / "page.html").write_text(_HTML, encoding="utf-8")
    (folder / "browser.js").write_bytes(Path(__file__).with_name("browser.js").read_bytes())
    peers = folder / "peers"
    peers.mkdir()
    (peers / "package.json").write_text('{"private": true}', encoding="utf-8")
    npm = ["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", *PACKAGES]
    subprocess.run(npm, cwd=peers, check=True, stdout=subprocess.DEVNULL)


def start(browser: Browser, server: _Server, address: str, name: str) -> tuple[Page, float, int]:
    """Open a new visitor's page: it, seconds to the first answer, bytes that were sent.

    This project is met on its own page, which also reads its example; peers have none.
    """
    page = browser.new_context(viewport={"width": 1366, "height": 900}).new_page()
    page.set_default_timeout(300_000)
    before = server.sent
    if name == "ours:fer":
        page.goto(f"{address}/site/")
        seconds = page.wait_for_function(
            "() => document.querySelector('.face h2 span')?.textContent && performance.now()",
            polling=20,
        ).json_value()
    else:
        page.goto(f"{address}/page.html?with={name}")
        seconds = page.wait_for_function("() => window.answered").json_value()
    page.wait_for_timeout(_SETTLED)
    return page, seconds / 1000, server.sent - before


def measure(
    browser: Browser,
    server: _Server,
    address: str,
    name: str,
    named: Mapping[str, Clip],
    faces: Sequence[Scene],
    rounds: int,
) -> Measured:
    """Everything about one recogniser; its pictures lie in ``/clips``."""
    firsts, sent = [], 0
    for _ in range(STARTS):
        page, seconds, sent = start(browser, server, address, name)
        firsts.append(seconds)
        page.context.close()
    page = browser.new_page()
    page.set_default_timeout(600_000)
    page.goto(f"{address}/page.html?with={name}")
    page.wait_for_function("() => window.answered")
    judged = {}
    for i, (title, clip) in enumerate(named.items()):
        where = [f"/clips/{i}/{k}.png" for k in range(len(clip))]
        times = max(1, rounds // len(clip))
        result = page.evaluate("([a, r, s]) => clip(a, r, s)", [where, times, 8 if i == 0 else 0.5])
        hits = [
            scene.found(np.array(boxes)) for scene, boxes in zip(clip, result["boxes"], strict=True)
        ]
        found, wrong = np.sum(hits, axis=0)
        judged[title] = (result["milliseconds"], int(found), int(wrong))
    where = [f"/clips/faces/{k}.png" for k in range(len(faces))]
    answers = page.evaluate("addresses => pictures(addresses)", where)
    page.close()
    told = [_at_face(scene, found) for scene, found in zip(faces, answers, strict=True)]
    return Measured(median(firsts), sent, judged, told)


def _at_face(scene: Scene, found: Sequence[Mapping[str, Any]]) -> str:
    """The label of the first box whose centre lies in the scene's face, however it is framed."""
    x0, y0, x1, y1 = scene.faces[0]
    for face in found:
        left, top, right, bottom = face["box"]
        if x0 < (left + right) / 2 < x1 and y0 < (top + bottom) / 2 < y1:
            return str(face["label"])
    return ""


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, write ``docs/browser.md``, print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.browser", description=__doc__)
    parser.add_argument("--data", type=Path, help="dataset folder, for the accuracy")
    parser.add_argument("--split", default="validation", help="its split (default: validation)")
    parser.add_argument("--faces", type=int, default=500, help="images of it (default: 500)")
    parser.add_argument("--rounds", type=int, default=60, help="frames of a clip (default: 60)")
    options = parser.parse_args(arguments)
    named = clips()
    faces: list[Scene] = []
    labels: list[str] = []
    if options.data:
        faces, labels = placed_faces(options.data, options.split, options.faces)
    with (
        tempfile.TemporaryDirectory(prefix="fer-browser-") as work,
        sync_playwright() as playwright,
    ):
        folder = Path(work)
        prepare(folder)
        for i, clip in enumerate(named.values()):
            write_pictures(folder / "clips" / str(i), clip)
        write_pictures(folder / "clips" / "faces", faces)
        usual = named[USUAL][0].rgb
        Image.fromarray(usual).save(folder / "clips" / "first.png")
        browser = launch_chromium(playwright, write_camera(folder / "camera.mjpeg", usual))
        results = {}
        with served(folder) as (server, address):
            for name in RECOGNIZERS:
                print(f"Measuring {RECOGNIZERS[name]} …", file=sys.stderr)
                results[name] = measure(
                    browser, server, address, name, named, faces, options.rounds
                )
        version = browser.version
        browser.close()
    on = f"{len(labels)} faces of the split {options.split}" if labels else "no dataset"
    RESULT.write_text(page_text(results, named, labels, version, on), encoding="utf-8")
    print(summary(results, named, labels))
    return 0


if __name__ == "__main__":
    sys.exit(main())
