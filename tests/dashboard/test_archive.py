"""The page of an archive: what is in it, and a video of it over time."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest
from streamlit.runtime.media_file_manager import MediaFileManager

from fer.archive.folder import ArchiveFolder
from fer.archive.rows import SCHEMA
from fer.archive.summary import summarize
from fer.cli import main
from tests.support.bundles import write_toy_bundle
from tests.support.videos import moving_face, write_video


@pytest.fixture(scope="module")
def archive(tmp_path_factory) -> Path:
    """One video with a face and a file that cannot be read."""
    folder = tmp_path_factory.mktemp("archive")
    weights = write_toy_bundle(folder / "weights")
    (folder / "in").mkdir()
    write_video(folder / "in" / "talk.mp4", moving_face(30, 2))
    (folder / "in" / "bad.jpg").write_bytes(b"no picture")
    words = ["--out", str(folder / "out"), "--weights", str(weights), "--detector", "haar"]
    assert main(["archive", str(folder / "in"), "--workers", "1", *words]) == 0
    return folder


def test_the_page_draws_expressions_and_a_timeline(visit, archive):
    arguments = ["--weights", archive / "weights", "--archive", archive / "out"]
    app = visit("archive", *arguments)
    assert not app.exception
    assert [warning.value for warning in app.warning] == []
    bars, over_time = (json.loads(chart.proto.spec) for chart in app.get("plotly_chart"))
    assert {trace["type"] for trace in bars["data"]} == {"bar"}
    assert {trace["type"] for trace in over_time["data"]} == {"scattergl"}
    text = "".join(element.proto.body for element in app.get("html"))
    assert "could not be read" in text and "all done" in text
    [chosen] = [box.value for box in app.selectbox if box.label == "Source"]
    assert chosen == str(archive / "in" / "talk.mp4")
    failed = next(frame.value for frame in app.dataframe if "problem" in frame.value)
    assert failed["source"].tolist() == [str(archive / "in" / "bad.jpg")]


def test_of_many_problems_some_are_shown_and_all_can_be_saved(visit, archive, monkeypatch):
    made: list[Callable[[], bytes]] = []
    deferred = MediaFileManager.add_deferred
    monkeypatch.setattr(
        MediaFileManager,
        "add_deferred",
        lambda self, make, *rest, **options: (
            made.append(make) or deferred(self, make, *rest, **options)
        ),
    )
    folder = ArchiveFolder.open(archive / "out")
    many = pa.Table.from_pylist(
        [{"source": f"{i}.jpg", "problem": "It is bad.", "partly": False} for i in range(1234)]
    )
    found = replace(summarize(folder), problems=many)
    monkeypatch.setattr("fer.dashboard.archive.summarize", lambda folder: found)
    (archive / "out" / "faces").touch()  # what was cached is of before
    app = visit("archive", "--weights", archive / "weights", "--archive", archive / "out")
    assert not app.exception
    failed = next(frame.value for frame in app.dataframe if "problem" in frame.value)
    assert len(failed) == 200
    assert any("the first 200 of 1,234" in fold.label for fold in app.expander)
    [make] = made
    assert len(make().decode().splitlines()) == 1 + 1234
    monkeypatch.undo()
    (archive / "out" / "faces").touch()


def test_nothing_is_read_again_for_a_click(visit, archive, monkeypatch):
    app = visit("archive", "--weights", archive / "weights", "--archive", archive / "out")
    monkeypatch.setattr(ArchiveFolder, "whole", lambda self: 1 / 0)
    app.text_input(key="sought").input("talk").run()
    assert not app.exception


def test_a_source_whose_rows_are_gone_is_a_sentence(visit, archive, monkeypatch):
    monkeypatch.setattr(ArchiveFolder, "rows_of", lambda self, source: SCHEMA.empty_table())
    app = visit("archive", "--weights", archive / "weights", "--archive", archive / "out")
    assert not app.exception
    assert "no rows any more" in "".join(element.proto.body for element in app.get("html"))


def test_a_folder_that_is_no_archive_is_a_sentence(visit, archive):
    arguments = ["--weights", archive / "weights", "--archive", archive / "in"]
    app = visit("archive", *arguments)
    assert not app.exception
    assert "is no archive" in app.warning[0].value


def test_without_an_archive_there_is_no_such_page(visit, archive):
    app = visit("archive", "--weights", archive / "weights")
    assert not app.exception
    assert "Archive" not in {option for bar in app.segmented_control for option in bar.options}
