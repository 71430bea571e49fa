"""``fer predict``: pictures in, one record a face out."""

import csv
import json
import os
import sys
import warnings
from collections.abc import Iterator, Mapping, Sequence
from glob import glob, has_magic
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fer.cli.options import AsJson, Detector, Weights
from fer.errors import UserError
from fer.files import free_path
from fer.wording import percent

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from fer.vision.faces import Faces
    from fer.vision.recognize import Recognizer

Record = dict[str, Any]


def predict(
    files: Annotated[
        list[str],
        typer.Argument(metavar="FILE...", help="Pictures, folders of pictures, or patterns."),
    ],
    weights: Weights = "fer",
    detector: Detector = "auto",
    cropped: Annotated[
        bool, typer.Option("--cropped", help="Each picture is a face: search for none in it.")
    ] = False,
    recursive: Annotated[
        bool, typer.Option("--recursive", "-r", help="Look into folders inside folders as well.")
    ] = False,
    as_json: AsJson = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print a table, one row a face.")] = False,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write annotated copies into DIR.")
    ] = None,
) -> int:
    """Find the faces in pictures and tell their apparent expressions.

    One record a face on stdout. Files that cannot be read are named on stderr, the others are
    processed, and the exit status is 1.
    """
    import fer

    if as_json and as_csv:
        raise UserError("--json and --csv exclude each other; choose one of them.")
    if cropped and detector not in ("auto", "none"):
        raise UserError(f"--cropped needs no detector; leave --detector {detector} out.")
    recognizer = fer.load(weights, "none" if cropped else detector)
    paths, complaints = find_pictures(files, recursive)
    for complaint in complaints:
        print(f"error: {complaint}", file=sys.stderr)
    copies = copy_paths(paths, out) if out else {}
    records, failed = predict_files(recognizer, paths, copies)
    write = write_json if as_json else write_csv if as_csv else write_text
    write(records)
    return 1 if failed or complaints else 0


def find_pictures(given: Sequence[str], recursive: bool) -> tuple[list[Path], list[str]]:
    """The pictures that names, folders and patterns mean, and a sentence for what means none.

    Not every shell expands patterns: Windows' pass ``*.jpg`` on as it is. What exists under
    the very name that was given is meant itself, such as ``photo[1].jpg``.
    """
    paths: list[Path] = []
    complaints: list[str] = []
    for name in given:
        path = Path(name)
        # Unlike Path's, these functions answer for names that are too long as well.
        if not os.path.exists(name) and has_magic(name):  # noqa: PTH110
            found = [Path(match) for match in sorted(glob(name, recursive=True))]  # noqa: PTH207
            pictures = [picture for picture in found if picture.is_file()]
            if not pictures:
                complaints.append(f"No picture fits the pattern {name}; check it.")
            paths += pictures
        elif os.path.isdir(name):  # noqa: PTH112
            pictures = _pictures_in(path, recursive)
            if not pictures:
                deeper = "" if recursive else "; '--recursive' looks into its folders as well"
                complaints.append(f"The folder {path} has no pictures{deeper}.")
            paths += pictures
        else:
            paths.append(path)
    return paths, complaints


def predict_files(
    recognizer: "Recognizer", files: Sequence[Path], copies: Mapping[Path, Path]
) -> tuple[list[Record], int]:
    """One record per face of ``files``, and how many files failed (named on stderr).

    Args:
        recognizer: what finds and classifies the faces.
        files: the pictures, in the order of the records.
        copies: where to write the annotated copy of a picture, if anywhere.
    """
    from tqdm import tqdm

    records: list[Record] = []
    failed = 0
    for file in tqdm(files, "Pictures", unit="picture", disable=None if len(files) > 1 else True):
        try:
            with warnings.catch_warnings(record=True) as caught:
                faces, notes = _predict_one(recognizer, file, copies.get(file))
            notes += [f"{file}: {warning.message}" for warning in caught]
        except UserError as error:
            failed += 1
            tqdm.write(f"error: {error}", file=sys.stderr)
            continue
        for note in notes:
            tqdm.write(f"note: {note}", file=sys.stderr)
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
    taken: set[Path] = set()
    for file in files:
        if file not in paths:
            suffix = ".png" if file.suffix.lower() == ".png" else ".jpg"
            paths[file] = free_path(folder, file.stem, (suffix,), taken)
            taken.add(paths[file])
    return paths


def write_json(records: Sequence[Record]) -> None:
    """A list of objects on stdout."""
    print(json.dumps(records, indent=2, ensure_ascii=False))


def write_csv(records: Sequence[Record]) -> None:
    """A table on stdout: the file, then `fer.vision.faces.CSV_COLUMNS`."""
    from fer.vision.faces import CSV_COLUMNS, csv_cells

    table = csv.writer(sys.stdout, lineterminator="\n")
    table.writerow(("file", *CSV_COLUMNS))
    table.writerows([record["file"], *csv_cells(record)] for record in records)


def write_text(records: Sequence[Record]) -> None:
    """One line per face on stdout, for people."""
    for record in records:
        box = ", ".join(str(value) for value in record["box"])
        label = f"{record['label']} {percent(record['confidence'])}"
        if record["label"] != record["best_guess"]:
            label = f"{record['label']} (best guess {record['best_guess']} "
            label += f"{percent(record['confidence'])})"
        print(f"{record['file']}: {label} at [{box}]")


def _pictures_in(folder: Path, recursive: bool) -> list[Path]:
    from fer.pictures import SUFFIXES

    def found() -> Iterator[Path]:
        for path in folder.rglob("*") if recursive else folder.iterdir():
            hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
            if path.suffix.lower() in SUFFIXES and not hidden and path.is_file():
                yield path

    try:
        return sorted(found())
    except OSError as error:
        raise UserError(f"The folder {folder} cannot be read: {error.strerror}.") from error


def _predict_one(
    recognizer: "Recognizer", file: Path, copy: Path | None
) -> tuple["Faces", list[str]]:
    """The faces of ``file``, and sentences on what else there is to know."""
    from fer.vision.image import read_image
    from fer.vision.whole import SMALL, looks_cropped

    rgb = read_image(file)
    faces = recognizer(rgb)
    notes = []
    if len(faces) == 0:
        notes.append(f"no face found in {file}.")
    doubtful = len(faces) == 0 or max(rgb.shape[:2]) <= SMALL
    searched = recognizer.detector.name != "none"
    if searched and doubtful and looks_cropped(rgb, recognizer.detector):
        notes.append(f"{file} looks like a face that is cropped already; try '--cropped'.")
    if copy is not None:
        _save_copy(copy, rgb, faces)
    return faces, notes


def _save_copy(path: Path, rgb: "NDArray[np.uint8]", faces: "Faces") -> None:
    from PIL import Image

    from fer.files import written_whole
    from fer.vision.draw import draw_faces, enlarged

    with written_whole(path) as aside:
        Image.fromarray(draw_faces(*enlarged(rgb, faces))).save(aside, quality=92)
