"""The one kind of error that people see, and how defects are logged."""

import logging
import re
import traceback
from pathlib import Path

_FOLDERS = re.compile(r"(?<![\w.:/\\])(?:/[^/\s:;,'\"()<>]+)+/(?=[^/\s])")


def printable(text: str) -> str:
    """``text`` on one line: what would command a terminal, or turn it around, in escapes."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


class UserError(ValueError):
    """Something that the user can mend, in one sentence: what was wrong, where, and what to do.

    The command line, the app and the dashboard show its message without a traceback;
    every other exception is a defect of ours and keeps its traceback. Names of files come from
    strangers too: what is not `printable` stands in the message in escapes.
    """

    def __init__(self, message: str) -> None:
        super().__init__(printable(message))


def reason_of(error: BaseException) -> str:
    """The first line of what a library's ``error`` says, or its kind where it says nothing."""
    lines = str(error).strip().splitlines()
    return lines[0].rstrip(".") if lines else type(error).__name__


def without_folders(sentence: str, *files: Path) -> str:
    """``sentence`` with every absolute path reduced to its name, for people elsewhere.

    Paths with spaces are only known for what they are where they are among ``files``.

    >>> without_folders("/srv/fer/weights/mine/model.onnx cannot be run; see https://a.org/b/c.")
    'model.onnx cannot be run; see https://a.org/b/c.'
    """
    for file in files:
        sentence = sentence.replace(printable(str(file)), printable(file.name))
    return _FOLDERS.sub("", sentence)


def place_of(defect: BaseException) -> str:
    """Kind and place of a ``defect`` for a server's log.

    Its message is left out: it may hold a visitor's file name or picture.
    """
    frames = "".join(traceback.format_tb(defect.__traceback__))
    return f"{frames}{type(defect).__name__}"


class PlacesOnly(logging.Filter):
    """Lets a library's logger tell a defect as `place_of` does, without its message."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Change ``record``; it is always logged."""
        defect = record.exc_info[1] if record.exc_info else None
        if defect is not None:
            record.msg, record.args = f"{record.getMessage()}\n{place_of(defect)}", ()
            record.exc_info = record.exc_text = None
        return True
