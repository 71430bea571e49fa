"""``python -m fer space``."""

import argparse
from pathlib import Path


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add ``space``."""
    parser = commands.add_parser(
        "space",
        help="make the folder of a Hugging Face Space, and upload it if asked",
        description="Copy what serving needs into a new folder; nothing leaves this machine "
        "without --upload.",
    )
    parser.add_argument("kind", choices=("app", "dashboard"), help="which of the two")
    parser.add_argument("folder", type=Path, help="new folder to write, such as out/space")
    parser.add_argument(
        "--upload", metavar="USER/NAME", help="Space to create or update, after 'hf auth login'"
    )
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    from fer.ship.space import build_space, upload

    folder = build_space(arguments.kind, arguments.folder)
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    print(f"{folder}: {size / 1e6:.1f} MB, ready for a Space.")
    if arguments.upload:
        print(upload(folder, arguments.kind, arguments.upload))
    return 0
