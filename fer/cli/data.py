"""``fer data``: import a dataset, and say what is in it and what is wrong with it."""

import json
import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Literal

import typer

from fer.cli.options import AsJson

app = typer.Typer(help="Import FER2013, count its images, audit them.", no_args_is_help=True)

_FOLDER = Path("data/fer2013")


@app.command("import")
def import_(
    source: Annotated[
        Path,
        typer.Argument(
            help="fer2013.csv, icml_face_data.csv, train.csv (with test.csv: their folder), "
            "parquet files, or a folder, .zip or .tar.gz of tables or class folders."
        ),
    ],
    dest: Annotated[Path, typer.Argument(help="The new dataset folder.")] = _FOLDER,
    split: Annotated[
        Literal["official", "80-20"],
        typer.Option(
            help="official: Training, PublicTest, PrivateTest become train, validation, test; "
            "80-20: both tests become validation."
        ),
    ] = "official",
    ferplus: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="FER+'s fer2013new.csv; its votes can be added to an imported dataset later.",
        ),
    ] = None,
    skip_bad: Annotated[
        bool,
        typer.Option(
            "--skip-bad",
            help="Leave out labelled images that cannot be used or have an unknown label, and "
            "list them; without it they are refused.",
        ),
    ] = False,
    validation: Annotated[
        str | None,
        typer.Option(
            metavar="SHARE",
            help="Such as 20%: take that share of train as validation, where there is none.",
        ),
    ] = None,
) -> None:
    """Turn any form in which FER2013 is found into DEST/images/<split>/<label>/<row>.png."""
    from fer.data.importer import import_dataset, is_dataset

    if is_dataset(dest):
        _meet_existing(dest, ferplus, validation)
        return
    done = import_dataset(source, dest, split, ferplus, skip_bad, validation)
    for row in done.bad:
        print(f"left out: {row}", file=sys.stderr)
    for note in done.notes:
        print(f"note: {note}", file=sys.stderr)
    votes = f", with FER+ votes for {done.votes:,}" if done.votes else ""
    for line in done.listing:
        print(f"  {line}")
    print(f"Found {done.form}; wrote {_counts(done.images)}{votes} to {dest}.")
    print(f"Next: python -m fer data summary {dest}")


@app.command()
def summary(
    data: Annotated[Path, typer.Argument(metavar="DIR", help="Dataset folder.")] = _FOLDER,
    as_json: AsJson = False,
) -> None:
    """Count the images per split and label.

    --json prints one object: split → label → images, and 'totals': split → images, with 'all' for
    the sum.
    """
    from fer.data.folder import FolderDataset
    from fer.data.summary import summary_json, summary_table
    from fer.labels import LABELS

    dataset = FolderDataset.open(data)
    counts = dataset.counts()
    for folder in dataset.strangers:
        print(
            f"note: '{folder}' is not counted: it has no class folder named {', '.join(LABELS)}.",
            file=sys.stderr,
        )
    print(json.dumps(summary_json(counts), indent=2) if as_json else summary_table(counts))


@app.command()
def audit(
    data: Annotated[Path, typer.Argument(metavar="DIR", help="Dataset folder.")],
    weights: Annotated[
        str | None,
        typer.Option(
            metavar="BUNDLE", help="Look for label errors with the predictions of this bundle."
        ),
    ] = None,
    as_json: AsJson = False,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Write every finding here, as JSON, instead of DIR/audit.json."
        ),
    ] = None,
) -> None:
    """Say what is wrong with a dataset folder, and what to do about it.

    Duplicates, blanks, broken files and doubtful labels. No image is changed; what was found is
    written to DIR/audit.json, and with --weights to label_errors.json in the bundle.
    """
    from fer.bundle import LABEL_ERRORS, Bundle
    from fer.data.advice import audit_as_text
    from fer.data.audit import audit_dataset
    from fer.data.folder import FolderDataset
    from fer.data.label_errors import doubt_labels, write_label_errors
    from fer.data.progress import bar
    from fer.files import write_json

    dataset = FolderDataset.open(data)
    target = out or dataset.audit_path
    _require_writable(target, "name a file in a folder of yours with --out")
    bundle = Bundle.open(weights) if weights else None
    if bundle:
        _require_writable(bundle.path(LABEL_ERRORS), "copy the bundle, and name the copy")
    errors = doubt_labels(dataset, bundle) if bundle else None
    found = audit_dataset(dataset, bar)
    write_json(target, found.as_json())
    written = str(target)
    if bundle and errors:
        write_label_errors(bundle, errors)
        written += f" and {bundle.path(LABEL_ERRORS)}"
    if as_json:
        label_errors = {"label_errors": asdict(errors)} if errors else {}
        print(json.dumps(found.as_json() | label_errors, indent=2, ensure_ascii=False))
    else:
        print(audit_as_text(found, errors))
        print(f"\nEvery file behind a finding is listed by --json and in {written}.")


def _meet_existing(dest: Path, ferplus: Path | None, validation: str | None) -> None:
    """Touch no image that is there; only votes or a split that are missing are added."""
    from fer.data.folder import FolderDataset
    from fer.data.importer import add_votes
    from fer.data.validation_split import make_validation, read_share

    dataset = FolderDataset.open(dest)
    images = {split: sum(labels.values()) for split, labels in dataset.counts().items()}
    print(f"The dataset {dest} is already there: {_counts(images)}.")
    if ferplus is None and validation is None:
        print("It was left as it is; remove that folder to import anew.")
    if validation is not None:
        print(make_validation(dataset, read_share(validation)))
    if ferplus is not None and dataset.votes_path.exists():
        print(f"So are its votes; remove {dataset.votes_path} to write them anew.")
    elif ferplus is not None:
        count = add_votes(dataset, ferplus)
        print(f"Wrote FER+ votes for {count:,} images to {dataset.votes_path}.")


def _counts(images: dict[str, int]) -> str:
    return ", ".join(f"{count:,} {split}" for split, count in images.items()) + " images"


def _require_writable(out: Path, advice: str) -> None:
    """Refuse before the work what cannot be written after it."""
    from fer.errors import UserError

    if not out.parent.is_dir():
        raise UserError(f"There is no folder {out.parent} to write {out.name} into; make it first.")
    if not os.access(out.parent, os.W_OK):
        raise UserError(f"{out.parent} cannot be written; {advice}.")
    if out.is_dir():
        raise UserError(f"{out} is a folder; name a file in it, such as {out / 'audit.json'}.")
