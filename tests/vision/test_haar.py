"""The cascade: what it finds, what it does not take for a face, and from several threads."""

from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import pytest
import skimage.data

from fer.errors import UserError
from fer.vision import haar
from fer.vision.detection import STREAM_SIZE, Detections, shrink
from fer.vision.detectors import open_detector
from fer.vision.haar import HaarDetector, merge_windows

FACE = (172, 64, 276, 168)  # where the astronaut's face is, to a few pixels


@pytest.fixture(scope="module")
def astronaut():
    return skimage.data.astronaut()


def detect(rgb, **options):
    return open_detector("haar")(rgb, **options)


def near(box, expected, pixels=14):
    return np.abs(np.asarray(box, float) - expected).max() <= pixels


@pytest.mark.parametrize("working_size", [STREAM_SIZE, 640, 1024])
def test_one_face_and_nothing_else(astronaut, working_size):
    found = detect(astronaut, working_size=working_size)
    assert len(found) == 1 and near(found.boxes[0], FACE)
    assert found.boxes.dtype == np.float32 and found.landmarks is None


@pytest.mark.parametrize(("across", "down"), [(2.5, 2.5), (0.5, 0.5), (1.1, 0.95)])
def test_boxes_are_in_pixels_of_the_frame(astronaut, across, down):
    frame = cv2.resize(astronaut, None, fx=across, fy=down, interpolation=cv2.INTER_AREA)
    found = detect(frame, working_size=640)
    scales = np.array([across, down, across, down])
    assert len(found) == 1 and near(found.boxes[0] / scales, FACE, 18)


@pytest.mark.parametrize("picture", ["coffee", "chelsea", "rocket", "brick", "grass", "page"])
def test_no_face_in_pictures_without_one(picture):
    image = getattr(skimage.data, picture)()
    image = image if image.ndim == 3 else np.repeat(image[..., None], 3, axis=2)
    assert len(detect(image)) == 0


def test_shrink_goes_by_area_and_never_enlarges():
    for shape in ((480, 640, 3), (4000, 3000, 3), (200, 9000, 3), (9000, 200, 3)):
        small, scale = shrink(np.zeros(shape, np.uint8), 320)
        assert small.shape[0] * small.shape[1] == pytest.approx(320 * 240, rel=0.05)
        assert small.shape[1] == pytest.approx(shape[1] * scale, abs=1)
    small, scale = shrink(np.zeros((100, 200, 3), np.uint8), 320)
    assert small.shape == (100, 200, 3) and scale == 1.0


def test_windows_of_one_face_become_one_box_with_their_weights_added():
    windows = np.array(
        [[10, 20, 50, 70], [12, 22, 52, 72], [200, 20, 240, 70], [14, 18, 54, 68]], np.float32
    )
    boxes, scores = merge_windows(windows, np.array([3.0, 5.0, 4.0, 1.0]))
    np.testing.assert_allclose(boxes, [[12, 20, 52, 70], [200, 20, 240, 70]])
    np.testing.assert_allclose(scores, [9.0, 4.0])
    boxes, scores = merge_windows(windows, np.array([3.0, 5.0, 40.0, 1.0]), fewest=2)
    np.testing.assert_allclose(boxes, [[12, 20, 52, 70]])
    boxes, scores = merge_windows(windows, np.array([3.0, 5.0, 4.0, 1.0]), fewest=9)
    assert boxes.shape == (0, 4) and scores.shape == (0,)


def test_of_nested_boxes_the_higher_score_remains():
    windows = np.array([[10, 20, 110, 160], [40, 50, 70, 90], [300, 20, 340, 90]], np.float32)
    for weights, kept in (([9.0, 4.0, 1.0], [0, 2]), ([4.0, 9.0, 1.0], [1, 2])):
        boxes, _ = merge_windows(windows, np.array(weights))
        np.testing.assert_array_equal(boxes, windows[kept])


def test_detection_from_several_threads_is_that_of_one(astronaut):
    frames = [astronaut[:, : 512 - 16 * i] for i in range(8)]
    alone = [detect(frame, working_size=STREAM_SIZE).boxes for frame in frames]
    with ThreadPoolExecutor(4) as pool:
        for _ in range(3):
            together = pool.map(lambda f: detect(f, working_size=STREAM_SIZE).boxes, frames)
            for one, other in zip(alone, together, strict=True):
                np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("missing", ["class", "folder", "file"])
def test_an_opencv_without_cascades_is_named(monkeypatch, tmp_path, missing):
    if missing == "class":
        monkeypatch.delattr(haar.cv2, "CascadeClassifier")
    elif missing == "folder":
        monkeypatch.delattr(haar.cv2, "data")
    else:
        monkeypatch.setattr(haar.cv2.data, "haarcascades", f"{tmp_path}/")
    with pytest.raises(UserError, match=r"OpenCV \d.*<5"):
        HaarDetector()


def test_detections_check_their_shapes():
    with pytest.raises(ValueError, match="scores"):
        Detections(np.zeros((2, 4), np.float32), np.zeros(3, np.float32))
    with pytest.raises(ValueError, match="landmarks"):
        Detections(
            np.zeros((2, 4), np.float32), np.zeros(2, np.float32), np.zeros((2, 4, 2), np.float32)
        )


def test_the_detector_is_opened_once():
    assert open_detector("haar") is open_detector("haar")
