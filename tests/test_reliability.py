"""Visitors of every kind at once, a kill under load, and a start after it; the real app over HTTP.

``python -m benchmarks.reliability`` does the same for five minutes with twenty visitors.
"""

import time
from dataclasses import replace

import pytest

from benchmarks.reliability import measure
from benchmarks.reliability_report import Load, jain, page
from benchmarks.visitors import Page, Visitor
from fer.app.live import Live, answer_frame
from tests.support.bundles import write_toy_bundle


@pytest.mark.slow
def test_everybody_is_answered_and_a_kill_leaves_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr("benchmarks.reliability._UNTIL_KILLED", 1.5)
    load = Load(streams=3, photos=2, videos=1, seconds=3.0, pause=0.2)
    figures = measure(load, str(write_toy_bundle(tmp_path)))
    assert figures.problems == [] and figures.logged == [] and figures.left_behind == []
    assert all(figures.answered[kind] > 0 for kind in ("stream", "photo", "video"))
    assert len(figures.frames) == 3 and figures.restart_seconds > 0
    assert figures.answered_again > 0
    assert figures.most_mb < 1500
    said = page(figures)
    assert "| photo | 2 |" in said and "What should not be" not in page(
        replace(figures, p95={"photo": 1.0}, fairness=1.0, growth_mb=0.0)
    )
    slow = replace(figures, p95={"photo": 9.0}, fairness=0.3, left_behind=["part-x"])
    slow = replace(slow, answered_again=0)
    assert all(part in page(slow) for part in ("9.0 s", "unfairly", "part-x", "after the kill"))


def test_a_stream_of_alerts_counts_as_no_answers(monkeypatch):
    overlay, panel, timeline, _ = answer_frame(None, "data:,no picture", Live())
    message = {"data": [overlay, panel, timeline]}
    monkeypatch.setattr(Visitor, "_join", lambda *_: "event")
    monkeypatch.setattr(Visitor, "_messages", lambda *_: iter([message] * 3))
    stream = {"id": 0, "targets": [[1, "stream"]], "inputs": range(5)}
    visitor = Visitor(Page("http://localhost", {"camera": 1}, {}, [stream]), "stream")
    until = time.monotonic() + 0.1
    seen = visitor.repeat(lambda: visitor.stream([b""], "fer", "haar", until), until, 0.0)
    assert seen.seconds == [] and "arrived damaged" in seen.problems[0]


def test_fairness_is_one_for_equal_shares_and_falls_to_one_nth():
    assert jain([5, 5, 5]) == 1
    assert jain([9, 0, 0]) == pytest.approx(1 / 3)
    assert jain([]) == 1
