"""What the network does not know of its training images, looked up: `fer remember`."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import keras
import numpy as np
from keras import layers
from numpy.typing import NDArray
from scipy.linalg import eigh

from fer.bundle import HISTORY, TRAIN, Bundle
from fer.data.face_image import is_blank
from fer.data.folder import FolderDataset
from fer.errors import UserError
from fer.evaluation.judging import judging_labels
from fer.evaluation.report import face_crops
from fer.files import written_whole
from fer.labels import LABELS, NO_MAJORITY
from fer.training.architecture import count_multiply_adds
from fer.training.average import settings_of
from fer.training.codes import CENTROIDS, quantize
from fer.training.keras_file import load_keras, save_keras
from fer.training.memory import MEMORY, NUMBERS, PARTS, Memory, memory_of
from fer.training.narrow import last_stage, narrow
from fer.training.views import View, spoilt_views

_CELLS = 3  # a side, in which the features are averaged
_SPOILT = 2  # views of each face besides it and its mirror image
_WATCHED = 4096  # faces that tell which channels of the last stage matter
_RIDGE = 0.1
"""Of the mean variance within a face, added to that of every direction."""
_BATCH = 512
_SEED = 0

Floats = NDArray[np.float32]


def remember(
    bundle: str | Path | Bundle, data: str | Path | FolderDataset, out: Path, rank: int = 0
) -> keras.Model:
    """Write the bundle ``out``: that network with a memory of the training images of ``data``.

    Args:
        bundle: made by `fer train` or `fer average`.
        data: dataset with the split ``train``.
        out: folder of the new bundle.
        rank: to narrow the last stage to (`fer.training.narrow`), which makes room for the
            memory; 0 for not at all.

    Raises:
        UserError: if a file cannot be read or written, the network is none that was trained here
            or has a memory already, or there are too few images.
    """
    bundle = Bundle.open(bundle)
    images, spec = FolderDataset.open(data).load("train"), bundle.spec
    made, history = bundle.read(TRAIN), bundle.require(HISTORY)
    model = load_keras(bundle)
    if memory_of(model) is not None:
        raise UserError(f"{bundle} has a memory already; name the bundle that it was made of.")
    if not last_stage(model):
        raise UserError(f"{bundle} is no network of 'fer train', so its last stage is unknown.")
    targets, _ = judging_labels(images, spec)
    known = (targets != NO_MAJORITY) & ~is_blank(images.pixels)
    if known.sum() < CENTROIDS:
        raise UserError(
            f"A memory needs at least {CENTROIDS} training images with a label; {data} has "
            f"{known.sum()}."
        )
    faces = face_crops(images.pixels[known], spec.input_size)
    spoilt = spoilt_views(settings_of(made, bundle), _SPOILT, strength=1.0)
    if rank:
        some = np.random.default_rng(_SEED).permutation(len(faces))[:_WATCHED]
        model = narrow(model, rank, spoilt[0](faces[some], 0))
    views = [_as_it_is, _mirrored, *spoilt]
    model = with_memory(model, faces, targets[known], views)
    result = Bundle(out)
    save_keras(model, result)
    with written_whole(result.path(HISTORY)) as aside:
        shutil.copyfile(history, aside)
    result.write_spec(
        replace(
            spec,
            name=result.name,
            parameters=model.count_params(),
            multiply_adds=count_multiply_adds(model),
        )
    )
    about = {"of": str(bundle), "images": len(faces), "bytes": PARTS, "rank": rank}
    result.write(TRAIN, made | {"memory": about})
    return model


def with_memory(
    model: keras.Model,
    faces: NDArray[np.float32],
    targets: NDArray[np.int64],
    views: Sequence[View],
) -> keras.Model:
    """The network with a memory of ``faces``.

    The query is made of what the last stage is given, averaged in 3×3 cells: the directions in
    which faces differ most, against how far apart the views of one face are (Fisher's
    discriminant, of faces in the place of classes), at unit length. A key is the mean of the
    queries of all views of a face.

    Args:
        model: of `fer.training.architecture`, without a memory.
        faces: ``(n, size, size, 1)`` grey values 0..255, at least 256.
        targets: ``(n,)`` indices into ``LABELS``.
        views: two or more ways to see the faces, each of which gives as many.
    """
    order = np.argsort(targets, kind="stable")
    counts = np.bincount(targets, minlength=len(LABELS)).tolist()
    features = _features(model)
    seen = [_answers(features, faces[order], view) for view in views]
    axes = _axes(seen, PARTS * NUMBERS)
    keys = quantize(_unit(np.sum([_unit(axes(view)) for view in seen], axis=0)), PARTS)

    dense = layers.Dense(PARTS * NUMBERS, name=f"{MEMORY}_query")
    query = layers.UnitNormalization(name=f"{MEMORY}_unit")(dense(features.output))
    memory = Memory(counts, name=MEMORY)
    logits = memory(query, model.get_layer("logits").output)
    kernel = axes.kernel @ keys.turn
    dense.set_weights([kernel, -axes.mean @ kernel])
    memory.set_weights([keys.codes, keys.centroids])
    probabilities = layers.Softmax(name="probabilities")(logits)
    return keras.Model(model.input, [probabilities, model.output[1]], name=model.name)


def _as_it_is(faces: Floats, _: int) -> Floats:
    return faces


def _mirrored(faces: Floats, _: int) -> Floats:
    return faces[:, :, ::-1]


def _features(model: keras.Model) -> keras.Model:
    """From pixels to what the last stage is given, averaged in cells, ``(n, numbers)``."""
    given = last_stage(model)[0].input
    pool = layers.AveragePooling2D(given.shape[1] // _CELLS, name=f"{MEMORY}_cells")
    return keras.Model(model.input, layers.Flatten(name=f"{MEMORY}_features")(pool(given)))


def _answers(features: keras.Model, faces: NDArray[np.float32], view: View) -> Floats:
    """The features of one view of the faces, ``(n, numbers)``."""
    parts = [
        features(view(faces[start : start + _BATCH], start), training=False)
        for start in range(0, len(faces), _BATCH)
    ]
    return np.concatenate([np.asarray(part) for part in parts])


@dataclass(frozen=True)
class _Axes:
    """``mean`` ``(numbers,)`` and ``kernel`` ``(numbers, axes)`` of a projection."""

    mean: Floats
    kernel: Floats

    def __call__(self, features: Floats) -> Floats:
        found: Floats = np.matmul(features - self.mean, self.kernel, dtype=np.float32)
        return found


def _axes(views: Sequence[Floats], count: int) -> _Axes:
    """The ``count`` directions in which faces differ most, against the views of one face."""
    faces: Floats = np.mean(views, axis=0)
    mean: Floats = faces.mean(axis=0)
    within = np.mean([_scatter(view - faces) for view in views], axis=0)
    within += _RIDGE * np.trace(within) / len(within) * np.eye(len(within))
    directions = eigh(_scatter(faces - mean), within)[1][:, ::-1]  # of unit variance within
    return _Axes(mean, directions[:, :count].astype(np.float32))


def _scatter(deviations: Floats) -> NDArray[np.float64]:
    return (deviations.T @ deviations).astype(np.float64) / len(deviations)


def _unit(vectors: Floats) -> Floats:
    lengths: Floats = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / lengths
