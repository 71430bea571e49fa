"""Arguments and options that several commands share, and how values of both kinds are checked."""

import shutil
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

Data = Annotated[Path, typer.Option(metavar="DIR", help="Dataset folder.")]
Weights = Annotated[str, typer.Option(metavar="BUNDLE", help="Bundle: its name, or its folder.")]
BundleArgument = Annotated[
    str, typer.Argument(metavar="BUNDLE", help="Bundle: its name, or its folder.")
]
NewBundle = Annotated[Path, typer.Option(metavar="DIR", help="Bundle to write: weights/NAME.")]
Split = Annotated[str, typer.Option(metavar="NAME", help="Split of the dataset.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
# The names of `fer.vision.detectors`, without opening OpenCV for a list of options.
Detector = Annotated[
    Literal["auto", "haar", "yunet", "none"],
    typer.Option(help="What finds the faces; auto is yunet where it has been fetched."),
]


_LOGGED_EVERY = 30.0  # seconds


def seconds(value: float | None) -> float | None:
    """A callback for options that are a time in seconds.

    Raises:
        typer.BadParameter: for one that is negative or no number.
    """
    if value is not None and not 0 <= value < float("inf"):
        raise typer.BadParameter(f"must be 0 or more seconds, not {value:g}")
    return value


def show_progress(run: Iterable[Any]) -> None:
    """Go through ``run``, whose steps have a ``sentence``: over and over in one line of a terminal.

    In a file, where a job of many hours may write, it is a line every half minute.
    """
    shown, told = sys.stderr.isatty(), time.monotonic()
    for progress in run:
        if shown:
            # Cut to one line, or the next would not come over it; what was longer before goes.
            said = progress.sentence()[: shutil.get_terminal_size().columns - 1]
            print(f"\r{said}\x1b[K", end="", flush=True, file=sys.stderr)
        elif time.monotonic() - told > _LOGGED_EVERY:
            told = time.monotonic()
            print(progress.sentence(), file=sys.stderr, flush=True)
    if shown:
        print(file=sys.stderr)
