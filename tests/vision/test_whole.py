"""Pictures that are a face already."""

import cv2
import numpy as np
import pytest
import skimage.data

import fer
from fer.vision.detectors import open_detector
from fer.vision.whole import SMALL, WholePicture, looks_cropped
from tests.support.bundles import write_toy_bundle

HEAD = (150, 40, 300, 190)  # the astronaut's, cropped as people do


@pytest.fixture(scope="module")
def head():
    x0, y0, x1, y1 = HEAD
    return skimage.data.astronaut()[y0:y1, x0:x1]


@pytest.mark.parametrize(
    ("shape", "box"),
    [
        ((48, 48), (0, 0, 48, 48)),
        ((60, 100), (20, 0, 80, 60)),
        ((100, 61), (0, 19, 61, 80)),
        ((1, 1), (0, 0, 1, 1)),
        ((1, 200), (99, 0, 100, 1)),
    ],
)
def test_the_middle_square_is_the_face(shape, box):
    found = WholePicture()(np.zeros((*shape, 3), np.uint8))
    assert found.boxes.tolist() == [list(box)] and found.landmarks is None


def test_a_picture_of_the_model_size_is_classified_as_it_is(tmp_path):
    recognizer = fer.load(write_toy_bundle(tmp_path), "none")
    gray = np.random.default_rng(0).integers(0, 256, (48, 48), np.uint8)
    faces = recognizer(gray)
    expected = recognizer.classifier(gray[None, :, :, None].astype(np.float32))[0]
    np.testing.assert_array_equal(faces.probs, expected)
    assert faces[0].box == (0, 0, 48, 48)


@pytest.mark.parametrize("size", [70, 150, 600])
def test_a_face_that_fills_its_picture_looks_cropped(head, size):
    picture = cv2.resize(head, (size, size), interpolation=cv2.INTER_AREA)
    assert looks_cropped(picture, open_detector("haar"))


def test_a_small_picture_looks_cropped_whatever_it_shows():
    shades = np.arange(48 * SMALL * 3, dtype=np.uint8).reshape(48, SMALL, 3)
    assert looks_cropped(shades, open_detector("haar"))
    assert not looks_cropped(np.zeros_like(shades), open_detector("haar"))  # a blank one is nothing


@pytest.mark.parametrize("picture", ["coffee", "chelsea", "rocket", "brick", "page"])
def test_a_photograph_does_not(picture):
    image = getattr(skimage.data, picture)()
    image = image if image.ndim == 3 else np.repeat(image[..., None], 3, axis=2)
    assert not looks_cropped(image, open_detector("haar"))
    assert not looks_cropped(np.zeros((20_000, 100, 3), np.uint8), open_detector("haar"))


def test_a_face_far_away_does_not(head):
    scene = np.full((480, 640, 3), 120, np.uint8)
    scene[200:350, 300:450] = head
    assert not looks_cropped(scene, open_detector("haar"))
