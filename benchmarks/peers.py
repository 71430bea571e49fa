"""The project beside its peers, frame by frame, all in one run on one machine.

Run from the repository root, on an idle machine: ``python -m benchmarks.peers``. Each peer gets
an environment of its own under ``out/peers`` (a few gigabytes are installed at the first run)
and a process of its own; the result goes to ``docs/peers.json`` and ``docs/peers.md``. With
``--data data/fer2013`` their accuracy on a split of a dataset folder is measured as well.
"""

import argparse
import json
import subprocess
import sys
import venv
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from fer.bundle import write_json
from fer.evaluation.scenes import COUNTS, SIZES, Scene, faceless_scene, make_scene
from fer.vision.detect import available_detectors

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENTS = ROOT / "out" / "peers"
RESULT, TABLE = ROOT / "docs" / "peers.json", ROOT / "docs" / "peers.md"
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
    Peer("fer", "`fer` 25.10.3 (PyPI)", ("fer==25.10.3", "setuptools<81")),
    Peer("facex", "`facex` 1.1.0 (PyPI)", ("facex==1.1.0",)),
)
OURS = {
    "haar": Peer("haar", "this project, Haar cascade"),
    "yunet": Peer("yunet", "this project, YuNet"),
}
NOTES = (
    "`deepface` downloads its weights at the first call, from a place that this benchmark does "
    "not reach, so it was not measured.",
)


def scenes() -> dict[str, Scene]:
    """The scenes by name; those without a face show what is taken for one."""
    named = {
        f"{width}×{height}, {count} {'face' if count == 1 else 'faces'}": make_scene(
            width, height, count
        )
        for width, height in SIZES
        for count in COUNTS
    }
    return named | {f"{w}×{h}, no face": faceless_scene(w, h) for w, h in SIZES}


def interpreter(peer: Peer) -> Path:
    """The Python of the peer's environment, which is made if it is not there."""
    if not peer.requirements:
        return Path(sys.executable)
    folder = ENVIRONMENTS / peer.name
    python = folder / "bin" / "python"
    if not python.exists():
        print(f"Installing {peer.title} into {folder} …", file=sys.stderr)
        venv.create(folder, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "-q", *peer.requirements], check=True)
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
            raise SystemExit(f"{peer.title} failed:\n{done.stderr[-2000:]}")
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
        judged[name] = measured | {"faces": len(scene.faces), "found": found, "false_boxes": wrong}
    return result | {"scenes": judged}


def table(results: dict[str, dict[str, Any]]) -> str:
    """Markdown: one column per recogniser."""
    titles = list(results)
    rows: list[tuple[str, list[str]]] = []

    def row(title: str, values: list[str]) -> None:
        rows.append((title, values))

    first = next(iter(results.values()))
    for name in first["scenes"]:
        row(
            f"{name}: ms a photo",
            [f"{r['scenes'][name]['photo_ms']:.0f}" for r in results.values()],
        )
        row(
            f"{name}: ms a frame of a stream",
            [f"{_stream(r['scenes'][name]):.0f}" for r in results.values()],
        )
        row(
            f"{name}: found, false boxes",
            [
                f"{r['scenes'][name]['found']} of {r['scenes'][name]['faces']}, "
                f"{r['scenes'][name]['false_boxes']}"
                for r in results.values()
            ],
        )
    row(
        "faces a second (most faces in one picture)",
        [f"{_faces_a_second(r):.0f}" for r in results.values()],
    )
    row(
        "first import to first answer, s",
        [f"{r['cold_start_seconds']:.1f}" for r in results.values()],
    )
    row("memory in use after it, MB", [f"{r['resident_mb']:.0f}" for r in results.values()])
    if all("accuracy" in r for r in results.values()):
        row("accuracy on the split", [f"{100 * r['accuracy']:.1f} %" for r in results.values()])
    lines = [
        ["", *titles],
        ["---"] * (len(titles) + 1),
        *([title, *values] for title, values in rows),
    ]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _stream(scene: dict[str, Any]) -> float:
    """A peer without a mode for streams answers every frame as a photo."""
    return float(scene["stream_ms"] if scene["stream_ms"] is not None else scene["photo_ms"])


def _faces_a_second(result: dict[str, Any]) -> float:
    return max(1000 * s["found"] / s["photo_ms"] for s in result["scenes"].values())


def main() -> None:
    """Measure, write both files, print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, help="dataset folder, for the accuracy")
    parser.add_argument("--split", default="validation", help="its split (default: validation)")
    parser.add_argument("--rounds", type=int, default=20, help="runs of each scene (default: 20)")
    options = parser.parse_args()
    named = scenes()
    ENVIRONMENTS.mkdir(parents=True, exist_ok=True)
    pictures, faces = ENVIRONMENTS / "scenes.npz", None
    np.savez(pictures, **{name: scene.rgb for name, scene in named.items()})  # type: ignore[arg-type]
    if options.data:
        from fer.data.folder import load_split

        images = load_split(options.data, options.split)
        faces = ENVIRONMENTS / "faces.npz"
        np.savez(faces, pixels=images.pixels, targets=images.targets)
    peers = [*(OURS[name] for name in available_detectors()), *PEERS]
    results = {}
    for peer in peers:
        print(f"Measuring {peer.title} …", file=sys.stderr)
        results[peer.title] = judge(run(peer, pictures, options.rounds, faces), named)
    where = f"the split {options.split} of {options.data}" if options.data else "no dataset"
    write_json(RESULT, {"accuracy_on": where, "results": results})
    text = table(results)
    TABLE.write_text(_page(text, where), encoding="utf-8")
    print(text)


def _page(text: str, where: str) -> str:
    notes = "\n".join(f"- {note}" for note in NOTES)
    return f"""<!-- Written by `python -m benchmarks.peers`. -->

# Beside the peers

All in one run on one machine, one process each, two cores, default settings; medians. Scenes are
made from one public-domain photograph (`fer/evaluation/scenes.py`), so faces and false boxes are
known. A peer without a mode for streams answers each frame as a photo. Accuracy: single 48×48
faces of {where}, original labels; what each was trained on differs.

{text}

{notes}
"""


if __name__ == "__main__":
    main()
