"""The table of faces: its columns, and how rows are collected without keeping pictures."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from fer.labels import LABELS
from fer.vision.faces import CSV_COLUMNS, Faces
from fer.vision.quality import face_quality

_TEXTS = ("label", "best_guess")
_TYPES = dict.fromkeys(CSV_COLUMNS[:4], pa.int32()) | dict.fromkeys(_TEXTS, pa.string())

SCHEMA = pa.schema(
    [
        ("source", pa.string()),
        ("kind", pa.string()),
        ("frame", pa.int64()),
        ("time", pa.float64()),
        ("face", pa.int64()),
        *((name, _TYPES.get(name, pa.float32())) for name in CSV_COLUMNS),
        ("quality", pa.string()),
        ("model", pa.string()),
    ]
)
"""One row a face a frame. ``frame`` and ``time`` (seconds) are 0 for a photo, whose faces are
numbered from 1, largest first; ``quality`` is one of `fer.vision.quality.QUALITIES`; ``model`` the
SHA-256 of the network. The others are those of `fer.vision.faces.CSV_COLUMNS`."""

_AT_ONCE = 500  # frames that are columns of their own before they become one block


class Rows:
    """Collects rows; one takes about 230 bytes, however long a video is."""

    def __init__(self, model: str) -> None:
        self._model = model
        self._frames: list[dict[str, Any]] = []
        self._blocks: list[pa.RecordBatch] = []
        self._rows = 0

    def __len__(self) -> int:
        return self._rows

    def add(
        self,
        source: Mapping[str, str],
        faces: Faces,
        rgb: NDArray[np.uint8],
        frame: int = 0,
        seconds: float = 0.0,
    ) -> None:
        """Note the ``faces`` of ``rgb``, a photo or a frame of a video.

        Args:
            source: its ``source`` (the name) and its ``kind``.
            faces: numbered by tracking, or largest first.
            rgb: ``(h, w, 3)`` uint8, for the quality.
            frame: the number of the frame.
            seconds: when it is shown.
        """
        if not len(faces):
            return
        self._rows += len(faces)
        ids = np.arange(1, len(faces) + 1) if faces.ids is None else faces.ids
        told = {**source, "frame": frame, "time": seconds, "model": self._model}
        columns: dict[str, Any] = {name: [value] * len(faces) for name, value in told.items()}
        columns |= {"face": ids, "label": faces.labels, "best_guess": faces.best_guesses}
        columns |= dict(zip(CSV_COLUMNS, faces.boxes.T, strict=False))
        columns |= dict(zip(LABELS, faces.probs.T, strict=True))
        columns |= {"confidence": faces.confidences, "quality": face_quality(rgb, faces)}
        self._frames.append(columns)
        if len(self._frames) >= _AT_ONCE:
            self._pack()

    def table(self) -> pa.Table:
        """Everything so far, in the order in which it was added."""
        self._pack()
        return pa.Table.from_batches(self._blocks, SCHEMA)

    def _pack(self) -> None:
        if self._frames:
            arrays = [
                pa.array(np.concatenate([frame[field.name] for frame in self._frames]), field.type)
                for field in SCHEMA
            ]
            self._blocks.append(pa.RecordBatch.from_arrays(arrays, schema=SCHEMA))
            self._frames = []
