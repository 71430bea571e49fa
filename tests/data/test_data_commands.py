"""``python -m fer data import`` and ``summary`` as a user meets them."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from fer.cli import app
from fer.errors import UserError
from fer.labels import LABELS
from tests.support.fer2013_forms import USAGES, content_of, ferplus, table

ROOT = Path(__file__).resolve().parent.parent.parent


def run(*arguments):
    return app(["data", *map(str, arguments)], standalone_mode=False) or 0


@pytest.fixture
def source(tmp_path):
    (tmp_path / "fer2013.csv").write_text(table())
    return tmp_path / "fer2013.csv"


def test_import_says_what_was_found_where_it_went_and_what_is_next(tmp_path, source, capsys):
    assert run("import", source, tmp_path / "out") == 0
    said = capsys.readouterr()
    assert said.out.splitlines() == [
        "  fer2013.csv: 14 to train, 7 to validation, 7 to test",
        "Found the table fer2013.csv; "
        f"wrote 14 train, 7 validation, 7 test images to {tmp_path}/out.",
        f"Next: python -m fer data summary {tmp_path}/out",
    ]
    assert "import:" in said.err  # the progress bar


def test_default_dest(tmp_path, source, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run("import", "fer2013.csv") == 0
    assert (tmp_path / "data/fer2013/images/train/angry/0.png").is_file()


def test_a_second_run_touches_nothing(tmp_path, source, capsys):
    run("import", source, tmp_path / "out")
    before = content_of(tmp_path / "out")
    capsys.readouterr()
    for more in ([], ["--split", "80-20"], ["--skip-bad"]):
        assert run("import", source, tmp_path / "out", *more) == 0
        said = capsys.readouterr().out
        assert "is already there: 14 train, 7 validation, 7 test images" in said
    assert content_of(tmp_path / "out") == before


def test_votes_are_added_to_a_dataset_that_is_there_once(tmp_path, source, capsys):
    run("import", source, tmp_path / "out")
    (tmp_path / "new.csv").write_text(ferplus())
    assert run("import", source, tmp_path / "out", "--ferplus", tmp_path / "new.csv") == 0
    assert "Wrote FER+ votes for 28 images" in capsys.readouterr().out
    before = content_of(tmp_path / "out")
    assert run("import", source, tmp_path / "out", "--ferplus", tmp_path / "new.csv") == 0
    assert "So are its votes" in capsys.readouterr().out
    assert content_of(tmp_path / "out") == before


def test_skipped_rows_are_listed_on_stderr(tmp_path, source, capsys):
    source.write_text(source.read_text().replace("\n3,", "\n9,", 1))
    with pytest.raises(UserError, match=r"1 bad row .*line 5: unknown label '9'.*--skip-bad"):
        run("import", source, tmp_path / "out")
    assert run("import", source, tmp_path / "out", "--skip-bad") == 0
    assert "left out: fer2013.csv line 5: unknown label '9'" in capsys.readouterr().err


def test_summary_as_json(tmp_path, source, capsys):
    run("import", source, tmp_path / "out", "--split", "80-20")
    capsys.readouterr()
    assert run("summary", tmp_path / "out", "--json") == 0
    summary = json.loads(capsys.readouterr().out)
    assert summary == {
        "train": dict.fromkeys(LABELS, 2),
        "validation": dict.fromkeys(LABELS, 2),
        "totals": {"train": 14, "validation": 14, "all": 28},
    }


def test_summary_as_a_table(tmp_path, capsys):
    (tmp_path / "fer2013.csv").write_text(table(USAGES[:4] + USAGES[14:16]))
    run("import", tmp_path / "fer2013.csv", tmp_path / "out")
    capsys.readouterr()
    assert run("summary", tmp_path / "out") == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert lines[0] == ["label", "train", "validation"]
    assert lines[1] == ["angry", "1", "25.0%", "0", "0.0%"]
    assert lines[5] == ["sad", "0", "0.0%", "1", "50.0%"]
    assert lines[-1] == ["total", "4", "100.0%", "2", "100.0%"]


def test_summary_of_nothing(tmp_path):
    with pytest.raises(UserError, match="There is no dataset folder"):
        run("summary", tmp_path / "out")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_stopping_at_any_moment_leaves_no_dataset(tmp_path, number):
    big = table(["Training"] * 28).split("\n", 1)
    (tmp_path / "fer2013.csv").write_text(big[0] + "\n" + big[1] * 300)
    command = [sys.executable, "-m", "fer", "data", "import", "fer2013.csv", "out"]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(
        command, cwd=tmp_path, env=environment, stderr=subprocess.DEVNULL, start_new_session=True
    )
    deadline = time.monotonic() + 60
    while not list(tmp_path.glob("out.part/images/*/*/*.png")) and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(number)
    assert process.wait(60) != 0
    assert not (tmp_path / "out").exists()
    if number == signal.SIGINT:
        assert [path.name for path in tmp_path.iterdir()] == ["fer2013.csv"]
    (tmp_path / "fer2013.csv").write_text(table())
    subprocess.run(command, cwd=tmp_path, env=environment, check=True, capture_output=True)
    assert len(list(tmp_path.glob("out/images/*/*/*.png"))) == 28
    assert not (tmp_path / "out.part").exists()
