"""An archive that was interrupted or damaged goes on, with nothing lost and nothing doubled."""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from fer.archive.folder import ArchiveFolder
from fer.archive.rows import SCHEMA
from fer.archive.summary import summarize
from fer.cli import main
from fer.errors import UserError
from tests.archive.conftest import archive, counts, failed, rows

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.mark.slow
def test_killed_at_any_moment_it_goes_on_with_nothing_doubled(weights, study, complete, tmp_path):
    out, chance = tmp_path / "out", random.Random(os.environ.get("SEED", "7"))
    run_with_kills(command_for(weights, study, out), out, chance, kills=4)
    pd.testing.assert_frame_equal(rows(out), rows(complete))
    assert failed(out) == failed(complete)
    assert counts(out) == counts(complete)


@pytest.mark.slow
def test_killed_while_it_retries_it_loses_nothing_that_was_read(weights, study, tmp_path):
    mine, out, complete = tmp_path / "study", tmp_path / "out", tmp_path / "complete"
    shutil.copytree(study, mine)
    for name in ("03.jpg", "12.jpg", "talk 1.mp4"):
        (mine / name).write_bytes(bytes((mine / name).stat().st_size))
    command = command_for(weights, mine, out)
    assert subprocess.run(command, cwd=ROOT, stdout=subprocess.DEVNULL).returncode == 0
    before = rows(out)
    shutil.copytree(study, mine, dirs_exist_ok=True)
    assert archive(weights, complete, mine) == 0
    assert len(before) < len(rows(complete))

    def nothing_is_lost() -> None:
        now = rows(out).merge(before, how="inner", on=list(before.columns))
        assert len(now) == len(before)

    chance = random.Random(os.environ.get("SEED", "8"))
    run_with_kills([*command, "--retry"], out, chance, kills=3, meanwhile=nothing_is_lost)
    pd.testing.assert_frame_equal(rows(out), rows(complete))
    assert failed(out) == failed(complete)
    assert counts(out) == counts(complete)


def command_for(weights: str, source: Path, out: Path) -> list[str]:
    """With two processes."""
    command = [sys.executable, "-m", "fer", "archive", str(source), "--out", str(out)]
    return [*command, "--weights", weights, "--detector", "haar", "--workers", "2"]


def run_with_kills(
    command: list[str],
    out: Path,
    chance: random.Random,
    kills: int,
    meanwhile: Callable[[], None] = lambda: None,
) -> None:
    """Kill the command so many times, each after a few more parts, then let it come to its end."""

    def written() -> set[tuple[Path, int]]:
        with suppress(FileNotFoundError):  # one is being replaced
            return {(part, part.stat().st_mtime_ns) for part in out.glob("faces/*")}
        return set()

    for _ in range(kills):
        process = subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.DEVNULL, start_new_session=True
        )
        before, goal = written(), chance.randrange(3)
        deadline = time.monotonic() + 60
        while process.poll() is None and len(written() - before) < goal:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        time.sleep(chance.random() / 2)
        process.kill()  # the first process alone: the others must notice
        process.wait()
        wait_until_gone(process.pid)
        pd.read_parquet(out / "faces") if any(out.glob("faces/*")) else None  # whole files only
        meanwhile()
    assert subprocess.run(command, cwd=ROOT, stdout=subprocess.DEVNULL).returncode == 0


def wait_until_gone(group: int) -> None:
    """Until no process of the session is left."""
    for _ in range(500):
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return
        time.sleep(0.02)
    raise AssertionError("a process went on after the first one was killed")


def test_ctrl_c_says_that_what_was_done_is_kept(weights, study, tmp_path):
    out = tmp_path / "out"
    process = subprocess.Popen(
        command_for(weights, study, out),
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    while not any(out.glob("faces/*")):
        assert process.poll() is None
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "keeps what was done" in said and "Traceback" not in said
    wait_until_gone(process.pid)


def test_a_part_that_a_power_failure_cut_off_is_made_anew(weights, study, complete, tmp_path):
    out = tmp_path / "out"
    assert archive(weights, out, study / "0*.jpg") == 0
    before = rows(out)
    part = sorted(out.glob("faces/*"))[0]
    part.write_bytes(part.read_bytes()[:100])
    assert main(["archive", "summary", str(out)]) == 0  # a reader deletes nothing
    assert part.stat().st_size == 100
    assert archive(weights, out, study / "0*.jpg") == 0
    pd.testing.assert_frame_equal(rows(out), before)


def test_a_part_that_is_damaged_inside_is_named_or_made_anew(weights, study, tmp_path):
    out = tmp_path / "out"
    assert archive(weights, out, study / "0*.jpg") == 0
    before, part = rows(out), sorted(out.glob("faces/*"))[-1]  # of the last sources
    whole = part.read_bytes()
    part.write_bytes(whole[:4] + b"\xff" * 400 + whole[404:])  # its rows
    folder, named = ArchiveFolder.open(out), rf"{part.name} is damaged; delete it"
    with pytest.raises(UserError, match=named):
        summarize(folder)
    with pytest.raises(UserError, match=named):
        folder.rows_of(before["source"].iloc[-1])
    spot = pq.read_metadata(part).row_group(0).column(SCHEMA.names.index("neutral"))
    begin = spot.dictionary_page_offset or spot.data_page_offset
    place = begin + spot.total_compressed_size - 1  # of a number, which stays one
    part.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
    with pytest.raises(UserError, match=named):
        folder.rows_of(before["source"].iloc[-1])
    footer = int.from_bytes(whole[-8:-4], "little")
    part.write_bytes(whole[: -8 - footer] + b"\xff" * footer + whole[-8:])
    assert archive(weights, out, study / "0*.jpg") == 0
    pd.testing.assert_frame_equal(rows(out), before)


@pytest.mark.parametrize("name", ["00000000 (1).parquet", "00000009.parquet", "copy.parquet"])
def test_a_copy_among_the_parts_is_named_and_never_counted(weights, study, tmp_path, capsys, name):
    out = tmp_path / "out"
    assert archive(weights, out, study / "0*.jpg") == 0
    before, copy = counts(out), out / "faces" / name
    whole = next(out.glob("faces/*"))
    shutil.copy(whole, copy)
    capsys.readouterr()
    assert archive(weights, out, study / "0*.jpg") == summary(out) == 2
    said = capsys.readouterr().err
    assert said.count(str(copy)) == said.count("move it away") == 2
    copy.rename(tmp_path / name)
    whole.unlink()
    assert archive(weights, out, study / "0*.jpg") == 0
    assert counts(out) == before
    assert summary(out) == 0


def summary(out: Path) -> int:
    """The command."""
    return main(["archive", "summary", str(out)])
