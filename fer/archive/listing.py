"""``sources.parquet``: what there was to analyse when the archive was begun, dealt into chunks.

The list is made once. Whatever is added to a folder later, or moved in it, a chunk's number means
the same sources for ever: so a run that was broken off goes on without doubling anything.
"""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import groupby, islice
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from fer.archive.parts import Chunk
from fer.archive.source import VIDEO, Source
from fer.errors import UserError
from fer.files import written_whole

_SCHEMA = pa.schema(
    [
        ("chunk", pa.int64()),
        ("source", pa.string()),
        ("kind", pa.string()),
        ("size", pa.int64()),
        ("address", pa.binary()),  # paths need not be text
        ("offset", pa.int64()),
        ("header", pa.int64()),
        ("problem", pa.string()),
    ]
)
_AT_ONCE = 1024  # rows in memory
_FEWEST, _MOST = 8, 256
_SHARE = 32


def write_sources(path: Path, sources: Iterable[Source]) -> None:
    """Write the list, whole or not at all.

    Raises:
        UserError: if it cannot be written.
    """
    rows = _numbered(sources)
    with (
        written_whole(path, durable=True) as aside,
        pq.ParquetWriter(aside, _SCHEMA) as writer,
    ):
        while block := list(islice(rows, _AT_ONCE)):
            # As NumPy's arrays: for a list pyarrow would import pandas, a quarter of a second.
            columns = [
                pa.array(np.array(values, object), field.type) for values, field in _columns(block)
            ]
            writer.write_batch(pa.RecordBatch.from_arrays(columns, schema=_SCHEMA))


@contextmanager
def listing(path: Path) -> Iterator[Path]:
    """The list ``path``, for reading.

    Raises:
        UserError: if it is missing or damaged.
    """
    try:
        yield path
    except (OSError, pa.ArrowException) as error:
        raise UserError(
            f"{path}, the list of what is analysed, is missing or damaged; put it back, or name a "
            "new folder with --out."
        ) from error


def read_chunks(path: Path) -> Iterator[Chunk]:
    """The chunks of the list, from the last to the first: the large ones before the small.

    So all processes end at about the same time. No more than some thousand sources are in memory.
    """
    behind: list[tuple[int, Source]] = []  # the first chunk read so far may begin still earlier
    with pq.ParquetFile(path) as file:
        for block in reversed(range(file.num_row_groups)):
            rows = [*_rows(file.read_row_group(block)), *behind]
            first, *others = _chunks(rows)
            yield from reversed(others)
            behind = [(first.number, source) for source in first.sources]
    yield from _chunks(behind)


def _chunks(rows: Iterable[tuple[int, Source]]) -> Iterator[Chunk]:
    for number, together in groupby(rows, key=lambda row: row[0]):
        yield Chunk(number, tuple(source for _, source in together))


def chunks(path: Path) -> int:
    """How many chunks the list has."""
    with pq.ParquetFile(path) as file:
        last = file.read_row_group(file.num_row_groups - 1, columns=["chunk"])
        return int(last["chunk"][-1].as_py()) + 1


def totals(path: Path) -> tuple[int, int]:
    """How many sources the list has, and how many bytes together; 0 where some cannot be told."""
    size = 0
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(columns=["size", "address"]):
            remote = pc.match_substring(batch.column("address"), b"://")
            if pc.any(pc.and_(remote, pc.equal(batch.column("size"), 0))).as_py():
                return file.metadata.num_rows, 0
            size += batch.column("size").to_numpy().sum()
        return file.metadata.num_rows, int(size)


def _numbered(sources: Iterable[Source]) -> Iterator[tuple[int, Source]]:
    """Sources with the numbers of their chunks: a video for itself, photos a few together.

    The more there were, the more are taken together: a small folder keeps all processes busy, a
    large one becomes no more files than needed.
    """
    chunk, held = 0, 0
    for index, source in enumerate(sources):
        full = held >= min(_MOST, max(_FEWEST, index // _SHARE))
        if held and (full or source.kind == VIDEO):
            chunk, held = chunk + 1, 0
        yield chunk, source
        held = _MOST if source.kind == VIDEO else held + 1


def _columns(block: list[tuple[int, Source]]) -> Iterator[tuple[list[object], pa.Field]]:
    for field in _SCHEMA:
        if field.name == "chunk":
            yield [number for number, _ in block], field
        elif field.name == "address":
            yield [os.fsencode(source.address) for _, source in block], field
        else:
            name = "name" if field.name == "source" else field.name
            yield [getattr(source, name) for _, source in block], field


def _rows(table: pa.Table) -> Iterator[tuple[int, Source]]:
    for row in table.to_pylist():
        number, address = row.pop("chunk"), os.fsdecode(row.pop("address"))
        yield number, Source(name=row.pop("source"), address=address, **row)
