"""Eight-bit integers inside ``model.onnx``: faster, smaller, and only if they cost next to nothing.

Needs the package ``onnx``, which serving does not; only ``python -m fer quantize`` comes here.
"""

import shutil
from collections.abc import Iterator
from contextlib import redirect_stdout
from dataclasses import asdict, dataclass
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from onnxruntime.quantization import (
    CalibrationDataReader,
    CalibrationMethod,
    QuantFormat,
    QuantType,
    quantize_static,
)
from onnxruntime.quantization.shape_inference import quant_pre_process

from fer.bundle import ONNX, QUANTIZATION, Bundle
from fer.data.folder import FolderDataset, LabelledImages
from fer.errors import UserError
from fer.evaluation.judging import judging_labels
from fer.evaluation.report import face_crops, predict, time_single_faces
from fer.files import written_whole
from fer.labels import NO_MAJORITY
from fer.ship.fold import OFFSETS
from fer.ship.open_codes import close_codes, open_codes
from fer.spec import ONNX_INPUT
from fer.vision.classify import Classifier

MAX_LOSS = 0.003
"""Accuracy on validation that eight bits may cost."""

MIN_GAIN = 1.5
"""How many times as fast a face must become."""

_IMAGES = 512
_BATCH = 64
_SEED = 0
_TURNS = 5
_OPERATORS = ("Conv", "Add", "Relu", "AveragePool")
_EXACT = ("squeeze", "excite", "memory")
"""In the names of operators that stay as they are: the gates, which see one pixel, and a memory."""
_ERROR = 3  # of ONNX Runtime's levels
_PERCENTILE = 99.99
"""Of the activations of each layer, what its range spans; the rest is cut off. Compared by how far
probabilities move on validation, on average: 0.0029 as it is here; 0.0034 with gates and products
quantized as well; 0.0035 with the whole range instead; 0.0043 with both."""


@dataclass(frozen=True)
class Quantization:
    """What `quantize` found, as ``quantization.json`` keeps it beside the model's SHA-256.

    Attributes:
        split: where accuracy was measured.
        n: images that it was measured on.
        accuracy_float: of the file before.
        accuracy_int8: of the file after.
        ms_float: median milliseconds a face before, one thread.
        ms_int8: median milliseconds a face after, measured in turns with the former.
        bytes_float: size of the file before.
        bytes_int8: size of the file after.
    """

    split: str
    n: int
    accuracy_float: float
    accuracy_int8: float
    ms_float: float
    ms_int8: float
    bytes_float: int
    bytes_int8: int

    @property
    def loss(self) -> float:
        """Accuracy that eight bits cost; negative where they gained some."""
        return self.accuracy_float - self.accuracy_int8

    @property
    def gain(self) -> float:
        """How many times as fast a face became."""
        return self.ms_float / self.ms_int8


class _Reader(CalibrationDataReader):
    def __init__(self, crops: NDArray[np.float32]) -> None:
        # All batches of one size, as the percentiles need them; a remainder is left out.
        size = min(_BATCH, len(crops))
        self._batches: Iterator[NDArray[np.float32]] = iter(
            crops[start : start + size] for start in range(0, len(crops) - size + 1, size)
        )

    def get_next(self) -> dict[str, Any] | None:
        batch = next(self._batches, None)
        return None if batch is None else {ONNX_INPUT: batch}


def quantize(
    bundle: str | Path | Bundle, data: str | Path | FolderDataset, split: str = "validation"
) -> Quantization:
    """Replace the bundle's ``model.onnx`` by one that computes in eight bits.

    Weights are quantized per channel to seven bits, which no processor lets overflow, and
    activations to eight, over the ranges of ``_IMAGES`` training images. The first convolution,
    the gates and the head stay as they are. ``python -m fer export`` undoes it.

    Args:
        bundle: with a ``model.onnx``.
        data: dataset with the split ``train`` and ``split``.
        split: where its cost is measured.

    Raises:
        UserError: if a file cannot be read or written, the file is quantized already, or it would
            cost more than `MAX_LOSS` or gain less than `MIN_GAIN`; it then stays as it was.
    """
    bundle, dataset = Bundle.open(bundle), FolderDataset.open(data)
    before = Classifier(bundle.folder, bundle.spec)
    path = bundle.path(ONNX)
    if any(node.op_type == "QuantizeLinear" for node in onnx.load(path).graph.node):
        raise UserError(
            f"{path} is quantized already; '{bundle.command(ONNX)}' writes it anew in floating "
            "point."
        )
    train, judged = dataset.load("train"), dataset.load(split)
    chosen = np.random.default_rng(_SEED).permutation(len(train))[:_IMAGES]
    with TemporaryDirectory() as folder:
        aside = Path(folder)
        _quantize_file(path, aside, face_crops(train.pixels[chosen], bundle.spec.input_size))
        after = Classifier(aside, bundle.spec)
        found = _compare(before, after, judged, (path, aside / ONNX), split)
        _require_worth(bundle, found)
        with written_whole(path) as part:
            shutil.copyfile(aside / ONNX, part)
    bundle.write(QUANTIZATION, asdict(found) | {"model_sha256": bundle.model_sha256})
    return found


def _compare(
    before: Classifier,
    after: Classifier,
    judged: LabelledImages,
    files: tuple[Path, Path],
    split: str,
) -> Quantization:
    """Accuracy, time and size of two classifiers, whose ``files`` are given in the same order."""
    targets, _ = judging_labels(judged, before.spec)
    counts = targets != NO_MAJORITY
    accuracy = [
        float((predict(model, judged.pixels).argmax(1) == targets)[counts].mean())
        for model in (before, after)
    ]
    times = [
        [np.median(time_single_faces(model, judged.pixels, runs=20)) for model in (before, after)]
        for _ in range(_TURNS)
    ]
    slow, fast = np.median(times, axis=0).tolist()
    return Quantization(
        split=split,
        n=int(counts.sum()),
        accuracy_float=accuracy[0],
        accuracy_int8=accuracy[1],
        ms_float=slow,
        ms_int8=fast,
        bytes_float=files[0].stat().st_size,
        bytes_int8=files[1].stat().st_size,
    )


def _quantize_file(path: Path, folder: Path, crops: NDArray[np.float32]) -> None:
    """Write the quantized ``path`` into ``folder``."""
    prepared, result = folder / "prepared.onnx", folder / ONNX
    shutil.copyfile(path, prepared)
    open_codes(prepared)
    onnxruntime.set_default_logger_severity(_ERROR)  # it warns of what `open_codes` does
    quant_pre_process(str(prepared), str(prepared), skip_symbolic_shape=True)
    nodes = onnx.load(prepared).graph.node
    convolutions = [node.name for node in nodes if node.op_type == "Conv"]
    exact = [node.name for node in nodes if any(part in node.name for part in _EXACT)]
    with redirect_stdout(StringIO()):  # it tells of its histograms
        quantize_static(
            str(prepared),
            str(result),
            _Reader(crops),
            quant_format=QuantFormat.QDQ,
            op_types_to_quantize=list(_OPERATORS),
            per_channel=True,
            # Without VNNI, processors add products of eight bits in sixteen, which can overflow.
            reduce_range=True,
            calibrate_method=CalibrationMethod.Percentile,
            extra_options={"CalibPercentile": _PERCENTILE},
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            # Offsets must stay as they are, or the next calibration would not find them.
            nodes_to_exclude=[convolutions[0], convolutions[-1], *exact, OFFSETS],
        )
    prepared.unlink()
    close_codes(result)


def _require_worth(bundle: Bundle, found: Quantization) -> None:
    if found.loss > MAX_LOSS or found.gain < MIN_GAIN:
        raise UserError(
            f"Eight bits would cost {bundle} {100 * found.loss:.2f} points of accuracy (at most "
            f"{100 * MAX_LOSS:.1f}) and make it {found.gain:.2f} times as fast (at least "
            f"{MIN_GAIN}), so {ONNX} stays as it was."
        )
