"""Tables, and the blocks of a page that a command rewrites."""

import re
from collections.abc import Sequence

from fer.errors import UserError


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def markers(name: str) -> tuple[str, str]:
    """The two lines between which the block ``name`` stands."""
    return f"<!-- {name}:begin -->", f"<!-- {name}:end -->"


def replace_block(text: str, name: str, content: str) -> str:
    """``text`` with ``content`` as its block ``name``.

    Raises:
        UserError: if the markers are not there, once each and in order.
    """
    begin, end = markers(name)
    pattern = re.compile(f"{re.escape(begin)}.*{re.escape(end)}", re.DOTALL)
    if text.count(begin) != 1 or text.count(end) != 1 or not pattern.search(text):
        raise UserError(f"The README needs the lines {begin} and {end}, once each, in this order.")
    block = "\n".join(part for part in (begin, content, end) if part)
    return pattern.sub(lambda _: block, text)
