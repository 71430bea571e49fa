"""Copies and near-copies among images: what counts as the same face, and what does not."""

import cv2
import numpy as np
import pytest
from skimage import data as pictures

from fer.data.duplicates import DuplicateGroup, find_identical, find_near
from tests.support.fer2013_forms import natural_face


def as_jpeg(image: np.ndarray, quality: int) -> np.ndarray:
    encoded = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return cv2.imdecode(encoded, cv2.IMREAD_GRAYSCALE)


def watermark(image: np.ndarray) -> np.ndarray:
    return cv2.putText(image.copy(), "stock", (4, 40), cv2.FONT_HERSHEY_SIMPLEX, 0.4, 255)


def lit_from_the_side(image: np.ndarray) -> np.ndarray:
    light = np.linspace(-120, 120, 48)[None, :]
    return np.clip(0.5 * image + 64 + light, 0, 255).astype(np.uint8)


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (lambda image: np.roll(image, 3, axis=1), True),
        (lambda image: np.roll(image, -2, axis=0), True),
        (lambda image: cv2.convertScaleAbs(image, alpha=0.6, beta=80), True),
        (lambda image: 255 * (image / 255.0) ** 1.6, True),
        (lambda image: as_jpeg(image, 40), True),
        (watermark, True),
        (lit_from_the_side, True),
        (lambda image: np.roll(image, 12, axis=1), False),
        (lambda image: 255 - image, False),
        (lambda image: image, False),  # identical is not nearly identical
        (lambda image: pictures.camera()[100:292:4, 150:342:4], False),
    ],
    ids=["right", "up", "brighter", "darker", "jpeg", "watermark", "light", "far", "negative",
         "same", "another"],
)  # fmt: skip
def test_near_duplicates_of_a_photograph(change, found):
    image = cv2.cvtColor(pictures.astronaut()[0:192, 130:322], cv2.COLOR_RGB2GRAY)
    image = cv2.resize(image, (48, 48), interpolation=cv2.INTER_AREA)
    pixels = np.stack([image, natural_face(1), np.asarray(change(image), np.uint8)])
    near = find_near(["train/sad/0.png", "train/sad/1.png", "train/sad/2.png"], pixels)
    expected = [("train/sad/0.png", "train/sad/2.png")] if found else []
    assert [group.files for group in near.groups] == expected
    assert all(0.75 <= group.similarity <= 1.0 for group in near.groups)


def test_the_same_light_does_not_make_two_faces_one():
    pixels = np.stack([lit_from_the_side(natural_face(seed)) for seed in range(8)])
    assert find_near([f"train/sad/{i}.png" for i in range(8)], pixels).groups == ()


def test_a_chain_of_near_duplicates_is_one_group_with_its_copies():
    image = natural_face(8)
    pixels = np.stack([image, np.roll(image, 3, 1), np.roll(image, 6, 1), natural_face(9), image])
    files = [f"train/sad/{i}.png" for i in range(5)]
    (group,) = find_near(files, pixels).groups
    assert group.files == tuple(files[i] for i in (0, 1, 2, 4))


def test_unrelated_and_flat_images_are_no_duplicates():
    pixels = np.stack([natural_face(seed) for seed in range(60)])
    border = np.zeros((2, 48, 48), np.uint8)
    border[0, 0] = border[1, :, 0] = 255  # nothing at all in the middle that is compared
    pixels = np.concatenate([pixels, border])
    files = [f"train/sad/{i}.png" for i in range(len(pixels))]
    assert find_near(files, pixels).groups == ()
    assert find_identical(files, pixels).groups == ()
    assert find_near([], pixels[:0]).groups == ()


def test_largest_group_comes_first():
    pixels = np.stack([natural_face(i) for i in (1, 2, 2, 3, 2, 1)])
    groups = find_identical([f"train/sad/{i}.png" for i in range(6)], pixels).groups
    assert [len(group.files) for group in groups] == [3, 2]


def test_a_group_of_one_is_refused():
    with pytest.raises(ValueError, match="two images"):
        DuplicateGroup(("train/sad/1.png",))
