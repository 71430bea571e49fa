"""``Predictions``: what a model answered for the images of one split."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from fer.errors import UserError, reason_of
from fer.labels import LABELS, NO_MAJORITY

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

_TEXTS = ("split", "file", "label", "ferplus")
_COLUMNS = ("split", "row", "file", "label", *LABELS, "ferplus", "agreement")
_MOST_ROWS = 2_000_000  # they take most of a gigabyte and some seconds
_MOST_BYTES = 256 << 20  # of the file, of what is packed in it, and of its texts; a row takes 80


@dataclass(frozen=True)
class Predictions:
    """What a model answered for the images of one split.

    Attributes:
        rows: ``(n,)`` int64.
        files: ``(n,)`` paths relative to the folder that holds the splits.
        targets: ``(n,)`` int64 indices into ``LABELS``.
        probs: ``(n, 7)`` float32.
        votes: ``(n,)`` int64 the clear majority of ten annotators, ``NO_MAJORITY`` without one.
        agreement: ``(n,)`` float64 share of votes for the most voted answer, NaN without votes.
    """

    rows: NDArray[np.int64]
    files: NDArray[np.object_]
    targets: NDArray[np.int64]
    probs: NDArray[np.float32]
    votes: NDArray[np.int64]
    agreement: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.targets)

    @property
    def answers(self) -> NDArray[np.int64]:
        """``(n,)`` the most probable label of each image."""
        return self.probs.argmax(axis=1)

    @property
    def correct(self) -> NDArray[np.bool_]:
        """``(n,)`` whether the answer is the label of the dataset."""
        return self.answers == self.targets

    def judged_by(self, judge: str) -> "Predictions":
        """The same images with the labels of ``judge``, one of `fer.spec.JUDGED_BY`.

        By ``"ferplus"`` only images with a clear majority are left, as in ``metrics.json``.
        """
        if judge != "ferplus":
            return self
        return replace(self, targets=self.votes).take(self.votes != NO_MAJORITY)

    def of_cell(self, true: str | None, predicted: str | None) -> NDArray[np.int64]:
        """Indices of the images behind a cell of the confusion matrix, the surest answers first.

        ``None`` stands for any label.
        """
        chosen = np.ones(len(self), bool)
        if true is not None:
            chosen &= self.targets == LABELS.index(true)
        if predicted is not None:
            chosen &= self.answers == LABELS.index(predicted)
        indices = np.flatnonzero(chosen)
        return indices[np.argsort(-self.probs[indices].max(axis=1), kind="stable")]

    def take(self, chosen: NDArray[Any]) -> "Predictions":
        """The images that ``chosen``, a mask or indices, picks out."""
        return Predictions(**{name: values[chosen] for name, values in vars(self).items()})


def read_predictions(path: Path, split: str, command: str) -> Predictions:
    """The rows of ``split`` in the table ``path``.

    Raises:
        UserError: as `read_predictions_table` does, or if there are no such rows.
    """
    frame = read_predictions_table(path, command)
    frame = frame[frame["split"] == split]
    if frame.empty:
        raise UserError(f"{path} holds no images of '{split}'; '{command}' adds them.")
    targets, votes = _codes(frame["label"]), _codes(frame["ferplus"])
    probs = frame[list(LABELS)].to_numpy(np.float32)
    if (targets < 0).any() or not np.isfinite(probs).all():
        raise UserError(
            f"{path} holds unknown labels or values that are no numbers; "
            f"'{command}' writes it anew."
        )
    return Predictions(
        rows=frame["row"].to_numpy(np.int64),
        files=frame["file"].astype(str).to_numpy(object),
        targets=targets,
        probs=probs,
        votes=votes,
        agreement=frame["agreement"].to_numpy(np.float64).round(6),  # 0.6, not 0.60000002
    )


def read_predictions_table(path: Path, command: str) -> "pd.DataFrame":
    """The table ``path`` as `fer.evaluation.report.predictions_table` makes it, of all its splits.

    Raises:
        UserError: if it is missing, damaged or too large; ``command`` writes it anew.
    """
    if not path.is_file():
        raise UserError(f"{path} is missing; '{command}' writes it.")
    try:
        table = _bounded_table(path)
        return table.to_pandas(ignore_metadata=True).astype(dict.fromkeys(_TEXTS, "str"))
    except Exception as error:  # pyarrow's errors for damaged files have no common class
        raise UserError(
            f"{path} is damaged ({reason_of(error)}); '{command}' writes it anew."
        ) from error


def _bounded_table(path: Path) -> "pa.Table":
    """What ``path`` holds, each different text once; a ``ValueError`` if it would be too large.

    Bundles come from strangers, and few bytes of Parquet can stand for very many: pages are packed,
    and a long text may be told once for all rows.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    _require_bytes(path.stat().st_size)
    with pq.ParquetFile(path, read_dictionary=_TEXTS) as file:
        parts = [file.metadata.row_group(i) for i in range(file.num_row_groups)]
        _require_bytes(sum(part.total_byte_size for part in parts))
        if sum(part.num_rows for part in parts) > _MOST_ROWS:
            raise ValueError(f"more than {_MOST_ROWS:,} rows")
        kinds = {name: file.schema_arrow.field(name).type for name in _COLUMNS}
        for name, kind in kinds.items():
            is_text = pa.types.is_dictionary(kind) or pa.types.is_null(kind)
            is_number = pa.types.is_integer(kind) or pa.types.is_floating(kind)
            if not (is_text if name in _TEXTS else is_number):
                raise ValueError(f"the column '{name}' holds {kind}")
        table = file.read(columns=list(_COLUMNS))
    texts = [chunk for name in _TEXTS for chunk in table[name].chunks]
    _require_bytes(sum(_length(chunk) for chunk in texts))
    return table


def _require_bytes(size: int) -> None:
    if size > _MOST_BYTES:
        raise ValueError(f"more than {_MOST_BYTES >> 20} MB")


def _length(texts: "pa.DictionaryArray | pa.NullArray") -> int:
    """Bytes that ``texts`` would take if every one stood for itself."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if isinstance(texts, pa.NullArray):
        return 0
    lengths = pc.binary_length(texts.dictionary).take(texts.indices)
    return pc.sum(lengths).as_py() or 0


def _codes(labels: Any) -> NDArray[np.int64]:
    """Indices into ``LABELS``, ``NO_MAJORITY`` for what is missing or not among them."""
    import pandas as pd

    return pd.Categorical(labels, categories=list(LABELS)).codes.astype(np.int64)
