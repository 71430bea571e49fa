"""Small multiples of accuracy over strength."""

import numpy as np
import pytest

from fer import plots
from fer.palette import DARK

KINDS = [
    {
        "name": f"kind {i}", "title": f"Kind {i}", "unit": "pixels", "strengths": [1, 2.5, 4],
        "accuracy": [0.6, 0.5, 0.4 - i / 100],
        "intervals": {"accuracy": [[0.58, 0.63], [0.48, 0.52], [0.3, 0.5]]},
    }
    for i in range(7)
]  # fmt: skip


def curves(figure):
    return [trace for trace in figure.data if trace.mode != "lines"]


def test_one_panel_a_kind_with_the_clean_accuracy_as_reference():
    figure = plots.corruptions(KINDS, 0.7)
    assert len(curves(figure)) == 7
    texts = [annotation.text for annotation in figure.layout.annotations]
    assert texts == [k["title"] for k in KINDS] + [k["unit"] for k in KINDS]
    for i, curve in enumerate(curves(figure)):
        assert list(curve.y) == [0.7, *KINDS[i]["accuracy"]]
    references = [trace for trace in figure.data if trace.mode == "lines"]
    assert all(set(trace.y) == {0.7} for trace in references)
    assert len({curve.xaxis for curve in curves(figure)}) == 7


def test_no_line_crosses_the_numbers_and_the_page_gives_them_their_colour():
    figure = plots.on_theme(plots.corruptions(KINDS, 0.7), DARK)
    assert not any(axis.showgrid or axis.zeroline for axis in figure.select_yaxes())
    assert not any(axis.showgrid or axis.zeroline for axis in figure.select_xaxes())
    assert all(curve.textfont.color is None for curve in curves(figure))
    assert figure.layout.font.color == DARK.muted


def test_strengths_are_named_with_their_unit_and_interval():
    figure = plots.corruptions(KINDS[:1], 0.7)
    assert list(figure.layout.xaxis.ticktext) == ["clean", "1", "2.5", "4"]
    assert figure.layout.annotations[1].text == "pixels"
    (curve,) = curves(figure)
    assert list(curve.customdata[2]) == ["2.5 pixels", "48.0 %", "52.0 %"]
    assert list(curve.error_y.array) == pytest.approx([0, 0.03, 0.02, 0.1])
    assert list(curve.error_y.arrayminus) == pytest.approx([0, 0.02, 0.02, 0.1])


def test_pictures_stand_under_their_points_and_make_room():
    faces = {kind["name"]: np.full((4, 8, 8), 90, np.uint8) for kind in KINDS}
    figure = plots.corruptions(KINDS, 0.7, faces, columns=3)
    assert len(figure.layout.images) == 4 * 7
    assert [image.x for image in figure.layout.images[:4]] == [0, 1, 2, 3]
    assert all(image.y + 0 <= 0 for image in figure.layout.images)
    assert figure.layout.yaxis.range[0] < -0.4
    assert plots.corruptions(KINDS, 0.7).layout.yaxis.range[0] == 0


@pytest.mark.parametrize(("count", "columns", "rows"), [(1, 5, 1), (7, 5, 2), (6, 3, 2), (7, 3, 3)])
def test_the_figure_is_as_high_as_its_rows(count, columns, rows):
    one = plots.corruptions(KINDS[:1], 0.7).layout.height
    assert plots.corruptions(KINDS[:count], 0.7, columns=columns).layout.height == rows * one
