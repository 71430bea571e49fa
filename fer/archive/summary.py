"""What is in an archive: counts, expressions, and the sources that are worth a look.

A source's rows are in one part, so parts are read one after the other: what is in memory grows by
some hundred bytes a source, whatever the number of faces.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from fer.archive.folder import FAILED_SCHEMA, ArchiveFolder, Counts
from fer.archive.source import PHOTO, VIDEO
from fer.errors import printable
from fer.labels import LABELS, UNSURE
from fer.wording import duration, percent

_SHOWN = (*LABELS, UNSURE)
_BAR = 30  # characters
_LISTED = 5


@dataclass(frozen=True)
class ArchiveSummary:
    """What is in an archive.

    Attributes:
        counts: what was done.
        listed: how many sources there are, done or not.
        finished: whether all are done.
        labels: rows by shown label, by the kind of source: ``{"photo": {"happy": 3, …}, …}``.
        quality: rows by quality.
        sources: one row a source with faces: ``source kind rows faces confidence unsure good``,
            the last three as mean confidence and as shares of its rows.
        problems: ``source problem partly``, as ``failed.parquet`` has them in the end.
    """

    counts: Counts
    listed: int
    finished: bool
    labels: Mapping[str, Mapping[str, int]]
    quality: Mapping[str, int]
    sources: pa.Table
    problems: pa.Table

    @property
    def without_faces(self) -> int:
        """How many sources were read and show no face."""
        return self.counts.sources - self.counts.failed - self.sources.num_rows

    def least_certain(self, kind: str) -> list[dict[str, Any]]:
        """The sources of a kind whose faces are most often "unsure", of those the least certain."""
        mine = self.sources.filter(pc.field("kind") == kind)
        order = [("unsure", "descending"), ("confidence", "ascending"), ("source", "ascending")]
        return list(mine.sort_by(order).slice(0, _LISTED).to_pylist())


def summarize(folder: ArchiveFolder) -> ArchiveSummary:
    """What is in ``folder``, which need not be finished.

    Raises:
        UserError: if a part cannot be read.
    """
    labels: dict[str, Counter[str]] = {PHOTO: Counter(), VIDEO: Counter()}
    quality, tables, counts = Counter[str](), [_NO_SOURCES], Counts()
    failed = [FAILED_SCHEMA.empty_table()]
    for path, done, problems in folder.whole():
        counts += done
        failed += [pa.Table.from_pylist(problems, FAILED_SCHEMA)] if problems else []
        table = folder.rows(path, columns=[*_READ])
        for row in table.group_by(["kind", "label"]).aggregate([([], "count_all")]).to_pylist():
            labels[row["kind"]][row["label"]] += row["count_all"]
        for row in table.group_by("quality").aggregate([([], "count_all")]).to_pylist():
            quality[row["quality"]] += row["count_all"]
        tables.append(_by_source(table))
    return ArchiveSummary(
        counts,
        folder.totals()[0],
        folder.manifest.finished,
        {kind: {label: found[label] for label in _SHOWN} for kind, found in labels.items()},
        dict(quality.most_common()),
        pa.concat_tables(tables),
        pa.concat_tables(failed),
    )


_READ = ("source", "kind", "face", "label", "confidence", "quality")
_NO_SOURCES = pa.schema(
    [
        ("source", pa.string()), ("kind", pa.string()), ("rows", pa.int64()),
        ("faces", pa.int64()), ("confidence", pa.float64()), ("unsure", pa.float64()),
        ("good", pa.float64()),
    ]
).empty_table()  # fmt: skip


def _by_source(table: pa.Table) -> pa.Table:
    table = table.append_column("unsure", pc.equal(table["label"], UNSURE).cast(pa.float64()))
    table = table.append_column("good", pc.equal(table["quality"], "good").cast(pa.float64()))
    means = [(name, "mean") for name in ("confidence", "unsure", "good")]
    found = table.group_by(["source", "kind"], use_threads=False).aggregate(
        [([], "count_all"), ("face", "count_distinct"), *means]
    )
    return found.rename_columns(_NO_SOURCES.column_names).cast(_NO_SOURCES.schema)


def summary_json(found: ArchiveSummary) -> dict[str, Any]:
    """For programs; the sources are in the Parquet files."""
    return {
        **asdict(found.counts),
        "listed": found.listed,
        "finished": found.finished,
        "without_faces": found.without_faces,
        "labels": found.labels,
        "quality": found.quality,
        "look_at": {kind: found.least_certain(kind) for kind in (PHOTO, VIDEO)},
    }


def summary_text(found: ArchiveSummary) -> str:
    """For people, with bars."""
    counts = found.counts
    open_ = "" if found.finished else f" of {found.listed:,}, not finished yet"
    lines = [
        f"{counts.sources:,} sources{open_}: {found.sources.num_rows:,} with faces, "
        f"{found.without_faces:,} without, {counts.failed:,} unreadable",
        f"{counts.faces:,} rows of faces; {duration(counts.seconds)} of video",
    ]
    for kind, shares in found.labels.items():
        if total := sum(shares.values()):
            lines += ["", f"{kind}s, {total:,} rows"]
            lines += [_bar(label, count / total) for label, count in shares.items()]
    if found.quality:
        lines += ["", "quality of the faces"]
        lines += [_bar(name, n / counts.faces) for name, n in found.quality.items()]
    for kind in (PHOTO, VIDEO):
        unsure = [row for row in found.least_certain(kind) if row["unsure"] > 0]
        lines += ["", f"{kind}s to look at: the least certain"] if unsure else []
        lines += [
            f"  {printable(row['source'])}: {percent(row['unsure'])} unsure, confidence "
            f"{percent(row['confidence'])}"
            for row in unsure
        ]
    return "\n".join(lines)


def _bar(name: str, share: float) -> str:
    return f"  {name:<9}{percent(share, 1):>8}  {'█' * round(_BAR * share)}".rstrip()
