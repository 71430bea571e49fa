"""``fer video``: files, tables, and what is kept when something goes wrong."""

import csv
import json

import pytest

from fer.cli import main
from fer.video.run import VideoRun
from fer.vision.faces import CSV_COLUMNS
from tests.support.videos import picture_times


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
