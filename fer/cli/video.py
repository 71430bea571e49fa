"""``fer video``: expressions through a video."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fer.cli.options import AsJson, Detector, Weights, seconds, show_progress
from fer.errors import UserError
from fer.files import free_path
from fer.wording import count, percent

if TYPE_CHECKING:
    from fer.video.run import VideoResult, VideoRun
    from fer.video.timeline import FaceSummary


def video(
    file: Annotated[Path, typer.Argument(help="A video.")],
    out: Annotated[Path, typer.Option(metavar="DIR", help="Write here.")] = Path(),
    weights: Weights = "fer",
    detector: Detector = "auto",
    every: Annotated[
        int | None,
        typer.Option(
            min=1, help="Search for faces in every Nth frame; default: about ten times a second."
        ),
    ] = None,
    start: Annotated[float, typer.Option(callback=seconds, help="Begin at this second.")] = 0.0,
    end: Annotated[float | None, typer.Option(callback=seconds, help="End at this second.")] = None,
    half_life: Annotated[
        float,
        typer.Option(
            callback=seconds,
            help="Seconds after which an observation weighs half in the smoothed probabilities; "
            "0 turns smoothing off.",
        ),
    ] = 0.3,
    as_json: AsJson = False,
) -> int:
    """Follow the faces of a video and tell their apparent expressions over time.

    Writes NAME-faces.mp4 (annotated, sound kept), NAME-faces.csv (one line a face and analysed
    frame) and NAME-faces.json (the same with a table of faces). Seconds count from the first
    picture. Ctrl-C stops early and keeps what was done.
    """
    import fer
    from fer.video.run import VideoRun
    from fer.vision.track import Tracker

    if end is not None and end <= start:
        raise UserError(f"--end {end:g} must be later than --start {start:g}.")
    recognizer = fer.load(weights, detector)
    target = free_path(out, file.stem, (".mp4", ".csv", ".json"))
    tracker = Tracker(half_life=half_life)
    with VideoRun.open(
        recognizer, file, target, every=every, start=start, end=end, tracker=tracker
    ) as run:
        stopped = _watch(run)
    return _tell(run.result(), target, file, recognizer.spec.name, as_json) or 130 * stopped


def _watch(run: "VideoRun") -> bool:
    """Run to the end, or until Ctrl-C: then the answer is true, and what was done is kept."""
    try:
        show_progress(run)
    except KeyboardInterrupt:
        print("\nstopped; what was done is kept.", file=sys.stderr)
        return True
    return False


def _tell(result: "VideoResult", target: Path, file: Path, weights: str, as_json: bool) -> int:
    """Write the tables and say what there is; the exit status.

    What is printed comes from memory: it survives a disk that takes no file any more.
    """
    from fer.video.tables import about, write_json, write_tables
    from fer.video.timeline import summarize

    problems = [result.problem] if result.problem else []
    files = [result.path] if result.path else []
    try:
        files += write_tables(result, target, file, weights)
    except UserError as error:
        problems.append(str(error))
    for note in result.notes:
        print(f"note: {note}", file=sys.stderr)
    if len(result.timeline) == 0:
        print(f"note: no face found in {file}.", file=sys.stderr)
    if as_json:
        write_json(sys.stdout, result.timeline, about(result, file, weights))
    else:
        _print_table(summarize(result.timeline), files)
    for problem in problems:
        print(f"error: {problem}", file=sys.stderr)
    return 1 if problems else 0


def _print_table(faces: "Sequence[FaceSummary]", files: Sequence[Path]) -> None:
    for face in faces:
        shares = sorted(face.shares.items(), key=lambda share: -share[1])
        labels = ", ".join(f"{label} {percent(share)}" for label, share in shares)
        changes = count(face.transitions, "change")
        print(f"face {face.face}: seen for {face.seconds:.1f} s; {labels}; {changes}")
    for file in files:
        print(f"wrote {file}")
