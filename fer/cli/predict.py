"""``python -m fer predict``."""

import argparse
import csv
import json
import os
import sys
from collections.abc import Sequence
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fer.cli.options import add_detector, add_weights

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from fer.vision.faces import Faces
    from fer.vision.recognize import Recognizer

_LONGEST_STEM = 200  # bytes; most file systems take 255 for a whole name

Record = dict[str, Any]


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add ``predict``."""
    parser = commands.add_parser(
        "predict",
        help="find the faces in pictures and tell their expressions",
        description="One record per face on stdout. Files that cannot be read are named on "
        "stderr, the others are processed, and the exit status is 1.",
    )
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="a picture")
    add_weights(parser)
    add_detector(parser)
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="a list of objects, one per face")
    form.add_argument("--csv", action="store_true", help="a table, one row per face")
    parser.add_argument("--out", type=Path, metavar="DIR", help="write annotated copies into DIR")
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    import fer

    recognizer = fer.load(arguments.weights, arguments.detector)
    copies = copy_paths(arguments.files, arguments.out) if arguments.out else {}
    records, failed = predict(recognizer, arguments.files, copies)
    write = write_json if arguments.json else write_csv if arguments.csv else write_text
    write(records)
    return 1 if failed else 0


def predict(
    recognizer: "Recognizer", files: Sequence[Path], copies: dict[Path, Path]
) -> tuple[list[Record], int]:
    """One record per face of ``files``, and how many files failed (named on stderr).

    Args:
        recognizer: what finds and classifies the faces.
        files: the pictures, in the order of the records.
        copies: where to write the annotated copy of a picture, if anywhere.
    """
    from fer.errors import UserError

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
    from fer.errors import UserError

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
