"""``fer video``: files, tables, and what is kept when something goes wrong."""

import csv
import json
import os
import subprocess
import sys

import numpy as np
import pytest

from fer.cli import main
from fer.video.run import VideoRun
from fer.vision.faces import CSV_COLUMNS
from tests.support.videos import moving_face, picture_times, write_video


def test_the_command_writes_video_and_tables(bundle, clip, tmp_path, capsys):
    command = ["video", str(clip), "--weights", str(bundle), "--out", str(tmp_path / "new")]
    assert main([*command, "--every", "5", "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    folder = tmp_path / "new"
    assert sorted(p.name for p in folder.iterdir()) == [
        "walk-faces.csv", "walk-faces.json", "walk-faces.mp4",
    ]  # fmt: skip
    assert printed == json.loads((folder / "walk-faces.json").read_text())
    assert (printed["video"], printed["every"], printed["weights"]) == ("walk.mp4", 5, "toy")
    [face] = printed["faces"]
    assert face["face"] == 1
    with (folder / "walk-faces.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(printed["rows"]) == 10
    assert list(rows[0]) == ["time", "frame", "face", *CSV_COLUMNS]
    happy = printed["rows"][3]["probabilities"]["happy"]
    assert float(rows[3]["happy"]) == pytest.approx(happy, abs=1e-6)
    assert main(command) == 0
    assert (folder / "walk-faces-2.mp4").exists()
    assert "face 1: seen for 2.0 s" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--start", "3", "--end", "2"], "--end 2 must be later than --start 3"),
        (["--start", "9"], "no picture in the part asked for"),
        (["--weights", "nothing"], "no bundle 'nothing'"),
    ],
)
def test_the_command_says_what_is_wrong(bundle, clip, tmp_path, capsys, arguments, said):
    command = ["video", str(clip), "--weights", str(bundle), "--out", str(tmp_path)]
    assert main([*command, *arguments]) == 2
    assert said in capsys.readouterr().err


def test_ctrl_c_keeps_what_was_done(bundle, clip, tmp_path, capsys, monkeypatch):
    def interrupted(run):
        for progress in original(run):
            if progress.done > 0.5:
                raise KeyboardInterrupt
            yield progress

    original = VideoRun.__iter__
    monkeypatch.setattr(VideoRun, "__iter__", interrupted)
    command = ["video", str(clip), "--weights", str(bundle), "--out", str(tmp_path)]
    assert main(command) == 130
    assert "what was done is kept" in capsys.readouterr().err
    assert 10 < len(picture_times(tmp_path / "walk-faces.mp4")) < 25
    assert (tmp_path / "walk-faces.csv").exists()


LIMITED = """
import resource, sys
from fer.cli import main
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), resource.RLIM_INFINITY))
sys.exit(main(sys.argv[2:]))
"""


@pytest.fixture(scope="module")
def noisy(tmp_path_factory):
    """A clip whose annotated copy is much larger than its tables."""
    random = np.random.default_rng(0)
    frames = [
        np.clip(rgb + random.integers(-40, 40, rgb.shape), 0, 255).astype(np.uint8)
        for rgb in moving_face(20, 3)
    ]
    return write_video(tmp_path_factory.mktemp("noisy") / "noisy.mp4", frames, sound="aac")


def with_files_up_to(size, *command):
    """The command where no file may grow beyond ``size`` bytes, as on a disk that is full."""
    arguments = [sys.executable, "-c", LIMITED, str(size), *map(str, command)]
    return subprocess.run(arguments, capture_output=True, encoding="utf-8", timeout=120)


@pytest.mark.parametrize(
    ("size", "status", "kept"),
    [
        (0, 2, []),
        (500, 1, []),
        (120_000, 1, ["noisy-faces.csv", "noisy-faces.json"]),
    ],
)
def test_a_full_disk_keeps_what_fits(bundle, noisy, tmp_path, size, status, kept):
    run = with_files_up_to(size, "video", noisy, "--weights", bundle, "--out", tmp_path)
    assert run.returncode == status
    assert sorted(path.name for path in tmp_path.iterdir()) == kept
    assert "Traceback" not in run.stderr
    errors = [line for line in run.stderr.splitlines() if line.startswith("error: ")]
    assert errors
    assert all("cannot be written: File too large" in line for line in errors)
    assert ("face 1: seen for 0.8 s" in run.stdout) == (status != 2)


def test_a_full_disk_takes_nothing_from_what_is_printed(bundle, noisy, tmp_path):
    run = with_files_up_to(100, "video", noisy, "--weights", bundle, "--out", tmp_path, "--json")
    assert run.returncode == 1
    told = json.loads(run.stdout)
    assert len(told["rows"]) == 7
    assert any("cannot be written" in note for note in told["notes"])


def test_a_folder_that_takes_no_files_gets_a_sentence(bundle, clip, tmp_path, capsys):
    (tmp_path / "file").write_text("in the way")
    command = ["video", str(clip), "--weights", str(bundle), "--out", str(tmp_path / "file")]
    assert main(command) == 2
    error = capsys.readouterr().err
    assert "walk-faces.mp4 cannot be written" in error
    assert error.count("\n") == 1


def test_names_that_are_no_addresses_and_names_that_are_too_long(bundle, clip, tmp_path):
    for name in ("10:30 meeting.mp4", "é" * 125 + ".mp4"):
        (tmp_path / name).write_bytes(clip.read_bytes())
        command = ["video", str(tmp_path / name), "--weights", str(bundle), "--every", "25"]
        assert main([*command, "--out", str(tmp_path / "out")]) == 0
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        f"{stem}-faces.{ending}"
        for stem in ("10:30 meeting", "é" * 100)
        for ending in ("csv", "json", "mp4")
    ]


def test_tables_are_utf8_on_every_console(bundle, clip, tmp_path):
    source = tmp_path / "café 😀.mp4"
    source.write_bytes(clip.read_bytes())
    program = "import sys; from fer.cli import main; sys.exit(main(sys.argv[1:]))"
    command = ["video", source, "--weights", bundle, "--out", tmp_path / "out", "--json"]
    run = subprocess.run(
        [sys.executable, "-c", program, *map(str, command)],
        capture_output=True, env={**os.environ, "PYTHONIOENCODING": "cp1252", "PYTHONUTF8": "0"},
        timeout=120,
    )  # fmt: skip
    printed = json.loads(run.stdout.decode("utf-8"))
    assert printed["video"] == source.name
    assert printed == json.loads((tmp_path / "out" / "café 😀-faces.json").read_bytes())
    (tmp_path / "out" / "café 😀-faces.csv").read_bytes().decode("utf-8")
