"""The command ``fer``, also ``python -m fer``: thin functions that say what their rooms answer.

A command imports its room when it runs, so that ``fer predict`` waits for nothing that it does not
need. What a function returns is the exit status; nothing is success.
"""

import os
import sys
from collections.abc import Sequence
from io import TextIOWrapper

import typer

from fer.cli import archive, data, fetch, measure, predict, ship, training, video
from fer.errors import UserError

app = typer.Typer(
    name="fer",
    help="Recognition of apparent facial expressions: data, training, use.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,  # plain text: readable on every console, in a file as well
    pretty_exceptions_enable=False,  # a defect of ours keeps Python's own traceback
)
app.add_typer(data.app, name="data")
app.add_typer(archive.app, name="archive")
for command in (
    predict.predict,
    video.video,
    fetch.fetch,
    training.train,
    training.average,
    training.remember,
    ship.export,
    ship.quantize,
    ship.calibrate,
    measure.evaluate,
    measure.card,
    measure.bench,
    ship.space,
):
    app.command()(command)


EXTRAS = {
    "gradio": "app",
    "pyarrow": "parquet",
    "ray": "scale",
    "keras": "train",
    "tensorflow": "train",
    "onnx": "train",
    "tf2onnx": "train",
    "scipy": "train",
} | dict.fromkeys(("streamlit", "plotly", "pandas", "jinja2"), "dashboard")
"""Which of ``pyproject.toml``'s lists has a package, by the name it is imported by."""


_STOPPED = 130  # the exit status


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; a `UserError` becomes one line on stderr and the exit status 2."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            # What a program reads is UTF-8 on every console; names of files may be in no encoding.
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    try:
        status = app(None if arguments is None else list(arguments), standalone_mode=False)
        if status == _STOPPED:  # what Typer makes of Ctrl-C
            print("stopped", file=sys.stderr)
        sys.stdout.flush()
        return int(status or 0)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except ModuleNotFoundError as error:
        package = (error.name or "fer").split(".")[0]
        if package == "fer":  # a defect of ours
            raise
        extra = EXTRAS.get(package, "all")
        print(
            f"error: This command needs the package {package}, which recognition does without; "
            f"'pip install \"honest-fer[{extra}]\"' or, in the repository, "
            f"'pip install \".[{extra}]\"' installs it.",
            file=sys.stderr,
        )
        return 2
    except typer.TyperException as error:  # an option that does not exist, a number that is none
        # Of a choice, Typer lets pydantic speak.
        message = error.format_message().replace("Value error, ", "").rstrip(".")
        print(f"error: {message}; 'fer COMMAND --help' lists the options.", file=sys.stderr)
        return 2
    except BrokenPipeError:
        # The reader, such as `head`, has seen enough; nothing may be flushed to it at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except OSError as error:  # a folder that is missing or read-only, a disk that is full
        if error.filename is None:  # nothing that a user named
            raise
        reason = error.strerror or error
        print(f"error: {error.filename}: {reason}; name another place.", file=sys.stderr)
        return 2


def script() -> None:
    """Entry point of the console script ``fer``."""
    sys.exit(main())
