"""What comes of a video: the files that visitors save."""

from dataclasses import dataclass
from pathlib import Path

from fer.errors import UserError
from fer.look import words
from fer.video.run import VideoResult
from fer.video.tables import write_tables


@dataclass(frozen=True)
class Analysed:
    """What the downloads are written from.

    Attributes:
        result: of the run.
        target: the annotated copy, whether it could be written or not.
        source: the video.
        model: the name of the bundle.
    """

    result: VideoResult
    target: Path
    source: Path
    model: str


def save_video(found: Analysed | None) -> Path:
    """The annotated copy: the player has it already."""
    found = _kept(found)
    if found.result.path is None:
        raise UserError(found.result.problem or words.FAILED)
    return found.result.path


def save_json(found: Analysed | None) -> Path:
    """Write the timeline as JSON beside the annotated copy."""
    return _tables(found)[1]


def save_csv(found: Analysed | None) -> Path:
    """Write the timeline as CSV beside the annotated copy."""
    return _tables(found)[0]


def _tables(found: Analysed | None) -> tuple[Path, Path]:
    found = _kept(found)
    return write_tables(found.result, found.target, found.source, found.model)


def _kept(found: Analysed | None) -> Analysed:
    if found is None or not found.target.parent.exists():
        raise UserError(words.FORGOTTEN)
    return found
