"""``python -m fer card``."""

import argparse
import sys
from pathlib import Path

from fer.paths import REPOSITORY


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add ``card``."""
    parser = commands.add_parser(
        "card",
        help="write the model card and the README's table from the bundles",
        description="Write the model card, and the table between the README's two markers, "
        "from the files of the bundles: no figure is typed by hand.",
    )
    parser.add_argument(
        "--weights", nargs="+", metavar="NAME", help="bundles to describe (default: all)"
    )
    parser.add_argument("--out", type=Path, default=REPOSITORY / "docs" / "model-card.md")
    parser.add_argument("--readme", type=Path, default=REPOSITORY / "README.md")
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    from fer.bundle import bundle_path, list_bundles
    from fer.errors import UserError
    from fer.evaluation.markdown import replace_block
    from fer.evaluation.model_card import EXPERIMENTS, NUMBERS, model_card, numbers_table

    names = arguments.weights or [bundle.name for bundle in list_bundles()]
    if not names:
        raise UserError("There is no bundle to describe; 'python -m fer train' makes one.")
    bundles = [bundle_path(name) for name in names]
    card = model_card(bundles, arguments.out.with_name(EXPERIMENTS))
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    arguments.out.write_text(card, encoding="utf-8")
    print(arguments.out)
    if not arguments.readme.is_file():
        print(f"note: there is no {arguments.readme} to put the table into.", file=sys.stderr)
        return 0
    text = arguments.readme.read_text(encoding="utf-8")
    text = replace_block(text, NUMBERS, numbers_table(bundles))
    arguments.readme.write_text(text, encoding="utf-8")
    print(arguments.readme)
    return 0
