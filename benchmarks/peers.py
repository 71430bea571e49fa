"""The project beside its peers, frame by frame, all in one run on one machine.

Run from the repository root, on an idle machine: ``python -m benchmarks.peers``. Each peer gets
an environment of its own under ``out/peers`` (a few gigabytes are installed at the first run)
and a process of its own; the result goes to ``docs/peers.json``, ``docs/peers.md`` and the
README. With ``--data data/fer2013`` their accuracy on a split of a dataset folder is measured too.
"""

import argparse
import json
import subprocess
import sys
import venv
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from fer.evaluation.markdown import replace_block, table
from fer.evaluation.scenes import COUNTS, SIZES, Scene, faceless_scene, make_scene
from fer.files import write_json
from fer.training.provenance import machine
from fer.vision.detectors import available_detectors
from fer.wording import count

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENTS = ROOT / "out" / "peers"
RESULT, TABLE, README = ROOT / "docs" / "peers.json", ROOT / "docs" / "peers.md", ROOT / "README.md"
BLOCK = "peers"
"""Name of the README's block with `summary`."""

_WORKER = Path(__file__).with_name("peer_worker.py")


@dataclass(frozen=True)
class Peer:
    """Something that recognises expressions.

    Attributes:
        name: what the worker calls it.
        title: what people call it.
        requirements: what pip installs for it; nothing for this project, which is installed.
    """

    name: str
    title: str
    requirements: tuple[str, ...] = ()


PEERS = (
    Peer("fer", "package `fer` 25.10.3", ("fer==25.10.3", "setuptools<81")),
    Peer("facex", "package `facex` 1.1.0", ("facex==1.1.0",)),
)
OURS = {
    "haar": Peer("haar", "this project, Haar cascade"),
    "yunet": Peer("yunet", "this project, YuNet"),
}


def scenes() -> dict[str, Scene]:
    """The scenes by name; those without a face show what is taken for one."""
    named = {
        f"{width}×{height}, {count(faces, 'face')}": make_scene(width, height, faces)
        for width, height in SIZES
        for faces in COUNTS
    }
    return named | {f"{w}×{h}, no face": faceless_scene(w, h) for w, h in SIZES}


def interpreter(peer: Peer) -> Path:
    """The Python of the peer's environment, which is made if it is not there."""
    if not peer.requirements:
        return Path(sys.executable)
    folder = ENVIRONMENTS / peer.name
    python, complete = folder / "bin" / "python", folder / "complete"
    if not complete.exists():  # or the installation was interrupted
        print(f"Installing {peer.title} into {folder} …", file=sys.stderr)
        venv.create(folder, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "-q", *peer.requirements], check=True)
        complete.touch()
    return python


def run(peer: Peer, pictures: Path, rounds: int, faces: Path | None) -> dict[str, Any]:
    """What the worker says of ``peer``; its cold start is the median of three processes."""
    empty = ENVIRONMENTS / "empty"
    empty.mkdir(parents=True, exist_ok=True)

    def work(rounds: int, faces: Path | None) -> dict[str, Any]:
        arguments = [peer.name, str(ROOT), str(pictures), str(rounds), str(faces or "-")]
        # -P: the folder of the worker is not searched, where `fer` would be this project.
        done = subprocess.run(
            [interpreter(peer), "-P", _WORKER, *arguments],
            cwd=empty, capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(f"{peer.title} failed:\n{done.stderr[-2000:]}")
        return dict(json.loads(done.stdout.strip().splitlines()[-1]))

    starts = [work(1, None)["cold_start_seconds"] for _ in range(2)]
    result = work(rounds, faces)
    starts.append(result["cold_start_seconds"])
    return result | {"cold_start_seconds": sorted(starts)[1]}


def judge(result: dict[str, Any], named: dict[str, Scene]) -> dict[str, Any]:
    """``result`` with true and false boxes counted, in place of the boxes."""
    judged = {}
    for name, scene in named.items():
        measured = dict(result["scenes"][name])
        found, wrong = scene.found(np.array(measured.pop("boxes")))
        followed, wrongly = scene.found(np.array(measured.pop("stream_boxes")))
        judged[name] = measured | {
            "faces": len(scene.faces),
            "found": found,
            "false_boxes": wrong,
            "stream_found": followed,
            "stream_false_boxes": wrongly,
        }
    return result | {"scenes": judged}


def summary(results: dict[str, dict[str, Any]]) -> str:
    """The README's table: one row per recogniser."""
    few, many = "640×480, 1 face", "1280×720, 16 faces"
    header = [
        "Photo / frame of a stream", few, many, "Faces found", "False boxes",
        "Faces a second", "First answer after", "Memory", "Accuracy",
    ]  # fmt: skip
    rows = []
    for title, result in results.items():
        scenes = result["scenes"]
        faces, found, followed, wrong, wrongly = (
            sum(scene[key] for scene in scenes.values())
            for key in ("faces", "found", "stream_found", "false_boxes", "stream_false_boxes")
        )
        times = [
            f"{scenes[name]['photo_ms']:.0f} / {scenes[name]['stream_ms']:.0f} ms"
            for name in (few, many)
        ]
        busiest = scenes[many]
        speed = 1000 * busiest["found"] / busiest["photo_ms"]
        accuracy = f"{100 * result['accuracy']:.1f} %" if "accuracy" in result else "–"
        rows.append(
            [
                title, *times, f"{found} / {followed} of {faces}", f"{wrong} / {wrongly}",
                f"{speed:.0f}",
                f"{result['cold_start_seconds']:.1f} s", f"{result['resident_mb']:.0f} MB",
                accuracy,
            ]
        )  # fmt: skip
    return table(header, rows)


def details(results: dict[str, dict[str, Any]]) -> str:
    """Every scene: one row each, one column per recogniser."""
    names = next(iter(results.values()))["scenes"]
    cells: dict[str, Callable[[dict[str, Any]], str]] = {
        "Milliseconds a photo": lambda scene: f"{scene['photo_ms']:.1f}",
        "Milliseconds a frame of a stream": lambda scene: f"{scene['stream_ms']:.1f}",
        "Photo: faces found, false boxes": lambda scene: (
            f"{scene['found']} of {scene['faces']}, {scene['false_boxes']}"
        ),
        "Stream: faces found, false boxes": lambda scene: (
            f"{scene['stream_found']} of {scene['faces']}, {scene['stream_false_boxes']}"
        ),
    }
    parts = []
    for heading, cell in cells.items():
        rows = [[name, *(cell(r["scenes"][name]) for r in results.values())] for name in names]
        parts.append(f"## {heading}\n\n{table(['Scene', *results], rows)}")
    return "\n\n".join(parts)


def main() -> None:
    """Measure, write both files, print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, help="dataset folder, for the accuracy")
    parser.add_argument("--split", default="validation", help="its split (default: validation)")
    parser.add_argument("--rounds", type=int, default=20, help="runs of each scene (default: 20)")
    options = parser.parse_args()
    named = scenes()
    ENVIRONMENTS.mkdir(parents=True, exist_ok=True)
    pictures, faces, where = ENVIRONMENTS / "scenes.npz", None, "no dataset"
    np.savez(pictures, **{name: scene.rgb for name, scene in named.items()})  # type: ignore[arg-type]
    if options.data:
        from fer.data.folder import FolderDataset

        dataset = FolderDataset.open(options.data)
        where = f"the split {options.split} of {dataset.name}"
        images = dataset.load(options.split)
        faces = ENVIRONMENTS / "faces.npz"
        np.savez(faces, pixels=images.pixels, targets=images.targets)
    peers = [*(OURS[name] for name in available_detectors()), *PEERS]
    results = {}
    for peer in peers:
        print(f"Measuring {peer.title} …", file=sys.stderr)
        try:
            results[peer.title] = judge(run(peer, pictures, options.rounds, faces), named)
        except (RuntimeError, subprocess.CalledProcessError) as error:
            print(f"{peer.title} is left out: {error}", file=sys.stderr)
    report = {"accuracy_on": where, "machine": machine(), "results": results}
    write_json(RESULT, report)
    TABLE.write_text(page(report), encoding="utf-8")
    readme = README.read_text(encoding="utf-8")
    README.write_text(replace_block(readme, BLOCK, summary(results)), encoding="utf-8")
    print(summary(results))


def page(report: dict[str, Any]) -> str:
    """``docs/peers.md`` from what ``docs/peers.json`` holds."""
    processor = f"{report['machine']['processor']}, {report['machine']['threads']} threads"
    return f"""<!-- Written by `python -m benchmarks.peers`. -->

# Beside the peers

All in one run on one machine ({processor}), a process each, default settings, medians. Scenes
are made from one public-domain photograph (`fer/evaluation/scenes.py`), so where their faces are
is known. A photo: median of its runs; a frame of a stream: mean over frames. A peer without a
mode for streams answers each frame as a photo. Faces a second: in a photo of 16. First answer: from
before the first import, median of three processes; memory: in use after that answer. Accuracy:
single 48×48 faces of {report["accuracy_on"]}, original labels; what each was trained on differs.

{summary(report["results"])}

`deepface` downloads its weights at the first call, so it cannot be measured without a network.

{details(report["results"])}
"""


if __name__ == "__main__":
    main()
