"""A user's own table of who is shown: columns of groups, in the order of a split's images."""

from pathlib import Path, PurePosixPath

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fer.errors import UserError, reason_of

_MOST_GROUPS = 50  # in a column; more are names or measurements, not groups
_MOST_BYTES = 100 << 20


def read_table(
    table: Path, files: tuple[str, ...]
) -> tuple[dict[str, NDArray[np.object_]], list[str]]:
    """The columns of groups, each ``(n,)`` in the order of ``files``, and notes.

    Files go by their path inside the dataset or, where that is clear, by their name alone. An
    image without a row, or with an empty cell, has the group "".

    Raises:
        UserError: if the table cannot be read, lacks the column ``file`` or a column of groups,
            names a file twice or none of ``files``.
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
    columns = {}
    for name in groups:
        cells = np.array([*frame[name].str.strip(), ""], object)  # the last for row -1
        columns[str(name)] = cells[rows]
        count = len(set(cells) - {""})
        if not 1 <= count <= _MOST_GROUPS:
            raise UserError(
                f"{table}: the column '{name}' has {count} groups instead of 1 to {_MOST_GROUPS}; "
                "put numbers into ranges, and leave other columns out."
            )
    absent = int((rows < 0).sum())
    return columns, [f"{absent:,} images have no row in {table.name}."] * bool(absent)


def _read(table: Path) -> pd.DataFrame:
    try:
        if table.stat().st_size > _MOST_BYTES:
            raise UserError(f"{table} is larger than {_MOST_BYTES >> 20} MB; leave columns out.")
        return pd.read_csv(
            table, dtype=str, keep_default_na=False, index_col=False, encoding="utf-8-sig"
        )
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
    names = [PurePosixPath(file).name for file in files]
    short = set(names) if len(set(names)) == len(names) else set()
    rows: dict[str, int] = {}
    for row, name in enumerate(named):
        key = name.strip().replace("\\", "/").removeprefix("./").removeprefix("images/")
        if key in rows:
            raise UserError(f"{table} names {key} twice; leave one of its rows out.")
        rows[key] = row
    return np.array(
        [
            rows.get(file, rows.get(name, -1) if name in short else -1)
            for file, name in zip(files, names, strict=True)
        ],
        np.int64,
    )
