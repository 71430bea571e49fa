"""What is worded alike in figures, pages, tables and the model card: shares, judges, uses."""

JUDGES = {
    "original": "original labels",
    "ferplus": "majority of ten annotators",
}
"""Whose labels a model is held against, by the names of `fer.spec.JUDGED_BY`."""

INTENDED = (
    "It is meant for teaching and learning how such models work and fail, for trying out one's own "
    "training data or networks, for research on expression recognition with FER2013, and for "
    "playful interfaces where a wrong answer does no harm and everyone in view has agreed."
)

OUT_OF_SCOPE = (
    "Do not use it to judge, rank, monitor or decide about anyone: not for hiring, school or "
    "workplace, not for policing, border control or lie detection, not for diagnosis or therapy, "
    "not for insurance, credit or advertising aimed at moods, and not on people who do not know or "
    "have not agreed. A label is a guess about a picture, never evidence of a feeling."
)

LAW = (
    "In the European Union the AI Act (Regulation (EU) 2024/1689) prohibits AI systems that infer "
    "emotions of people at work and in education, save for medical or safety reasons (Article "
    "5(1)(f)); elsewhere such systems are high-risk (Annex III, point 1(c)), and the people "
    "exposed must be told (Article 50(3))."
)

ABSENT = "–"
"""In place of a figure that does not exist."""


def percent(share: float, digits: int = 0) -> str:
    """A share of 0 to 1 as people write it: ``0.873`` is ``87 %``."""
    return f"{100 * share:.{digits}f} %"


def count(n: int, noun: str) -> str:
    """``1 face``, ``2 faces``."""
    return f"{n:,} {noun}" if n == 1 else f"{n:,} {noun}s"


def duration(seconds: float) -> str:
    """A time as people write it: ``42 s``, ``3 min 05 s``, ``2 h 10 min``."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours:,} h {minutes:02} min"
    return f"{minutes} min {rest:02} s" if minutes else f"{rest} s"
