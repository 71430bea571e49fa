"""``fer predict``, ``video`` and ``fetch``: the shipped models at work."""

import csv
import json
import os
import sys
from collections.abc import Sequence
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from fer.cli.options import AsJson, Detector, Weights, seconds
from fer.errors import UserError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from fer.video.run import VideoRun
    from fer.video.timeline import FaceSummary
    from fer.vision.faces import Faces
    from fer.vision.recognize import Recognizer

_LONGEST_STEM = 200  # bytes; most file systems take 255 for a whole name

Record = dict[str, Any]


def predict(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Pictures.")],
    weights: Weights = "fer",
    detector: Detector = "auto",
    as_json: AsJson = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print a table, one row a face.")] = False,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write annotated copies into DIR.")
    ] = None,
) -> int:
    """Find the faces in pictures and tell their expressions.

    One record a face on stdout. Files that cannot be read are named on stderr, the others are
    processed, and the exit status is 1.
    """
    import fer

    if as_json and as_csv:
        raise UserError("--json and --csv exclude each other; choose one of them.")
    recognizer = fer.load(weights, detector)
    copies = copy_paths(files, out) if out else {}
    records, failed = predict_files(recognizer, files, copies)
    write = write_json if as_json else write_csv if as_csv else write_text
    write(records)
    return 1 if failed else 0


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


def predict_files(
    recognizer: "Recognizer", files: Sequence[Path], copies: dict[Path, Path]
) -> tuple[list[Record], int]:
    """One record per face of ``files``, and how many files failed (named on stderr).

    Args:
        recognizer: what finds and classifies the faces.
        files: the pictures, in the order of the records.
        copies: where to write the annotated copy of a picture, if anywhere.
    """
    records: list[Record] = []
    failed = 0
    for file in files:
        try:
            faces = _predict_one(recognizer, file, copies.get(file))
        except UserError as error:
            failed += 1
            print(f"error: {error}", file=sys.stderr)
            continue
        if len(faces) == 0:
            print(f"note: no face found in {file}.", file=sys.stderr)
        records += [{"file": str(file), **record} for record in faces.records()]
    return records, failed


def copy_paths(files: Sequence[Path], folder: Path) -> dict[Path, Path]:
    """A new file in ``folder`` for every picture; no two alike and none that exists already.

    ``photo.jpg`` becomes ``photo-faces.jpg``, a second one ``photo-faces-2.jpg``; a PNG stays
    a PNG, every other format becomes JPEG.

    Raises:
        UserError: if ``folder`` cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"The folder {folder} cannot be made: {error.strerror}.") from error
    paths: dict[Path, Path] = {}
    for file in files:
        if file not in paths:
            paths[file] = _free_path(folder, file, set(paths.values()))
    return paths


def write_json(records: Sequence[Record]) -> None:
    """A list of objects on stdout."""
    print(json.dumps(records, indent=2, ensure_ascii=False))


def write_csv(records: Sequence[Record]) -> None:
    """A table on stdout: file, box, label, confidence, then one column per label."""
    from fer.vision.faces import csv_rows

    csv.writer(sys.stdout, lineterminator="\n").writerows(csv_rows(records))


def write_text(records: Sequence[Record]) -> None:
    """One line per face on stdout, for people."""
    for record in records:
        box = ", ".join(str(value) for value in record["box"])
        unsure = " (unsure)" if record["shown_label"] != record["label"] else ""
        label = f"{record['label']} {record['confidence']:.0%}{unsure}"
        print(f"{record['file']}: {label} at [{box}]")


def _predict_one(recognizer: "Recognizer", file: Path, copy: Path | None) -> "Faces":
    from fer.vision.image import read_image

    rgb = read_image(file)
    faces = recognizer(rgb)
    if copy is not None:
        _save_copy(copy, rgb, faces)
    return faces


def _save_copy(path: Path, rgb: "NDArray[np.uint8]", faces: "Faces") -> None:
    from PIL import Image

    from fer.errors import UserError
    from fer.vision.draw import draw_faces

    try:
        Image.fromarray(draw_faces(rgb, faces)).save(path, quality=92)
    except OSError as error:
        raise UserError(f"{path} cannot be written: {error.strerror or error}.") from error


def _free_path(folder: Path, file: Path, taken: set[Path]) -> Path:
    suffix = ".png" if file.suffix.lower() == ".png" else ".jpg"
    stem = os.fsencode(file.stem)[:_LONGEST_STEM].decode(errors="ignore")
    for number in count(1):
        path = folder / f"{stem}-faces{'' if number == 1 else f'-{number}'}{suffix}"
        if path not in taken and not path.exists():
            break
    return path


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
