"""From ``model.keras`` to ``model.onnx``, and the proof that both give the same answer."""

import warnings
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import keras
import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray

from fer.bundle import KERAS, ONNX, QUANTIZATION, Bundle
from fer.data.folder import FolderDataset
from fer.errors import UserError, reason_of
from fer.files import written_whole
from fer.paths import ASTRONAUT
from fer.pixels import resize_square
from fer.ship.open_codes import close_codes
from fer.spec import NO_OFFSETS, ONNX_INPUT, ONNX_MAPS, ONNX_PROBABILITIES, ModelSpec
from fer.training.architecture import count_multiply_adds
from fer.training.keras_file import load_keras
from fer.training.memory import memory_of, with_open_codes
from fer.vision.plain import require_plain

TOLERANCE = 1e-4
"""Largest difference between the two files that is put down to rounding."""


@dataclass(frozen=True)
class Parity:
    """Largest differences between Keras and ONNX Runtime on one batch; of large maps relative."""

    probabilities: float
    activation_maps: float
    images: int


def export(bundle: str | Path | Bundle, faces: NDArray[np.uint8], mirror: bool = False) -> Parity:
    """Write the bundle's ``model.onnx`` and note its opset in ``spec.json``.

    Temperature, offsets and threshold are undone: ``calibrate`` fits them to the file that is
    shipped.

    Args:
        bundle: with ``model.keras`` and ``spec.json``.
        faces: ``(n, size, size)`` uint8, the real images that both files must agree on.
        mirror: test-time augmentation: whoever runs the file shall ask it about a face and about
            its mirror image; more accurate, and twice the work.

    Raises:
        UserError: if ``model.keras`` is missing or damaged, ``model.onnx`` cannot be written, is
            not plain (`fer.vision.plain`), or the two differ by more than ``TOLERANCE``; an older
            ``model.onnx`` then stays as it was.
    """
    bundle = Bundle.open(bundle)
    spec, model = bundle.spec, load_keras(bundle)
    views, work = (2 if mirror else 1), count_multiply_adds(model)
    pixels = faces[..., None].astype(np.float32)
    expected = [np.asarray(output) for output in model(pixels, training=False)]
    with written_whole(bundle.path(ONNX)) as aside:
        opset = _write_onnx(model, aside, bundle)
        _require_plain(aside, bundle)
        parity = _require_parity(aside, pixels, expected, bundle)
    bundle.forget(QUANTIZATION)  # it told of the file before
    bundle.write_spec(
        replace(
            spec,
            opset=opset,
            temperature=1.0,
            offsets=NO_OFFSETS,
            unsure_below=ModelSpec.unsure_below,
            views=views,
            multiply_adds=views * work,
        )
    )
    return parity


def validation_faces(
    data: str | Path | FolderDataset, size: int, count: int = 64
) -> NDArray[np.uint8]:
    """The first ``count`` validation images, ``(n, size, size)`` uint8."""
    faces = FolderDataset.open(data).load("validation").pixels[:count]
    return np.stack([resize_square(face, size) for face in faces])


def example_faces(size: int, count: int = 64) -> NDArray[np.uint8]:
    """Square cut-outs of the example photograph, ``(count, size, size)`` uint8.

    Their places and sides are fixed: the same batch at every call.

    Raises:
        UserError: if the example photograph is missing.
    """
    photo = cv2.imread(str(ASTRONAUT), cv2.IMREAD_GRAYSCALE)
    if photo is None:
        raise UserError(f"{ASTRONAUT} is missing; name a dataset with --data instead.")
    random = np.random.default_rng(0)
    cuts, most = [], min(photo.shape) // 2
    for _ in range(count):
        side = int(random.integers(min(size, most // 2), most))
        top, left = (int(random.integers(0, length - side)) for length in photo.shape)
        cut = np.asarray(photo[top : top + side, left : left + side], np.uint8)
        cuts.append(resize_square(cut, size))
    return np.stack(cuts)


def _write_onnx(model: keras.Model, path: Path, bundle: Bundle) -> int:
    """Export a network under the names of the contract; return the opset."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # NumPy's, about tf2onnx
            _export(model, path)
        return _rename(path)
    except OSError:
        raise
    except Exception as error:  # of Keras, tf2onnx or onnx, without a common class
        raise UserError(
            f"{bundle.path(KERAS)} does something that ONNX cannot express: {reason_of(error)}."
        ) from error


def _export(model: keras.Model, path: Path) -> None:
    memory = memory_of(model)
    if memory is None:
        model.export(path, format="onnx", verbose=False)
        return
    with_open_codes(model).export(path, format="onnx", verbose=False)
    close_codes(path, np.asarray(memory.codes))


def _require_plain(path: Path, bundle: Bundle) -> None:
    try:
        require_plain(path.read_bytes())
    except ValueError as error:
        raise UserError(
            f"{bundle.path(KERAS)} becomes a file that {error}; put a plain layer in its place."
        ) from error


def _rename(path: Path) -> int:
    """Give the outputs of an exported file their names of the contract; return the opset."""
    model = onnx.load(path)
    names = {model.graph.input[0].name: ONNX_INPUT}
    names |= {
        output.name: name
        for output, name in zip(model.graph.output, (ONNX_PROBABILITIES, ONNX_MAPS), strict=True)
    }
    for value in (*model.graph.input, *model.graph.output):
        value.name = names[value.name]
    for node in model.graph.node:
        node.input[:] = [names.get(name, name) for name in node.input]
        node.output[:] = [names.get(name, name) for name in node.output]
    model.graph.input[0].type.tensor_type.shape.dim[0].dim_param = "n"
    onnx.checker.check_model(model)
    onnx.save(model, path)
    return next(entry.version for entry in model.opset_import if not entry.domain)


def _require_parity(
    path: Path, pixels: NDArray[np.float32], expected: list[NDArray[Any]], bundle: Bundle
) -> Parity:
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    probabilities, maps = session.run([ONNX_PROBABILITIES, ONNX_MAPS], {ONNX_INPUT: pixels})
    parity = Parity(
        probabilities=float(np.abs(probabilities - expected[0]).max()),
        # Maps have no range of their own: beyond 1 their rounding grows with them.
        activation_maps=float((np.abs(maps - expected[1]) / np.maximum(1, abs(expected[1]))).max()),
        images=len(pixels),
    )
    worst = max(parity.probabilities, parity.activation_maps)
    if not worst <= TOLERANCE:  # not a number counts as a difference
        raise UserError(
            f"{ONNX} and {KERAS} of {bundle} differ by {worst:.1e} on "
            f"{parity.images} images (at most {TOLERANCE:.0e} is rounding), "
            f"so {ONNX} was not written."
        )
    return parity
