"""One epoch, one validation: what owns the networks, the optimizer and the data in memory.

Why not ``keras.Model.fit`` with Keras' own callbacks: tried with this very step as ``train_step``
(Keras 3.15, TensorFlow 2.21, one core, CPU time). Speed would allow it: 248 images a second against
252 here and 145 for the same network in stock Keras. Resuming exactly does not hold. Four epochs of
a toy network, twice: the same weights to the last bit; stopped after two and resumed by
``BackupAndRestore``: up to 0.06 off, since the state of dropout's random numbers is not in Keras'
weight files. That callback also writes over its only good file, so that a kill meanwhile loses the
run; the optimizer's EMA leaves out the normalization statistics and has no warm-up; and the best
score so far is forgotten. What would be left of ``fit`` is the loop over batches in `run_epoch`.
"""

import math
import time
from dataclasses import dataclass, replace
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from fer.training.architecture import adopt_weights, build_trainer
from fer.training.augment import augment, mix
from fer.training.camera import SEED as CAMERA_SEED
from fer.training.camera import compressed_copies, photograph
from fer.training.config import TrainConfig
from fer.training.layers import FusedBatchNormalization
from fer.training.provenance import best_precision
from fer.training.targets import TrainingSet

_CODEC_SEED = 20_011  # added to the run's seed, so that draws for other purposes are independent


@dataclass(frozen=True)
class EpochResult:
    """Means over the training images of one epoch, as augmented."""

    loss: float
    accuracy: float
    seconds: float


class Trainer:
    """The network in training, the exponential moving average (EMA) of its weights, the optimizer.

    Every random choice follows from the seed and the step, and every variable is in
    `arrays`: a trainer restored from them goes on as if it had never stopped.
    """

    def __init__(
        self,
        config: TrainConfig,
        images: TrainingSet,
        normalization: type[keras.layers.Layer] = FusedBatchNormalization,
    ) -> None:
        keras.utils.set_random_seed(config.seed)
        self.config = config
        self.steps_per_epoch = math.ceil(len(images) / config.batch_size)
        self._images = images
        self._pixels = tf.constant(images.pixels)
        camera = config.camera
        self._compressed = (
            tf.constant(compressed_copies(images.pixels[..., 0], config.seed)[..., None])
            if camera.share * camera.compressed_probability
            else None
        )
        self._labels = tf.constant(images.labels)
        self._votes = tf.constant(images.votes)
        self.precision = config.precision or best_precision()
        self.model, self.ema = (
            build_trainer(config.architecture, config.dropout, self.precision, normalization)
            for _ in range(2)
        )
        self.ema.set_weights(self.model.get_weights())
        self._optimizer = keras.optimizers.SGD(
            config.learning_rate, momentum=config.momentum, nesterov=True
        )
        self._optimizer.build(self.model.trainable_variables)

    def start_from(self, model: keras.Model) -> None:
        """Begin with the weights of ``model`` in every layer that it has."""
        for network in (self.model, self.ema):
            adopt_weights(network, model)

    def run_epoch(self, epoch: int) -> EpochResult:
        """Train on every image once; ``epoch`` counts from 0."""
        started = time.perf_counter()
        size, strength = self.config.image_size(epoch), self.config.strength(epoch)
        order = np.random.default_rng((self.config.seed, epoch)).permutation(len(self._images))
        totals = np.zeros(2)
        for index in range(self.steps_per_epoch):
            step = epoch * self.steps_per_epoch + index
            batch = order[index * self.config.batch_size : (index + 1) * self.config.batch_size]
            totals += self._step(
                tf.constant(batch, tf.int32),
                tf.constant(strength, tf.float32),
                tf.constant((self.config.seed, step), tf.int32),
                tf.constant(self.learning_rate(step), tf.float32),
                tf.constant(self._averaging(step), tf.float32),
                size,
            ).numpy()
        loss, accuracy = totals / len(self._images)
        return EpochResult(float(loss), float(accuracy), time.perf_counter() - started)

    def learning_rate(self, step: int) -> float:
        """Linear warm-up, then half a cosine to zero (Loshchilov & Hutter, 2017)."""
        total = self.config.epochs * self.steps_per_epoch
        warmup = min(self.config.warmup_epochs * self.steps_per_epoch, total / 2)
        if step < warmup:
            return self.config.learning_rate * (step + 1) / warmup
        done = (step - warmup) / max(1.0, total - warmup)
        return self.config.learning_rate * 0.5 * (1.0 + math.cos(math.pi * done))

    def predict(
        self, pixels: NDArray[np.uint8], size: int, batch_size: int = 256
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Probabilities of both heads by the EMA weights.

        Args:
            pixels: ``(n, h, w)`` uint8.
            size: side to which they are resized first: that of the training images, since a
                network that has only seen small faces misreads large ones.
            batch_size: images at once.

        Returns:
            Two ``(n, 7)`` float32 arrays: labels, votes.
        """
        batches = [
            self._predict(tf.constant(pixels[start : start + batch_size, ..., None]), size)
            for start in range(0, len(pixels), batch_size)
        ]
        labels, votes = zip(*batches, strict=True)
        return np.concatenate(labels), np.concatenate(votes)

    def predict_photographed(
        self, pixels: NDArray[np.uint8], size: int, batch_size: int = 256
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """The same of images that each went through the camera, always in the same way."""
        camera = replace(self.config.camera, share=1.0)
        spoilt = [
            photograph(
                tf.cast(pixels[start : start + batch_size, ..., None], tf.float32),
                camera,
                tf.constant((CAMERA_SEED, start), tf.int32),
            )
            for start in range(0, len(pixels), batch_size)
        ]
        return self.predict(tf.concat(spoilt, 0)[..., 0].numpy().astype(np.uint8), size)

    def arrays(self) -> dict[str, list[NDArray[Any]]]:
        """Every variable that the next step depends on."""
        return {
            name: [np.array(variable) for variable in variables]
            for name, variables in self._variables().items()
        }

    def restore(self, arrays: dict[str, list[NDArray[Any]]]) -> None:
        """Set every variable from what `arrays` gave."""
        for name, variables in self._variables().items():
            for variable, value in zip(variables, arrays[name], strict=True):
                variable.assign(value)

    def _variables(self) -> dict[str, list[Any]]:
        return {
            "model": self.model.variables,
            "averaged": self.ema.weights,
            "optimizer": self._optimizer.variables,
        }

    def _averaging(self, step: int) -> float:
        # Short memory at first, or the random initial weights would stay in the average.
        return min(self.config.averaging, (1.0 + step) / (10.0 + step))

    @tf.function
    def _step(
        self, batch: Any, strength: Any, seed: Any, rate: Any, averaging: Any, size: int
    ) -> Any:
        pixels = augment(self._gather(batch, seed), size, strength, self.config.augmentation, seed)
        if self.config.camera.share:
            pixels = photograph(pixels, self.config.camera, tf.add(seed, (CAMERA_SEED, 0)))
        labels, votes = tf.gather(self._labels, batch), tf.gather(self._votes, batch)
        alpha = self.config.augmentation.mixup
        if alpha:
            pixels, labels, votes = mix((pixels, labels, votes), alpha, strength, seed)
        # A row of zeros (nobody voted) has no loss, but the kernel would still hand down the
        # gradient softmax - 0: it drives all logits down together without end.
        voted = tf.reduce_sum(votes, axis=1)
        votes = tf.math.divide_no_nan(votes, voted[:, None])
        variables = self.model.trainable_variables
        ascended, statistics = [], []
        if self.config.sharpness:
            part = -(-self.config.batch_size // 4)
            ascended = self._ascend(pixels[:part], labels[:part], votes[:part], voted[:part])
            statistics = [tf.identity(one) for one in self.model.non_trainable_weights]
        with tf.GradientTape() as tape:
            loss, losses, label_logits = self._losses(pixels, labels, votes, voted)
        gradients = tape.gradient(loss, variables)
        for variable, step in zip(variables, ascended, strict=False):
            variable.assign_sub(step)
        # What was seen uphill is not what these weights see.
        for variable, before in zip(self.model.non_trainable_weights, statistics, strict=False):
            variable.assign(before)
        gradients = [
            gradient + self.config.weight_decay * tf.convert_to_tensor(variable)
            if variable.path.endswith("kernel")
            else gradient
            for gradient, variable in zip(gradients, variables, strict=True)
        ]
        self._optimizer.learning_rate.assign(rate)
        self._optimizer.apply_gradients(zip(gradients, variables, strict=True))
        for average, weight in zip(self.ema.weights, self.model.weights, strict=True):
            average.assign(average * averaging + weight * (1.0 - averaging))
        correct = tf.argmax(label_logits, axis=1) == tf.argmax(labels, axis=1)
        return tf.stack([tf.reduce_sum(losses), tf.reduce_sum(tf.cast(correct, tf.float32))])

    def _gather(self, batch: Any, seed: Any) -> Any:
        """The images of ``batch``, some of them as a codec left them."""
        pixels = tf.gather(self._pixels, batch)
        if self._compressed is None:
            return pixels
        camera = self.config.camera
        draws = tf.random.stateless_uniform(tf.shape(batch), tf.add(seed, (_CODEC_SEED, 0)))
        probability = camera.share * camera.compressed_probability
        version = tf.cast(draws * (2.0 / probability), tf.int32)
        copies = tf.gather_nd(self._compressed, tf.stack([tf.minimum(version, 1), batch], axis=1))
        return tf.where((draws < probability)[:, None, None, None], copies, pixels)

    def _losses(self, pixels: Any, labels: Any, votes: Any, voted: Any) -> tuple[Any, Any, Any]:
        """What is minimised, the label head's loss of each image, and that head's logits."""
        label_logits, vote_logits = self.model(pixels, training=True)
        losses = tf.nn.softmax_cross_entropy_with_logits(labels, label_logits)
        vote_losses = tf.nn.softmax_cross_entropy_with_logits(votes, vote_logits)
        loss = tf.reduce_mean(losses + self.config.vote_weight * voted * vote_losses)
        return loss, losses, label_logits

    def _ascend(self, pixels: Any, labels: Any, votes: Any, voted: Any) -> list[Any]:
        """SAM: move the weights uphill, ``sharpness`` in all; the answer is the step of each."""
        variables = self.model.trainable_variables
        with tf.GradientTape() as tape:
            loss, *_ = self._losses(pixels, labels, votes, voted)
        gradients = tape.gradient(loss, variables)
        scale = self.config.sharpness / (tf.linalg.global_norm(gradients) + 1e-12)
        steps = [gradient * scale for gradient in gradients]
        for variable, step in zip(variables, steps, strict=True):
            variable.assign_add(step)
        return steps

    @tf.function(reduce_retracing=True)
    def _predict(self, pixels: Any, size: int) -> Any:
        resized = tf.image.resize(tf.cast(pixels, tf.float32), (size, size), antialias=True)
        logits = self.ema(resized, training=False)
        return [tf.nn.softmax(values) for values in logits]
