"""How far an archive has come, as people are told."""

import os
import sys
from types import SimpleNamespace

import pytest

from fer.archive.folder import Counts
from fer.archive.run import Progress, run_archive
from fer.cli.options import show_progress


class Folder:
    """Ten sources of 100 bytes each, three of which are done already."""

    manifest = SimpleNamespace(settings=None)

    def reopen(self):
        pass

    def done(self, retry):
        return set(range(3)), Counts(chunks=3, sources=3, bytes=300)

    def totals(self):
        return 10, 1000

    def chunks(self, without):
        return iter(range(3, 10))

    def add(self, part):
        return Counts(chunks=1, sources=1, bytes=100)

    def finish(self, counts):
        self.finished = counts


def test_the_time_left_is_that_of_the_pace_of_this_run(monkeypatch):
    clock = iter(range(0, 1000, 6))
    monkeypatch.setattr("time.monotonic", lambda: next(clock))
    steps = list(run_archive(Folder(), lambda chunks, settings: chunks))
    assert steps[0].left is None and steps[0].share == pytest.approx(0.3)
    assert [step.left for step in steps[1:]] == pytest.approx([36, 30, 24, 18, 12, 6, 0])
    assert "about 36 s left" in steps[1].sentence()
    assert steps[-1].share == 1 and steps[-1].counts.sources == 10


def test_a_terminal_shows_one_line_however_narrow_it_is(monkeypatch, capsys):
    monkeypatch.setattr("shutil.get_terminal_size", lambda: os.terminal_size((40, 20)))
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    far = Progress(Counts(sources=900_000, faces=1_234_567, failed=12), 1_000_000, 0.9, 3700.0)
    show_progress([far, Progress(Counts(sources=1), 1, 1.0, None)])
    long, short = capsys.readouterr().err.rstrip("\n").split("\r")[1:]
    assert len(long.removesuffix("\x1b[K")) == 39
    assert long.endswith("\x1b[K") and short.endswith("\x1b[K")
