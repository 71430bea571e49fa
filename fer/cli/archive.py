"""``fer archive``: any number of photos and videos as one table of faces."""

import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
import typer.core

from fer.cli.options import AsJson, Detector, Weights, seconds, show_progress
from fer.errors import UserError
from fer.wording import count

if TYPE_CHECKING:
    from fer.archive.run import Engine


class _SourcesOrSummary(typer.core.TyperGroup):
    """``fer archive summary DIR`` is a command of its own; every other word is a source."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        known = bool(args) and (args[0] in self.commands or args[0] == "--help")
        return super().parse_args(ctx, args if known else ["write", *args])


app = typer.Typer(
    cls=_SourcesOrSummary,
    help="Analyse archives of photos and videos: fer archive SOURCE... --out DIR.",
)


@app.command()
def write(
    sources: Annotated[
        list[str],
        typer.Argument(
            metavar="SOURCE...",
            help="Folders, quoted patterns, .tar shards, lists of paths (.txt, .csv), fsspec "
            "addresses.",
        ),
    ],
    out: Annotated[Path, typer.Option(metavar="DIR", help="The archive's folder.")],
    engine: Annotated[
        Literal["local", "ray"],
        typer.Option(help="local: processes of this machine; ray: a Ray cluster."),
    ] = "local",
    workers: Annotated[
        int | None, typer.Option(min=1, help="Processes or actors; default: one a core.")
    ] = None,
    every: Annotated[
        float, typer.Option(callback=seconds, help="Seconds between two looks at a video.")
    ] = 0.1,
    address: Annotated[
        str | None,
        typer.Option(help="Of a running Ray cluster; without it Ray starts on this machine."),
    ] = None,
    retry: Annotated[
        bool, typer.Option("--retry", help="Read again what could not be read before.")
    ] = False,
    weights: Weights = "fer",
    detector: Detector = "auto",
) -> int:
    """Analyse photos and videos into DIR/faces/*.parquet, one row a face a frame.

    The word "write" may be left out. Ctrl-C or a kill at any moment keeps what was done: the same
    command goes on from there. What cannot be read is in DIR/failed.parquet, a sentence each.
    """
    from fer.archive.folder import ArchiveFolder
    from fer.archive.parts import Settings
    from fer.archive.run import run_archive

    if address and engine != "ray":
        raise UserError("--address is for --engine ray; add it, or leave the address out.")
    settings = Settings.of(weights, detector, every)
    with _notes(), ArchiveFolder.begin(out, sources, settings) as folder:
        run = _engine(engine, workers, address, folder.scratch)
        if folder.is_complete(retry):
            print(f"{out} is complete; sources added since are for another folder.")
        else:
            _watch(run_archive(folder, run, retry), out)
        counts = folder.manifest.counts
    analysed, rows = count(counts.sources, "source"), count(counts.faces, "row")
    print(f"{analysed}, {rows} of faces in {out / 'faces'}.")
    if counts.failed or counts.partly:
        print(
            f"{counts.failed:,} could not be read, {counts.partly:,} not wholly or not as usual: "
            f"{out / 'failed.parquet'} says why, --retry reads them again and loses nothing.",
            file=sys.stderr,
        )
    return 1 if counts.failed == counts.sources else 0


@app.command()
def summary(
    archive: Annotated[Path, typer.Argument(metavar="DIR", help="The archive's folder.")],
    as_json: AsJson = False,
    plot: Annotated[
        Path | None, typer.Option(metavar="FILE.html", help="Draw it as well, into this file.")
    ] = None,
) -> None:
    """Say what is in an archive, and which of its sources to look at."""
    import json

    from fer.archive.folder import ArchiveFolder
    from fer.archive.summary import summarize, summary_json, summary_text

    found = summarize(ArchiveFolder.open(archive))
    print(
        json.dumps(summary_json(found), indent=2, ensure_ascii=False)
        if as_json
        else summary_text(found)
    )
    if plot:
        from fer import plots
        from fer.files import write_text

        write_text(plot, plots.expressions(found.labels).to_html(include_plotlyjs=True))
        print(f"wrote {plot}", file=sys.stderr)


@contextmanager
def _notes() -> Iterator[None]:
    """Meanwhile, warnings are sentences for people."""
    with warnings.catch_warnings():
        warnings.showwarning = lambda said, *_, **__: print(f"note: {said}", file=sys.stderr)
        yield


def _engine(name: str, workers: int | None, address: str | None, scratch: Path) -> "Engine":
    from fer.archive.local import analyse_locally, cores

    if name == "local":
        count = workers or cores()
        return lambda chunks, settings: analyse_locally(chunks, settings, count, scratch)
    from fer.archive.cluster import analyse_on_ray

    return lambda chunks, settings: analyse_on_ray(chunks, settings, workers, address, scratch)


def _watch(run: Any, out: Path) -> None:
    """Run to the end, or until Ctrl-C."""
    try:
        show_progress(run)
    except KeyboardInterrupt:
        run.close()  # ends the processes before anything is said
        print(f"\n{out} keeps what was done; the same command goes on from there.", file=sys.stderr)
        raise
