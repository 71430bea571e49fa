"""What goes into the analysis of an archive, and what comes of it, piece by piece.

Who reads an archive needs these, and neither `fer.archive.analyse` nor what reads videos.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pyarrow as pa
import pyarrow.compute as pc

from fer.archive.rows import Rows
from fer.archive.source import Source
from fer.bundle import Bundle
from fer.errors import UserError
from fer.paths import weights_folder
from fer.vision.recognize import Recognizer


@dataclass(frozen=True)
class Settings:
    """What decides the rows.

    Attributes:
        weights: a bundle's name where it is among the shipped ones, else its absolute folder.
        model_sha256: of its ``model.onnx``.
        detector: by name, never ``"auto"``.
        every: seconds between two looks at a video.
    """

    weights: str
    model_sha256: str
    detector: str
    every: float

    @classmethod
    def of(cls, weights: str, detector: str, every: float) -> "Settings":
        """The settings that the command line means, on this machine.

        Raises:
            UserError: if the bundle or the detector cannot be opened.
        """
        bundle = Bundle.open(weights)
        shipped = bundle.folder == weights_folder() / bundle.name
        name = bundle.name if shipped else str(bundle.folder.resolve())
        found = Recognizer.open(bundle, detector).detector.name
        return cls(name, bundle.model_sha256, found, every)

    def open(self) -> Recognizer:
        """The recognizer that they describe.

        Raises:
            UserError: if it cannot be opened, or the bundle is another one on this machine.
        """
        bundle = Bundle.open(self.weights)
        if bundle.model_sha256 != self.model_sha256:
            raise UserError(
                f"{bundle} holds other weights than the archive was begun with; install the same "
                "version on every machine, or begin a new folder."
            )
        return Recognizer.open(bundle, self.detector)


@dataclass(frozen=True)
class Chunk:
    """Sources that are analysed together: one video, or some photos.

    Attributes:
        number: from 0; the same sources have the same number for ever.
        sources: one or more.
    """

    number: int
    sources: tuple[Source, ...]


@dataclass(frozen=True)
class Problem:
    """Why a source could not be read.

    Attributes:
        source: its name.
        problem: a sentence.
        partly: whether a part of it, such as a video's beginning, was read all the same.
    """

    source: str
    problem: str
    partly: bool = False


@dataclass(frozen=True)
class Part:
    """What came of a chunk.

    Attributes:
        chunk: its number.
        faces: rows by `fer.archive.rows.SCHEMA`.
        problems: of sources that could not be read, or not to their end.
        sources: how many there were.
        bytes: their size.
        seconds: of video that were analysed.
    """

    chunk: int
    faces: pa.Table
    problems: tuple[Problem, ...]
    sources: int
    bytes: int
    seconds: float = 0.0

    @classmethod
    def joined(cls, parts: Sequence["Part"]) -> "Part":
        """Parts of one chunk, whose sources were analysed one by one, as one."""
        return cls(
            parts[0].chunk,
            pa.concat_tables([part.faces for part in parts]),
            tuple(problem for part in parts for problem in part.problems),
            sum(part.sources for part in parts),
            sum(part.bytes for part in parts),
            sum(part.seconds for part in parts),
        )

    def bettered(self, faces: pa.Table, problems: Sequence[Problem], seconds: float) -> "Part":
        """What this is with those sources as they were before that were read better then.

        The better reading has more rows; of as many, the one that got anywhere at all.

        Args:
            faces: the rows of before.
            problems: those of before.
            seconds: of video that were analysed before.
        """
        kept: dict[str, Problem | None] = {}
        told = {problem.source: problem for problem in problems}
        for now in self.problems:
            before = told.get(now.source)
            if before is None or _worth(before, faces) > _worth(now, self.faces):
                kept[now.source] = before
        chosen = pa.array(list(kept), pa.string())
        mine = pc.is_in(self.faces["source"], chosen)
        return replace(
            self,
            faces=pa.concat_tables(
                [
                    self.faces.filter(pc.invert(mine)),
                    faces.filter(pc.is_in(faces["source"], chosen)).cast(self.faces.schema),
                ]
            ),
            problems=(
                *(now for now in self.problems if now.source not in kept),
                *(before for before in kept.values() if before is not None),
            ),
            seconds=max(seconds, self.seconds) if kept else self.seconds,
        )

    @classmethod
    def failed(cls, chunk: Chunk, problem: str) -> "Part":
        """The part of a chunk of which nothing could be read."""
        problems = tuple(Problem(source.name, problem) for source in chunk.sources)
        size = sum(source.size for source in chunk.sources)
        return cls(chunk.number, Rows("").table(), problems, len(chunk.sources), size)


def _worth(problem: Problem, faces: pa.Table) -> tuple[int, bool]:
    rows = pc.sum(pc.equal(faces["source"], problem.source)).as_py()
    return int(rows or 0), problem.partly
