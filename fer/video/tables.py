"""A video's timeline as files: CSV and JSON, in UTF-8, whole or not at all."""

import csv
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TextIO

from fer.files import written_whole
from fer.video.run import VideoResult
from fer.video.timeline import Timeline, summarize
from fer.vision.faces import CSV_COLUMNS, csv_cells

_DECIMALS = 4  # a tenth of a millisecond, a hundredth of a percent


def write_tables(
    result: VideoResult, beside: Path, source: Path, weights: str
) -> tuple[Path, Path]:
    """Write the timeline as CSV and as JSON; the two paths.

    Args:
        result: of the run.
        beside: the annotated copy, whether it is there or not: the tables have its name.
        source: the video that was analysed.
        weights: the name of the bundle that was used.

    Raises:
        UserError: if they cannot be written.
    """
    as_csv, as_json = beside.with_suffix(".csv"), beside.with_suffix(".json")
    with written_whole(as_csv) as part, part.open("w", encoding="utf-8", newline="") as file:
        write_csv(file, result.timeline)
    # Names of files that are no UTF-8 become JSON's own escapes.
    with (
        written_whole(as_json) as part,
        part.open("w", encoding="utf-8", errors="backslashreplace") as file,
    ):
        write_json(file, result.timeline, about(result, source, weights))
    return as_csv, as_json


def about(result: VideoResult, source: Path, weights: str) -> dict[str, Any]:
    """What stands at the head of the JSON: what was analysed, and how."""
    notes = [*result.notes, *([result.problem] if result.problem else [])]
    return {
        "video": source.name,
        **vars(result.info),
        "weights": weights,
        "every": result.every,
        "analysed_seconds": result.analysed,
        "notes": notes,
    }


def write_csv(file: TextIO, timeline: Timeline) -> None:
    """Write a line per row: time, frame, number of the face, and `CSV_COLUMNS`."""
    table = csv.writer(file, lineterminator="\n")
    table.writerow(("time", "frame", "face", *CSV_COLUMNS))
    for row in timeline.records():
        table.writerow((_short(row["time"]), row["frame"], row["face"], *csv_cells(row)))


def write_json(file: TextIO, timeline: Timeline, about: Mapping[str, Any]) -> None:
    """Write ``about``, the table of faces and all rows as one object, row by row."""
    faces = [vars(summary) for summary in summarize(timeline)]
    head = json.dumps(_short({**about, "faces": faces, "rows": []}), ensure_ascii=False)
    file.write(head.removesuffix("]}"))
    for i, row in enumerate(timeline.records()):
        told = json.dumps({**row, "time": _short(row["time"])}, ensure_ascii=False)
        file.write((",\n" if i else "\n") + told)
    file.write("]}\n")


def _short(value: Any) -> Any:
    """``value`` with all numbers in it as long as they are meant: what is computed is not exact."""
    if isinstance(value, float):
        return round(value, _DECIMALS)
    if isinstance(value, Mapping):
        return {key: _short(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_short(inner) for inner in value]
    return value
