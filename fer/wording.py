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
