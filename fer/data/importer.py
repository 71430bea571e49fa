"""Every form in which FER2013 is found becomes ``DEST/images/<split>/<label>/<row>.png``."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from fer.data.archives import Entry, open_entries
from fer.data.class_folders import find_class_folders
from fer.data.face_image import is_image_name
from fer.data.ferplus import read_ferplus, require_alignment, write_votes
from fer.data.folder import (
    FERPLUS_FILE,
    OWN_FILES,
    VALIDATION_FILE,
    FolderDataset,
    rows_in_names,
)
from fer.data.names import PARTS, PARTS_OF_SPLIT
from fer.data.sources import BadRow
from fer.data.tables import find_tables
from fer.data.validation_split import make_validation, read_share
from fer.data.writer import Source, Writer
from fer.errors import UserError
from fer.labels import LABELS
from fer.wording import count

_SHOWN_BAD_ROWS = 10


@dataclass(frozen=True)
class Imported:
    """What an import found and wrote.

    Attributes:
        form: what the source is, in the user's words.
        images: number of images by split.
        votes: number of images with FER+ votes.
        bad: labelled images that were left out.
        notes: sentences about the source that the user should know.
        listing: a line for each folder or table of the source: how many files, and what became
            of them.
    """

    form: str
    images: dict[str, int]
    votes: int
    bad: tuple[BadRow, ...]
    notes: tuple[str, ...]
    listing: tuple[str, ...]


def import_dataset(
    source: Path,
    dest: Path,
    scheme: str = "official",
    ferplus: Path | None = None,
    skip_bad: bool = False,
    validation: str | None = None,
) -> Imported:
    """Import FER2013 from ``source`` into the folder ``dest``, whole or not at all.

    Every labelled image is imported, refused by name, or left out because of ``skip_bad``.

    Args:
        source: a table, or a folder or archive with tables or class folders.
        dest: the new folder; it is written aside as ``<dest>.part`` and renamed at the end.
        scheme: how official parts become splits, a key of ``SPLIT_OF_PART``; a source
            without official marks keeps its own splits.
        ferplus: FER+'s ``fer2013new.csv``, whose votes are written beside the images.
        skip_bad: leave bad rows out instead of refusing.
        validation: "20%": take that share of ``train`` as ``validation``, which the source lacks;
            see `make_validation`.

    Raises:
        UserError: if the source is no known form, has bad rows, does not fit the votes, has a
            ``validation`` already, or ``dest`` cannot be written.
    """
    share = None if validation is None else read_share(validation)
    table = None if ferplus is None else read_ferplus(ferplus)
    try:
        with open_entries(source) as entries:
            found = _recognise(entries, source)
            if table is not None and found.rows == "none":
                raise UserError(_no_rows(source))
            with _written_aside(dest) as folder:
                writer = Writer(folder / "images", scheme)
                writer.copy(found, skip_bad)
                _check(writer, source, skip_bad, share)
                _require_whole(writer, folder / "images")
                if table is not None:
                    total = writer.rows_seen if found.rows == "all" else None
                    require_alignment(table, writer.parts, total)
                    write_votes(folder / FERPLUS_FILE, table, writer.parts)
                dataset = FolderDataset.open(folder)
                notes = (*writer.notes, *_notes(writer, scheme, share, dataset))
                counts = dataset.counts()
    except OSError as error:
        raise UserError(f"{source} could not be imported into {dest}: {error}.") from error
    return Imported(
        form=found.form,
        images={split: sum(labels.values()) for split, labels in counts.items()},
        votes=0 if table is None else len(writer.parts),
        bad=tuple(writer.bad),
        notes=notes,
        listing=writer.listing,
    )


def add_votes(dataset: FolderDataset, ferplus: Path) -> int:
    """Write FER+ votes beside the images of a dataset that is already there; how many.

    Raises:
        UserError: if the file names are not rows, or the votes do not fit the images.
    """
    files = [name for split in dataset.splits for name, _ in dataset.files(split)]
    rows = rows_in_names(files)
    if rows is None:
        raise UserError(_no_rows(dataset.folder))
    # A validation split that was taken from train has rows of both.
    of_split = PARTS_OF_SPLIT
    if (dataset.folder / VALIDATION_FILE).is_file():
        of_split = PARTS_OF_SPLIT | {"validation": PARTS}
    splits = [name.split("/")[0] for name in files]
    parts = {int(row): of_split.get(split, PARTS) for row, split in zip(rows, splits, strict=True)}
    table = read_ferplus(ferplus)
    require_alignment(table, parts)
    write_votes(dataset.votes_path, table, parts)
    return len(parts)


def is_dataset(dest: Path) -> bool:
    """Whether ``dest`` holds images in class folders already."""
    try:
        images = FolderDataset.open(dest).root.glob("*/*/*")
        return any(map(is_image_name, images))
    except UserError:
        return False


def _recognise(entries: list[Entry], source: Path) -> Source:
    """The form of FER2013 that the files are: tables first, then class folders."""
    found = find_tables(entries) or find_class_folders(entries, source.name.split(".")[0])
    if found is None:
        raise UserError(
            f"{source} is no known form of FER2013: neither a table (CSV with the columns "
            "'emotion' and 'pixels', or parquet with images and labels), nor class folders "
            f"({', '.join(LABELS)}) of images; unpack archives inside it first."
        )
    return found


def _no_rows(source: Path) -> str:
    return (
        f"FER+ votes belong to rows of Kaggle's fer2013.csv, but the file names in {source} are "
        "no row numbers; import fer2013.csv, or leave --ferplus out."
    )


def _check(writer: Writer, source: Path, skip_bad: bool, share: float | None) -> None:
    """Refuse bad rows, empty sources, and a second validation split."""
    if writer.bad and not skip_bad:
        bad, places = sum(row.images for row in writer.bad), len(writer.bad)
        shown = "; ".join(map(str, writer.bad[:_SHOWN_BAD_ROWS]))
        hidden = places - _SHOWN_BAD_ROWS
        more = f"; and {hidden:,} more" if hidden > 0 else ""
        raise UserError(
            f"{source} has {count(bad, 'bad row')} ({shown}{more}); "
            "mend the source, or leave bad rows out with --skip-bad."
        )
    if not writer.images:
        raise UserError(f"{source} holds no usable labelled image; nothing was imported.")
    if share is not None and "validation" in writer.images:
        raise UserError(
            f"{source} has a validation split of {writer.images['validation']:,} images already; "
            "leave --validation out."
        )


def _notes(
    writer: Writer, scheme: str, share: float | None, dataset: FolderDataset
) -> Iterator[str]:
    """Make the validation split that was asked for, and tell what the source cannot give."""
    if scheme != "official" and not writer.marked:
        marks = ", ".join(PARTS)
        yield f"The source does not mark {marks}: it keeps its own splits, not {scheme}."
    if share is not None:
        yield make_validation(dataset, share)
    elif "validation" not in writer.images:
        yield (
            "There is no split 'validation', on which training is judged; "
            "--validation 20% takes one out of train."
        )


def _require_whole(writer: Writer, folder: Path) -> None:
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
    ours = {"images", *OWN_FILES, *(f"part-{name}" for name in OWN_FILES)}
    if not aside.is_dir() or not {path.name for path in aside.iterdir()} <= ours:
        raise UserError(f"{aside} is in the way and was not left by an import; move it elsewhere.")
    shutil.rmtree(aside)
