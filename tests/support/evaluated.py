"""Small datasets of noise, and `python -m fer evaluate` on them."""

import cv2
import numpy as np

from fer.cli import main
from fer.labels import LABELS


def write_images(data, split, count, seed):
    random = np.random.default_rng(seed)
    for row in range(count):
        folder = data / "images" / split / LABELS[row % 7]
        folder.mkdir(parents=True, exist_ok=True)
        image = random.integers(0, 256, (48, 48), np.uint8)
        assert cv2.imwrite(str(folder / f"{1000 * seed + row:05d}.png"), image)
    return data


def run_evaluate(bundle, data, split, *options):
    arguments = ["evaluate", "--data", data, "--split", split, "--weights", bundle, *options]
    return main([str(argument) for argument in arguments])
