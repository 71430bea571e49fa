"""``fer video`` and ``fetch``."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from fer.cli.options import AsJson, Detector, Weights, seconds
from fer.errors import UserError

if TYPE_CHECKING:
    from fer.video.run import VideoRun
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
    """Follow the faces of a video and tell their expressions over time.

    Writes NAME-faces.mp4 (annotated, sound kept), NAME-faces.csv (one line a face and analysed
    frame) and NAME-faces.json (the same with a table of faces). Ctrl-C stops early and keeps what
    was done.
    """
    import fer
    from fer.video.run import VideoRun, write_tables
    from fer.video.timeline import summarize
    from fer.vision.track import Tracker

    if end is not None and end <= start:
        raise UserError(f"--end {end:g} must be later than --start {start:g}.")
    recognizer = fer.load(weights, detector)
    run = VideoRun(
        recognizer,
        file,
        free_path(out, file.stem),
        every=every,
        start=start,
        end=end,
        tracker=Tracker(half_life=half_life),
    )
    stopped = _watch(run)
    result = run.result()
    files = [result.path, *write_tables(result, file, recognizer.spec.name)]
    for note in result.notes:
        print(f"note: {note}", file=sys.stderr)
    if len(result.timeline) == 0:
        print(f"note: no face found in {file}.", file=sys.stderr)
    if as_json:
        print(files[2].read_text(encoding="utf-8"), end="")
    else:
        _print_table(summarize(result.timeline), files)
    return 130 if stopped else 0


def fetch(
    what: Annotated[Literal["yunet"], typer.Argument(help="What to download.")],
) -> None:
    """Download what is not part of the repository.

    yunet: the face detector (230 kB) from the Hugging Face hub into its cache; checks that it is
    the file that was measured here, and says where it is.
    """
    from fer.vision import yunet

    print(yunet.fetch())


def free_path(folder: Path, stem: str) -> Path:
    """``folder/stem-faces.mp4``, or with a number where it or one of its tables exists already.

    Raises:
        UserError: if ``folder`` cannot be made.
    """
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
