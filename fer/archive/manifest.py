"""``manifest.json``: what an archive was made of and with, and what came of it."""

import platform
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from importlib.metadata import PackageNotFoundError, version
from itertools import zip_longest
from pathlib import Path

from fer.archive.parts import Part, Settings
from fer.errors import UserError

_PACKAGES = (
    "honest-fer",
    "numpy",
    "opencv-python-headless",
    "onnxruntime",
    "pillow",
    "av",
    "pyarrow",
)


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
        versions: of Python and the packages that decide the rows; several where it was gone on
            with after a change.
        finished: whether everything is done.
        counts: in the end.
    """

    given: tuple[str, ...]
    settings: Settings
    versions: dict[str, str] = field(default_factory=dict)
    finished: bool = False
    counts: Counts = field(default_factory=Counts)

    def made_also_with(self, now: Mapping[str, str]) -> "Manifest":
        """Gone on with: versions that are others by now are told beside those of before."""
        told = dict(self.versions)
        for name, version_ in now.items():
            before = told.get(name)
            if before and version_ not in before.split(", "):
                told[name] = f"{before}, {version_}"
            else:
                told[name] = before or version_
        return replace(self, versions=told)


def versions() -> dict[str, str]:
    """Of Python and of the packages that decide the rows."""
    found = {"python": platform.python_version()}
    for name in _PACKAGES:
        with suppress(PackageNotFoundError):  # this project itself, where it is only a checkout
            found[name] = version(name)
    return found


def require_same(path: Path, begun: Manifest, now: Manifest) -> None:
    """Refuse to go on in ``path`` with other sources or settings than it was ``begun`` with.

    Raises:
        UserError: naming the first that differs.
    """
    instead = "or name a new folder with --out"
    before, after = asdict(begun.settings), asdict(now.settings)
    for name, value in before.items():
        if after[name] != value:
            raise UserError(
                f"{path} was begun with {name} {value}, not {after[name]}; give the command as it "
                f"was then, {instead}."
            )
    pairs = zip_longest(begun.given, now.given, fillvalue="nothing")
    for place, (then, given) in enumerate(pairs, 1):
        if then != given:
            raise UserError(
                f"{path} was begun with {len(begun.given):,} SOURCE, now there are "
                f"{len(now.given):,}, and number {place:,} was {then}, now it is {given}; give the "
                f"command as it was then, patterns in quotation marks, {instead}."
            )
