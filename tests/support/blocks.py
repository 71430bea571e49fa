"""The blocks of a page that a command rewrites."""

from fer.evaluation.markdown import markers


def block_in(text: str, name: str) -> str:
    """The block ``name`` of ``text``, without the blanks around it; empty if it is not there."""
    begin, end = markers(name)
    return text.partition(begin)[2].partition(end)[0].strip()
