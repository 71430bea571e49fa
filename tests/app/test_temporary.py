"""Visitors' files are deleted when they are old, when the app ends and when it starts again."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
from gradio.utils import get_upload_folder

from fer.app import temporary

ROOT = Path(__file__).resolve().parent.parent.parent

LEAVE = """
import os, signal, tempfile
from fer.app import temporary
with temporary.own_folder() as folder:
    tempfile.NamedTemporaryFile(delete=False).write(b"a face")
    print(folder, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""


SERVE = """
import sys, tempfile, time
import app
app.open_model = app.build_app = lambda *arguments, **options: None
app.ondevice.has_runtime = lambda: False
def launch(*arguments, **options):
    tempfile.NamedTemporaryFile(delete=False).write(b"a face")
    print(tempfile.gettempdir(), flush=True)
    time.sleep(300)
app.launch = launch
sys.exit(app.main(["--weights", "toy"]))
"""
"""The app, but for what it serves."""


@pytest.fixture
def base(tmp_path, monkeypatch):
    """Where temporary files go, as ``TMPDIR`` would say."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    return tmp_path


def test_everything_temporary_is_in_the_folder_and_gone_with_it(base, monkeypatch):
    monkeypatch.setenv("GRADIO_TEMP_DIR", "/elsewhere")
    with temporary.own_folder() as folder:
        assert folder.parent == base
        assert Path(tempfile.mkdtemp()).parent == folder
        assert Path(get_upload_folder()).is_relative_to(folder)
    assert list(base.iterdir()) == []
    assert tempfile.gettempdir() == str(base)
    assert get_upload_folder() == "/elsewhere"


def test_what_a_killed_app_left_is_gone_at_the_next_start(base):
    done = subprocess.run([sys.executable, "-c", LEAVE], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == -signal.SIGKILL, done.stderr
    left = Path(done.stdout.strip())
    assert [path for path in left.iterdir() if path.is_file()]
    beside = base / f"fer-app-{os.getppid()}-running"
    beside.mkdir()
    with temporary.own_folder() as folder:
        assert set(base.iterdir()) == {folder, beside}


def test_an_app_that_is_told_to_stop_leaves_nothing(base):
    command = [sys.executable, "-c", SERVE]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        said = next(line for line in process.stdout if str(base) in line)
        assert [path for path in Path(said.strip()).iterdir() if path.is_file()]
        process.terminate()
    assert process.returncode == 0
    assert list(base.iterdir()) == []


def test_a_folder_that_nobody_touches_is_gone_though_its_number_is_in_use(base):
    beside = base / f"fer-app-{os.getppid()}-of-a-machine-that-was-restarted"
    beside.mkdir()
    os.utime(beside, (time.time() - 3700,) * 2)
    with temporary.own_folder() as folder:
        assert set(base.iterdir()) == {folder}


def test_whoever_runs_touches_the_folder(tmp_path):
    os.utime(tmp_path, (0, 0))
    with temporary.swept(tmp_path, every=0.05):
        wait_until(lambda: time.time() - tmp_path.stat().st_mtime < 60)


def wait_until(true):
    end = time.monotonic() + 30
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_a_folder_that_vanishes_meanwhile_does_not_end_the_sweep(tmp_path, monkeypatch):
    for name in ("first", "second", "third"):
        (tmp_path / name).mkdir()
    list_folder = os.scandir

    def vanishing(path):
        if Path(path).name == "second":
            Path(path).rmdir()
        return list_folder(path)

    monkeypatch.setattr(os, "scandir", vanishing)
    temporary.sweep(tmp_path, now=time.time() + 1801)
    monkeypatch.undo()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("age", "left"), [(10, True), (1799, True), (1801, False)])
def test_age_decides_and_what_the_page_needs_stays(tmp_path, age, left):
    own = tmp_path / "page" / "example.jpg"
    upload = tmp_path / "gradio" / "abc" / "me.jpg"
    for path in (own, upload):
        path.parent.mkdir(parents=True)
        path.touch()
    os.utime(upload, (0, 0))  # an old picture that was given just now
    kept = frozenset({own, own.parent})
    for _ in range(2):
        temporary.sweep(tmp_path, own=kept, now=time.time() + age)
        assert upload.exists() == left
        assert own.exists()
    temporary.sweep(tmp_path, own=kept, now=time.time() + 2 * age)
    assert (tmp_path / "gradio").exists() == (left and age < 1000)


def test_sweeping_goes_on_by_itself(tmp_path):
    own = tmp_path / "own"
    own.touch()
    with temporary.swept(tmp_path, keep=0.05, every=0.05):
        for name in ("first", "second"):
            upload = tmp_path / name
            upload.touch()
            end = time.monotonic() + 30
            while upload.exists() and time.monotonic() < end:
                time.sleep(0.02)
            assert not upload.exists()
    assert own.exists()


def test_the_longest_wait_is_within_the_hour():
    assert temporary.KEEP + temporary._EVERY < 3600
