"""The figure of a video's timeline."""

import numpy as np
import pytest

from fer import plots
from fer.labels import LABELS


def test_the_figure_has_an_area_per_label_and_face_and_ends_at_gaps():
    times = np.array([0.0, 0.1, 0.2, 3.0, 3.1])
    probs = np.full((10, 7), 1 / 7, np.float32)
    ids = np.array([4] * 5 + [2] * 5)
    figure = plots.timeline(np.tile(times, 2), np.arange(10), ids, probs)
    areas = [trace for trace in figure.data if trace.stackgroup]
    assert [trace.name for trace in areas] == [*LABELS] * 2
    assert [axis.title.text for axis in figure.select_yaxes()] == ["face 2", "face 4"]
    assert np.asarray(areas[0].y)[2:5].tolist() == pytest.approx([1 / 7, 0, 0])
    frames = next(trace for trace in figure.data if not trace.stackgroup)
    assert [n for n in frames.customdata if n >= 0] == [5, 6, 7, 8, 9]
    assert (
        plots.timeline(np.zeros(0), np.zeros(0, int), np.zeros(0, int), np.zeros((0, 7))).data == ()
    )


def test_many_faces_and_rows_stay_readable():
    count = 9000
    ids = np.repeat(np.arange(1, 10), 1000)
    ids[1000:2000] = 1
    figure = plots.timeline(
        np.tile(np.arange(1000.0), 9), np.arange(count), ids, np.full((count, 7), 1 / 7)
    )
    areas = [trace for trace in figure.data if trace.stackgroup]
    assert len(areas) == 7 * 6
    assert max(len(trace.x) for trace in areas) <= 1000
