"""The page of an archive, where the dashboard was started with one: what is in it, and when."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import streamlit as st

from fer import plots
from fer.archive.folder import FACES, MANIFEST, ArchiveFolder
from fer.archive.source import VIDEO
from fer.archive.summary import ArchiveSummary, summarize
from fer.dashboard import look, parts
from fer.dashboard.address import bar, choice, same
from fer.dashboard.files import Identity, identity
from fer.dashboard.parts import Card
from fer.dashboard.state import Site
from fer.wording import duration, percent

_ORDERS = {
    "": ("Least certain", [("unsure", "descending"), ("confidence", "ascending")]),
    "quality": ("Hardest to see", [("good", "ascending"), ("unsure", "descending")]),
    "faces": ("Most faces", [("faces", "descending"), ("rows", "descending")]),
}
"""By which sources are put first, in plain words and as columns of the summary."""

_LISTED = 200  # sources that can be chosen from, and problems that are shown


def show(site: Site) -> None:
    """Draw the page."""
    look.head("Archive")
    assert site.archive is not None
    folder = ArchiveFolder.open(site.archive)
    found = _summary(identity(folder.path / MANIFEST), identity(folder.path / FACES))
    _headline(found)
    if found.counts.faces:
        parts.chart(
            plots.expressions(found.labels),
            "archive-expressions",
            "How often each label was shown.",
            "Every face of every photo and frame counts once, so a long video outweighs a hundred "
            "short ones. For figures by source or by face, group the Parquet files.",
        )
        _sources(folder, found)
    _problems(found.problems)


def _headline(found: ArchiveSummary) -> None:
    counts = found.counts
    state = "all done" if found.finished else f"of {found.listed:,}, not finished yet"
    if counts.failed:
        state += f"; {counts.failed:,} could not be read"
    parts.cards(
        [
            Card("Sources", f"{counts.sources:,}", source=state),
            Card("Sources with faces", f"{found.sources.num_rows:,}"),
            Card("Faces", f"{counts.faces:,}", source="counted anew in every frame"),
            Card("Video", duration(counts.seconds)),
        ]
    )


def _sources(folder: ArchiveFolder, found: ArchiveSummary) -> None:
    parts.heading("Sources to look at")
    order = bar("Order", {name: title for name, (title, _) in _ORDERS.items()}, "order")
    listed = found.sources.sort_by([*_ORDERS[order][1], ("source", "ascending")])
    listed = listed.slice(0, _LISTED)
    sought = st.text_input("Find a source", placeholder="a part of its name", key="sought")
    if sought:
        listed = found.sources.filter(pc.match_substring(found.sources["source"], sought))
        listed = listed.slice(0, _LISTED)
        if not listed.num_rows:
            parts.empty(f"No source with faces has {sought} in its name.")
            return
    name = choice(st.selectbox, "Source", same(listed["source"].to_pylist()), "source")
    rows = folder.rows_of(name)
    if not rows.num_rows:  # it was read anew since, or its part is gone
        parts.empty(f"{name} has no rows any more; load the page again.")
        return
    if rows["kind"][0].as_py() == VIDEO:
        times, faces = rows["time"].to_numpy(), rows["face"].to_numpy()
        parts.chart(
            plots.over_time(times, faces, np.array(rows["label"].to_pylist(), object)),
            "archive-over-time",
            "The label that each face showed at each look; the longest seen faces.",
        )
    parts.table(
        rows.drop_columns(["source", "model"]).to_pandas(), "archive-rows", "What was found in it"
    )
    table = listed.to_pandas()
    shares = ["confidence", "unsure", "good"]
    table[shares] = table[shares].map(percent)
    parts.table(table, "archive-sources", f"The first {len(table):,} sources in this order")


def _problems(problems: pa.Table) -> None:
    if not problems.num_rows:
        return
    shown, title = problems.slice(0, _LISTED), "What could not be read, and why"
    if shown.num_rows < problems.num_rows:
        title += f": the first {shown.num_rows:,} of {problems.num_rows:,}, all of them as CSV"
    parts.table(
        shown.to_pandas(), "archive-failed", title,
        csv=lambda: problems.to_pandas().to_csv(index=False).encode(),
    )  # fmt: skip


# As a resource, which nobody changes: as data all of it would be copied for every click.
@st.cache_resource(show_spinner="Reading the archive …", max_entries=2)
def _summary(manifest: Identity, faces: Identity) -> ArchiveSummary:
    """Read again when a part was added: then the folder of them has changed."""
    return summarize(ArchiveFolder(Path(manifest[0]).parent))
