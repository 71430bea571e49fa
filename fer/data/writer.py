"""Writing images into a folder of splits, and keeping account of what became of each."""

from collections import Counter
from pathlib import Path

import cv2
from tqdm import tqdm

from fer.data.class_folders import ClassFolders
from fer.data.face_image import USUAL_FORMAT
from fer.data.names import PARTS_OF_SPLIT, SPLIT_OF_PART
from fer.data.sources import BadRow, Face, LeftOut, Note
from fer.data.tables import Tables
from fer.labels import LABELS

Source = Tables | ClassFolders

_SHOWN_FORMATS = 5
_SHOWN_TARGETS = 3


class Writer:
    """Writes the images of a source, and counts what was read and written.

    Attributes:
        images: number of images written, by split.
        parts: row of every image → the official parts that it may belong to.
        rows_seen: number of rows of the source, as far as its images tell.
        marked: whether the source marks official parts.
        bad: labelled images that cannot be used.
        left_out: files that are no labelled images of their own.
        notes: sentences about the source.
    """

    def __init__(self, folder: Path, scheme: str) -> None:
        self._folder = folder
        self._scheme = scheme
        self._taken: set[Path] = set()
        self._written: Counter[tuple[str, str, str]] = Counter()  # origin, split, label
        self.images: Counter[str] = Counter()
        self.parts: dict[int, tuple[str, ...]] = {}
        self.rows_seen = 0
        self.marked = False
        self.bad: list[BadRow] = []
        self.left_out: Counter[LeftOut] = Counter()
        self.notes: list[str] = []

    def copy(self, found: Source, skip_bad: bool) -> None:
        """Write every face; after a bad row that is not skipped only look for more of them."""
        total = found.size or None
        formats: Counter[str] = Counter()
        with tqdm(desc="import", total=total, unit=found.unit, unit_scale=True, leave=False) as bar:
            for record in found.read(bar.update):
                if isinstance(record, Note):
                    self.notes.append(record.text)
                elif isinstance(record, LeftOut):
                    self.left_out[record] += 1
                else:
                    self.rows_seen = max(self.rows_seen, (record.row or 0) + 1)
                    if isinstance(record, BadRow):
                        self.bad.append(record)
                    elif skip_bad or not self.bad:
                        self._write(record)
                        formats[record.image.format] += 1
        del formats[USUAL_FORMAT]
        if formats:
            self.notes.append(_conversions(formats))

    @property
    def listing(self) -> tuple[str, ...]:
        """What became of the files of every folder or table of the source, a line for each."""
        fates: dict[str, Counter[str]] = {}
        for (origin, split, label), count in self._written.items():
            fates.setdefault(origin, Counter())[f"{split}/{label}"] += count
        lines = [f"{origin}: {_fate(targets)}" for origin, targets in fates.items()]
        left_out: Counter[LeftOut] = Counter()
        for row in self.bad:
            left_out[LeftOut(row.origin, row.reason)] += row.images
        left_out += self.left_out
        lines += [f"{of.place}: {n:,} left out, {of.reason}" for of, n in left_out.items()]
        return tuple(lines)

    def _write(self, face: Face) -> None:
        split = SPLIT_OF_PART[self._scheme][face.part] if face.part else face.split
        label = LABELS[face.label]
        path = self._free_path(self._folder / split / label, face.name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(cv2.imencode(".png", face.image.pixels)[1].tobytes())
        self.images[split] += 1
        self._written[face.origin, split, label] += 1
        self.marked |= face.part is not None
        if face.row is not None:
            self.parts[face.row] = (face.part,) if face.part else PARTS_OF_SPLIT[split]

    def _free_path(self, folder: Path, name: str) -> Path:
        """``folder/name.png``, numbered where that name is taken in any capitalisation."""
        number = 1
        path = folder / f"{name}.png"
        while (key := folder / path.name.casefold()) in self._taken:
            number += 1
            path = folder / f"{name}-{number}.png"
        self._taken.add(key)
        return path


def _fate(targets: Counter[str]) -> str:
    """Where the images of a folder went; of a table with many labels, to which splits."""
    if len(targets) > _SHOWN_TARGETS:
        by_split: Counter[str] = Counter()
        for target, count in targets.items():
            by_split[target.split("/")[0]] += count
        targets = by_split
    return ", ".join(f"{count:,} to {target}" for target, count in targets.items())


def _conversions(formats: Counter[str]) -> str:
    shown = ", ".join(f"{n:,} of {words}" for words, n in formats.most_common(_SHOWN_FORMATS))
    more = ", …" if len(formats) > _SHOWN_FORMATS else ""
    return (
        f"Images that were not {USUAL_FORMAT} and were converted: {formats.total():,} "
        f"({shown}{more})."
    )
