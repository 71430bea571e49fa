"""Detection, classification and the two together, on the public-domain astronaut photograph."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import cv2
import numpy as np
import pytest
import skimage.data
from PIL import Image

import fer
from fer.bundle import MODEL_ONNX, SPEC, read_spec, write_spec
from fer.errors import UserError
from fer.labels import LABELS
from fer.spec import Framing
from fer.vision import detection
from fer.vision.classify import Classifier
from fer.vision.detection import (
    STREAM_SIZE,
    Detections,
    HaarDetector,
    detect_faces,
    intersections,
    merge_windows,
    open_detector,
    shrink,
)
from fer.vision.framing import crop_faces
from fer.vision.recognize import Recognizer
from tests.support.bundles import write_toy_bundle

FACE = (172, 64, 276, 168)  # where the astronaut's face is, to a few pixels


@pytest.fixture(scope="module")
def astronaut():
    return skimage.data.astronaut()


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    return write_toy_bundle(tmp_path_factory.mktemp("weights"))


def wide_scene(astronaut):
    """1000 × 600, three faces of different sizes, the largest in the middle."""
    scene = np.full((600, 1000, 3), 120, np.uint8)
    for x, y, size in ((20, 200, 320), (330, 60, 512), (740, 330, 260)):
        small = cv2.resize(astronaut[:512, :450], (size * 450 // 512, size))
        part = small[: 600 - y, : 1000 - x]
        scene[y : y + part.shape[0], x : x + part.shape[1]] = part
    return scene


def near(box, expected, pixels=14):
    return np.abs(np.asarray(box, float) - expected).max() <= pixels


@pytest.mark.parametrize("working_size", [STREAM_SIZE, 640, 1024])
def test_one_face_and_nothing_else(astronaut, working_size):
    found = detect_faces(astronaut, working_size=working_size)
    assert len(found) == 1 and near(found.boxes[0], FACE)
    assert found.boxes.dtype == np.float32 and found.landmarks is None


@pytest.mark.parametrize(("across", "down"), [(2.5, 2.5), (0.5, 0.5), (1.1, 0.95)])
def test_boxes_are_in_pixels_of_the_frame(astronaut, across, down):
    frame = cv2.resize(astronaut, None, fx=across, fy=down, interpolation=cv2.INTER_AREA)
    found = detect_faces(frame, working_size=640)
    scales = np.array([across, down, across, down])
    assert len(found) == 1 and near(found.boxes[0] / scales, FACE, 18)


@pytest.mark.parametrize("picture", ["coffee", "chelsea", "rocket", "brick", "grass", "page"])
def test_no_face_in_pictures_without_one(picture):
    image = getattr(skimage.data, picture)()
    image = image if image.ndim == 3 else np.repeat(image[..., None], 3, axis=2)
    assert len(detect_faces(image)) == 0


@pytest.mark.parametrize(
    "shape", [(1, 1), (1, 5000), (5000, 1), (20, 30), (24, 24), (3000, 30), (30, 3000)]
)
def test_odd_shapes_have_no_faces_and_raise_nothing(bundle, shape):
    recognizer = fer.load(bundle)
    assert len(recognizer(np.zeros((*shape, 3), np.uint8))) == 0
    noise = np.random.default_rng(0).integers(0, 256, (*shape, 3)).astype(np.uint8)
    assert len(recognizer(noise, maps=True)) == 0


@pytest.mark.parametrize("value", [0, 128, 255])
def test_blank_frames_have_no_faces(bundle, value):
    assert len(fer.load(bundle)(np.full((480, 640, 3), value, np.uint8))) == 0


def test_shrink_goes_by_area_and_never_enlarges():
    for shape in ((480, 640, 3), (4000, 3000, 3), (200, 9000, 3), (9000, 200, 3)):
        small, scale = shrink(np.zeros(shape, np.uint8), 320)
        assert small.shape[0] * small.shape[1] == pytest.approx(320 * 240, rel=0.05)
        assert small.shape[1] == pytest.approx(shape[1] * scale, abs=1)
    small, scale = shrink(np.zeros((100, 200, 3), np.uint8), 320)
    assert small.shape == (100, 200, 3) and scale == 1.0


def test_intersections_of_boxes_that_are_not_square():
    a = np.array([[0, 0, 10, 4], [20, 20, 30, 22]], float)
    b = np.array([[5, 2, 25, 30], [0, 0, 10, 4], [10, 4, 12, 9]], float)
    np.testing.assert_array_equal(intersections(a, b), [[10, 40, 0], [10, 0, 0]])


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
    alone = [detect_faces(frame, working_size=STREAM_SIZE).boxes for frame in frames]
    with ThreadPoolExecutor(4) as pool:
        for _ in range(3):
            together = pool.map(lambda f: detect_faces(f, working_size=STREAM_SIZE).boxes, frames)
            for one, other in zip(alone, together, strict=True):
                np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("missing", ["class", "folder", "file"])
def test_an_opencv_without_cascades_is_named(monkeypatch, tmp_path, missing):
    if missing == "class":
        monkeypatch.delattr(detection.cv2, "CascadeClassifier")
    elif missing == "folder":
        monkeypatch.delattr(detection.cv2, "data")
    else:
        monkeypatch.setattr(detection.cv2.data, "haarcascades", f"{tmp_path}/")
    with pytest.raises(UserError, match=r"OpenCV \d.*<5"):
        HaarDetector()


def test_unknown_detectors_and_bundles_are_named(bundle):
    with pytest.raises(UserError, match=r"no detector 'mtcnn'.*haar"):
        fer.load(bundle, detector="mtcnn")
    with pytest.raises(UserError, match="no bundle 'nothing-here'"):
        fer.load("nothing-here")


def test_detections_check_their_shapes():
    with pytest.raises(ValueError, match="scores"):
        Detections(np.zeros((2, 4), np.float32), np.zeros(3, np.float32))
    with pytest.raises(ValueError, match="landmarks"):
        Detections(
            np.zeros((2, 4), np.float32), np.zeros(2, np.float32), np.zeros((2, 4, 2), np.float32)
        )


def test_classifier_runs_a_batch_as_it_runs_each(bundle):
    classifier = Classifier(bundle, read_spec(bundle))
    crops = np.random.default_rng(0).integers(0, 256, (5, 48, 48, 1)).astype(np.float32)
    probs, maps = classifier(crops, maps=True)
    assert probs.shape == (5, 7) and maps.shape == (5, 7, 6, 6)
    np.testing.assert_allclose(probs.sum(axis=1), 1.0, atol=1e-6)
    for i, crop in enumerate(crops):
        alone, nothing = classifier(crop[None])
        np.testing.assert_allclose(alone[0], probs[i], atol=1e-6)
        assert nothing is None


def test_broken_bundles_are_refused_in_one_sentence(tmp_path):
    bundle = write_toy_bundle(tmp_path)
    spec = read_spec(bundle)
    with pytest.raises(UserError, match=r"pixels.*64, 64"):
        Classifier(bundle, replace(spec, input_size=64))
    whole = (bundle / MODEL_ONNX).read_bytes()
    for damaged in (whole[: len(whole) // 2], b"", b"not a model"):
        (bundle / MODEL_ONNX).write_bytes(damaged)
        with pytest.raises(UserError, match=r"model\.onnx is damaged.*export"):
            fer.load(bundle)
    (bundle / MODEL_ONNX).unlink()
    with pytest.raises(UserError, match=r"model\.onnx is missing.*export"):
        fer.load(bundle)


def test_a_bundle_with_other_labels_is_refused_with_both_lists(tmp_path):
    bundle = write_toy_bundle(tmp_path)
    text = (bundle / SPEC).read_text()
    (bundle / SPEC).write_text(text.replace('"sad"', '"happier"'))
    with pytest.raises(UserError, match=f"happier.*{', '.join(LABELS)}"):
        fer.load(bundle)


def test_three_lines_from_import_to_labels(bundle, astronaut):
    recognizer = fer.load(bundle, "haar")
    faces = recognizer(astronaut)
    assert len(faces) == 1 and faces.labels[0] in LABELS
    assert faces.boxes.dtype == np.int32 and near(faces.boxes[0], FACE)
    assert faces.probs.dtype == np.float32 and faces.probs.sum() == pytest.approx(1.0)
    assert faces.maps is None and faces.unsure_below == recognizer.spec.unsure_below
    assert recognizer.detector.name == "haar"


def test_a_path_and_its_array_answer_alike(bundle, astronaut, tmp_path):
    recognizer = fer.load(bundle)
    Image.fromarray(astronaut).save(tmp_path / "a.png")
    expected = recognizer(astronaut)
    for image in (tmp_path / "a.png", str(tmp_path / "a.png"), astronaut.astype(np.uint16) * 257):
        faces = recognizer(image)
        np.testing.assert_array_equal(faces.boxes, expected.boxes)
        np.testing.assert_allclose(faces.probs, expected.probs, atol=1e-6)
    with pytest.raises(UserError, match="array or a path"):
        recognizer(Image.fromarray(astronaut))


def test_views_of_arrays_will_do(bundle, astronaut):
    recognizer = fer.load(bundle)
    bgr = np.ascontiguousarray(astronaut[..., ::-1])
    mirrored = np.ascontiguousarray(astronaut[:, ::-1])
    np.testing.assert_array_equal(recognizer(bgr[..., ::-1]).boxes, recognizer(astronaut).boxes)
    np.testing.assert_array_equal(recognizer(astronaut[:, ::-1]).probs, recognizer(mirrored).probs)


def test_faces_come_largest_first_inside_the_picture(bundle, astronaut):
    faces = fer.load(bundle)(wide_scene(astronaut), maps=True)
    sides = (faces.boxes[:, 2:] - faces.boxes[:, :2]).prod(axis=1)
    assert len(faces) == 3 and (np.diff(sides) < 0).all()
    assert faces.maps.shape == (3, 7, 6, 6)
    assert near(faces.boxes[0], np.add(FACE, (330, 60, 330, 60)))
    assert (faces.boxes >= 0).all() and (faces.boxes <= [1000, 600, 1000, 600]).all()


def test_the_box_is_the_square_that_was_classified(tmp_path, astronaut):
    bundle = write_toy_bundle(tmp_path)
    write_spec(bundle, replace(read_spec(bundle), framing={"haar": Framing(1.4, 0.1, -0.2)}))
    recognizer = fer.load(bundle, "haar")
    plain = Recognizer(
        recognizer.detector, Classifier(bundle, replace(recognizer.spec, framing={}))
    )
    faces = recognizer(astronaut)
    ratio = np.ptp(faces.boxes[0].reshape(2, 2), axis=0) / np.ptp(
        plain(astronaut).boxes[0].reshape(2, 2), axis=0
    )
    np.testing.assert_allclose(ratio, 1.4, atol=0.03)
    gray = cv2.cvtColor(astronaut, cv2.COLOR_RGB2GRAY)
    probs, _ = recognizer.classifier(crop_faces(gray, faces.boxes, 48))
    np.testing.assert_allclose(probs, faces.probs, atol=1e-6)


def test_a_box_is_clipped_where_its_square_leaves_the_picture(tmp_path, astronaut):
    bundle = write_toy_bundle(tmp_path)
    write_spec(bundle, replace(read_spec(bundle), framing={"haar": Framing(4.0)}))
    box = fer.load(bundle, "haar")(astronaut).boxes[0]
    assert box[1] == 0 and box[0] > 0 and (box[2:] <= 512).all()


def test_one_recognizer_serves_several_threads(bundle, astronaut):
    recognizer = fer.load(bundle)
    expected = recognizer(astronaut, working_size=STREAM_SIZE).probs
    with ThreadPoolExecutor(4) as pool:
        frames = [astronaut] * 12
        for faces in pool.map(lambda f: recognizer(f, working_size=STREAM_SIZE), frames):
            np.testing.assert_array_equal(faces.probs, expected)


def test_recognition_imports_no_tensorflow(bundle):
    program = (
        "import sys, numpy, fer; "
        f"fer.load({str(bundle)!r})(numpy.zeros((90, 90, 3), 'uint8')); "
        "print([m for m in ('tensorflow', 'keras', 'pandas', 'gradio') if m in sys.modules])"
    )
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert answer.stdout.strip() == "[]", answer.stderr


def test_the_detector_is_opened_once():
    assert open_detector("haar") is open_detector("haar")
