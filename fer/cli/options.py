"""Options that several commands share."""

import argparse


def add_weights(parser: argparse.ArgumentParser) -> None:
    """Add ``--weights``."""
    parser.add_argument("--weights", default="fer", help="bundle: weights/NAME, or its name")


def add_detector(parser: argparse.ArgumentParser, what: str = "what finds the faces") -> None:
    """Add ``--detector``; the names are those of `fer.vision.detection`, without opening OpenCV."""
    parser.add_argument(
        "--detector",
        choices=("auto", "haar", "yunet"),
        default="auto",
        help=f"{what} (default: auto, which is yunet where it has been fetched)",
    )
