"""Evaluation of a bundle: its ONNX file on one split, through the code that users run.

`evaluate` answers with data; `save` writes it into the bundle, other splits kept. Every
entry carries the SHA-256 of the model file and of the images it was measured on, so that
`stale_splits` finds figures that belong to other weights.
"""

import hashlib
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from tqdm import tqdm

from fer.bundle import METRICS, ONNX, PREDICTIONS, Bundle
from fer.data.copies import also_in
from fer.data.folder import FolderDataset, LabelledImages
from fer.errors import UserError
from fer.evaluation.judging import clear_majority, winning_share
from fer.evaluation.results import measure
from fer.evaluation.speed import times_of
from fer.files import written_whole
from fer.labels import LABELS
from fer.predictions import read_predictions_table
from fer.vision.classify import Classifier
from fer.vision.framing import crop_faces

TRAIN_SPLIT = "train"
_BATCH = 16  # small batches stay in the cache: a quarter faster than 256


@dataclass(frozen=True)
class Evaluation:
    """One split's answer.

    Attributes:
        metrics: the split's `fer.evaluation.results.SplitMetrics`.
        predictions: one row an image: ``split, row, file, label``, seven float32 columns
            named by ``LABELS``, then ``ferplus`` (the clear FER+ majority, or missing) and
            ``agreement`` (share of votes for the most voted column, NaN without votes).
    """

    metrics: dict[str, Any]
    predictions: pd.DataFrame


def evaluate(
    bundle: Bundle | str | Path, data: FolderDataset | str | Path, split: str
) -> Evaluation:
    """Run the bundle's ``model.onnx`` on every image of ``split``.

    Raises:
        UserError: if the model, the dataset or the split cannot be read.
    """
    bundle, data = Bundle.open(bundle), FolderDataset.open(data)
    images, spec = data.load(split), bundle.spec
    classifier = Classifier(bundle)
    probs = predict(classifier, images.pixels)
    identity = {
        "split": split,
        "weights": spec.name,
        "model_sha256": bundle.model_sha256,
        "dataset_sha256": dataset_sha256(images),
    }
    milliseconds = time_single_faces(classifier, images.pixels)
    measured = measure(probs, images, in_train(data, split, images), spec, milliseconds)
    return Evaluation(identity | measured, predictions_table(split, images, probs))


def predict(
    classifier: Classifier, pixels: NDArray[np.uint8], bar: bool = True
) -> NDArray[np.float32]:
    """Probabilities ``(n, 7)`` of grey images ``(n, 48, 48)``; with ``bar``, progress is shown.

    Raises:
        UserError: if the model's answers are not probabilities.
    """
    size, starts = classifier.spec.input_size, range(0, len(pixels), _BATCH)
    if bar:
        starts = tqdm(starts, desc="Classifying", unit="batch", disable=None)
    answers = [classifier(face_crops(pixels[i : i + _BATCH], size))[0] for i in starts]
    probs = np.concatenate(answers)
    if not np.allclose(probs.sum(axis=1), 1.0, atol=1e-3):  # NaN fails as well
        raise UserError(
            f"{ONNX} of '{classifier.spec.name}' does not answer with probabilities; "
            "'python -m fer export' writes it anew."
        )
    return probs


def in_train(data: FolderDataset, split: str, images: LabelledImages) -> NDArray[np.bool_] | None:
    """Which images also stand in the training split, pixel by pixel, ``(n,)``.

    ``None`` if the dataset has no readable training split, or ``split`` is that split itself.
    """
    if split == TRAIN_SPLIT or TRAIN_SPLIT not in data.splits:
        return None
    try:
        train = data.load(TRAIN_SPLIT)
    except UserError:  # an empty or damaged one must not keep another split from its figures
        return None
    return also_in(images.pixels, train.pixels)


def time_single_faces(
    classifier: Classifier, pixels: NDArray[np.uint8], runs: int = 200
) -> NDArray[np.float64]:
    """Milliseconds of ``runs`` runs on one 48×48 face each, after twenty to warm up.

    Wall clock, one thread, the network alone: no detection, no cropping, no activation maps.
    A live view adds those. Only an otherwise idle machine gives figures worth quoting.
    """
    crops = cycle(face_crops(pixels[:runs], classifier.spec.input_size))
    return times_of(lambda: classifier(next(crops)[None]), runs, warm_up=20)


def predictions_table(
    split: str, images: LabelledImages, probs: NDArray[np.float32]
) -> pd.DataFrame:
    """The rows of ``predictions.parquet``; see `Evaluation`."""
    names = np.array([*LABELS, None], object)  # NO_MAJORITY is -1: the last one
    return pd.DataFrame(
        {
            "split": split,
            "row": images.rows,
            # Tables hold UTF-8 only; a name that is none stands there in escapes.
            "file": [name.encode(errors="backslashreplace").decode() for name in images.files],
            "label": names[images.targets],
            **{label: probs[:, i].astype(np.float32) for i, label in enumerate(LABELS)},
            "ferplus": pd.array(names[clear_majority(images)], dtype="str"),
            "agreement": winning_share(images).astype(np.float32),
        }
    )


def save(bundle: Bundle, evaluation: Evaluation) -> None:
    """Write the split into ``metrics.json`` and ``predictions.parquet``; other splits are kept.

    A damaged file is written anew, with this split only.

    Raises:
        UserError: if the bundle's folder cannot be written.
    """
    split, path = evaluation.metrics["split"], bundle.path(PREDICTIONS)
    kept_rows = _kept_predictions(path, split, bundle.command(PREDICTIONS))
    table = pd.concat([*kept_rows, evaluation.predictions], ignore_index=True)
    with written_whole(path) as aside:
        table.to_parquet(aside, index=False, compression="zstd")
    entries = bundle.read_or_empty(METRICS)
    kept = {name: entries[name] for name in bundle.measured_splits}
    bundle.write(METRICS, kept | {split: evaluation.metrics})


def stale_splits(bundle: Bundle) -> tuple[str, ...]:
    """The splits whose figures were measured on another ``model.onnx`` than the one at hand."""
    current = bundle.current(METRICS)
    return tuple(split for split in bundle.measured_splits if split not in current)


def dataset_sha256(images: LabelledImages) -> str:
    """SHA-256 over the rows, labels and pixels of a split in order of rows, in hexadecimal."""
    digest = hashlib.sha256()
    for array in (images.rows, images.targets, images.pixels):
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


def face_crops(pixels: NDArray[np.uint8], size: int) -> NDArray[np.float32]:
    """Whole images as the classifier takes them, ``(n, size, size, 1)``, by the app's own code."""
    whole = np.array([[0, 0, pixels.shape[2], pixels.shape[1]]], np.int32)
    return np.concatenate([crop_faces(image, whole, size) for image in pixels])


def _kept_predictions(path: Path, split: str, command: str) -> list[pd.DataFrame]:
    try:
        table = read_predictions_table(path, command)
    except UserError:
        return []
    return [table[table["split"] != split]]
