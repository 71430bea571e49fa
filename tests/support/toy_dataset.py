"""A small folder dataset whose seven labels can be told apart: bars at seven angles."""

from pathlib import Path

import cv2
import numpy as np

from fer.data.ferplus import VOTE_COLUMNS
from fer.labels import LABELS

_VOTE_OF_LABEL = ("anger", "disgust", "fear", "happiness", "sadness", "surprise", "neutral")


def toy_face(label: int, random: np.random.Generator) -> np.ndarray:
    """``(48, 48)`` uint8: stripes whose period tells the label, with noise."""
    x = np.arange(48)[None, :] + random.uniform(0, 48)
    period = 3.0 + 2.5 * label
    stripes = 128 + 90 * np.sin(2 * np.pi * x / period) + np.zeros((48, 1))
    return np.clip(stripes + random.normal(0, 12, (48, 48)), 0, 255).astype(np.uint8)


def write_toy_dataset(
    folder: Path, train: int = 20, validation: int = 6, *, votes: bool = True, seed: int = 0
) -> Path:
    """``train`` and ``validation`` images a label; rows are numbered as in Kaggle's file."""
    random = np.random.default_rng(seed)
    row = 0
    table = [",".join(("row", *VOTE_COLUMNS))]
    for split, count in (("train", train), ("validation", validation)):
        for index in range(count * len(LABELS)):
            label = index % len(LABELS)
            path = folder / "images" / split / LABELS[label] / f"{row}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(path), toy_face(label, random))
            cast = dict.fromkeys(VOTE_COLUMNS, 0) | {_VOTE_OF_LABEL[label]: 10}
            table.append(",".join(str(value) for value in (row, *cast.values())))
            row += 1
    if votes:
        (folder / "ferplus.csv").write_text("\n".join(table) + "\n", encoding="utf-8")
    return folder
