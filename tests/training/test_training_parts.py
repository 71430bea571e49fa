"""The parts of training: targets, augmentation, normalisation, architecture."""

import json
from dataclasses import asdict

import keras
import numpy as np
import pytest
import tensorflow as tf

from fer.data.folder import LabelledImages
from fer.errors import UserError
from fer.training.architecture import (
    LABEL_HEAD,
    VOTE_HEAD,
    Architecture,
    adopt_weights,
    build_classifier,
    build_trainer,
    count_multiply_adds,
)
from fer.training.augment import augment, mix
from fer.training.config import Augmentation, TrainConfig, config_from
from fer.training.layers import FusedBatchNormalization
from fer.training.targets import make_training_set

STILL = Augmentation(
    rotation=0, zoom=0, stretch=0, shift=0, contrast=0, brightness=0, erase_probability=0
)


def _images(pixels: np.ndarray, targets: list[int], votes=None) -> LabelledImages:
    rows = np.arange(len(targets))
    files = tuple(f"train/{row}.png" for row in rows)
    return LabelledImages(pixels, np.array(targets), rows, files, votes)


def _noise(count: int, height: int = 48, width: int = 48) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (count, height, width)).astype(np.uint8)


class TestTargets:
    def test_blank_images_are_left_out(self):
        pixels = _noise(3)
        pixels[1] = 77
        training = make_training_set(_images(pixels, [0, 1, 2]), smoothing=0.0)
        assert len(training) == 2
        assert training.labels.argmax(1).tolist() == [0, 2]

    def test_only_blank_images_are_an_error(self):
        with pytest.raises(UserError, match="blank"):
            make_training_set(_images(np.zeros((2, 48, 48), np.uint8), [0, 1]), smoothing=0.0)

    def test_identical_images_share_the_mean_of_their_labels(self):
        pixels = _noise(4)
        pixels[3] = pixels[0]
        labels = make_training_set(_images(pixels, [0, 1, 2, 5]), smoothing=0.0).labels
        expected = [0.5, 0, 0, 0, 0, 0.5, 0]
        np.testing.assert_allclose(labels[[0, 3]], [expected, expected])
        np.testing.assert_allclose(labels[1], np.eye(7)[1])

    def test_smoothing_keeps_rows_a_distribution(self):
        labels = make_training_set(_images(_noise(1), [3]), smoothing=0.1).labels
        np.testing.assert_allclose(labels.sum(), 1.0, rtol=1e-6)
        np.testing.assert_allclose(labels[0, 3], 0.9 + 0.1 / 7, rtol=1e-6)

    def test_votes_are_normalised_over_the_labels_and_zero_without_any(self):
        # neutral, happiness, surprise, sadness, anger, disgust, fear, contempt, unknown, NF
        votes = np.array([[2, 6, 0, 0, 0, 0, 0, 2, 0, 0], [0] * 8 + [0, 10]])
        result = make_training_set(_images(_noise(2), [3, 3], votes), smoothing=0.0).votes
        np.testing.assert_allclose(result[0], [0, 0, 0, 0.75, 0, 0, 0.25])
        np.testing.assert_allclose(result[1], np.zeros(7))


class TestAugment:
    def test_without_ranges_an_image_stays_or_is_mirrored(self):
        pixels = _noise(16)[..., None]
        result = augment(tf.constant(pixels), 48, 1.0, STILL, (1, 2)).numpy()
        kept = [np.abs(a - b).max() < 0.1 for a, b in zip(result, pixels, strict=True)]
        mirrored = [np.abs(a - b[:, ::-1]).max() < 0.1 for a, b in zip(result, pixels, strict=True)]
        assert all(a != b for a, b in zip(kept, mirrored, strict=True))
        assert any(kept)
        assert any(mirrored)

    def test_same_seed_same_result_and_other_seed_another(self):
        pixels = tf.constant(_noise(4)[..., None])
        first, again, other = (
            augment(pixels, 48, 1.0, Augmentation(), seed).numpy()
            for seed in ((1, 2), (1, 2), (1, 4))
        )
        np.testing.assert_array_equal(first, again)
        assert np.abs(first - other).max() > 1

    @pytest.mark.parametrize("size", [24, 32, 48])
    def test_greys_stay_in_range_at_any_size(self, size):
        result = augment(tf.constant(_noise(8)[..., None]), size, 1.0, Augmentation(), (3, 4))
        assert result.shape == (8, size, size, 1)
        assert result.numpy().min() >= 0
        assert result.numpy().max() <= 255

    def test_erased_box_has_one_grey_and_its_size(self):
        pixels = np.zeros((32, 48, 48, 1), np.uint8)
        settings = Augmentation(
            rotation=0, zoom=0, stretch=0, shift=0, contrast=0, brightness=0,
            erase_probability=1.0, erase_side=(0.25, 0.5),
        )  # fmt: skip
        for image in augment(tf.constant(pixels), 48, 1.0, settings, (5, 6)).numpy()[..., 0]:
            rows, columns = np.nonzero(image)
            height, width = np.ptp(rows) + 1, np.ptp(columns) + 1
            assert 11 <= height <= 25
            assert 11 <= width <= 25
            assert len(rows) == height * width
            assert len(np.unique(image[rows, columns])) == 1

    def test_mixup_blends_images_and_targets_by_the_same_share(self):
        rows = tf.constant(np.eye(64, dtype=np.float32))
        images = tf.reshape(rows, (64, 8, 8, 1))
        mixed_images, mixed_rows = mix((images, rows), 0.4, 1.0, (7, 8))
        np.testing.assert_array_equal(np.reshape(mixed_images, (64, 64)), mixed_rows)
        np.testing.assert_allclose(mixed_rows.numpy().sum(1), 1.0, atol=1e-6)
        own = np.diag(mixed_rows)
        assert (own >= 0.5).all()  # the row itself keeps the larger share
        assert own.std() > 0.1
        (unmixed,) = mix((rows,), 0.4, 0.0, (7, 8))
        np.testing.assert_array_equal(unmixed, rows)


class TestFusedBatchNormalization:
    def test_equals_the_stock_layer_in_training_and_after(self):
        x = np.random.default_rng(1).normal(3, 2, (64, 6, 5, 4)).astype(np.float32)
        layers = [
            cls(momentum=0.9) for cls in (FusedBatchNormalization, keras.layers.BatchNormalization)
        ]
        trained = [np.asarray(layer(x, training=True)) for layer in layers]
        np.testing.assert_allclose(trained[0], trained[1], atol=1e-4)
        for fused, stock in zip(*(layer.get_weights() for layer in layers), strict=True):
            # The fused kernel keeps the unbiased variance: a factor of 1920 / 1919.
            np.testing.assert_allclose(fused, stock, rtol=1e-3)
        used = [np.asarray(layer(x, training=False)) for layer in layers]
        np.testing.assert_allclose(used[0], used[1], atol=5e-3)


class TestArchitecture:
    def test_the_default_keeps_its_promises(self):
        model = build_classifier(Architecture(), LABEL_HEAD, 48)
        assert model.count_params() <= 2_000_000
        assert count_multiply_adds(model) <= 200_000_000

    def test_maps_average_to_the_logits_behind_the_probabilities(self):
        tiny = Architecture(stem=4, widths=(8,), depths=(1,), squeeze=4)
        model = build_classifier(tiny, LABEL_HEAD, 24)
        probabilities, maps = model(_noise(3, 24, 24)[..., None].astype(np.float32))
        assert maps.shape == (3, 7, 12, 12)
        logits = tf.reduce_mean(maps, axis=(2, 3))
        np.testing.assert_allclose(tf.nn.softmax(logits), probabilities, atol=1e-6)

    @pytest.mark.parametrize("head", [LABEL_HEAD, VOTE_HEAD])
    def test_the_shipped_network_answers_as_the_trained_one(self, head):
        tiny = Architecture(stem=4, widths=(8, 16), depths=(1, 2), squeeze=4)
        trainer = build_trainer(tiny, 0.3, "float32", FusedBatchNormalization)
        pixels = _noise(5)[..., None].astype(np.float32)
        trainer(pixels, training=True)  # moves the statistics away from their initial values
        classifier = build_classifier(tiny, head, 48)
        adopt_weights(classifier, trainer)
        logits = trainer(pixels, training=False)[(LABEL_HEAD, VOTE_HEAD).index(head)]
        np.testing.assert_allclose(tf.nn.softmax(logits), classifier(pixels)[0], atol=1e-5)

    def test_a_block_more_than_the_network_begun_with_changes_nothing_at_first(self):
        shallow, deep = (
            build_trainer(
                Architecture(stem=4, widths=(8,), depths=(depth,), squeeze=0),
                0.0, "float32", FusedBatchNormalization,
            )
            for depth in (1, 2)
        )  # fmt: skip
        adopt_weights(deep, shallow)
        pixels = _noise(3)[..., None].astype(np.float32)
        for mine, other in zip(deep(pixels), shallow(pixels), strict=True):
            np.testing.assert_allclose(mine, other, atol=1e-6)

    def test_a_change_of_lighting_hardly_changes_the_answer(self):
        tiny = Architecture(stem=4, widths=(8,), depths=(1,), squeeze=0)
        model = build_classifier(tiny, LABEL_HEAD, 48)
        pixels = _noise(4)[..., None].astype(np.float32)
        bright, dark = model(pixels)[0], model(pixels * 0.5 + 20)[0]
        np.testing.assert_allclose(bright, dark, atol=5e-3)

    def test_a_blank_image_gives_a_distribution(self):
        model = build_classifier(Architecture(stem=4, widths=(8,), depths=(1,)), LABEL_HEAD, 48)
        probabilities = np.asarray(model(np.full((1, 48, 48, 1), 9.0, np.float32))[0])
        np.testing.assert_allclose(probabilities.sum(), 1.0, rtol=1e-5)

    def test_widths_and_depths_must_match(self):
        with pytest.raises(ValueError, match="one entry a stage"):
            Architecture(widths=(8, 16), depths=(1,))


class TestTrainConfig:
    @pytest.mark.parametrize(
        ("settings", "message"),
        [
            ({"epochs": 0}, "epochs"),
            ({"batch_size": 0}, "batch_size"),
            ({"sizes": ()}, "sizes"),
            ({"sizes": ((0.5, 48),)}, "sizes"),
            ({"sizes": ((0.0, 32), (0.8, 48), (0.4, 40))}, "sizes"),
        ],
    )
    def test_refuses_nonsense(self, settings, message):
        with pytest.raises(ValueError, match=message):
            TrainConfig(**settings)

    def test_images_grow(self):
        config = TrainConfig(epochs=10, sizes=((0.0, 32), (0.5, 48)))
        assert [config.image_size(epoch) for epoch in (0, 4, 5, 9)] == [32, 32, 48, 48]

    def test_strength_rises_stays_and_falls(self):
        config = TrainConfig(
            epochs=10, augmentation=Augmentation(initial_strength=0.5, final_strength=0.4)
        )
        strengths = [config.strength(epoch) for epoch in range(10)]
        np.testing.assert_allclose(strengths, [0.5, 0.6, 0.7, 0.8, 0.9, 1, 1, 1, 1, 0.7])

    def test_json_and_back(self):
        config = TrainConfig(epochs=3, start=("a", "b"), augmentation=Augmentation(zoom=0.5))
        assert config_from(json.loads(json.dumps(asdict(config)))) == config

    @pytest.mark.parametrize(
        "values",
        [
            {"epoch": 3},
            {"augmentation": {"zoomm": 1}},
            {"augmentation": {"zoom": "far"}},
            {"epochs": 2.5},
            {"momentum": float("nan")},
            {"augmentation": {"mixup": -1.0}},
            {"sharpness": -1.0},
            {"title": 3},
            {"start": 5},
        ],
    )
    def test_what_is_no_setting_is_refused(self, values):
        with pytest.raises(ValueError, match=r"epoch|zoom|momentum|start|mixup|sharpness|title"):
            config_from(values)
