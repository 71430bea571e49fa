"""Detection, classification and the two together, on the public-domain astronaut photograph."""

import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from types import ModuleType

import cv2
import numpy as np
import pytest
import skimage.data
from PIL import Image

import fer
from fer.bundle import ONNX, SPEC, Bundle
from fer.errors import UserError
from fer.labels import LABELS
from fer.spec import Framing
from fer.vision.classify import Classifier
from fer.vision.detection import STREAM_SIZE
from fer.vision.detectors import open_detector
from fer.vision.faces import Faces
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


def test_a_face_that_a_strange_framing_moves_out_of_the_picture_is_none(bundle, astronaut):
    """Its box would be empty, which no drawing expects."""
    spec = replace(Bundle(bundle).spec, framing={"haar": Framing(0.25, 1.0, 0.0)})
    recognizer = Recognizer(open_detector("haar"), Classifier(bundle, spec))
    at_the_border = astronaut[:, :290]
    assert len(recognizer.detector(at_the_border)) == 1
    assert len(recognizer(at_the_border, maps=True)) == 0


def near(box, expected, pixels=14):
    return np.abs(np.asarray(box, float) - expected).max() <= pixels


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


def test_unknown_detectors_and_bundles_are_named(bundle):
    with pytest.raises(UserError, match=r"no detector 'mtcnn'.*haar"):
        fer.load(bundle, detector="mtcnn")
    with pytest.raises(UserError, match="no bundle 'nothing-here'"):
        fer.load("nothing-here")


def test_classifier_runs_a_batch_as_it_runs_each(bundle):
    classifier = Classifier(bundle)
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
    spec = Bundle(bundle).spec
    with pytest.raises(UserError, match=r"pixels.*64, 64"):
        Classifier(bundle, replace(spec, input_size=64))
    whole = (bundle / ONNX).read_bytes()
    for damaged in (whole[: len(whole) // 2], b"", b"not a model"):
        (bundle / ONNX).write_bytes(damaged)
        with pytest.raises(UserError, match=r"model\.onnx is damaged.*export"):
            fer.load(bundle)
    (bundle / ONNX).unlink()
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
    assert len(faces) == 1 and faces.best_guesses[0] in LABELS
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
    Bundle(bundle).change_spec(framing={"haar": Framing(1.4, 0.1, -0.2)})
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
    Bundle(bundle).change_spec(framing={"haar": Framing(4.0)})
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


def test_a_list_is_answered_by_a_list_in_one_batch(bundle, astronaut, monkeypatch):
    recognizer = fer.load(bundle, "haar")
    blank = np.zeros((90, 120, 3), np.uint8)
    pictures = [astronaut, blank, wide_scene(astronaut), Image.fromarray(astronaut)]
    alone = [recognizer(picture, maps=True) for picture in pictures]
    batches = []
    run = Classifier.__call__
    monkeypatch.setattr(
        Classifier,
        "__call__",
        lambda self, crops, *how: batches.append(len(crops)) or run(self, crops, *how),
    )
    together = recognizer(pictures, maps=True)
    assert batches == [5] and [len(faces) for faces in together] == [1, 0, 3, 1]
    for one, other in zip(alone, together, strict=True):
        np.testing.assert_array_equal(one.boxes, other.boxes)
        np.testing.assert_allclose(one.probs, other.probs, atol=1e-6)
        assert one.labels == other.labels
    assert recognizer([]) == [] and recognizer([blank]) == [Faces.empty()]
    assert recognizer((astronaut,)) == [recognizer(astronaut)]
    with pytest.raises(UserError, match=r"Picture 2 of 2: .*none\.jpg"):
        recognizer([astronaut, "none.jpg"])


@pytest.mark.parametrize("detector", ["haar", "none", "auto"])
def test_a_recognizer_goes_to_worker_processes(bundle, astronaut, detector, monkeypatch):
    # A worker begins by running what is called __main__, which tests of the dashboard replace.
    monkeypatch.setitem(sys.modules, "__main__", ModuleType("__main__"))
    recognizer = fer.load(bundle, detector)
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        (there,) = pool.map(recognizer, [astronaut])
    assert there == recognizer(astronaut)
