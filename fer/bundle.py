"""The bundle: the folder ``weights/<name>/``, the contract between training and everything else.

================== =========================================== ==========================
file               holds                                       rewritten by
================== =========================================== ==========================
model.keras        the averaged weights, stock Keras layers    ``python -m fer train``
model.onnx         what is served: probabilities and maps      ``python -m fer export``
spec.json          `ModelSpec`: what the weights require        ``train`` and ``calibrate``
calibration.json   how probabilities were calibrated           ``python -m fer calibrate``
train.json         how they were made                          ``python -m fer train``
history.csv        one line per epoch                          ``python -m fer train``
metrics.json       one entry per split                         ``python -m fer evaluate``
predictions.parquet one line per image                         ``python -m fer evaluate``
pipeline.json      detect, crop and classify, by detector      ``evaluate --pipeline``
dataset.json       the audit of the dataset                    ``python -m fer data audit``
quantization.json  what eight bits cost and gained             ``python -m fer quantize``
================== =========================================== ==========================

``average`` writes what ``train`` does, of several runs. ``export`` also resets the calibration in
``spec.json``; ``quantize`` and ``calibrate`` change ``model.onnx`` in place.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from math import isfinite
from pathlib import Path
from typing import Any

from fer.errors import UserError
from fer.labels import LABELS, require_same_order

WEIGHTS = Path(__file__).resolve().parent.parent / "weights"

MODEL_KERAS = "model.keras"
MODEL_ONNX = "model.onnx"
SPEC = "spec.json"
TRAIN = "train.json"
HISTORY = "history.csv"
METRICS = "metrics.json"
PREDICTIONS = "predictions.parquet"
DATASET = "dataset.json"
CALIBRATION = "calibration.json"
PIPELINE = "pipeline.json"
QUANTIZATION = "quantization.json"

ONNX_INPUT = "pixels"
"""``(n, size, size, 1)`` float32 grey values, 0 to 255."""
ONNX_PROBABILITIES = "probabilities"
"""``(n, 7)`` float32, rows sum to 1, columns follow ``LABELS``:
softmax(logits / temperature + offsets)."""
ONNX_MAPS = "activation_maps"
"""``(n, 7, h, w)`` float32, class activation maps; their spatial mean is the logit, before
temperature and offsets: a map shows where evidence lies, and calibration does not move it."""

NO_OFFSETS = (0.0,) * len(LABELS)

JUDGED_BY = ("original", "ferplus")
"""Whose labels a bundle is meant to give: FER2013's own, or the clear majority of FER+ votes."""


@dataclass(frozen=True)
class Framing:
    """How a detector's box becomes the square that the classifier was trained on.

    With a detected box of centre ``(x, y)`` and side ``s`` (the mean of width and
    height), the square has its centre at ``(x + shift_x * s, y + shift_y * s)`` and
    the side ``scale * s``. All three are ratios without unit; +y points down.
    """

    scale: float = 1.0
    shift_x: float = 0.0
    shift_y: float = 0.0

    def __post_init__(self) -> None:
        if not 0.25 <= self.scale <= 4.0:
            raise ValueError(f"A framing's scale must lie in 0.25..4, not {self.scale}.")
        if max(abs(self.shift_x), abs(self.shift_y)) > 1.0:
            raise ValueError("A framing's shifts must lie in -1..1 of the box side.")


_USUAL_FRAMING = {"yunet": Framing(scale=1.14)}
"""Of detectors whose boxes are not about FER2013's squares; Haar's are."""


@dataclass(frozen=True)
class ModelSpec:
    """What the weights of a bundle require of the code that runs them, and who they are.

    Attributes:
        views: 2 where ``model.onnx`` looks at each face and at its mirror image.
        multiply_adds: of one face, all views together.
    """

    name: str
    title: str
    input_size: int = 48
    labels: tuple[str, ...] = LABELS
    framing: Mapping[str, Framing] = field(default_factory=dict)
    temperature: float = 1.0
    offsets: tuple[float, ...] = NO_OFFSETS
    unsure_below: float = 0.5
    judged_by: str = "original"
    parameters: int = 0
    multiply_adds: int = 0
    views: int = 1
    opset: int = 0
    source_commit: str = ""

    def __post_init__(self) -> None:
        require_same_order(self.labels, f"The bundle '{self.name}'")
        if self.input_size < 16:
            raise ValueError(f"input_size must be at least 16 pixels, not {self.input_size}.")
        if self.views not in (1, 2):
            raise ValueError(f"views must be 1, or 2 with the mirror image, not {self.views}.")
        if not 0.0 <= self.unsure_below <= 1.0:
            raise ValueError(f"unsure_below is a probability, not {self.unsure_below}.")
        if not self.temperature > 0.0:
            raise ValueError(f"temperature must be positive, not {self.temperature}.")
        if len(self.offsets) != len(self.labels) or not all(map(isfinite, self.offsets)):
            raise ValueError(f"offsets must be {len(self.labels)} numbers, not {self.offsets}.")
        if self.judged_by not in JUDGED_BY:
            raise ValueError(f"judged_by must be one of {JUDGED_BY}, not '{self.judged_by}'.")

    def framing_for(self, detector: str) -> Framing:
        """The calibrated framing of ``detector``; a usual one where none was measured."""
        return self.framing.get(detector, _USUAL_FRAMING.get(detector, Framing()))


def bundle_path(weights: str | Path = "fer") -> Path:
    """The folder of a bundle: ``weights`` is a name under ``weights/``, or a path.

    A name comes first: in the repository "fer" is a bundle, although the folder of this
    package, which is no bundle, has that name as well.

    Raises:
        UserError: if there is no such folder; names the bundles that exist.
    """
    path = Path(weights)
    if path.name == str(weights) and (WEIGHTS / path).is_dir():
        return WEIGHTS / path
    if path.is_dir() and path.resolve() != Path(__file__).resolve().parent:
        return path
    known = ", ".join(list_bundles()) or "none yet"
    raise UserError(f"There is no bundle '{weights}'; bundles under weights/: {known}.")


def list_bundles(weights: Path = WEIGHTS) -> list[str]:
    """Names of the bundles in ``weights`` that have a ``spec.json``; ``fer`` comes first."""
    names = [path.parent.name for path in weights.glob(f"*/{SPEC}")]
    return sorted(names, key=lambda name: (name != "fer", name))


def unique_titles(titles: Mapping[str, str]) -> dict[str, str]:
    """``titles`` by bundle name, with the name added to those that several bundles have."""
    plain = list(titles.values())
    return {
        name: title if plain.count(title) == 1 else f"{title} ({name})"
        for name, title in titles.items()
    }


def read_spec(bundle: Path) -> ModelSpec:
    """Read and check ``spec.json``.

    Raises:
        UserError: if the file is missing or damaged; names it and the command that writes it.
    """
    values = read_json(bundle / SPEC, "python -m fer train")
    try:
        values["labels"] = tuple(values["labels"])
        values["offsets"] = tuple(values.get("offsets", NO_OFFSETS))
        values["framing"] = {
            detector: Framing(**framing) for detector, framing in values["framing"].items()
        }
        return ModelSpec(**values)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise UserError(f"{bundle / SPEC} does not describe a model: {error}") from error


def write_spec(bundle: Path, spec: ModelSpec) -> None:
    """Write ``spec`` as the bundle's ``spec.json``."""
    write_json(bundle / SPEC, asdict(spec))


def read_json(path: Path, command: str) -> dict[str, Any]:
    """The JSON object in ``path``.

    Raises:
        UserError: if it is missing or is not a JSON object; ``command`` is what writes it anew.
    """
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise UserError(f"{path} is missing; '{command}' writes it.") from error
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}.") from error
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise UserError(f"{path} is damaged ({error}); '{command}' writes it anew.") from error
    if not isinstance(values, dict):
        raise UserError(f"{path} does not hold a JSON object; '{command}' writes it anew.")
    return values


def write_json(path: Path, values: Mapping[str, Any]) -> None:
    """Write ``values`` to ``path``, whole or not at all."""
    text = json.dumps(values, indent=2, ensure_ascii=False) + "\n"
    aside = path.with_name(path.name + ".part")
    # File names that are no UTF-8 become JSON's own escapes.
    aside.write_text(text, encoding="utf-8", errors="backslashreplace")
    aside.replace(path)


def read_or_empty(path: Path) -> dict[str, Any]:
    """The JSON object in ``path``; empty if the file is missing or damaged."""
    try:
        return read_json(path, "python -m fer")
    except UserError:
        return {}


def entries_of_model(bundle: Path, name: str) -> dict[str, dict[str, Any]]:
    """The entries of the bundle's JSON file ``name`` measured on the ``model.onnx`` at hand.

    Empty if the file is missing or damaged.
    """
    at_hand = model_sha256(bundle)
    return {
        key: entry
        for key, entry in read_or_empty(bundle / name).items()
        if isinstance(entry, dict) and entry.get("model_sha256") == at_hand
    }


def model_sha256(bundle: Path) -> str:
    """SHA-256 of ``model.onnx``, in hexadecimal; empty if there is no such file."""
    path = bundle / MODEL_ONNX
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
