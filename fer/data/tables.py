"""FER2013 as tables: which of the files are meant, and in which order their rows stand.

`fer.data.csv_table` and `fer.data.parquet_table` read one table each.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from fer.data.archives import Entry, name_unpacked
from fer.data.csv_table import CsvTable, open_csv
from fer.data.face_image import is_image_name
from fer.data.names import SPLITS, split_of
from fer.data.parquet_table import ParquetTable, open_parquet
from fer.data.sources import LeftOut, Record, RowNumbers
from fer.errors import UserError

_WHOLE_TABLES = ("fer2013", "icml_face_data")
_SHARD = re.compile(r"^(.*?)-?(\d+)(?:-of-\d+)?$")


Table = CsvTable | ParquetTable


@dataclass(frozen=True)
class Tables:
    """Tables whose rows follow each other in Kaggle's order."""

    tables: tuple[Table, ...]
    left_out: tuple[LeftOut, ...] = ()
    unit: str = "B"

    @property
    def form(self) -> str:
        """The names of the tables."""
        return "the table " + " and ".join(table.entry.path.name for table in self.tables)

    @property
    def size(self) -> int:
        """Bytes of all tables; 0 if one is packed."""
        sizes = [table.size for table in self.tables]
        return sum(sizes) if all(sizes) else 0

    @property
    def rows(self) -> RowNumbers:
        """All rows of CSV tables are numbered; parquet files have an order of their own."""
        return self.tables[0].rows

    def read(self, advance: Callable[[int], object]) -> Iterator[Record]:
        """Stream the rows, numbered through all tables from 0."""
        row = 0
        for table in self.tables:
            row = yield from table.read(split_and_shard(table.entry.path)[0], row, advance)
        yield from self.left_out


def find_tables(entries: list[Entry]) -> Tables | None:
    """The tables among ``entries``, or ``None`` if there are none.

    Raises:
        UserError: if it is unclear which of several tables is meant, or none has labels.
    """
    found: list[Table] = []
    for entry in entries:
        table = open_parquet(entry) or open_csv(entry, of_any_name=len(entries) == 1)
        if table is not None:
            found.append(table)
    if not found:
        return None
    chosen = _choose(found)
    if not any(table.labels for table in chosen):
        raise UserError(
            f"{chosen[0].entry.path.name} has no column 'emotion' or 'label', so that it holds no "
            "labels; import fer2013.csv, icml_face_data.csv or train.csv."
        )
    name = " and ".join(table.entry.path.name for table in chosen)
    others = [table.entry.path for table in found if table not in chosen]
    others += [entry.path.parent for entry in entries if is_image_name(entry.path)]
    left_out = tuple(LeftOut(str(at), f"{name} is imported instead") for at in others)
    return Tables(tuple(chosen), left_out)


def split_and_shard(path: PurePosixPath) -> tuple[str | None, int]:
    """The split that a table's name or its folders tell, and which piece of it it is.

    >>> split_and_shard(PurePosixPath("data/train-00001-of-00002.parquet"))
    ('train', 1)
    """
    stem = name_unpacked(path).stem
    shard = _SHARD.match(stem)
    name, number = (shard[1], int(shard[2])) if shard else (stem, 0)
    for told in (stem, name, *reversed(path.parts[:-1])):
        if split_of(told):
            return split_of(told), 0 if told == stem else number
    return None, 0


def _choose(tables: list[Table]) -> list[Table]:
    """The one whole table, or the tables that are named after splits, in their order."""
    for name in _WHOLE_TABLES:
        whole = [table for table in tables if name_unpacked(table.entry.path).stem.lower() == name]
        if whole:
            return whole[:1]
    if len(tables) == 1:
        return tables
    told = [split_and_shard(table.entry.path) for table in tables]
    if any(split is None for split, _ in told) or len(set(told)) < len(told):
        names = ", ".join(str(table.entry.path) for table in tables)
        raise UserError(f"There are several tables ({names}); name the one to import.")
    order = sorted(range(len(tables)), key=lambda i: (SPLITS.index(told[i][0] or ""), told[i][1]))
    return [tables[i] for i in order]
