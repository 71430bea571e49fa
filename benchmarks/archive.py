"""How fast archives are analysed, where the time goes, and whether memory stays what it is.

Run from the repository root, on an idle machine: ``python -m benchmarks.archive``; some seven
minutes. The sources are made of the example photograph. The result goes to ``docs/archive.json``
and into ``docs/scale.md``. ``--photos``, ``--videos`` and ``--seconds`` make it
shorter, for a try.
"""

import argparse
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from dataclasses import asdict, dataclass
from fractions import Fraction
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

import av
import numpy as np
from numpy.typing import NDArray
from PIL import Image

import fer
from benchmarks.soak import frame_at
from fer.archive.local import cores, ready_process
from fer.evaluation.markdown import replace_block, table
from fer.evaluation.scenes import make_scene
from fer.evaluation.speed import times_of
from fer.files import write_json, write_text
from fer.paths import ASTRONAUT
from fer.training.provenance import machine
from fer.vision.image import read_image
from fer.vision.recognize import Recognizer

ROOT = Path(__file__).resolve().parent.parent
RESULT, PAGE, BLOCK = ROOT / "docs" / "archive.json", ROOT / "docs" / "scale.md", "archive"
SIZES = ((640, 480), (1600, 1200), (4000, 3000))
_SMALL, _RATE = (320, 240), 25
_APART = 300  # photos whose stages are measured apart, held in memory at once
_VARIANTS = 20  # different photos; the others are links to them
CORE_HOUR = 0.04
"""Dollars: about what the large clouds ask for a core for an hour, without a discount."""


@dataclass(frozen=True)
class Stages:
    """One photo with one face, on one core, in milliseconds.

    Attributes:
        width, height: in pixels.
        kilobytes: of the JPEG.
        decode, detect, classify: measured apart; cropping counts as classifying.
        whole: a call of the recognizer with the path.
    """

    width: int
    height: int
    kilobytes: float
    decode: float
    detect: float
    classify: float
    whole: float

    @classmethod
    def of(cls, recognizer: Recognizer, size: tuple[int, int], folder: Path) -> "Stages":
        """Measure a scene of ``size``, written into ``folder``."""
        path = folder / f"{size[0]}.jpg"
        Image.fromarray(make_scene(*size, 1).rgb).save(path, quality=90)
        rgb = read_image(path)
        found = recognizer.detector(rgb)
        calls = [
            lambda: read_image(path), lambda: recognizer.detector(rgb),
            lambda: recognizer.classify(rgb, found), lambda: recognizer(path),
        ]  # fmt: skip
        times = [float(np.median(times_of(call, 15))) for call in calls]
        return cls(*size, path.stat().st_size / 1000, *times)

    def core_hours(self, photos: float) -> float:
        """What so many photos take."""
        return photos * self.whole / 3.6e6


def stages_apart(recognizer: Recognizer, paths: Sequence[Path]) -> float:
    """Seconds a photo: decoding all, then detecting in all, then classifying all."""
    begin = perf_counter()
    pictures = [read_image(path) for path in paths]
    found = [recognizer.detector(rgb) for rgb in pictures]
    for rgb, boxes in zip(pictures, found, strict=True):
        recognizer.classify(rgb, boxes)
    return (perf_counter() - begin) / len(paths)


def looped(recognizer: Recognizer, paths: Sequence[Path]) -> float:
    """Seconds of a loop over the recognizer."""
    begin = perf_counter()
    for path in paths:
        recognizer(path)
    return perf_counter() - begin


def _loop_of_its_own(detector: str, paths: Sequence[Path]) -> float:
    """`looped` in another process, which opens a recognizer first."""
    recognizer = fer.load("fer", detector)
    ready_process()
    looped(recognizer, paths[:10])
    return looped(recognizer, paths)


def loops_at_once(detector: str, paths: Sequence[Path], workers: int) -> float:
    """Photos a second of so many loops side by side that share nothing but the machine."""
    with ProcessPoolExecutor(workers, get_context("spawn")) as pool:
        seconds = pool.map(_loop_of_its_own, [detector] * workers, [paths] * workers)
        return sum(len(paths) / taken for taken in seconds)


def write_photos(folder: Path, count: int, size: tuple[int, int]) -> list[Path]:
    """``count`` photos, most of them links."""
    folder.mkdir()
    scene = make_scene(*size, 1).rgb
    paths: list[Path] = []
    for i in range(count):
        path = folder / f"{i:07}.jpg"
        if i < _VARIANTS:
            Image.fromarray((scene * (1 - 0.02 * i)).astype(np.uint8)).save(path, quality=90)
        else:
            os.link(paths[i % _VARIANTS], path)
        paths.append(path)
    return paths


def write_video(path: Path, frames: Iterator[NDArray[np.uint8]]) -> None:
    """Frames of 640×480 as H.264, 25 a second."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=Fraction(_RATE))
        stream.width, stream.height, stream.pix_fmt = 640, 480, "yuv420p"
        for rgb in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(rgb, format="rgb24")))
        container.mux(stream.encode(None))


def wandering(seconds: float, begin: int = 0) -> Iterator[NDArray[np.uint8]]:
    """The face of the example photograph wanders through the picture and leaves it at times."""
    photo = read_image(ASTRONAUT)
    return (frame_at(photo, begin + i) for i in range(round(seconds * _RATE)))


def run_archive(source: Path, out: Path, detector: str, workers: int) -> float:
    """Seconds of the whole command."""
    begin = perf_counter()
    process = _begun(source, out, detector, workers)
    _require_success(process)
    return perf_counter() - begin


def run_watched(source: Path, out: Path, detector: str, workers: int) -> tuple[float, float]:
    """Seconds, and the memory of all the command's processes at its highest, in MiB.

    To add up a process's memory the system stops it for milliseconds, ten times a second: what is
    compared with something else is not watched.
    """
    begin, most = perf_counter(), 0.0
    process = _begun(source, out, detector, workers)
    while process.poll() is None:
        most = max(most, sum(map(_megabytes, _family(process.pid))))
        with suppress(subprocess.TimeoutExpired):
            process.wait(0.1)
    _require_success(process)
    return perf_counter() - begin, most


def _begun(source: Path, out: Path, detector: str, workers: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "fer", "archive", str(source), "--out", str(out)]
    command += ["--detector", detector, "--workers", str(workers)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)


def _require_success(process: subprocess.Popen[bytes]) -> None:
    if process.wait():
        raise SystemExit(f"{process.args!r} failed.")


def _family(process: int) -> list[int]:
    """A process, those that it started, those that they started …"""
    family = [process]
    for parent in family:
        with suppress(OSError):  # it has ended
            children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
            family += map(int, children)
    return family


def _megabytes(process: int) -> float:
    """What a process takes now, its share of what several have in common; 0 if it has ended."""
    with suppress(OSError):
        found = re.search(r"^Pss: +(\d+)", Path(f"/proc/{process}/smaps_rollup").read_text(), re.M)
        return int(found[1]) / 1024 if found else 0.0
    return 0.0


def measure(
    photos: int, videos: int, seconds: float, detector: str, workers: int
) -> dict[str, object]:
    """Everything, in one run."""
    recognizer = fer.load("fer", detector)
    with TemporaryDirectory() as temporary:
        folder = Path(temporary)
        stages = [Stages.of(recognizer, size, folder) for size in SIZES]
        paths = write_photos(folder / "photos", max(_VARIANTS, photos), SIZES[0])
        # Before and after: a machine that slows down meanwhile slows both.
        half = len(paths) // 2
        apart = stages_apart(recognizer, paths[:_APART])
        loop = looped(recognizer, paths[:half])
        archive = run_archive(folder / "photos", folder / "a", detector, workers)
        at_once = loops_at_once(detector, paths[:_APART], workers)
        loop += looped(recognizer, paths[half:])
        apart = (apart + stages_apart(recognizer, paths[:_APART])) / 2
        write_video(folder / "long.mp4", wandering(seconds))
        long = run_archive(folder / "long.mp4", folder / "b", detector, 1)
        memory = {}
        for share in (10, 1):
            soak = folder / f"soak {share}"
            write_photos(soak, max(_VARIANTS, photos // share), _SMALL)
            for i in range(max(1, videos // share)):
                write_video(soak / f"{i}.mp4", wandering(4, 31 * i))
            soaked, memory[share] = run_watched(soak, folder / f"c{share}", detector, workers)
    return {
        "detector": recognizer.detector.name,
        "workers": workers,
        "stages": [asdict(stage) for stage in stages],
        "photos": len(paths),
        "loop_photos_per_second": len(paths) / loop,
        "archive_photos_per_second": len(paths) / archive,
        "times_a_loop": loop / archive,
        "loops_at_once_times_a_loop": at_once * loop / len(paths),
        "over_sum_of_stages": archive * workers / len(paths) / apart - 1,
        "video_times_real_time": seconds / long,
        "soak": {
            "photos": photos, "videos": videos, "seconds": soaked,
            "peak_memory_mb": memory[1], "peak_memory_mb_of_a_tenth": memory[10],
        },
        "machine": machine(),
    }  # fmt: skip


def page(found: dict[str, object], stages: list[Stages]) -> str:
    """What `PAGE` says of it."""
    header = ["Photo", "JPEG", "decode", "detect", "classify", "whole", "10⁹ photos", "at $0.04"]
    rows = [
        [
            f"{s.width}×{s.height}", f"{s.kilobytes:.0f} kB",
            *(f"{ms:.1f} ms" for ms in (s.decode, s.detect, s.classify, s.whole)),
            f"{s.core_hours(1e9):,.0f} core-hours", f"${s.core_hours(1e9) * CORE_HOUR:,.0f}",
        ]
        for s in stages
    ]  # fmt: skip
    taken = 1e3 * float(str(found["workers"])) / float(str(found["archive_photos_per_second"]))
    over = float(str(found["over_sum_of_stages"]))
    middle = stages[1]
    rate = middle.kilobytes / middle.whole  # kB a ms are MB a second
    soak = found["soak"]
    assert isinstance(soak, dict)
    return "\n".join(
        [
            table(header, rows),
            "",
            f"Photos of 640×480: {found['archive_photos_per_second']:.0f} a second with "
            f"{found['workers']} processes, {found['times_a_loop']:.2f} times a loop over "
            f"`recognizer(path)`, start of the processes included; a photo takes {taken:.1f} ms of "
            f"a process, {100 * over:.0f} % more than the {taken / (1 + over):.1f} ms that "
            f"decoding, detecting and classifying {_APART} of them take, measured apart before and "
            "after (medians of another photo's stages are in the table). What this machine allows: "
            f"{found['workers']} such loops at once, which share nothing but its memory, come to "
            f"{found['loops_at_once_times_a_loop']:.2f} times one.",
            "",
            f"A video of 640×480 with one process: {found['video_times_real_time']:.1f} times real "
            "time.",
            "",
            f"Soak: {soak['photos']:,} small photos and {soak['videos']:,} videos in "
            f"{soak['seconds']:.0f} s; all processes together took {soak['peak_memory_mb']:.0f} MB "
            f"at most, with a tenth of the sources {soak['peak_memory_mb_of_a_tenth']:.0f} MB.",
            "",
            f"A core reads {rate:.1f} MB of JPEG a second (the middle size), so a network of ten "
            f"gigabits feeds {1250 / rate:,.0f} cores.",
            "",
            f"Detector: {found['detector']}. Written by `python -m benchmarks.archive` on "
            f"{machine()['processor']}.",
        ]
    )


def main() -> None:
    """Measure, and write both files."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--photos", type=int, default=10_000)
    parser.add_argument("--videos", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=120.0, help="of the long video")
    parser.add_argument("--detector", default="auto")
    parser.add_argument("--workers", type=int, default=cores())
    options = parser.parse_args()
    found = measure(**vars(options))
    write_json(RESULT, found)
    stages = [Stages(**stage) for stage in found["stages"]]  # type: ignore[attr-defined]
    text = replace_block(PAGE.read_text(encoding="utf-8"), BLOCK, page(found, stages))
    write_text(PAGE, text)
    print(page(found, stages))


if __name__ == "__main__":
    main()
