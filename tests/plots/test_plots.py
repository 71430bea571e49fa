"""Figures: what they show, and colours that colour-blind people can tell apart."""

import numpy as np
import pytest

from fer import plots
from fer.labels import LABELS
from fer.palette import COLORS, DARK, LIGHT, READABLE, blend, contrast
from fer.plots.style import thin

# Linear-light RGB as people with a full deficiency see it (Machado et al., 2009, severity 1).
_SIGHT = {
    "normal": np.eye(3),
    "protanopia": np.array([
        [0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ]),
    "deuteranopia": np.array([
        [0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ]),
    "tritanopia": np.array([
        [1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ]),
}  # fmt: skip
_XYZ_OF_RGB = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750],
     [0.0193339, 0.1191920, 0.9503041]]
)  # fmt: skip


def linear(color: str) -> np.ndarray:
    channels = np.array([int(color[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)


def distance(first: str, second: str, sight: np.ndarray) -> float:
    """CIEDE2000 between two colours as that sight sees them."""
    from skimage.color import deltaE_ciede2000, xyz2lab

    labs = [
        xyz2lab((_XYZ_OF_RGB @ np.clip(sight @ linear(c), 0, 1))[None])[0] for c in (first, second)
    ]
    return float(deltaE_ciede2000(*labs))


@pytest.mark.parametrize("sight", _SIGHT)
def test_label_colours_stay_apart_for_every_kind_of_sight(sight):
    pairs = [(a, b) for i, a in enumerate(LABELS) for b in LABELS[i + 1 :]]
    closest = min(pairs, key=lambda pair: distance(*(COLORS[x] for x in pair), _SIGHT[sight]))
    assert distance(*(COLORS[x] for x in closest), _SIGHT[sight]) > 16, closest


def test_the_simulator_sees_what_is_known():
    red, green = "#c00000", "#5b5b00"  # alike to protanopes, whose red is dark
    assert distance(red, green, _SIGHT["normal"]) > 35
    assert distance(red, green, _SIGHT["protanopia"]) < 20


@pytest.mark.parametrize("label", LABELS)
@pytest.mark.parametrize("background", ["#ffffff", "#0e1115"])
def test_label_colours_stand_out_on_both_themes(label, background):
    assert contrast(COLORS[label], background) > 2.1


def matrix() -> list[list[int]]:
    return [[10 * i + j for j in range(7)] for i in range(7)]


def cells(figure) -> dict[tuple[str, str], str]:
    """What the clickable points of a matrix carry: ``{(row, column): text}``."""
    return {
        tuple(point): text
        for trace in figure.data
        if trace.type == "scatter"
        for point, text in zip(trace.customdata, trace.text, strict=True)
    }


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("view", ["counts", "row", "column"])
def test_every_number_of_a_matrix_is_readable(theme, view):
    counts = 10 * np.arange(49).reshape(7, 7)
    figure = plots.confusion(counts, view, paper=theme.paper)
    heat = np.array(figure.data[0].z) / figure.data[0].zmax
    seen = 0
    for trace in figure.data[1:]:
        for x, y in zip(trace.x, trace.y, strict=True):
            cell = blend(plots.ACCENT, theme.paper, heat[y, x])
            assert contrast(trace.textfont.color, cell) >= READABLE
            seen += 1
    assert seen == 49


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_text_of_a_figure_is_readable_on_its_theme(theme):
    layout = plots.on_theme(plots.confusion(matrix()), theme).layout
    for color in (layout.font.color, layout.legend.font.color):
        assert contrast(color, theme.paper) >= READABLE
    assert contrast(layout.hoverlabel.font.color, layout.hoverlabel.bgcolor) >= READABLE


def test_a_color_laid_over_another():
    assert blend("#ffffff", "#000000", 0.0) == "#000000"
    assert blend("#ffffff", "#000000", 1.0) == "#ffffff"
    assert blend("#ff0000", "#0000ff", 0.5) == "#800080"


def test_a_confusion_cell_names_its_row_and_column():
    found = cells(plots.confusion(matrix()))
    assert len(found) == 49
    assert found[("disgust", "neutral")] == "16"  # row 1, column 6: not transposed
    assert found[("neutral", "disgust")] == "61"


@pytest.mark.parametrize(
    ("normalise", "expected"), [("row", "14"), ("column", "3")], ids=["row", "column"]
)
def test_a_confusion_matrix_is_normalised_along_the_right_axis(normalise, expected):
    counts = np.full((7, 7), 1)
    counts[:, 0] = [1, 1, 1, 1, 1, 1, 24]  # column angry: 30 images
    assert cells(plots.confusion(counts, normalise))[("disgust", "angry")] == expected


def test_an_empty_row_is_no_division_by_zero():
    counts = np.eye(7, dtype=int)
    counts[1] = 0
    assert cells(plots.confusion(counts, "row"))[("disgust", "disgust")] == "0"


def test_the_selected_cell_is_framed():
    shapes = plots.confusion(matrix(), selected=("angry", "happy")).layout.shapes
    assert {(s.x0, s.x1, s.y0, s.y1) for s in shapes} == {(2.5, 3.5, -0.5, 0.5)}


def test_class_balance_counts_a_missing_label_as_none():
    figure = plots.class_balance({"train": {"happy": 3, "sad": 1}, "test": {"angry": 2}})
    bars = {trace.name: trace for trace in figure.data if trace.x[0] is not None}
    assert dict(zip(bars["train"].y, bars["train"].x, strict=True)) == {
        "angry": 0, "disgust": 0, "fear": 0, "happy": 3, "sad": 1, "surprise": 0, "neutral": 0,
    }  # fmt: skip
    shares = plots.class_balance({"train": {"happy": 3, "sad": 1}}, shares=True).data[0]
    assert sum(shares.x) == 1.0
    assert shares.text[3] == "75.0 %"


def test_class_balance_of_an_empty_split_draws():
    assert plots.class_balance({"train": {}}, shares=True).data[0].x == (0,) * 7


def test_imbalance_leaves_out_labels_without_images():
    bar = plots.imbalance({"happy": 30, "disgust": 2, "fear": 0}).data[0]
    assert dict(zip(bar.y, bar.text, strict=True)) == {"disgust": "15.0×", "happy": "1.0×"}


def test_label_scores_draw_intervals_around_the_value():
    values = {"precision": (0.5, 0.4, 0.8), "recall": (0.6, 0.5, 0.7), "f1": (0.55, 0.5, 0.6)}
    trace = plots.label_scores({"fear": values}).data[0]
    assert trace.x == (0.5,)
    assert trace.error_x.array == pytest.approx([0.3])
    assert trace.error_x.arrayminus == pytest.approx([0.1])
    assert trace.marker.color == (COLORS["fear"],)


def test_reliability_of_no_answer_draws_the_diagonal():
    assert plots.reliability([], [], []).data[0].x == (0, 1)


def test_learning_curves_mark_the_epoch_that_was_kept():
    history = {"epoch": [1, 2], "train_loss": [2.0, 1.0], "validation_loss": [2.1, 1.5]}
    figure = plots.learning_curves(history, "loss", best_epoch=2)
    assert [trace.name for trace in figure.data] == ["train", "validation"]
    assert figure.layout.shapes[0].x0 == 2


def test_names_of_models_point_into_the_figure():
    accuracy = [(0.6, 0.5, 0.7), (0.7, 0.6, 0.8), (0.65, 0.6, 0.7)]
    trace = plots.accuracy_against_cost(["a", "b", "c"], [1.0, 4.0, 3.9], accuracy, "ms").data[0]
    assert trace.textposition == ("bottom right", "top left", "top left")


@pytest.mark.parametrize(
    "x", [np.array([0.5]), np.array([0.1, 0.1, 0.1]), np.linspace(0, 1, 5000) ** 3]
)
def test_a_thinned_curve_keeps_its_ends(x):
    kept = thin(x, 50)
    assert x[kept[0]] == x[0]
    assert x[kept[-1]] == x[-1]
    assert len(kept) <= 50
    assert np.all(np.diff(kept) > 0)


def test_curves_of_thousands_of_images_are_thinned():
    shares = np.linspace(0.01, 1, 3000).tolist()
    line = plots.coverage(shares, shares, shares, (0.5, 0.5, 0.5)).data[0]
    assert len(line.x) == len(line.y) == len(line.customdata) <= 300
    assert len(plots.coverage([], [], []).data[0].x) == 0
