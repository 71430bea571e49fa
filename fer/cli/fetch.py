"""``python -m fer fetch``."""

import argparse


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add ``fetch``."""
    parser = commands.add_parser(
        "fetch",
        help="download what is not part of the repository",
        description="Download the face detector YuNet (230 kB) from the Hugging Face hub into "
        "its cache, check that it is the file that was measured here, and say where it is.",
    )
    parser.add_argument("what", choices=("yunet",), help="what to download")
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    from fer.vision.yunet import fetch

    print(fetch())
    return 0
