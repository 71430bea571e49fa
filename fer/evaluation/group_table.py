"""A user's own table of who is shown: columns of groups, in the order of a split's images."""

import warnings
from pathlib import Path, PurePosixPath

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fer.errors import UserError, reason_of
from fer.wording import count

_MOST_GROUPS = 50  # in a column; more are names or measurements, not groups
_MOST_BYTES = 100 << 20


def read_table(
    table: Path, files: tuple[str, ...]
) -> tuple[dict[str, NDArray[np.object_]], list[str]]:
    """The columns of groups, each ``(n,)`` in the order of ``files``, and notes.

    Files go by their path inside the dataset or, where that is clear, by their name alone. An
    image without a row, or with an empty cell, has the group "", and a note counts them.

    Raises:
        UserError: if the table cannot be read, lacks the column ``file`` or a column of groups,
            names a file twice or none of ``files``, or has a row with more cells than columns.
    """
    frame = _read(table)
    groups = [name for name in frame.columns if name != "file"]
    if "file" not in frame.columns or not groups:
        raise UserError(
            f"{table} needs the column 'file' and at least one column of groups, not "
            f"{', '.join(map(str, frame.columns)) or 'nothing'}; save it as CSV with commas."
        )
    rows = _rows_of(frame["file"].tolist(), files, table)
    if (rows < 0).all():
        raise UserError(
            f"{table} names no image of this split; its column 'file' needs names such as "
            f"{files[0]}."
        )
    absent = int((rows < 0).sum())
    notes = [f"{table.name} has no row for {count(absent, 'image')}."] * bool(absent)
    columns = {}
    for name in groups:
        cells = np.array([*frame[name].str.strip(), ""], object)  # the last for row -1
        columns[str(name)] = cells[rows]
        number = len(set(cells) - {""})
        if not 1 <= number <= _MOST_GROUPS:
            raise UserError(
                f"{table}: the column '{name}' has {number} groups instead of 1 to {_MOST_GROUPS}; "
                "put numbers into ranges, and leave other columns out."
            )
        if empty := int((cells[rows] == "").sum()) - absent:
            notes.append(
                f"{name}: {table.name} has an empty cell for {count(empty, 'image')}, which no "
                "group counts."
            )
    return columns, notes


def _read(table: Path) -> pd.DataFrame:
    try:
        if table.stat().st_size > _MOST_BYTES:
            raise UserError(f"{table} is larger than {_MOST_BYTES >> 20} MB; leave columns out.")
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)
            return pd.read_csv(
                table, dtype=str, keep_default_na=False, index_col=False, encoding="utf-8-sig"
            )
    except pd.errors.ParserWarning as error:  # pandas would cut every row to the header's length
        raise UserError(
            f"{table}: the first row has more cells than there are columns; name every column, and "
            "put cells that hold commas into quotation marks."
        ) from error
    except OSError as error:
        raise UserError(
            f"{table} cannot be read: {error.strerror or error}; check the path."
        ) from error
    except UserError:
        raise
    except ValueError as error:  # pandas' errors, and those of text that is no UTF-8
        raise UserError(
            f"{table} is no table ({reason_of(error)}); save it as CSV in UTF-8, with commas."
        ) from error


def _rows_of(named: list[str], files: tuple[str, ...], table: Path) -> NDArray[np.int64]:
    """The row of each of ``files`` among the ``named`` ones, -1 without one."""
    rows: dict[str, int] = {}
    for row, name in enumerate(named):
        key = name.strip().replace("\\", "/").removeprefix("./").removeprefix("images/")
        if key in rows:
            raise UserError(f"{table} names {key} twice; leave one of its rows out.")
        rows[key] = row
    names = [PurePosixPath(file).name for file in files]
    clear = len(set(names)) == len(names)
    found = []
    for file, name in zip(files, names, strict=True):
        if clear and file in rows and name in rows and file != name:
            raise UserError(f"{table} names {file} and {name}, one image; leave one row out.")
        found.append(rows.get(file, rows.get(name, -1) if clear else -1))
    return np.array(found, np.int64)
