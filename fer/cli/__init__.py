"""``python -m fer``: one thin module per command, each importing its room only when it runs.

A command module has ``add_parser(commands)``, which adds its subparser and sets ``run``
to a function from the parsed arguments to an exit status.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from io import TextIOWrapper

from fer.errors import UserError

_COMMANDS = (
    "data", "train", "export", "calibrate", "evaluate", "card", "predict", "video", "space",
    "fetch", "bench", "quantize", "average",
)  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; a `UserError` becomes one line on stderr and the exit status 2."""
    parser = argparse.ArgumentParser(
        prog="python -m fer", description="Facial expression recognition: data, training, use."
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for name in _COMMANDS:
        import_module(f"fer.cli.{name}").add_parser(commands)
    parsed = parser.parse_args(arguments)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # names of files may be in no encoding at all
            stream.reconfigure(errors="backslashreplace")
    try:
        status = int(parsed.run(parsed))
        sys.stdout.flush()
        return status
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:
        # The reader, such as `head`, has seen enough; nothing may be flushed to it at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        return 130
