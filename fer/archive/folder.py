"""``ArchiveFolder``: the folder that an archive is written into, part by part.

```
manifest.json          settings, versions, counts; there from the first moment on
sources.parquet        what there was to analyse, dealt into chunks
faces/00000012.parquet the rows of chunk 12; that it is there means that the chunk is done
failed.parquet         a sentence for each source that could not be read, written in the end
```
"""

import json
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from filelock import FileLock, Timeout

from fer.archive.listing import chunks, listing, read_chunks, totals, write_sources
from fer.archive.manifest import Counts, Manifest, require_same, versions
from fer.archive.parts import Chunk, Part, Problem, Settings
from fer.archive.rows import SCHEMA
from fer.archive.source import is_remote, shown
from fer.archive.sources import list_sources
from fer.errors import UserError
from fer.files import checked, read_json, write_json, written_whole

MANIFEST, SOURCES, FACES, FAILED = "manifest.json", "sources.parquet", "faces", "failed.parquet"
_LOCK, _SCRATCH = ".lock", ".tmp"
_NOTES = b"fer"
"""The key of a part's Parquet metadata that holds what its rows do not tell: one file, so that
rows and problems are there together or not at all."""

_DAMAGED = (pa.ArrowException, KeyError, ValueError, TypeError)
"""What reading a part raises of which a power failure, say, has left something else."""

FAILED_SCHEMA = pa.schema(
    [("source", pa.string()), ("problem", pa.string()), ("partly", pa.bool_())]
)
"""One row a source that could not be read, or not to its end: the fields of `Problem`."""


@dataclass(frozen=True)
class ArchiveFolder:
    """An archive that was begun, or is complete."""

    path: Path

    @classmethod
    def open(cls, path: Path) -> "ArchiveFolder":
        """The archive in ``path``.

        Raises:
            UserError: if there is none.
        """
        folder = cls(path)
        if not (path / MANIFEST).is_file() or not (path / SOURCES).is_file():
            raise UserError(
                f"{path} is no archive: it has no {MANIFEST} and {SOURCES}; "
                f"'python -m fer archive SOURCE --out {path}' writes one."
            )
        return folder

    @classmethod
    @contextmanager
    def begin(
        cls, path: Path, given: Sequence[str], settings: Settings
    ) -> "Iterator[ArchiveFolder]":
        """The archive in ``path``, begun or gone on with, for as long as nobody else writes it.

        Raises:
            UserError: if it holds other things, was begun with other sources or settings, is
                being written by another process, or there is nothing to analyse.
        """
        folder, wanted = cls(path), Manifest(_absolute(given), settings, versions())
        folder._require_own()
        try:
            (path / FACES).mkdir(parents=True, exist_ok=True)
            lock = FileLock(path / _LOCK, timeout=0)
            lock.acquire()
        except Timeout as error:
            raise UserError(
                f"{path} is being written by another process; wait until it is done."
            ) from error
        except OSError as error:
            raise UserError(
                f"{path} cannot be written: {error.strerror}; name another folder with --out."
            ) from error
        try:
            if not (path / MANIFEST).is_file():
                folder._list(given)
                folder._write_manifest(wanted)
            begun = folder.manifest
            require_same(path, begun, wanted)
            if (told := begun.made_also_with(wanted.versions)) != begun:
                folder._write_manifest(told)
            shutil.rmtree(folder.scratch, ignore_errors=True)
            # Where a killed process still holds a copy, as on Windows, the folder stays.
            folder.scratch.mkdir(exist_ok=True)
            yield folder
        finally:
            shutil.rmtree(folder.scratch, ignore_errors=True)
            lock.release()

    @property
    def manifest(self) -> Manifest:
        """``manifest.json``, as it is now."""
        path = self.path / MANIFEST
        values = read_json(path, advice="name a new folder with --out")
        manifest: Manifest = checked(
            Manifest, values, f"{path} describes no archive", advice="name a new folder with --out"
        )
        return manifest

    def done(self, retry: bool = False) -> tuple[set[int], Counts]:
        """The chunks that are done, and what is in them.

        A part that is damaged, as after a power failure, counts as not done; so does, for a
        ``retry``, one with sources that could not be read, or not to their end.

        Raises:
            UserError: as `whole` does.
        """
        numbers, counts = set[int](), Counts()
        for path, found, problems in self.whole():
            if not (retry and problems):
                counts += found
                numbers.add(int(path.stem))
        return numbers, counts

    def is_complete(self, retry: bool = False) -> bool:
        """Whether everything is `done`, and said to be."""
        with listing(self.path / SOURCES) as sources:
            wanted = chunks(sources)
        said = self.manifest.finished and self._says_why()
        return said and self.done(retry)[0] == set(range(wanted))

    def reopen(self) -> None:
        """Say that not everything is done, for as long as it is so."""
        if self.manifest.finished:
            self._write_manifest(replace(self.manifest, finished=False))

    def chunks(self, without: set[int]) -> Iterator[Chunk]:
        """The chunks that are still to be analysed, the last first: see `read_chunks`."""
        with listing(self.path / SOURCES) as sources:
            yield from (chunk for chunk in read_chunks(sources) if chunk.number not in without)

    def totals(self) -> tuple[int, int]:
        """How many sources there are, and how many bytes."""
        with listing(self.path / SOURCES) as sources:
            return totals(sources)

    def rows_of(self, source: str) -> pa.Table:
        """The rows of one source, in the order of time; none where it is not done.

        Raises:
            UserError: if they cannot be read.
        """
        wanted = [("source", "=", source)]
        with listing(self.path / SOURCES) as sources:
            listed = pq.read_table(sources, columns=["chunk"], filters=wanted)
        names = {self.path / FACES / _part_name(chunk) for chunk in listed["chunk"].to_pylist()}
        tables = [self.rows(path, filters=wanted) for path in sorted(names) if path.is_file()]
        return pa.concat_tables([SCHEMA.empty_table(), *tables])

    def rows(self, part: Path, **options: Any) -> pa.Table:
        """The rows of a part, each page held to its checksum.

        ``options`` go to `pyarrow.parquet.read_table`.

        Raises:
            UserError: if it is damaged, or the system does not let it be read.
        """
        try:
            return pq.read_table(part, page_checksum_verification=True, **options)
        except (OSError, pa.ArrowException) as error:
            if isinstance(error, OSError) and error.errno is not None:
                raise _unreadable(part, error) from error
            raise UserError(
                f"{part} is damaged; delete it, and go on with the command that made {self.path}."
            ) from error

    def add(self, part: Part) -> Counts:
        """Write a part, whole or not at all; what is in it then.

        Of a part that is there already, which was read once more, each source is kept as it was
        read better: what cannot be reached today loses nothing that was there yesterday.

        Raises:
            UserError: if it cannot be written.
        """
        name = _part_name(part.chunk)
        target = self.path / FACES / name
        if target.is_file():
            with suppress(OSError, *_DAMAGED):
                counts, told = _read_notes(target)
                problems = tuple(Problem(**problem) for problem in told)
                part = part.bettered(self.rows(target), problems, counts.seconds)
        notes = json.dumps(
            {
                "counts": asdict(Counts.of(part)),
                "problems": [asdict(problem) for problem in part.problems],
            }
        )
        table = part.faces.replace_schema_metadata({_NOTES: notes})
        # Made beside the folder of rows: whoever reads that meets whole files only.
        with written_whole(self.path / name, durable=True) as aside, aside.open("wb") as file:
            pq.write_table(table, file, compression="zstd", write_page_checksum=True)
        (self.path / name).replace(target)
        return Counts.of(part)

    def finish(self, counts: Counts) -> None:
        """Write ``failed.parquet`` and what the manifest says in the end."""
        path = self.path / FAILED
        with (
            written_whole(path, durable=True) as aside,  # before the manifest says that it is there
            pq.ParquetWriter(aside, FAILED_SCHEMA) as writer,
        ):
            for _, _, problems in self.whole():
                if problems:
                    writer.write_table(pa.Table.from_pylist(problems, FAILED_SCHEMA))
        self._write_manifest(replace(self.manifest, finished=True, counts=counts))

    @property
    def scratch(self) -> Path:
        """For copies of videos while they are read; emptied whenever a run begins or ends."""
        return self.path / _SCRATCH

    def whole(self) -> Iterator[tuple[Path, Counts, list[dict[str, Any]]]]:
        """The parts, in the order of their chunks, with their counts and problems.

        Damaged ones are left out. Nothing is deleted here, where a reader may look: who goes on
        writes them anew.

        Raises:
            UserError: if the system does not let one be read, or another file lies among them.
        """
        with listing(self.path / SOURCES) as sources:
            wanted = chunks(sources)
        for path in sorted((self.path / FACES).glob("[!.]*.parquet")):
            if not _is_part(path, wanted):
                raise UserError(
                    f"{path} is no part of the archive, and would be counted by whoever reads "
                    f"{FACES}/*.parquet; move it away."
                )
            try:
                counts, problems = _read_notes(path)
            except _DAMAGED:
                continue
            except OSError as error:
                if error.errno is None:  # Arrow's, of a footer that is damaged inside
                    continue
                raise _unreadable(path, error) from error
            yield path, counts, problems

    def _require_own(self) -> None:
        if self.path.is_dir() and not (self.path / MANIFEST).is_file():
            own = {name for file in (MANIFEST, SOURCES) for name in (file, f"part-{file}")}
            strange = {entry.name for entry in self.path.iterdir()} - own - {_LOCK, _SCRATCH, FACES}
            if strange or any((self.path / FACES).glob("*")):
                raise UserError(
                    f"{self.path} holds other things, such as {min(strange, default=FACES)}; name "
                    "a new folder with --out."
                )

    def _says_why(self) -> bool:
        """Whether ``failed.parquet`` is there, and whole."""
        try:
            pq.read_metadata(self.path / FAILED)
        except (OSError, pa.ArrowException):
            return False
        return True

    def _list(self, given: Sequence[str]) -> None:
        write_sources(self.path / SOURCES, list_sources(given))
        if self.totals()[0] == 0:
            raise UserError(
                f"{', '.join(map(shown, given))} holds no photo, video or .tar of them; check the "
                "path."
            )

    def _write_manifest(self, manifest: Manifest) -> None:
        write_json(self.path / MANIFEST, asdict(manifest), durable=True)


def _part_name(chunk: int) -> str:
    return f"{chunk:08}.parquet"


def _is_part(path: Path, chunks: int) -> bool:
    """Whether the name is that of one of so many chunks, and not of a copy, say."""
    number = path.stem
    return number.isdecimal() and path.name == _part_name(int(number)) and int(number) < chunks


def _read_notes(path: Path) -> tuple[Counts, list[dict[str, Any]]]:
    """What a part's file tells besides its rows."""
    notes: dict[str, Any] = json.loads(pq.read_metadata(path).metadata[_NOTES])
    return Counts(**notes["counts"]), notes["problems"]


def _unreadable(path: Path, error: OSError) -> UserError:
    return UserError(f"{path} cannot be read: {error.strerror}; see to it that it can.")


def _absolute(given: Sequence[str]) -> tuple[str, ...]:
    return tuple(shown(name if is_remote(name) else os.path.abspath(name)) for name in given)  # noqa: PTH100
