"""Every form in which FER2013 is found becomes ``DEST/images/<split>/<label>/<row>.png``."""

import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import cv2
from tqdm import tqdm

from fer.data.archives import Entry, open_entries
from fer.data.class_folders import find_class_folders
from fer.data.ferplus import read_ferplus, require_alignment, write_votes
from fer.data.folder import FERPLUS_FILE, IMAGE_SUFFIXES, FolderDataset, rows_in_names
from fer.data.kaggle_csv import find_tables
from fer.data.names import PARTS, PARTS_OF_SPLIT, SPLIT_OF_PART, SPLITS
from fer.data.sources import BadRow, Face, Note, Source
from fer.errors import UserError
from fer.labels import LABELS

_SHOWN_BAD_ROWS = 10


@dataclass(frozen=True)
class Imported:
    """What an import found and wrote.

    Attributes:
        form: what the source is, in the user's words.
        images: number of images by split.
        votes: number of images with FER+ votes.
        bad: rows that were left out.
        notes: sentences about the source that the user should know.
    """

    form: str
    images: dict[str, int]
    votes: int
    bad: tuple[BadRow, ...]
    notes: tuple[str, ...]


def import_dataset(
    source: Path,
    dest: Path,
    scheme: str = "official",
    ferplus: Path | None = None,
    skip_bad: bool = False,
) -> Imported:
    """Import FER2013 from ``source`` into the folder ``dest``, whole or not at all.

    Args:
        source: Kaggle's table, or a folder or archive with tables or class folders.
        dest: the new folder; it is written aside as ``<dest>.part`` and renamed at the end.
        scheme: how official parts become splits, a key of ``SPLIT_OF_PART``; a source
            without official marks keeps its own splits.
        ferplus: FER+'s ``fer2013new.csv``, whose votes are written beside the images.
        skip_bad: leave bad rows out instead of refusing.

    Raises:
        UserError: if the source is no known form, has bad rows, does not fit the votes,
            or ``dest`` cannot be written.
    """
    table = None if ferplus is None else read_ferplus(ferplus)
    try:
        with open_entries(source) as entries:
            found = _recognise(entries, source)
            if table is not None and found.rows == "none":
                raise UserError(_no_rows(source))
            with _written_aside(dest) as folder:
                writer = _Writer(folder / "images", scheme)
                writer.copy(found, skip_bad)
                _check(writer, source, scheme, skip_bad)
                _require_whole(writer, folder / "images")
                if table is not None:
                    total = writer.rows_seen if found.rows == "all" else None
                    require_alignment(table, writer.parts, total)
                    write_votes(folder / FERPLUS_FILE, table, writer.parts)
    except OSError as error:
        raise UserError(f"{source} could not be imported into {dest}: {error}.") from error
    votes = 0 if table is None else len(writer.parts)
    images = {split: writer.images[split] for split in SPLITS if split in writer.images}
    return Imported(found.form, images, votes, tuple(writer.bad), tuple(writer.notes))


def add_votes(dataset: FolderDataset, ferplus: Path) -> int:
    """Write FER+ votes beside the images of a dataset that is already there; how many.

    Raises:
        UserError: if the file names are not rows, or the votes do not fit the images.
    """
    files = [name for split in dataset.splits for name, _ in dataset.files(split)]
    rows = rows_in_names(files)
    if rows is None:
        raise UserError(_no_rows(dataset.folder))
    splits = [name.split("/")[0] for name in files]
    parts = {
        int(row): PARTS_OF_SPLIT.get(split, PARTS) for row, split in zip(rows, splits, strict=True)
    }
    table = read_ferplus(ferplus)
    require_alignment(table, parts)
    write_votes(dataset.votes_path, table, parts)
    return len(parts)


def is_dataset(dest: Path) -> bool:
    """Whether ``dest`` holds images in class folders already."""
    try:
        images = FolderDataset.open(dest).root.glob("*/*/*")
        return any(path.suffix.lower() in IMAGE_SUFFIXES for path in images)
    except UserError:
        return False


def _recognise(entries: list[Entry], source: Path) -> Source:
    """The form of FER2013 that the files are: tables first, then class folders."""
    found = find_tables(entries) or find_class_folders(entries, source.name.split(".")[0])
    if found is None:
        raise UserError(
            f"{source} is no known form of FER2013: neither a table with the columns 'emotion' "
            f"and 'pixels', nor class folders ({', '.join(LABELS)}) of images; unpack archives "
            "inside it first."
        )
    return found


def _no_rows(source: Path) -> str:
    return (
        f"FER+ votes belong to rows of Kaggle's fer2013.csv, but the file names in {source} are "
        "no row numbers; import fer2013.csv, or leave --ferplus out."
    )


class _Writer:
    """Writes images into a folder of splits, and keeps count of what was read and written."""

    def __init__(self, folder: Path, scheme: str) -> None:
        self._folder = folder
        self._scheme = scheme
        self._taken: set[Path] = set()
        self.images: Counter[str] = Counter()
        self.parts: dict[int, tuple[str, ...]] = {}
        self.rows_seen = 0
        self.marked = False
        self.bad: list[BadRow] = []
        self.notes: list[str] = []

    def copy(self, found: Source, skip_bad: bool) -> None:
        """Write every face; after a bad row that is not skipped only look for more of them."""
        bar = tqdm(desc="import", total=found.size, unit=found.unit, unit_scale=True, leave=False)
        with bar:
            for record in found.read(bar.update):
                if isinstance(record, Note):
                    self.notes.append(record.text)
                    continue
                self.rows_seen = max(self.rows_seen, (record.row or 0) + 1)
                if isinstance(record, BadRow):
                    self.bad.append(record)
                elif skip_bad or not self.bad:
                    self._write(record)

    def _write(self, face: Face) -> None:
        split = SPLIT_OF_PART[self._scheme][face.part] if face.part else face.split
        path = self._free_path(self._folder / split / LABELS[face.label], face.name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(cv2.imencode(".png", face.pixels)[1].tobytes())
        self.images[split] += 1
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


def _check(writer: _Writer, source: Path, scheme: str, skip_bad: bool) -> None:
    """Refuse bad rows and empty sources; note what the source cannot give."""
    if writer.bad and not skip_bad:
        count = len(writer.bad)
        shown = "; ".join(str(row) for row in writer.bad[:_SHOWN_BAD_ROWS])
        more = f"; and {count - _SHOWN_BAD_ROWS:,} more" if count > _SHOWN_BAD_ROWS else ""
        raise UserError(
            f"{source} has {count:,} bad {'row' if count == 1 else 'rows'} ({shown}{more}); "
            "mend the source, or leave bad rows out with --skip-bad."
        )
    if not writer.images:
        raise UserError(f"{source} holds no usable labelled image; nothing was imported.")
    if scheme != "official" and not writer.marked:
        writer.notes.append(
            f"The source does not mark {', '.join(PARTS)}: it keeps its own splits, not {scheme}."
        )
    if "validation" not in writer.images:
        writer.notes.append("There is no split 'validation', on which training is judged.")


def _require_whole(writer: _Writer, folder: Path) -> None:
    """Refuse a mixture: two imports into one DEST at once delete each other's files."""
    written = sum(1 for _ in folder.glob("*/*/*.png"))
    expected = sum(writer.images.values())
    if written != expected:
        raise UserError(
            f"{written:,} instead of {expected:,} images were written to {folder}: another "
            "import may run at the same time; let it end, then import again."
        )


@contextmanager
def _written_aside(dest: Path) -> Iterator[Path]:
    """A new folder beside ``dest`` that becomes ``dest`` at the end, or disappears on any error."""
    if dest.exists() and not (dest.is_dir() and not any(dest.iterdir())):
        raise UserError(f"{dest} is there already and is not an empty folder; name another DEST.")
    final = dest.absolute()
    aside = final.with_name(final.name + ".part")
    _remove_stale(aside)
    new_parents = [parent for parent in final.parents if not parent.exists()]
    try:
        aside.mkdir(parents=True)
        yield aside
        if final.exists():
            final.rmdir()
        aside.rename(final)
    except BaseException:
        shutil.rmtree(aside, ignore_errors=True)
        with suppress(OSError):
            for parent in new_parents:
                parent.rmdir()
        raise


def _remove_stale(aside: Path) -> None:
    """Remove what a killed import left; a folder with anything else in it is not ours."""
    if not aside.exists():
        return
    ours = {"images", FERPLUS_FILE, FERPLUS_FILE + ".part"}
    if not aside.is_dir() or not {path.name for path in aside.iterdir()} <= ours:
        raise UserError(f"{aside} is in the way and was not left by an import; move it elsewhere.")
    shutil.rmtree(aside)
