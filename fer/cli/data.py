"""``python -m fer data``: import a dataset, and say what is in it and what is wrong with it."""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from fer.cli.audit import add_audit_parser

DEFAULT_DEST = Path("data/fer2013")


def add_parser(commands: Any) -> None:
    """Add ``data`` and its own commands, one function for each."""
    parser = commands.add_parser("data", help="import FER2013, count its images, audit them")
    data_commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for add in (_add_import, _add_summary, add_audit_parser):
        add(data_commands)


def _add_import(commands: Any) -> None:
    parser = commands.add_parser(
        "import",
        help="turn any form of FER2013 into DEST/images/<split>/<label>/<row>.png",
        description="Turn any form in which FER2013 is found into images in class folders.",
    )
    parser.add_argument(
        "source",
        type=Path,
        metavar="SOURCE",
        help="fer2013.csv, icml_face_data.csv, train.csv (with test.csv: their folder), "
        "or a folder, .zip or .tar.gz of tables or class folders",
    )
    parser.add_argument(
        "dest",
        type=Path,
        nargs="?",
        default=DEFAULT_DEST,
        metavar="DEST",
        help="the new dataset folder (default: %(default)s)",
    )
    parser.add_argument(
        "--split",
        choices=("official", "80-20"),
        default="official",
        help="official: Training, PublicTest, PrivateTest become train, validation, test; "
        "80-20: both tests become validation (default: %(default)s)",
    )
    parser.add_argument(
        "--ferplus",
        type=Path,
        metavar="FILE",
        help="FER+'s fer2013new.csv; its votes can be added to an imported dataset later as well",
    )
    parser.add_argument(
        "--skip-bad", action="store_true", help="leave bad rows out and list them on stderr"
    )
    parser.set_defaults(run=_run_import)


def _add_summary(commands: Any) -> None:
    parser = commands.add_parser(
        "summary",
        help="images per split and label",
        description="Count the images per split and label. --json prints one object: split → "
        "label → images, and 'totals': split → images, with 'all' for the sum.",
    )
    parser.add_argument("data", type=Path, nargs="?", default=DEFAULT_DEST, metavar="DEST")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=_run_summary)


def _run_import(arguments: argparse.Namespace) -> int:
    from fer.data.importer import import_dataset, is_dataset

    if is_dataset(arguments.dest):
        return _meet_existing(arguments.dest, arguments.ferplus)
    done = import_dataset(
        arguments.source,
        arguments.dest,
        arguments.split,
        arguments.ferplus,
        arguments.skip_bad,
    )
    for row in done.bad:
        print(f"left out: {row}", file=sys.stderr)
    for note in done.notes:
        print(f"note: {note}", file=sys.stderr)
    votes = f", with FER+ votes for {done.votes:,}" if done.votes else ""
    print(f"Found {done.form}; wrote {_counts(done.images)}{votes} to {arguments.dest}.")
    print(f"Next: python -m fer data summary {arguments.dest}")
    return 0


def _meet_existing(dest: Path, ferplus: Path | None) -> int:
    """Touch nothing that is there; only votes that are still missing are added."""
    from fer.data.folder import votes_path
    from fer.data.importer import add_votes
    from fer.data.summary import count_images

    images = {split: sum(labels.values()) for split, labels in count_images(dest).items()}
    print(f"The dataset {dest} is already there: {_counts(images)}.")
    if ferplus is None:
        print("It was left as it is; remove that folder to import anew.")
    elif votes_path(dest).exists():
        print(f"So are its votes; remove {votes_path(dest)} to write them anew.")
    else:
        print(f"Wrote FER+ votes for {add_votes(dest, ferplus):,} images to {votes_path(dest)}.")
    return 0


def _counts(images: dict[str, int]) -> str:
    return ", ".join(f"{count:,} {split}" for split, count in images.items()) + " images"


def _run_summary(arguments: argparse.Namespace) -> int:
    from fer.data.summary import count_images, summary_json, summary_table, unread_folders
    from fer.labels import LABELS

    counts = count_images(arguments.data)
    for folder in unread_folders(arguments.data):
        print(
            f"note: '{folder}' is not counted: it has no class folder named {', '.join(LABELS)}.",
            file=sys.stderr,
        )
    if arguments.json:
        print(json.dumps(summary_json(counts), indent=2))
    else:
        print(summary_table(counts))
    return 0
