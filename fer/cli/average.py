"""``python -m fer average``."""

import argparse
import sys
from pathlib import Path


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add ``average``."""
    parser = commands.add_parser(
        "average",
        help="write the mean of the weights of several bundles",
        description="For runs that began with the same weights, or one with the other's.",
    )
    parser.add_argument("bundles", nargs="+", metavar="BUNDLE", help="weights/NAME or NAME")
    parser.add_argument("--out", type=Path, required=True, help="bundle to write: weights/NAME")
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    from fer.training.average import average

    average(arguments.bundles, arguments.out)
    print(f"Next: python -m fer export {arguments.out}", file=sys.stderr)
    return 0
