"""``python -m fer archive``: every source once, in whole files, whatever happens meanwhile."""

import ast
import json
import os
import shutil
import sys
import tarfile
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import duckdb
import numpy as np
import pandas as pd
import polars
import pyarrow as pa
import pytest
from filelock import FileLock

import fer
from fer import files
from fer.archive.analyse import analyse
from fer.archive.folder import ArchiveFolder
from fer.archive.local import analyse_locally
from fer.archive.parts import Chunk, Settings
from fer.archive.run import run_archive
from fer.archive.source import PHOTO, VIDEO, Source
from fer.archive.summary import summarize, summary_text
from fer.cli import main
from fer.labels import LABELS
from fer.paths import REPOSITORY
from fer.video.read import VideoReader
from fer.video.run import VideoRun
from tests.archive.conftest import archive, counts, failed, rows
from tests.support.videos import moving_face, scene, write_video


def test_photos_are_answered_as_by_the_recognizer(weights, study, complete):
    recognizer = fer.load(weights, "haar")
    found = rows(complete)
    for name in ("03.jpg", "day 2/ä'\"#%/[1]*?.jpg", "two\nlines.jpg"):
        [row] = found[found["source"] == str(study / name)].to_dict("records")
        [face] = recognizer(study / name)
        assert (row["x0"], row["y0"], row["x1"], row["y1"]) == face.box
        assert (row["label"], row["best_guess"]) == (face.label, face.best_guess)
        np.testing.assert_allclose(
            [row[name] for name in LABELS], list(face.probabilities.values())
        )
        assert (row["kind"], row["face"], row["frame"], row["time"]) == ("photo", 1, 0, 0.0)
    inside = found[found["source"] == str(study / "shard.tar/inside/01.jpg")]
    beside = found[found["source"] == str(study / "01.jpg")]
    assert inside.drop(columns="source").values.tolist() == (
        beside.drop(columns="source").values.tolist()
    )
    assert set(found["model"]) == {fer.bundle.Bundle.open(weights).model_sha256}


def test_a_video_is_answered_as_by_the_command_for_one(weights, study, complete):
    found = rows(complete)
    mine = found[found["source"] == str(study / "talk 1.mp4")]
    with VideoRun.open(fer.load(weights, "haar"), study / "talk 1.mp4") as run:
        list(run)
    timeline = run.result().timeline
    assert len(mine) == len(timeline) > 5
    assert mine["frame"].tolist() == timeline.frames.tolist()
    assert mine["face"].tolist() == timeline.ids.tolist()
    np.testing.assert_allclose(mine["time"], timeline.times)
    np.testing.assert_allclose(mine[list(LABELS)], timeline.probs, rtol=1e-6)


def test_what_cannot_be_read_has_a_sentence_each(study, complete):
    told = failed(complete)
    assert {Path(name).name for name in told} == {"bad.jpg", "empty.png", "cut.mp4"}
    for name, sentence in told.items():
        assert Path(name).name in sentence and sentence.endswith(".")
    assert "empty" in told[str(study / "empty.png")]
    assert counts(complete)["sources"] == 26 + 3 + 4
    assert not any(complete.glob("*part-*")) and not any(complete.glob("faces/*part-*"))


def test_a_link_to_nowhere_and_what_is_left_out_are_told(weights, study, tmp_path, capsys):
    here, out = tmp_path / "in", tmp_path / "out"
    here.mkdir()
    shutil.copy(study / "00.jpg", here)
    (here / "disc.vob").touch()
    for name in ("annex.jpg", "annex.mp4"):
        (here / name).symlink_to(tmp_path / "nowhere")
    assert archive(weights, out, here) == 0
    assert "note: 1 file left out, neither photo nor video: 1 .vob.\n" in capsys.readouterr().err
    for name, sentence in failed(out).items():
        assert name in sentence and "check" in sentence
    assert len(failed(out)) == 2


def test_the_summary_counts_every_source_once(complete, capsys, tmp_path):
    assert main(["archive", "summary", str(complete), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["finished"] and told["sources"] == told["listed"]
    assert sum(map(sum, (kind.values() for kind in told["labels"].values()))) == told["faces"]
    assert told["without_faces"] == 1
    assert main(["archive", "summary", str(complete), "--plot", str(tmp_path / "a.html")]) == 0
    assert f"{told['faces']:,} rows" in capsys.readouterr().out
    assert "photos" in (tmp_path / "a.html").read_text()


def test_each_line_of_the_docs_reads_every_row(complete, tmp_path, monkeypatch):
    text = (REPOSITORY / "docs" / "archives.md").read_text("utf-8")
    lines = text.split("Reading takes a line:\n\n```python\n")[1].split("```")[0]
    pandas_reads, duckdb_reads, polars_reads = (
        ast.unparse(line) for line in ast.parse(lines.replace("DIR/", f"{complete}/")).body
    )
    whole = eval(pandas_reads, {"pandas": pd})
    assert len(whole) == len(rows(complete)) and set(whole["label"]) == set(rows(complete)["label"])
    good = whole[whole["quality"] == "good"].groupby("source")["happy"].mean()
    found = dict(eval(duckdb_reads, {"duckdb": duckdb}).fetchall())
    assert found == pytest.approx(good.to_dict())
    happy = eval(polars_reads, {"polars": polars})
    assert len(happy) == (whole["label"] == "happy").sum()


def test_the_summary_prints_no_commands_of_a_file_name(complete):
    found = summarize(ArchiveFolder.open(complete))
    row = found.sources.to_pylist()[0] | {"source": "a\x1b[2J\nb.jpg", "unsure": 1.0}
    text = summary_text(replace(found, sources=pa.Table.from_pylist([row])))
    assert r"a\x1b[2J\nb.jpg: 100" in text


def test_a_second_run_does_nothing(weights, study, complete, capsys):
    before = {path: path.stat().st_mtime_ns for path in complete.rglob("*.*")}
    assert archive(weights, complete, study) == 0
    assert "is complete" in capsys.readouterr().out
    assert {path: path.stat().st_mtime_ns for path in complete.rglob("*.*")} == before


def test_a_link_to_a_video_in_a_shard_is_told_as_one(weights, study, tmp_path):
    video = next(study.rglob("*.mp4"))
    twin = tmp_path / "twin.mp4"
    (tmp_path / "one.mp4").write_bytes(video.read_bytes())
    os.link(tmp_path / "one.mp4", twin)
    with tarfile.open(tmp_path / "s.tar", "w") as shard:
        shard.add(tmp_path / "one.mp4", "one.mp4")
        shard.add(twin, "twin.mp4")
    assert archive(weights, tmp_path / "out", tmp_path / "s.tar") == 0
    [(name, sentence)] = failed(tmp_path / "out").items()
    assert name.endswith("s.tar/twin.mp4") and "is a link" in sentence


def test_what_could_not_be_read_can_be_tried_again(weights, study, tmp_path):
    here, out = tmp_path / "in", tmp_path / "out"
    shutil.copytree(study / "day 2", here)
    picture = here / "late.jpg"
    picture.write_bytes(b"")
    assert archive(weights, out, here) == 0
    assert str(picture) in failed(out)
    shutil.copy(study / "00.jpg", picture)
    assert archive(weights, out, here) == 0  # complete: nothing is read again unasked
    assert str(picture) in failed(out)
    assert archive(weights, out, here, retry=None) == 0
    assert str(picture) not in failed(out)
    assert str(picture) in set(rows(out)["source"])
    assert rows(out)["source"].is_unique


def test_trying_again_loses_nothing_that_was_read(weights, study, tmp_path):
    here, out = tmp_path / "in", tmp_path / "out"
    here.mkdir()
    for name in ("00.jpg", "01.jpg", "bad.jpg", "talk 0.mp4"):
        shutil.copy(study / name, here)
    assert archive(weights, out, here) == 0
    before, known = rows(out), counts(out)
    here.rename(tmp_path / "away")  # as when a network is down
    assert archive(weights, out, here, retry=None) == 0
    pd.testing.assert_frame_equal(rows(out), before)
    assert counts(out) == known
    (tmp_path / "away").rename(here)
    shutil.copy(study / "02.jpg", here / "bad.jpg")
    assert archive(weights, out, here, retry=None) == 0
    assert len(rows(out)) == len(before) + 1 and failed(out) == {}
    assert counts(out) == known | {"faces": len(before) + 1, "failed": 0}


@pytest.mark.parametrize("content", [None, b"xx", b"PAR1" + b"x" * 300 + b"PAR1"])
def test_a_list_of_sources_that_is_gone_or_damaged_is_a_sentence(
    weights, study, tmp_path, capsys, content
):
    out = tmp_path / "out"
    assert archive(weights, out, study / "00.jpg") == 0
    (out / "sources.parquet").unlink()
    if content is not None:
        (out / "sources.parquet").write_bytes(content)
    capsys.readouterr()
    assert archive(weights, out, study / "00.jpg") == 2
    assert "sources.parquet" in capsys.readouterr().err
    assert main(["archive", "summary", str(out)]) == 2
    assert "sources.parquet" in capsys.readouterr().err


def test_what_says_why_is_written_anew_where_it_was_deleted_or_damaged(weights, study, tmp_path):
    out = tmp_path / "out"
    assert archive(weights, out, study / "00.jpg", study / "bad.jpg") == 0
    for disturb in (Path.unlink, lambda path: path.write_bytes(b"")):
        disturb(out / "failed.parquet")
        assert archive(weights, out, study / "00.jpg", study / "bad.jpg") == 0
        assert [*failed(out)] == [str(study / "bad.jpg")]


def test_what_says_why_outlasts_a_power_failure_as_the_manifest_does(
    weights, study, tmp_path, monkeypatch
):
    durable: list[str] = []
    written = files.written_whole

    def watched(path, **options):
        durable.extend([path.name] * options.get("durable", False))
        return written(path, **options)

    monkeypatch.setattr("fer.archive.folder.written_whole", watched)
    assert archive(weights, tmp_path / "out", study / "00.jpg") == 0
    assert "failed.parquet" in durable


def test_a_copy_that_a_killed_process_still_holds_is_no_hindrance(
    weights, study, tmp_path, monkeypatch
):
    out = tmp_path / "out"
    (out / ".tmp").mkdir(parents=True)
    monkeypatch.setattr("fer.archive.folder.shutil.rmtree", lambda *_, **__: None)
    assert archive(weights, out, study / "00.jpg") == 0


def test_windows_gets_no_more_processes_than_it_can_wait_for(monkeypatch):
    started: list[int] = []
    monkeypatch.setattr(
        "fer.archive.local._Processes", lambda settings, workers, scratch: started.append(workers)
    )
    monkeypatch.setattr("fer.archive.local._together", lambda *_: iter(()))
    settings = Settings("fer", "", "haar", 0.1)
    for platform in ("win32", "linux"):
        monkeypatch.setattr(sys, "platform", platform)
        assert list(analyse_locally(iter(()), settings, 96)) == []
    assert started == [61, 96]


def test_a_later_version_is_told_beside_the_first(weights, study, tmp_path, monkeypatch):
    out = tmp_path / "out"
    assert archive(weights, out, study / "00.jpg") == 0
    monkeypatch.setattr("fer.archive.folder.versions", lambda: {"numpy": "99.0"})
    assert archive(weights, out, study / "00.jpg") == 0
    told = json.loads((out / "manifest.json").read_text())["versions"]
    assert told["numpy"].endswith(", 99.0") and "," not in told["python"]


def test_a_video_that_breaks_off_is_partly_read_and_not_failed(weights, tmp_path, monkeypatch):
    frames = VideoReader.frames

    def until_it_breaks(self, **options):
        for i, frame in enumerate(frames(self, **options)):
            if i == 3:
                raise OSError("the disk is gone")
            yield frame

    film = write_video(tmp_path / "film.mp4", moving_face(30, 2))
    settings = Settings.of(weights, "haar", 0.1)
    monkeypatch.setattr(VideoReader, "frames", until_it_breaks)
    part = analyse(settings.open(), settings, Chunk(0, (Source("film.mp4", VIDEO, str(film)),)))
    [problem] = part.problems
    assert part.faces.num_rows > 0 and problem.partly and "disk is gone" in problem.problem


@pytest.mark.parametrize("every", [0.1, 1.0, 3600.0])
def test_all_seconds_of_a_video_count_however_seldom_it_is_looked_at(weights, tmp_path, every):
    film = write_video(tmp_path / "film.mp4", moving_face(15, 2), rate=5)
    settings = Settings.of(weights, "haar", every)
    part = analyse(settings.open(), settings, Chunk(0, (Source("film.mp4", VIDEO, str(film)),)))
    assert part.problems == () and part.seconds == pytest.approx(3.0)


@pytest.mark.parametrize("every", [0.1, 3600.0])
def test_a_video_without_faces_that_breaks_off_keeps_its_seconds(
    weights, tmp_path, monkeypatch, every
):
    decoded = VideoReader._decoded

    def until_it_breaks(self, skip):
        for number, picture in decoded(self, skip):
            if number == 10:
                raise OSError("the disk is gone")
            yield number, picture

    out, here = tmp_path / "out", tmp_path / "in"
    here.mkdir()
    write_video(here / "film.mp4", [scene()] * 15, rate=5)
    settings = Settings.of(weights, "haar", every)
    monkeypatch.setattr(VideoReader, "_decoded", until_it_breaks)
    with ArchiveFolder.begin(out, [str(here)], settings) as folder:

        def run(chunks, settings):
            return (analyse(settings.open(), settings, chunk) for chunk in chunks)

        list(run_archive(folder, run))
        before = folder.manifest.counts
        assert (before.partly, before.failed) == (1, 0)
        assert before.seconds == pytest.approx(2.0)
        here.rename(tmp_path / "away")
        list(run_archive(folder, run, retry=True))
        assert folder.manifest.counts == before


def test_a_file_that_ends_its_process_costs_itself_alone(weights, study):
    class Deadly(str):
        def __reduce__(self):
            return os._exit, (9,)

    good = [Source(str(study / f"{i:02}.jpg"), PHOTO, str(study / f"{i:02}.jpg")) for i in range(5)]
    deadly = Source("deadly.jpg", PHOTO, Deadly(study / "00.jpg"))
    chunks = [Chunk(0, (good[0], deadly, good[1])), Chunk(1, (good[2],)), Chunk(2, (good[3],))]
    settings = Settings.of(weights, "haar", 0.1)
    parts = {part.chunk: part for part in analyse_locally(iter(chunks), settings, 1)}
    assert sorted(parts) == [0, 1, 2]
    assert parts[0].faces["source"].to_pylist() == [good[0].name, good[1].name]
    [problem] = parts[0].problems
    assert problem.source == "deadly.jpg" and "ended" in problem.problem
    assert parts[0].sources == 3


def test_processes_that_cannot_start_blame_no_file(weights, study, tmp_path, capsys, monkeypatch):
    broken = tmp_path / "broken.py"
    broken.write_text("raise SystemError('no such machine')")
    module = ModuleType("__main__")
    module.__file__ = str(broken)  # what a spawned process runs first
    monkeypatch.setitem(sys.modules, "__main__", module)
    assert archive(weights, tmp_path / "out", study) == 2
    assert "could not start" in capsys.readouterr().err
    monkeypatch.undo()
    assert archive(weights, tmp_path / "out", study) == 0


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"every": 2}, "every"),
        ({"detector": "none"}, "detector"),
        ({"weights": "fer-nano"}, "weights"),
    ],
)
def test_other_settings_are_refused(weights, study, complete, capsys, changed, named):
    usual = {"weights": weights, "detector": "haar"}
    words = [f"--{name}={value}" for name, value in (usual | changed).items()]
    assert main(["archive", str(study), "--out", str(complete), *words]) == 2
    said = capsys.readouterr().err
    assert named in said and str(complete) in said and "--out" in said


def test_other_sources_are_refused(weights, study, complete, capsys):
    given = [study, *study.glob("*.jpg")]
    assert archive(weights, complete, *given) == 2
    said = capsys.readouterr().err
    assert f"with 1 SOURCE, now there are {len(given)}" in said
    assert f"number 2 was nothing, now it is {given[1]}; " in said and str(given[2]) not in said


def test_a_folder_with_other_things_is_refused(weights, study, tmp_path, capsys):
    (tmp_path / "diary.txt").write_text("mine")
    assert archive(weights, tmp_path, study) == 2
    assert "diary.txt" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["diary.txt"]


def test_two_at_once_are_refused(weights, study, tmp_path, capsys):
    with FileLock(tmp_path / ".lock"):
        assert archive(weights, tmp_path, study) == 2
    assert "another process" in capsys.readouterr().err


def test_nothing_to_analyse_is_a_sentence_and_the_right_path_works_then(
    weights, study, tmp_path, capsys
):
    (tmp_path / "in").mkdir()
    out = tmp_path / "out"
    assert archive(weights, out, tmp_path / "in") == 2
    assert "no photo, video" in capsys.readouterr().err
    assert archive(weights, out, tmp_path / "nowhere") == 2
    assert "nowhere" in capsys.readouterr().err
    assert archive(weights, out, study / "00.jpg") == 0
    assert len(rows(out)) == 1


def test_a_summary_of_another_folder_is_refused(tmp_path, capsys):
    assert main(["archive", "summary", str(tmp_path)]) == 2
    assert "is no archive" in capsys.readouterr().err
