"""The page of an archive: what is in it, and a video of it over time."""

import json
from pathlib import Path

import pytest

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


def test_a_folder_that_is_no_archive_is_a_sentence(visit, archive):
    arguments = ["--weights", archive / "weights", "--archive", archive / "in"]
    app = visit("archive", *arguments)
    assert not app.exception
    assert "is no archive" in app.warning[0].value


def test_without_an_archive_there_is_no_such_page(visit, archive):
    app = visit("archive", "--weights", archive / "weights")
    assert not app.exception
    assert "Archive" not in {option for bar in app.segmented_control for option in bar.options}
