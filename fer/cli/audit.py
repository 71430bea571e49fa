"""``python -m fer data audit``."""

import argparse
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fer.data.audit import Predictions


def add_audit_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add ``audit`` to the commands of ``python -m fer data``."""
    parser = commands.add_parser(
        "audit",
        help="duplicates, blanks, broken files and doubtful labels of a dataset folder",
        description="Say what is wrong with a dataset folder, and what to do about it. "
        "Nothing in the folder is changed.",
    )
    parser.add_argument("data", metavar="DIR", type=Path, help="dataset folder")
    parser.add_argument(
        "--weights", help="look for label errors with the predictions of this bundle"
    )
    parser.add_argument("--json", action="store_true", help="print every finding with its files")
    parser.add_argument(
        "--out", type=Path, help="write the JSON here: weights/NAME/dataset.json for the dashboard"
    )
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    from fer.data.advice import audit_as_text
    from fer.data.audit import audit_dataset
    from fer.files import write_json

    out: Path | None = arguments.out
    if out:
        _require_writable(out)
    predictions = _predictions(arguments.weights) if arguments.weights else None
    audit = audit_dataset(arguments.data, predictions)
    if out:
        write_json(out, audit.to_json())
    if arguments.json:
        print(json.dumps(audit.to_json(), indent=2, ensure_ascii=False))
    else:
        print(audit_as_text(audit))
        print("\nEvery file behind a finding is listed by --json and --out.")
    return 0


def _require_writable(out: Path) -> None:
    """Refuse before the work what cannot be written after it."""
    from fer.errors import UserError

    if not out.parent.is_dir():
        raise UserError(f"There is no folder {out.parent} to write {out.name} into; make it first.")
    if not os.access(out.parent, os.W_OK):
        raise UserError(f"{out.parent} cannot be written; name a file in a folder of yours.")
    if out.is_dir():
        raise UserError(f"{out} is a folder; name a file in it, such as {out / 'dataset.json'}.")


def _predictions(weights: str) -> "Predictions":
    import pandas as pd

    from fer.bundle import PREDICTIONS, bundle_path, read_spec
    from fer.data.audit import Predictions
    from fer.errors import UserError
    from fer.labels import LABELS

    bundle = bundle_path(weights)
    path = bundle / PREDICTIONS
    command = f"python -m fer evaluate --weights {weights} --data DIR --split validation"
    if not path.is_file():
        raise UserError(f"{path} is missing; '{command}' writes it.")
    try:
        table = pd.read_parquet(path, columns=["file", *LABELS])
    except (OSError, ValueError, KeyError) as error:  # ArrowInvalid is a ValueError
        raise UserError(f"{path} is damaged ({error}); '{command}' writes it anew.") from error
    probabilities = dict(zip(table["file"], table[list(LABELS)].to_numpy(), strict=True))
    return Predictions(bundle.name, read_spec(bundle).judged_by, probabilities)
