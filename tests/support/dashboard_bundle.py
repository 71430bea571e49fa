"""A dataset folder and bundles for the dashboard's tests: written by the project's own functions.

Only the probabilities are made up: right about seven times in ten, with every kind of mistake.
"""

import shutil
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from fer.bundle import HISTORY, TRAIN, Bundle
from fer.data.audit import audit_dataset
from fer.data.folder import FolderDataset
from fer.data.label_errors import doubt_labels, write_label_errors
from fer.evaluation import report
from fer.evaluation.results import measure
from fer.files import write_json
from fer.labels import LABELS
from tests.support.bundles import write_toy_bundle

PER_CLASS = 6
VOTE_HEADER = "row,neutral,happiness,surprise,sadness,anger,disgust,fear,contempt,unknown,NF"


def write_dataset(folder: Path, splits: tuple[str, ...] = ("train", "validation")) -> Path:
    """A small dataset with a copy across splits under another label, and a blank image."""
    generator = np.random.default_rng(5)
    row, votes = 0, []
    for split in splits:
        for index, label in enumerate(LABELS):
            target = folder / "images" / split / label
            target.mkdir(parents=True)
            for _ in range(PER_CLASS):
                face = cv2.resize(generator.integers(0, 256, (6, 6), np.uint8), (48, 48))
                cv2.imwrite(str(target / f"{row:05d}.png"), face)
                votes.append(_votes(generator, row, index))
                row += 1
    images = folder / "images"
    shutil.copy(images / "train/angry/00000.png", images / splits[-1] / "happy" / f"{row:05d}.png")
    votes.append(_votes(generator, row, 3))
    cv2.imwrite(str(images / "train/sad" / f"{row + 1:05d}.png"), np.zeros((48, 48), np.uint8))
    votes.append(_votes(generator, row + 1, 4))
    (folder / "ferplus.csv").write_text("\n".join([VOTE_HEADER, *votes]) + "\n")
    return folder


def _votes(generator: np.random.Generator, row: int, index: int) -> str:
    """Ten votes of which most, but not always all, go to the label ``index``."""
    counts = np.zeros(10, int)
    counts[(4, 5, 6, 1, 3, 2, 0)[index]] += 5 + generator.integers(6)
    np.add.at(counts, generator.integers(0, 10, 10 - counts.sum()), 1)
    return ",".join(map(str, [row, *counts]))


def write_bundle(
    weights: Path, data: Path, name: str = "fer", seed: int = 0, judged_by: str = "original"
) -> Path:
    """A bundle with every file that the dashboard reads, over the images of ``data``."""
    bundle = write_toy_bundle(weights, name, seed)
    title = "consensus of ten" if judged_by == "ferplus" else "original labels"
    spec = replace(
        Bundle(bundle).spec,
        title=title,
        judged_by=judged_by,
        multiply_adds=42_000_000,
        unsure_below=0.6,
    )
    Bundle(bundle).write_spec(spec)
    generator = np.random.default_rng(seed)
    dataset = FolderDataset.open(data)
    for split in (name for name in dataset.splits if name != "train"):
        images = dataset.load(split)
        probs = made_up(images.targets, generator)
        copies = report.in_train(dataset, split, images)
        milliseconds = generator.normal(3.5, 0.1, 50)
        identity = {
            "split": split,
            "weights": name,
            "model_sha256": Bundle(bundle).model_sha256,
            "dataset_sha256": report.dataset_sha256(images),
        }
        measured = measure(probs, images, copies, spec, milliseconds)
        table = report.predictions_table(split, images, probs)
        report.save(Bundle(bundle), report.Evaluation(identity | measured, table))
    write_json(weights / f"{dataset.name}.audit.json", audit_dataset(dataset).as_json())
    write_label_errors(Bundle(bundle), doubt_labels(dataset, Bundle(bundle)))
    write_training(bundle, generator, dataset.name)
    return bundle


def made_up(targets: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Probabilities ``(n, 7)`` float32 that are right about seven times in ten."""
    logits = generator.normal(size=(len(targets), len(LABELS))) * 1.4
    logits[np.arange(len(targets)), targets] += 2.6
    exponents = np.exp(logits - logits.max(axis=1, keepdims=True))
    return (exponents / exponents.sum(axis=1, keepdims=True)).astype(np.float32)


def write_training(
    bundle: Path, generator: np.random.Generator, dataset: str = "data", epochs: int = 40
) -> None:
    """``history.csv`` and ``train.json`` of a run that went well."""
    lines = [
        "epoch,image_size,learning_rate,train_loss,train_accuracy,"
        "validation_loss,validation_accuracy,validation_macro_f1,seconds"
    ]
    for epoch in range(1, epochs + 1):
        done = epoch / epochs
        size = 32 if done < 0.35 else 40 if done < 0.65 else 48
        accuracy = 0.72 - 0.47 * np.exp(-4 * done) + generator.normal() * 0.004
        lines.append(
            f"{epoch},{size},{0.05 * (1 + np.cos(np.pi * done)):.5f},{1.9 - 1.1 * done:.4f},"
            f"{accuracy - 0.03 + 0.05 * done:.4f},{1.8 - 0.9 * done + 0.2 * done**2:.4f},"
            f"{accuracy:.4f},{accuracy - 0.02:.4f},{30 + size:.1f}"
        )
    (bundle / HISTORY).write_text("\n".join(lines) + "\n")
    write_json(
        bundle / TRAIN,
        {
            "dataset": dataset,
            "config": {"epochs": epochs, "batch_size": 128, "augmentation": {"rotation": 15.0}},
            "epochs_done": epochs,
            "best_epoch": epochs - 2,
            "duration_seconds": 3123.0,
            "versions": {"python": "3.11"},
            "source_commit": "0123abcd",
            "machine": {"processor": "test", "threads": 2},
        },
    )
