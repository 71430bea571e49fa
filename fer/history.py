"""``history.csv``: what every epoch of a training came to."""

import csv
import io
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from fer.errors import UserError, reason_of

if TYPE_CHECKING:
    import pandas as pd

_COLUMNS = (
    "epoch", "image_size", "learning_rate", "train_loss", "train_accuracy",
    "validation_loss", "validation_accuracy", "seconds",
)  # fmt: skip
_MOST_BYTES = 4 << 20  # an epoch takes about two hundred
_MOST_EPOCHS = 20_000
_MOST_COLUMNS = 100  # pandas takes minutes for a header with a million


def read_history(path: Path, command: str) -> "pd.DataFrame":
    """One row per epoch; every column holds numbers.

    Raises:
        UserError: if the file is damaged, too large or has no epoch; ``command`` is what writes it
            anew.
    """
    import pandas as pd

    try:
        # Without quotation marks a line is a row, so that what was counted is what pandas finds.
        text = io.StringIO(_bounded_text(path))
        frame = pd.read_csv(text, quoting=csv.QUOTE_NONE)
        _require_numbers(frame)
    except (OSError, ValueError) as error:  # pandas' errors, and those of text that is no UTF-8
        raise UserError(
            f"{path} is damaged ({reason_of(error)}); '{command}' writes it anew."
        ) from error
    if frame.empty or frame["validation_accuracy"].isna().all():
        raise UserError(f"{path} has no epoch yet; '{command}' adds one line per epoch.")
    return frame


def _bounded_text(path: Path) -> str:
    if path.stat().st_size > _MOST_BYTES:
        raise ValueError(f"more than {_MOST_BYTES >> 20} MB")
    text = path.read_text(encoding="utf-8")
    header, *rows = [line.count(",") for line in text.split("\n") if line.strip()] or [0]
    if len(rows) > _MOST_EPOCHS:
        raise ValueError(f"more than {_MOST_EPOCHS:,} lines")
    if header >= _MOST_COLUMNS:
        raise ValueError(f"more than {_MOST_COLUMNS} columns")
    if max(rows, default=0) > header:
        raise ValueError("a line has more cells than there are columns")
    return text


def _require_numbers(frame: "pd.DataFrame") -> None:
    if missing := [name for name in _COLUMNS if name not in frame]:
        raise ValueError(f"the column '{missing[0]}' is missing")
    for name, kind in frame.dtypes.items():
        if kind.kind not in "iuf" and len(frame):
            raise ValueError(f"the column '{name}' holds other values than numbers")
    if len(frame) and not np.isfinite(frame["epoch"]).all():
        raise ValueError("an epoch has no number")
