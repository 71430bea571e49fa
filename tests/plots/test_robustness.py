"""One of the small multiples of accuracy over strength."""

import numpy as np
import pytest

from fer import plots
from fer.palette import DARK

KIND = {
    "title": "A kind", "unit": "pixels", "strengths": [1, 2.5, 4], "accuracy": [0.6, 0.5, 0.4],
    "intervals": {"accuracy": [[0.58, 0.63], [0.48, 0.52], [0.3, 0.5]]},
}  # fmt: skip


@pytest.fixture
def figure():
    return plots.corruption(KIND, 0.7, np.full((4, 8, 8), 90, np.uint8))


def curve(figure):
    (found,) = [trace for trace in figure.data if trace.mode != "lines"]
    return found


def test_the_clean_accuracy_comes_first_and_as_reference(figure):
    assert [annotation.text for annotation in figure.layout.annotations] == ["A kind", "pixels"]
    assert list(curve(figure).y) == [0.7, *KIND["accuracy"]]
    (reference,) = [trace for trace in figure.data if trace.mode == "lines"]
    assert set(reference.y) == {0.7}


def test_no_line_crosses_the_numbers_and_the_page_gives_them_their_colour(figure):
    plots.on_theme(figure, DARK)
    assert not any(axis.showgrid or axis.zeroline for axis in figure.select_yaxes())
    assert not any(axis.showgrid or axis.zeroline for axis in figure.select_xaxes())
    assert curve(figure).textfont.color is None
    assert figure.layout.font.color == DARK.muted


def test_strengths_are_named_with_their_unit_and_interval(figure):
    assert list(figure.layout.xaxis.ticktext) == ["clean", "1", "2.5", "4"]
    assert list(curve(figure).customdata[2]) == ["2.5 pixels", "48.0 %", "52.0 %"]
    assert list(curve(figure).error_y.array) == pytest.approx([0, 0.03, 0.02, 0.1])
    assert list(curve(figure).error_y.arrayminus) == pytest.approx([0, 0.02, 0.02, 0.1])


def test_pictures_stand_under_their_points_and_make_room(figure):
    assert [image.x for image in figure.layout.images] == [0, 1, 2, 3]
    assert all(image.y <= 0 for image in figure.layout.images)
    assert figure.layout.yaxis.range[0] < -0.4
