"""The one kind of error that people see."""


class UserError(ValueError):
    """Something that the user can mend, in one sentence: what was wrong, where, and what to do.

    The command line, the app and the dashboard show its message without a traceback;
    every other exception is a defect of ours and keeps its traceback.
    """
