"""How much of an accuracy is memorisation: by how near an image of training comes.

Run from the repository root: ``python -m benchmarks.nearness --data data/fer2013``; a minute. The
images of a split are put into classes by their nearest training image; for each class the table
``docs/nearness.md`` has the share whose nearest training image bears the same label, and the
accuracy of every shipped bundle that is judged by original labels.

Nearness is the correlation of two images made small (24 × 24) and smooth, or of one with the
mirror image of the other. It is a coarser measure than that of `fer.data.duplicates`, made to see
other takes of one scene as well as copies.
"""

import argparse
import sys
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from fer.bundle import list_bundles
from fer.data.folder import FolderDataset, LabelledImages
from fer.evaluation.markdown import table
from fer.evaluation.report import predict
from fer.vision.classify import Classifier
from fer.wording import ABSENT, percent

RESULT = Path(__file__).resolve().parent.parent / "docs" / "nearness.md"
CLASSES = (
    ("a copy, or nearly (0.98 and more)", 0.98),
    ("hardly changed (0.90 to 0.98)", 0.90),
    ("much alike (0.80 to 0.90)", 0.80),
    ("nothing near (less than 0.80)", -1.0),
)

Floats = NDArray[np.float32]


def nearest(
    pixels: NDArray[np.uint8], train: NDArray[np.uint8], batch: int = 512
) -> tuple[NDArray[np.int64], Floats]:
    """Index of the nearest training image ``(n,)`` and its nearness -1..1 ``(n,)``."""
    known = np.concatenate([_signatures(train), _signatures(train[:, :, ::-1])])
    indices, values = [], []
    for start in range(0, len(pixels), batch):
        similarity = _signatures(pixels[start : start + batch]) @ known.T
        best = similarity.argmax(axis=1)
        indices.append(best % len(train))
        values.append(similarity[np.arange(len(best)), best])
    return np.concatenate(indices), np.concatenate(values)


def class_of(nearness: Floats) -> NDArray[np.int64]:
    """Index into ``CLASSES`` for each nearness."""
    lowest = np.array([value for _, value in CLASSES])
    return (nearness[:, None] < lowest).sum(axis=1)


def nearness_table(
    images: LabelledImages, train: LabelledImages, answers: dict[str, NDArray[np.int64]]
) -> str:
    """The Markdown table: a row a class, and one of all images.

    Args:
        images: the split that is judged.
        train: the training split.
        answers: name of a bundle → its labels ``(n,)``.
    """
    index, nearness = nearest(images.pixels, train.pixels)
    right = {"nearest training image": train.targets[index] == images.targets}
    right |= {f"`{name}`": labels == images.targets for name, labels in answers.items()}
    classes = class_of(nearness)
    rows = [
        [title, *_row(classes == number, list(right.values()))]
        for number, (title, _) in enumerate(CLASSES)
    ]
    rows.append(["all", *_row(np.ones(len(images), bool), list(right.values()))])
    return table(["Nearest training image", "Images", "Share", *right], rows)


def main(arguments: list[str] | None = None) -> int:
    """Measure and write ``docs/nearness.md``."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.nearness", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="dataset folder")
    parser.add_argument("--split", default="validation", help="the split that is judged")
    options = parser.parse_args(arguments)
    dataset = FolderDataset.open(options.data)
    images, train = dataset.load(options.split), dataset.load("train")
    answers = {}
    for bundle in list_bundles():
        if bundle.spec.judged_by == "original":
            probs = predict(Classifier(bundle), images.pixels)
            answers[bundle.name] = probs.argmax(axis=1)
    text = (
        "# How much of the accuracy is memorisation\n\n"
        "Written by `python -m benchmarks.nearness --data data/fer2013`, whose first lines tell "
        f"how nearness is measured. Images of the split {options.split} by their nearest training "
        "image; the columns are accuracies against the original "
        "labels. *Nearest training image* answers with that image's "
        "label.\n\n" + nearness_table(images, train, answers) + "\n"
    )
    RESULT.write_text(text, encoding="utf-8")
    print(text)
    return 0


def _signatures(pixels: NDArray[np.uint8]) -> Floats:
    """Unit vectors ``(n, 576)`` whose products are the correlations."""
    small = [
        cv2.resize(cv2.GaussianBlur(image, (0, 0), 1.0), (24, 24), interpolation=cv2.INTER_AREA)
        for image in pixels
    ]
    vectors = np.array(small, np.float32).reshape(len(pixels), -1)
    vectors -= vectors.mean(axis=1, keepdims=True)
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-3)


def _row(chosen: NDArray[np.bool_], right: list[NDArray[np.bool_]]) -> list[str]:
    shares = [percent(each[chosen].mean(), 1) if chosen.any() else ABSENT for each in right]
    return [f"{chosen.sum():,}", percent(chosen.mean()), *shares]


if __name__ == "__main__":
    sys.exit(main())
