"""The cascade: what it finds, what it does not take for a face, and from several threads."""

import tracemalloc
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import pytest
import skimage.data

from fer.errors import UserError
from fer.evaluation.scenes import make_scene
from fer.vision import haar
from fer.vision.detection import STREAM_SIZE, Detections, photo_size, resized
from fer.vision.detectors import open_detector
from fer.vision.haar import HaarDetector, group_windows, merge_windows

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


@pytest.mark.parametrize(
    ("shape", "size"),
    [
        ((1, 1), 1024),
        ((480, 640), 1024),
        ((1200, 1600), 1024),
        ((3000, 4000), 1600),
        ((4000, 6000), 2048),
        ((20_000, 1), 1024),
        ((8000, 8000), 2048),
    ],
)
def test_the_size_for_a_photo_follows_the_picture(shape, size):
    assert photo_size(np.zeros((*shape, 3), np.uint8)) == size


def test_many_faces_of_a_large_group_photo_are_found(astronaut):
    """24 megapixels, faces of 85 pixels."""
    head = cv2.resize(astronaut[32:192, 144:304], (131, 131), interpolation=cv2.INTER_AREA)
    photo = np.full((4000, 6000, 3), 120, np.uint8)
    for x in range(100, 5800, 480):
        for y in range(300, 3800, 700):
            photo[y : y + 131, x : x + 131] = head
    assert len(detect(photo)) >= 25  # of 60; at 1,024 pixels none


@pytest.mark.parametrize("margin", [0, 6, 12])
@pytest.mark.parametrize("size", [60, 120, 600])
def test_a_face_that_fills_its_picture_is_found(astronaut, margin, size):
    x0, y0, x1, y1 = FACE
    part = astronaut[y0 - margin : y1 + margin, x0 - margin : x1 + margin]
    picture = cv2.resize(part, (size, size), interpolation=cv2.INTER_AREA)
    found = detect(picture)
    assert len(found) == 1
    side = (found.boxes[0, 2:] - found.boxes[0, :2]).mean()
    assert side == pytest.approx(size * 104 / (104 + 2 * margin), rel=0.2)


def test_resized_goes_by_area_and_enlarges_only_when_told():
    for shape in ((480, 640, 3), (4000, 3000, 3), (200, 9000, 3), (9000, 200, 3)):
        small, scale = resized(np.zeros(shape, np.uint8), 320)
        assert small.shape[0] * small.shape[1] == pytest.approx(320 * 240, rel=0.05)
        assert small.shape[1] == pytest.approx(shape[1] * scale, abs=1)
    small, scale = resized(np.zeros((100, 200, 3), np.uint8), 320)
    assert small.shape == (100, 200, 3) and scale == 1.0
    small, scale = resized(np.zeros((100, 200, 3), np.uint8), 320, 1.5)
    assert small.shape == (150, 300, 3) and scale == 1.5
    small, scale = resized(np.zeros((100, 200), np.uint8), 320, 9)
    assert small.size == pytest.approx(320 * 240, rel=0.02) and small.ndim == 2


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


def test_windows_of_a_crowd_take_no_gigabytes():
    random = np.random.default_rng(3)
    corners = random.uniform(0, 2000, (14_000, 2)).astype(np.float32)
    windows = np.concatenate([corners, corners + 30], axis=1)
    tracemalloc.start()
    groups = group_windows(windows, random.uniform(0, 9, len(windows)).astype(np.float32), 0.4)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert sorted(np.concatenate(groups)) == list(range(len(windows)))
    assert most < 20e6


def test_windows_without_an_area_end_the_grouping():
    assert len(group_windows(np.zeros((3, 4), np.float32), np.ones(3, np.float32), 0.2)) == 3


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


def test_one_thread_finds_what_several_find():
    group = make_scene(640, 480, 16).rgb
    answers = []
    threads = cv2.getNumThreads()
    for count in (1, 3):
        cv2.setNumThreads(count)
        try:
            answers.append(detect(group))
        finally:
            cv2.setNumThreads(threads)
    np.testing.assert_array_equal(answers[0].boxes, answers[1].boxes)
    np.testing.assert_array_equal(answers[0].scores, answers[1].scores)
    assert len(answers[0]) == 16


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
