"""How shares and judges are worded, the same in figures, pages, tables and the model card."""

JUDGES = {
    "original": "original labels",
    "ferplus": "majority of ten annotators",
}
"""Whose labels a model is held against, by the names of `fer.spec.JUDGED_BY`."""

ABSENT = "–"
"""In place of a figure that does not exist."""


def percent(share: float, digits: int = 0) -> str:
    """A share of 0 to 1 as people write it: ``0.873`` is ``87 %``."""
    return f"{100 * share:.{digits}f} %"


def duration(seconds: float) -> str:
    """A time as people write it: ``42 s``, ``3 min 05 s``, ``2 h 10 min``."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours:,} h {minutes:02} min"
    return f"{minutes} min {rest:02} s" if minutes else f"{rest} s"
