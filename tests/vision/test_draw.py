import re
from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pytest

from fer.labels import LABELS, UNSURE
from fer.palette import BLACK, COLORS, READABLE, WHITE, contrast, text_on
from fer.vision.draw import draw_faces, svg_overlay
from fer.vision.faces import Faces
from fer.vision.heat import heat_up, seen_part


def some_faces(*found, unsure_below=0.0):
    """Faces from ``(box, label, probability)``."""
    probs = np.zeros((len(found), 7), np.float32)
    for row, (_, label, probability) in zip(probs, found, strict=True):
        row[:] = (1 - probability) / 6
        row[LABELS.index(label)] = probability
    boxes = np.array([box for box, _, _ in found], np.int32).reshape(-1, 4)
    return Faces(boxes, probs, unsure_below=unsure_below)


def chips(svg):
    """Place and size of the plates under the labels of an overlay, in drawing order."""
    found = ElementTree.fromstring(svg).iterfind(".//rect[@class='plate']")
    names = ("x", "y", "width", "height")
    return [[float(rect.get(name)) for name in names] for rect in found]


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [("#000000", "#ffffff", 21.0), ("#ffffff", "#ffffff", 1.0), ("#767676", "#ffffff", 4.54)],
)
def test_contrast_is_that_of_wcag(first, second, expected):
    assert contrast(first, second) == pytest.approx(expected, abs=0.01)
    assert contrast(second, first) == contrast(first, second)


@pytest.mark.parametrize("label", [*LABELS, UNSURE])
def test_text_is_readable_on_every_label_color(label):
    assert text_on(COLORS[label]) in (WHITE, BLACK)
    assert contrast(COLORS[label], text_on(COLORS[label])) >= READABLE


def test_one_of_both_text_colors_is_readable_on_every_grey():
    greys = [f"#{value:02x}{value:02x}{value:02x}" for value in range(256)]
    assert min(contrast(grey, text_on(grey)) for grey in greys) >= READABLE


def test_overlay_without_faces_is_an_empty_picture_of_the_same_proportions():
    svg = ElementTree.fromstring(svg_overlay(Faces.empty(), 640, 480))
    assert svg.get("viewBox") == "0 0 640 480"
    assert svg.get("aria-label") == "0 faces"
    assert len(svg) == 0


def test_overlay_puts_the_frame_where_the_box_is():
    svg = svg_overlay(some_faces(((100, 60, 180, 200), "happy", 0.874)), 640, 480)
    frame = re.search(r'<rect class="face" x="(\d+)" y="(\d+)" width="(\d+)" height="(\d+)"', svg)
    assert frame is not None
    assert [int(value) for value in frame.groups()] == [100, 60, 80, 140]
    assert COLORS["happy"] in svg
    assert ">happy 87 %<" in svg
    assert 'aria-label="1 face: happy 87 %"' in svg


def test_an_unsure_face_is_dashed_without_a_color_of_its_own_and_shows_its_guess_and_no_figure():
    faces = some_faces(((9, 60, 99, 140), "sad", 0.4), unsure_below=0.5)
    svg = svg_overlay(faces, 640, 480, qualities=["good"])
    assert not any(color in svg for color in COLORS.values())
    assert "stroke-dasharray" in svg
    assert ">unsure (sad?)<" in svg
    assert ">unsure<" in svg_overlay(faces, 640, 480, qualities=["dark"])


def test_neighbours_and_their_labels_stay_uncovered():
    grid = [((110 * (i % 5), 100 + 110 * (i // 5), 110 * (i % 5) + 80, 180 + 110 * (i // 5)),
             LABELS[i % 7], 0.9) for i in range(15)]  # fmt: skip
    plates = [
        (x, y, x + w, y + h) for x, y, w, h in chips(svg_overlay(some_faces(*grid), 640, 480))
    ]
    faces = [box for box, *_ in grid]
    for i, plate in enumerate(plates):
        for other in [*faces, *plates[:i]]:
            assert (
                plate[2] <= other[0] + 0.1 or other[2] <= plate[0] + 0.1
                or plate[3] <= other[1] + 0.1 or other[3] <= plate[1] + 0.1
            )  # fmt: skip


def test_a_small_face_among_others_is_called_by_its_number_where_there_is_no_room_for_more():
    boxes = [(40 * i, 40 * j, 40 * i + 40, 40 * j + 40) for j in range(12) for i in range(16)]
    svg = svg_overlay(some_faces(*((box, "neutral", 0.9) for box in boxes)), 640, 480)
    texts = {text.text for text in ElementTree.fromstring(svg).iter("text")}
    assert {"100", "101"} <= texts


def test_several_faces_are_numbered_and_one_only_where_it_is_asked_for():
    one = some_faces(((100, 60, 180, 140), "happy", 0.9))
    assert ">happy 90 %<" in svg_overlay(one, 640, 480)
    assert ">1 · happy 90 %<" in svg_overlay(one, 640, 480, numbered=True)
    two = some_faces(((100, 60, 180, 140), "happy", 0.9), ((300, 60, 380, 140), "sad", 0.8))
    assert ">2 · sad 80 %<" in svg_overlay(two, 640, 480)


@pytest.mark.parametrize(
    ("box", "top"),
    [
        ((300, 200, 380, 300), 200 - 21.3),  # above
        ((600, 200, 640, 260), 200 - 14.4),  # above, and it would leave on the right
        ((0, 0, 60, 80), 81),  # no room above: below
        ((0, 0, 640, 480), 480 - 30),  # no room anywhere: on the chin
    ],
)
def test_a_label_never_covers_a_forehead_and_stays_inside_the_picture(box, top):
    [(x, y, width, height)] = chips(svg_overlay(some_faces((box, "surprise", 1.0)), 640, 480))
    assert x >= 0 and x + width <= 640
    assert y >= 0 and y + height <= 480
    assert y == pytest.approx(top, abs=0.6)


def test_tracked_faces_carry_their_number_and_the_chosen_one_stands_out():
    faces = some_faces(((100, 60, 180, 140), "happy", 0.9), ((300, 60, 380, 140), "sad", 0.8))
    faces = replace(faces, ids=np.array([7, 9]))
    svg = ElementTree.fromstring(svg_overlay(faces, 640, 480, numbered=True, chosen=9))
    assert [text.text for text in svg.iter("text")] == ["9 · sad 80 %", "7 · happy 90 %"]
    widths = {
        group.get("data-face"): float(group.find("rect[@class]").get("stroke-width"))
        for group in svg.iter("g")
    }
    assert widths["9"] > 1.5 * widths["7"]


def test_drawn_unsure_faces_are_dashed():
    rgb = np.full((120, 200, 3), 50, np.uint8)
    drawn = draw_faces(rgb, some_faces(((40, 50, 90, 110), "fear", 0.4), unsure_below=0.5))
    side = (drawn[50:110, 40] == 255).all(axis=1)
    assert side.any() and not side.all()


def test_maps_on_one_scale_compare_in_strength():
    rgb = np.zeros((40, 40, 3), np.uint8)
    weak, strong = np.full((3, 3), 1, np.float32), np.full((3, 3), 10, np.float32)
    alone = heat_up(rgb, weak).astype(int)
    assert np.abs(alone - heat_up(rgb, strong)).max() <= 3
    assert heat_up(rgb, weak, strongest=10.0).mean() < alone.mean() / 3
    assert np.abs(heat_up(rgb, strong, strongest=10.0) - alone).max() <= 3


def test_labels_of_a_crowd_are_no_wider_than_two_faces():
    row = [((40 * i, 100, 40 * i + 36, 140), "neutral", 0.9) for i in range(30)]
    found = chips(svg_overlay(some_faces(*row), 1280, 720))
    assert len(found) == 30
    assert max(width for _, _, width, _ in found) < 130


def test_drawing_paints_a_copy_in_the_color_of_the_label():
    rgb = np.full((120, 200, 3), 50, np.uint8)
    drawn = draw_faces(rgb, some_faces(((40, 50, 90, 110), "fear", 0.9)))
    assert (rgb == 50).all()
    assert drawn.shape == rgb.shape
    fear = [int(COLORS["fear"][i : i + 2], 16) for i in (1, 3, 5)]
    assert drawn[100, 40].tolist() == fear
    assert drawn[50, 70].tolist() == fear
    assert drawn[80, 65].tolist() == [50, 50, 50]


def test_drawing_no_face_changes_nothing():
    rgb = np.random.default_rng(0).integers(0, 255, (33, 57, 3), np.uint8)
    assert (draw_faces(rgb, Faces.empty()) == rgb).all()


def test_a_map_is_laid_over_its_face_the_right_way_round():
    face = np.zeros((60, 60, 3), np.uint8)
    evidence = np.zeros((4, 4), np.float32)
    evidence[0, 3] = 5.0  # top right
    lit = heat_up(face, evidence).sum(axis=2)
    assert lit[:15, 45:].mean() > 200
    assert lit[45:, :15].max() == 0
    assert lit[:15, :15].max() == 0
    assert not face.any()


@pytest.mark.parametrize("box", [(0, 20, 30, 80), (130, 20, 160, 80)])
def test_a_map_of_a_face_cut_off_by_the_border_keeps_its_place(box):
    evidence = np.zeros((2, 2), np.float32)
    evidence[:, 0 if box[0] else 1] = 1.0  # the half that is still in the picture
    part = seen_part(np.array(box, np.int32), 160, 100)
    inside = heat_up(np.zeros((60, 30, 3), np.uint8), evidence, part).sum(axis=2)
    near, far = (inside[:, :6], inside[:, -6:]) if box[0] else (inside[:, -6:], inside[:, :6])
    assert near.mean() > 300
    assert near.mean() > 1.2 * far.mean()


@pytest.mark.parametrize("box", [(100, 60, 160, 100), (0, 20, 30, 80), (130, 0, 160, 40)])
def test_a_face_shows_its_map_at_any_size(box):
    rng = np.random.default_rng(0)
    evidence, box = rng.random((6, 6), np.float32), np.array(box, np.int32)
    width, height = box[2:] - box[:2]
    part = seen_part(box, 160, 100)
    there = heat_up(np.zeros((height, width, 3), np.uint8), evidence, part).astype(float)
    enlarged = np.zeros((2 * height, 2 * width, 3), np.uint8)
    alone = heat_up(enlarged, evidence, part)[::2, ::2].astype(float)
    assert np.abs(alone - there).mean() < 4
    elsewhere = heat_up(enlarged, evidence)[::2, ::2].astype(float)
    assert np.abs(elsewhere - there).mean() > 8


def test_evidence_against_a_label_is_not_shown():
    face = np.full((30, 30, 3), 90, np.uint8)
    assert (heat_up(face, np.full((3, 3), -2, np.float32)) == face).all()
