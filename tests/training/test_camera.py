"""The imitated camera: what it leaves alone, what it does, and that it does it again."""

import numpy as np
import pytest
import tensorflow as tf
from skimage.data import astronaut
from skimage.transform import resize

from fer.training.camera import compressed_copies, photograph
from fer.training.config import Camera

NOTHING = {
    "blur_probability": 0.0,
    "light_probability": 0.0,
    "noise_probability": 0.0,
    "resample_probability": 0.0,
}


@pytest.fixture(scope="module")
def faces() -> np.ndarray:
    face = resize(astronaut()[32:192, 144:304].mean(axis=2), (48, 48), preserve_range=True)
    return np.stack([face, face[:, ::-1]] * 32).astype(np.uint8)


def _photographed(faces: np.ndarray, step: int = 0, **settings: float) -> np.ndarray:
    pixels = tf.constant(faces[..., None], tf.float32)
    seed = tf.constant((1, step), tf.int32)
    return photograph(pixels, Camera(**settings), seed).numpy()[..., 0]


def test_without_a_share_every_image_stays_as_it_is(faces):
    np.testing.assert_array_equal(_photographed(faces, share=0.0), faces)


def test_a_camera_that_does_nothing_leaves_images_alone(faces):
    np.testing.assert_array_equal(_photographed(faces, share=1.0, **NOTHING), faces)


def test_the_same_seed_gives_the_same_images_and_another_seed_others(faces):
    first = _photographed(faces, share=1.0)
    np.testing.assert_array_equal(first, _photographed(faces, share=1.0))
    assert (first != _photographed(faces, step=1, share=1.0)).any()


def test_the_result_is_whole_grey_levels(faces):
    result = _photographed(faces, share=1.0)
    assert result.min() >= 0.0
    assert result.max() <= 255.0
    np.testing.assert_array_equal(result, np.rint(result))


def test_about_the_share_of_images_is_spoilt(faces):
    result = _photographed(faces, share=0.5, **NOTHING | {"noise_probability": 1.0})
    spoilt = (result != faces).any(axis=(1, 2)).mean()
    assert 0.3 < spoilt < 0.7


@pytest.mark.parametrize("setting", ["blur_probability", "resample_probability"])
def test_softening_takes_detail_away(faces, setting):
    def detail(images: np.ndarray) -> float:
        return float(np.median(np.abs(np.diff(images, axis=2)).mean(axis=(1, 2))))

    result = _photographed(faces, share=1.0, **NOTHING | {setting: 1.0})
    assert detail(result) < 0.9 * detail(faces.astype(float))
    np.testing.assert_allclose(result.mean(), faces.mean(), atol=4.0)


def test_noise_has_at_most_the_stated_deviation(faces):
    flat = np.full_like(faces, 128)
    settings = NOTHING | {"noise_probability": 1.0, "noise": 10.0}
    deviations = _photographed(flat, share=1.0, **settings).std(axis=(1, 2))
    assert deviations.max() < 11.5
    assert 3.0 < deviations.mean() < 8.0


def test_codecs_keep_the_face_and_spoil_its_pixels(faces):
    copies = compressed_copies(faces, seed=1)
    assert copies.shape == (2, *faces.shape)
    for copy in copies:
        difference = np.abs(copy.astype(float) - faces).mean()
        assert 0.5 < difference < 20.0
    np.testing.assert_array_equal(copies, compressed_copies(faces, seed=1))


def test_settings_that_cannot_be_are_refused():
    with pytest.raises(ValueError, match="share"):
        Camera(share=1.5)
    with pytest.raises(ValueError, match="darkest"):
        Camera(darkest=2.0)
