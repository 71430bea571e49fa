"""An archive from the first source to the last."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from fer.archive.folder import ArchiveFolder, Counts
from fer.archive.parts import Chunk, Part, Settings
from fer.wording import duration, percent

_BAR = 10  # characters

Engine = Callable[[Iterator[Chunk], Settings], Iterator[Part]]
"""Answers with the part of every chunk, in any order."""


@dataclass(frozen=True)
class Progress:
    """How far an archive has come.

    Attributes:
        counts: what is done, in earlier runs as well.
        sources: how many there are.
        share: of the bytes, from 0 to 1: photos and videos take roughly as long as they are large.
        left: seconds that it will still take at the pace of this run, if they can be told; what
            comes may be faster or slower to read than what came.
    """

    counts: Counts
    sources: int
    share: float
    left: float | None

    def sentence(self) -> str:
        """For people: how far, as a bar as well, and how long still."""
        bar = "█" * round(_BAR * self.share)
        said = f"{bar:░<{_BAR}} {percent(self.share)}: "
        said += f"{self.counts.sources:,} of {self.sources:,} sources"
        said += f", {self.counts.faces:,} faces"
        if self.counts.failed:
            said += f", {self.counts.failed:,} unreadable"
        return said if self.left is None else f"{said}, about {duration(self.left)} left"


def run_archive(folder: ArchiveFolder, engine: Engine, retry: bool = False) -> Iterator[Progress]:
    """Analyse what is still to be done; after every step what was done so far is kept.

    With ``retry`` also what could not be read, or not to its end.

    Raises:
        UserError: if the folder cannot be written.
    """
    begun = time.monotonic()
    folder.reopen()
    done, counts = folder.done(retry)
    sources, size = folder.totals()
    before = counts
    yield Progress(counts, sources, _share(counts, sources, size), None)
    for part in engine(folder.chunks(without=done), folder.manifest.settings):
        counts += folder.add(part)
        share, share_before = _share(counts, sources, size), _share(before, sources, size)
        pace = (share - share_before) / (time.monotonic() - begun)
        yield Progress(counts, sources, share, (1 - share) / pace if pace > 0 else None)
    folder.finish(counts)


def _share(counts: Counts, sources: int, size: int) -> float:
    return counts.bytes / size if size else counts.sources / sources
