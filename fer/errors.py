"""The one kind of error that people see, and how defects are logged."""

import traceback


class UserError(ValueError):
    """Something that the user can mend, in one sentence: what was wrong, where, and what to do.

    The command line, the app and the dashboard show its message without a traceback;
    every other exception is a defect of ours and keeps its traceback.
    """


def place_of(defect: BaseException) -> str:
    """Kind and place of a ``defect`` for a server's log.

    Its message is left out: it may hold a visitor's file name or picture.
    """
    frames = "".join(traceback.format_tb(defect.__traceback__))
    return f"{frames}{type(defect).__name__}"
