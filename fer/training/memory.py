"""The layer that looks training images up; `fer.training.remember` fills it."""

from itertools import pairwise
from typing import Any

import keras
import numpy as np
from keras import layers, ops

from fer.spec import ONNX_CODES
from fer.training.codes import CENTROIDS

MEMORY = "memory"
"""Name of the layer; those that make its query begin with it."""

REACH = 0.04
STRENGTH = 3.0
DOUBT = 0.02
"""Chosen on spoilt pictures of validation; `docs/experiments.md` has the others."""

PARTS = 12
"""Codes of a key, a byte each."""
NUMBERS = 4
"""That a code stands for."""


@keras.saving.register_keras_serializable(package="fer")
class Memory(layers.Layer):
    """Adds to the logits what the labels of those training images say that look most alike.

    Kernel regression (Nadaraya, 1964; Watson, 1964). Each image has a key of unit length, and
    weighs ``exp((key · query - 1) / reach)``. With *m* the sum of the weights and *k* the shares
    of the labels in it, ``strength · m / (m + doubt) · (k - softmax(logits))`` is added.

    A key is kept as codes of a byte, each of which stands for a few of its numbers (product
    quantization; Jégou et al., 2011), and brought to unit length again.

    Inputs: queries of unit length ``(n, parts · numbers)``, logits ``(n, 7)``. Output ``(n, 7)``.

    Args:
        counts: images of each label; codes are sorted by label.
        parts: codes of an image.
        numbers: that each stands for.
    """

    def __init__(
        self,
        counts: tuple[int, ...] | list[int],
        parts: int = PARTS,
        numbers: int = NUMBERS,
        reach: float = REACH,
        strength: float = STRENGTH,
        doubt: float = DOUBT,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.counts, self.parts, self.numbers = tuple(counts), parts, numbers
        self.reach, self.strength, self.doubt = reach, strength, doubt

    @property
    def multiply_adds(self) -> int:
        """Of comparing one face with all images."""
        return sum(self.counts) * self.parts * self.numbers

    def build(self, query_shape: Any, logits_shape: Any) -> None:
        """Make room for codes and centroids."""
        self.codes = self.add_weight(
            shape=(sum(self.counts), self.parts), dtype="uint8", initializer="zeros",
            trainable=False, name="codes",
        )  # fmt: skip
        self.centroids = self.add_weight(
            shape=(self.parts, CENTROIDS, self.numbers), initializer="zeros", trainable=False,
            name="centroids",
        )  # fmt: skip

    def call(self, query: Any, logits: Any, codes: Any = None) -> Any:
        """The logits ``(n, 7)`` with what was looked up; ``codes`` take the place of its own."""
        weights = ops.exp((query @ ops.transpose(self._keys(codes)) - 1.0) / self.reach)
        ends = np.cumsum((0, *self.counts)).tolist()
        sums = ops.stack(
            [ops.sum(weights[:, start:end], -1) for start, end in pairwise(ends)], -1
        )  # (n, 7)
        mass = ops.sum(sums, -1, keepdims=True)
        # Where nothing is alike (m near 0), m / (m + doubt) · k is still a number.
        known = (sums - mass * ops.softmax(logits)) / (mass + self.doubt)
        return logits + self.strength * known

    def compute_output_shape(self, query_shape: Any, logits_shape: Any) -> Any:
        """That of the logits."""
        return logits_shape

    def get_config(self) -> dict[str, Any]:
        """What makes the layer again."""
        names = ("counts", "parts", "numbers", "reach", "strength", "doubt")
        own = {name: getattr(self, name) for name in names}
        return super().get_config() | own

    def _keys(self, codes: Any) -> Any:
        """Unit keys ``(images, parts · numbers)``."""
        first = np.arange(self.parts, dtype=np.int32) * CENTROIDS
        which = ops.cast(self.codes if codes is None else codes, "int32") + first
        table = ops.reshape(self.centroids, (-1, self.numbers))
        keys = ops.reshape(ops.take(table, which, axis=0), (-1, self.parts * self.numbers))
        return keys / ops.sqrt(ops.sum(ops.square(keys), -1, keepdims=True))


def memory_of(model: keras.Model) -> Memory | None:
    """The network's memory, if it has one."""
    return next((one for one in model.layers if isinstance(one, Memory)), None)


def with_open_codes(model: keras.Model) -> keras.Model:
    """A network whose memory's codes are its second input: no exporter can work out the keys."""
    memory = memory_of(model)
    assert memory is not None
    codes = keras.Input(batch_shape=memory.codes.shape, dtype="uint8", name=ONNX_CODES)
    query, logits = memory.input
    probabilities = layers.Softmax(name="probabilities")(memory(query, logits, codes=codes))
    opened = keras.Model([model.input, codes], [probabilities, model.output[1]], name=model.name)
    opened([ops.zeros((1, *model.input.shape[1:])), memory.codes])  # uncalled, it has no exporter
    return opened
