"""``python -m fer video``."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from fer.cli.options import add_detector, add_weights

if TYPE_CHECKING:
    from fer.video.run import VideoRun
    from fer.video.timeline import FaceSummary


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add ``video``."""
    parser = commands.add_parser(
        "video",
        help="follow the faces of a video and tell their expressions over time",
        description="Writes NAME-faces.mp4 (annotated, sound kept), NAME-faces.csv (one line per "
        "face and analysed frame) and NAME-faces.json (the same with a table of faces). Ctrl-C "
        "stops early and keeps what was done.",
    )
    parser.add_argument("file", type=Path, metavar="FILE", help="a video")
    parser.add_argument(
        "--out", type=Path, default=Path(), metavar="DIR", help="write here (default: this folder)"
    )
    add_weights(parser)
    add_detector(parser)
    parser.add_argument(
        "--every", type=_count, metavar="N",
        help="search for faces in every Nth frame (default: about ten times a second)",
    )  # fmt: skip
    parser.add_argument(
        "--start", type=_seconds, default=0.0, metavar="S", help="begin at second S"
    )
    parser.add_argument("--end", type=_seconds, metavar="S", help="end at second S")
    parser.add_argument(
        "--half-life", type=_seconds, default=0.3, metavar="S",
        help="seconds after which an observation weighs half in the smoothed probabilities; "
        "0 turns smoothing off (default: 0.3)",
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="NAME-faces.json on stdout as well")
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    import fer
    from fer.errors import UserError
    from fer.video.run import VideoRun, write_tables
    from fer.video.timeline import summarize
    from fer.vision.track import Tracker

    if arguments.end is not None and arguments.end <= arguments.start:
        raise UserError(f"--end {arguments.end:g} must be later than --start {arguments.start:g}.")
    recognizer = fer.load(arguments.weights, arguments.detector)
    run = VideoRun(
        recognizer,
        arguments.file,
        free_path(arguments.out, arguments.file.stem),
        every=arguments.every,
        start=arguments.start,
        end=arguments.end,
        tracker=Tracker(half_life=arguments.half_life),
    )
    stopped = _watch(run)
    result = run.result()
    files = [result.path, *write_tables(result, arguments.file, recognizer.spec.name)]
    for note in result.notes:
        print(f"note: {note}", file=sys.stderr)
    if len(result.timeline) == 0:
        print(f"note: no face found in {arguments.file}.", file=sys.stderr)
    if arguments.json:
        print(files[2].read_text(encoding="utf-8"), end="")
    else:
        _print_table(summarize(result.timeline), files)
    return 130 if stopped else 0


def free_path(folder: Path, stem: str) -> Path:
    """``folder/stem-faces.mp4``, or with a number where it or one of its tables exists already.

    Raises:
        UserError: if ``folder`` cannot be made.
    """
    from fer.errors import UserError

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"The folder {folder} cannot be made: {error.strerror}.") from error
    path, number = folder / f"{stem}-faces.mp4", 1
    while any(path.with_suffix(suffix).exists() for suffix in (".mp4", ".csv", ".json")):
        number += 1
        path = folder / f"{stem}-faces-{number}.mp4"
    return path


def _watch(run: "VideoRun") -> bool:
    """Run to the end, or until Ctrl-C: then the answer is true, and what was done is kept."""
    shown = sys.stderr.isatty()
    with run:
        try:
            for progress in run:
                if shown:
                    print(f"\r{progress.sentence():<60}", end="", file=sys.stderr)
        except KeyboardInterrupt:
            print("\nstopped; what was done is kept.", file=sys.stderr)
            return True
    if shown:
        print(file=sys.stderr)
    return False


def _print_table(faces: "Sequence[FaceSummary]", files: Sequence[Path]) -> None:
    for face in faces:
        shares = sorted(face.shares.items(), key=lambda share: -share[1])
        labels = ", ".join(f"{label} {share:.0%}" for label, share in shares)
        changes = "1 change" if face.transitions == 1 else f"{face.transitions} changes"
        print(f"face {face.face}: seen for {face.seconds:.1f} s; {labels}; {changes}")
    for file in files:
        print(f"wrote {file}")


def _count(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"must be 1 or more, not {text}")
    return value


def _seconds(text: str) -> float:
    value = float(text)
    if not 0 <= value < float("inf"):
        raise argparse.ArgumentTypeError(f"must be 0 or more seconds, not {text}")
    return value
