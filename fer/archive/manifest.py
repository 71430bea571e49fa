"""``manifest.json``: what an archive was made of and with, and what came of it."""

import platform
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path

from fer.archive.analyse import Part, Settings
from fer.errors import UserError

_PACKAGES = ("numpy", "opencv-python-headless", "onnxruntime", "pillow", "av", "pyarrow")


@dataclass(frozen=True)
class Counts:
    """What was done so far.

    Attributes:
        chunks: parts that were written.
        sources: in them.
        faces: rows, one a face a frame.
        failed: sources of which nothing could be read.
        partly: sources with a note on what is missing.
        bytes: of the sources.
        seconds: of video.
    """

    chunks: int = 0
    sources: int = 0
    faces: int = 0
    failed: int = 0
    partly: int = 0
    bytes: int = 0
    seconds: float = 0.0

    @classmethod
    def of(cls, part: Part) -> "Counts":
        """What one part adds."""
        partly = sum(problem.partly for problem in part.problems)
        failed = len(part.problems) - partly
        return cls(1, part.sources, part.faces.num_rows, failed, partly, part.bytes, part.seconds)

    def __add__(self, other: "Counts") -> "Counts":
        mine, others = vars(self), vars(other)
        return Counts(**{name: mine[name] + others[name] for name in mine})


@dataclass(frozen=True)
class Manifest:
    """``manifest.json``.

    Attributes:
        given: what the command was given as sources, with absolute paths.
        settings: what decides the rows.
        versions: of Python and the packages that decide the rows.
        finished: whether everything is done.
        counts: in the end.
    """

    given: tuple[str, ...]
    settings: Settings
    versions: dict[str, str] = field(default_factory=dict)
    finished: bool = False
    counts: Counts = field(default_factory=Counts)


def versions() -> dict[str, str]:
    """Of Python and of the packages that decide the rows."""
    return {"python": platform.python_version()} | {name: version(name) for name in _PACKAGES}


def require_same(path: Path, begun: Manifest, now: Manifest) -> None:
    """Refuse to go on in ``path`` with other sources or settings than it was ``begun`` with.

    Raises:
        UserError: naming the first that differs.
    """
    before, after = ({**asdict(m.settings), "SOURCE": list(m.given)} for m in (begun, now))
    for name, value in before.items():
        if after[name] != value:
            raise UserError(
                f"{path} was begun with {name} {value}, not {after[name]}; give the command as it "
                "was then, or name a new folder with --out."
            )
