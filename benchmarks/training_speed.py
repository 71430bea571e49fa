"""Images per second in training: this project's loop against the same network in stock Keras.

Run from the repository root: ``python -m benchmarks.training_speed``. Both are measured in one
process in turns, so that a machine that slows down slows both; the result goes to
``docs/training-speed.json``.
"""

import json
import statistics
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np

from fer.files import write_json
from fer.training.architecture import LABEL_HEAD, build_classifier, count_multiply_adds
from fer.training.config import TrainConfig
from fer.training.loop import Trainer
from fer.training.provenance import best_precision, machine, package_versions
from fer.training.targets import TrainingSet

RESULT = Path(__file__).resolve().parent.parent / "docs" / "training-speed.json"
IMAGES = 1280
ROUNDS = 3


def random_images(count: int) -> TrainingSet:
    """Noise: the time of a step does not depend on what is in the images."""
    random = np.random.default_rng(0)
    labels = np.eye(7, dtype=np.float32)[random.integers(0, 7, count)]
    pixels = random.integers(0, 256, (count, 48, 48, 1)).astype(np.uint8)
    return TrainingSet(pixels, labels, labels)


def measure() -> dict[str, object]:
    """Median images per second of both, over ``ROUNDS`` rounds in turns after a warm-up."""
    config = replace(TrainConfig(), epochs=1, sizes=((0.0, 48),))
    images = random_images(IMAGES)
    trainers = {
        "ours": Trainer(config, images),
        "stock": Trainer(
            replace(config, precision="float32"), images, keras.layers.BatchNormalization
        ),
    }
    rates: dict[str, list[float]] = {name: [] for name in trainers}
    for turn in range(ROUNDS + 1):
        for name, trainer in trainers.items():
            rate = IMAGES / trainer.run_epoch(0).seconds
            if turn:  # the first turn compiles
                rates[name].append(rate)
    medians = {name: statistics.median(values) for name, values in rates.items()}
    network = build_classifier(config.architecture, LABEL_HEAD, 48)
    return {
        "images_per_second": {name: round(value, 1) for name, value in medians.items()},
        "ratio": round(medians["ours"] / medians["stock"], 2),
        "ours": f"fused batch normalisation, {best_precision()}",
        "stock": "keras.layers.BatchNormalization, float32",
        "image_size": 48,
        "batch_size": config.batch_size,
        "multiply_adds": count_multiply_adds(network),
        "versions": package_versions(),
        "machine": machine(),
    }


if __name__ == "__main__":
    result = measure()
    write_json(RESULT, result)
    print(json.dumps(result, indent=2))
