"""What a network learns from the answers of others."""

import shutil
from dataclasses import replace

import keras
import numpy as np

from fer.bundle import KERAS, Bundle
from fer.data.folder import FolderDataset
from fer.training.architecture import LABEL_HEAD, build_classifier
from fer.training.config import Camera
from fer.training.keras_file import load_keras, save_keras
from fer.training.targets import distill, make_training_set
from fer.training.views import spoilt_views
from fer.vision.classify import joint
from tests.support.tiny_run import TINY


def test_distillation_changes_the_targets_by_its_share(tiny_run, tiny_dataset):
    images = make_training_set(FolderDataset.open(tiny_dataset).load("train"), smoothing=0.0)
    teacher = str(tiny_run / "fer")
    blended = distill(images, [teacher, teacher], 0.25)
    model = keras.saving.load_model(tiny_run / "fer" / KERAS)
    faces = images.pixels.astype(np.float32)
    answers = joint([np.asarray(model(view)[0]) for view in (faces, faces[:, :, ::-1])])
    np.testing.assert_allclose(blended.labels, 0.75 * images.labels + 0.25 * answers, atol=1e-5)
    mirrored = replace(images, pixels=images.pixels[:, :, ::-1])
    np.testing.assert_allclose(distill(mirrored, [teacher], 0.25).labels, blended.labels, atol=1e-4)
    assert distill(images, [], 0.25) is images


def test_a_teacher_may_answer_other_views_than_the_images(tiny_run, tiny_dataset):
    images = make_training_set(FolderDataset.open(tiny_dataset).load("train"), smoothing=0.0)
    teacher, seen = str(tiny_run / "fer"), []

    def darker(faces, first):
        seen.append(first)
        return faces * 0.5

    dark = replace(images, pixels=(images.pixels // 2 * 2 * 0.5).astype(np.uint8))
    even = replace(images, pixels=images.pixels // 2 * 2)
    shown = distill(even, [teacher], 1.0, [darker])
    np.testing.assert_allclose(shown.labels, distill(dark, [teacher], 1.0).labels, atol=1e-5)
    both = distill(even, [teacher], 1.0, [darker, lambda faces, first: faces]).labels
    plain = distill(even, [teacher], 1.0).labels
    np.testing.assert_allclose(both, (shown.labels + plain) / 2, atol=1e-5)
    assert sorted(set(seen)) == [0, 256]


def test_views_of_teachers_are_spoilt_differently_and_the_same_each_time():
    config = replace(TINY, camera=Camera(share=0.0), teacher_views=2)
    faces = np.random.default_rng(0).uniform(0, 255, (8, 48, 48, 1)).astype(np.float32)
    views = spoilt_views(config, 2, strength=0.6)
    one, other, again = (views[number](faces, 0) for number in (0, 1, 0))
    np.testing.assert_array_equal(one, again)
    assert np.abs(one - faces).mean() > 5 and np.abs(one - other).mean() > 5


def test_a_teacher_may_have_learned_larger_faces(tiny_run, tiny_dataset, tmp_path):
    images = make_training_set(FolderDataset.open(tiny_dataset).load("train"), smoothing=0.1)
    larger = Bundle(shutil.copytree(tiny_run / "fer", tmp_path / "larger"))
    model = build_classifier(TINY.architecture, LABEL_HEAD, 64)
    model.set_weights(load_keras(larger).get_weights())
    save_keras(model, larger)
    taught = distill(images, [str(larger)], 1.0).labels
    assert taught.shape == images.labels.shape
    np.testing.assert_allclose(taught.sum(axis=1), 1.0, rtol=1e-5)
