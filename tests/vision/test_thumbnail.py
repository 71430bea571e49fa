import numpy as np
import pytest

from fer.vision.thumbnail import face_thumbnail, thumbnail

RGB = np.arange(60 * 90 * 3, dtype=np.uint32).astype(np.uint8).reshape(60, 90, 3)


@pytest.mark.parametrize(
    ("side", "enlarge", "shape"),
    [
        (30, False, (20, 30, 3)),
        (1, False, (1, 1, 3)),  # never without a pixel
        (90, False, (60, 90, 3)),
        (180, False, (60, 90, 3)),
        (180, True, (120, 180, 3)),
    ],
)
def test_the_longer_side_is_the_one_asked_for(side, enlarge, shape):
    assert thumbnail(RGB, side, enlarge).shape == shape


def test_a_thumbnail_keeps_no_larger_picture_alive():
    box = np.array([10, 5, 40, 55], np.int32)
    for made in (thumbnail(RGB, 500), face_thumbnail(RGB, box, 500), face_thumbnail(RGB, box, 9)):
        assert not np.shares_memory(made, RGB)


@pytest.mark.parametrize("box", [(10, 5, 40, 55), (0, 0, 90, 60), (89, 59, 89, 59)])
def test_a_face_is_cut_out_where_its_box_is(box):
    x0, y0, x1, y1 = box
    expected = RGB[y0 : max(y1, y0 + 1), x0 : max(x1, x0 + 1)]
    assert (face_thumbnail(RGB, np.array(box, np.int32), 500) == expected).all()
