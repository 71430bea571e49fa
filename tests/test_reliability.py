"""Visitors of every kind at once, a kill under load, and a start after it; the real app over HTTP.

``python -m benchmarks.reliability`` does the same for five minutes with twenty visitors.
"""

from dataclasses import replace

import pytest

from benchmarks.reliability import measure
from benchmarks.reliability_report import Load, jain, page
from tests.support.bundles import write_toy_bundle


@pytest.mark.slow
def test_everybody_is_answered_and_a_kill_leaves_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr("benchmarks.reliability._UNTIL_KILLED", 1.5)
    load = Load(streams=3, photos=2, videos=1, seconds=3.0, pause=0.2)
    figures = measure(load, str(write_toy_bundle(tmp_path)))
    assert figures.problems == [] and figures.logged == [] and figures.left_behind == []
    assert all(figures.answered[kind] > 0 for kind in ("stream", "photo", "video"))
    assert len(figures.frames) == 3 and figures.restart_seconds > 0
    assert figures.most_mb < 1500
    said = page(figures)
    assert "| photo | 2 |" in said and "What should not be" not in page(
        replace(figures, p95={"photo": 1.0}, fairness=1.0, growth_mb=0.0)
    )
    slow = replace(figures, p95={"photo": 9.0}, fairness=0.3, left_behind=["part-x"])
    assert all(part in page(slow) for part in ("9.0 s", "unfairly", "part-x"))


def test_fairness_is_one_for_equal_shares_and_falls_to_one_nth():
    assert jain([5, 5, 5]) == 1
    assert jain([9, 0, 0]) == pytest.approx(1 / 3)
    assert jain([]) == 1
