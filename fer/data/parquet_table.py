"""FER2013 as parquet files, as on the Hugging Face hub: the bytes of an image and a label a row."""

import io
import json
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from fer.data.archives import MAX_BYTES, Entry
from fer.data.face_image import FaceImage, decode_face, face_of_values
from fer.data.names import (
    KAGGLES_NUMBERS,
    LABEL_COLUMNS,
    USAGE_COLUMNS,
    column_of,
    label_in,
    part_of,
    split_in,
)
from fer.data.sources import BadRow, Face, Note, Record, RowNumbers
from fer.errors import UserError

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

_IMAGE_COLUMNS = ("image", "img", "img_bytes", "image_bytes", "bytes", "pixels")
_BATCH = 512


@dataclass(frozen=True)
class ParquetTable:
    """One parquet file.

    Attributes:
        entry: the file.
        file: the same, opened; it stands in memory.
        images: the name of the column of images.
        labels: the name of the column of labels; ``None`` if there is none.
        usage: the name of the column of splits; ``None`` if there is none.
        names: the names of the labels by their numbers, if the file tells them.
    """

    entry: Entry
    file: "pq.ParquetFile"
    images: str
    labels: str | None
    usage: str | None
    names: tuple[str, ...]
    rows: RowNumbers = "none"

    @property
    def size(self) -> int:
        """Its bytes."""
        return self.entry.size

    def read(
        self, split: str | None, first_row: int, advance: Callable[[int], object]
    ) -> Generator[Record, None, int]:
        """The records of the table; returns the row that follows its last one."""
        name, total, row = self.entry.path.name, self.file.metadata.num_rows, 0
        wanted = [column for column in (self.images, self.labels, self.usage) if column]
        for batch in self._batches(wanted):
            for values in batch.to_pylist() if self.labels else ():
                row += 1
                try:
                    yield self._face(values, split, f"{split or 'image'}-{first_row + row - 1:05}")
                except ValueError as error:
                    yield BadRow(f"{name} row {row}", str(error), origin=name)
            advance(self.entry.size * batch.num_rows // max(total, 1))
        if not self.labels:
            yield Note(f"{name} has no labels: its {total:,} images were left out.")
        elif not self.names:
            told = f"numbers were read as Kaggle's: {KAGGLES_NUMBERS}"
            yield Note(f"{name} does not name its labels; {told}.")
        return first_row + total

    def _batches(self, columns: list[str]) -> "Iterator[pa.RecordBatch]":
        import pyarrow as pa

        try:
            yield from self.file.iter_batches(_BATCH, columns=columns)
        except pa.ArrowException as error:
            raise UserError(
                f"{self.entry.path} is damaged ({error}); download it again."
            ) from error

    def _face(self, values: dict[str, Any], split: str | None, name: str) -> Face:
        label = values[self.labels or ""]
        if isinstance(label, int) and label < len(self.names):
            label = self.names[label] if label >= 0 else ""
        usage = str(values[self.usage] or "") if self.usage else ""
        return Face(
            image=_image(values[self.images]),
            label=label_in(str(label)),
            split=split_in(usage) if self.usage else split or "train",
            part=part_of(usage),
            name=name,
            row=None,
            origin=self.entry.path.name,
        )


def open_parquet(entry: Entry) -> ParquetTable | None:
    """The table in ``entry`` if it is a parquet file with a column of images.

    Raises:
        UserError: if it is damaged or far too large.
    """
    if entry.path.suffix.lower() != ".parquet":
        return None
    import pyarrow as pa
    import pyarrow.parquet as pq

    if entry.size > MAX_BYTES:
        raise UserError(f"{entry.path} is far larger than FER2013; nothing was imported.")
    with entry.open() as stream:
        content = stream.read()
    try:
        file = pq.ParquetFile(io.BytesIO(content))
    except (pa.ArrowException, OSError) as error:
        raise UserError(
            f"{entry.path} is no readable parquet file ({error}); download it again."
        ) from error
    columns = {name.lower(): name for name in file.schema_arrow.names}
    images = column_of(_IMAGE_COLUMNS, columns)
    if images is None:
        return None
    labels, usage = column_of(LABEL_COLUMNS, columns), column_of(USAGE_COLUMNS, columns)
    return ParquetTable(
        entry=entry,
        file=file,
        images=columns[images],
        labels=columns[labels] if labels else None,
        usage=columns[usage] if usage else None,
        names=_label_names(file.schema_arrow, columns[labels]) if labels else (),
    )


def _label_names(schema: "pa.Schema", column: str) -> tuple[str, ...]:
    """What the hub's ``datasets`` library wrote into the file: the names behind the numbers.

    They often follow the alphabet, in which neutral, sad and surprise swap places.
    """
    try:
        features = json.loads((schema.metadata or {})[b"huggingface"])["info"]["features"]
        return tuple(map(str, features[column]["names"]))
    except (KeyError, TypeError, ValueError):
        return ()


def _image(value: Any) -> FaceImage:
    """The image of a cell: its file's bytes, alone or beside a path, or its grey values."""
    if isinstance(value, dict):
        value = value.get("bytes")
        if value is None:
            raise ValueError("the path of an image instead of the image itself")
    if isinstance(value, bytes):
        return decode_face(value)
    if isinstance(value, str):
        value = value.split()
    values = np.array(value, dtype=object).ravel()
    try:
        grey = values.astype(np.int64)
    except (TypeError, ValueError):
        raise ValueError("neither an image nor grey values") from None
    return face_of_values(grey)
