"""Batch normalisation through TensorFlow's fused kernel."""

from typing import Any

import keras
import tensorflow as tf


class FusedBatchNormalization(keras.layers.BatchNormalization):
    """`keras.layers.BatchNormalization` computed by `FusedBatchNormV3`.

    Keras 3 spells batch normalisation out as means, variances and products; on a CPU
    that costs more time than the convolutions around it. The fused kernel gives the
    same output, and the weights (gamma, beta, moving mean, moving variance) are those
    of the stock layer in the same order, so that they can be copied between the two.

    The moving variance follows the unbiased batch variance, as in Keras 2.
    Input and output: `(n, h, w, c)`, any float type.
    """

    def call(self, inputs: Any, training: bool = False, mask: Any = None) -> Any:
        """Normalise ``inputs``; in training also move the moving statistics."""
        training = training and self.trainable
        output, mean, variance, *_ = tf.raw_ops.FusedBatchNormV3(
            x=inputs,
            scale=tf.convert_to_tensor(self.gamma),
            offset=tf.convert_to_tensor(self.beta),
            mean=tf.convert_to_tensor(self.moving_mean),
            variance=tf.convert_to_tensor(self.moving_variance),
            epsilon=self.epsilon,
            exponential_avg_factor=1.0,
            data_format="NHWC",
            is_training=training,
        )
        if training:
            keep = self.momentum
            self.moving_mean.assign(self.moving_mean * keep + mean * (1.0 - keep))
            self.moving_variance.assign(self.moving_variance * keep + variance * (1.0 - keep))
        return output
