"""``Bundle``: the folder ``weights/<name>/``, the contract between training and everything else.

What each file holds stands beside its name below, and in `_WRITTEN_BY` the command that writes it.
``average`` and ``remember`` write what ``train`` does, of runs that are done. ``export`` also
resets the calibration in ``spec.json``; ``quantize`` and ``calibrate`` change ``model.onnx`` in
place.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from fer.errors import UserError
from fer.files import checked, read_json, sha256, write_json
from fer.history import read_history
from fer.paths import weights_folder
from fer.predictions import Predictions, read_predictions
from fer.spec import ModelSpec

if TYPE_CHECKING:
    import pandas as pd

KERAS = "model.keras"  # the averaged weights
ONNX = "model.onnx"  # what is served: probabilities and maps
SPEC = "spec.json"  # `ModelSpec`: what the weights require
TRAIN = "train.json"  # how they were made
HISTORY = "history.csv"  # one line per epoch
METRICS = "metrics.json"  # one entry per split
PREDICTIONS = "predictions.parquet"  # one line per image
LABEL_ERRORS = "label_errors.json"  # labels of the dataset that it doubts
CALIBRATION = "calibration.json"  # what calibrating changed
PIPELINE = "pipeline.json"  # detect, crop and classify, by detector
ROBUSTNESS = "robustness.json"  # figures under corruptions, one entry per split
GROUPS = "groups.json"  # figures of groups of people, one entry per split
QUANTIZATION = "quantization.json"  # what eight bits cost and gained

_EVALUATE = "evaluate --data DATA --split {split} --weights {weights}"
_WRITTEN_BY = {
    **dict.fromkeys((KERAS, SPEC, TRAIN, HISTORY), "train --data DATA --out {weights}"),
    **dict.fromkeys((METRICS, PREDICTIONS), _EVALUATE),
    ONNX: "export {weights}",
    LABEL_ERRORS: "data audit DATA --weights {weights}",
    CALIBRATION: "calibrate --data DATA --weights {weights}",
    PIPELINE: f"{_EVALUATE} --pipeline",
    ROBUSTNESS: f"{_EVALUATE} --corruptions",
    GROUPS: f"{_EVALUATE} --groups TABLE",
    QUANTIZATION: "quantize {weights} --data DATA",
}

T = TypeVar("T")

_SPLIT_ORDER = {"test": 0, "validation": 1, "train": 9}


@dataclass(frozen=True)
class Bundle:
    """A folder of weights and of all that is known about them.

    Every answer is read from the files as they are now; nothing is kept. Readers raise
    `UserError` with the file and the command that writes it anew.
    """

    folder: Path

    @classmethod
    def open(cls, weights: "str | Path | Bundle" = "fer") -> "Bundle":
        """The bundle called ``weights``: a name under ``weights/``, or a folder.

        A name comes first: in a checkout "fer" is a bundle, although the folder of this
        package, which is no bundle, has that name as well.

        Raises:
            UserError: if there is no such folder; names the bundles that exist.
        """
        if isinstance(weights, Bundle):
            return weights
        path, shipped = Path(weights), weights_folder()
        if path.name == str(weights) and (shipped / path).is_dir():
            return cls(shipped / path)
        if path.is_dir() and path.resolve() != Path(__file__).resolve().parent:
            return cls(path)
        known = ", ".join(bundle.name for bundle in list_bundles()) or "none yet"
        raise UserError(f"There is no bundle '{weights}'; bundles in {shipped}: {known}.")

    @property
    def name(self) -> str:
        """Name of the folder."""
        return self.folder.name

    def __str__(self) -> str:
        return str(self.folder)

    def path(self, part: str) -> Path:
        """Where the file ``part`` is, or would be."""
        return self.folder / part

    def command(self, part: str, split: str = "validation") -> str:
        """The command that writes the file ``part`` anew, or its entry of ``split``."""
        return "python -m fer " + _WRITTEN_BY[part].format(weights=self.folder, split=split)

    def has(self, part: str) -> bool:
        """Whether there is a file ``part``."""
        return self.path(part).is_file()

    def require(self, part: str) -> Path:
        """The path of the file ``part``.

        Raises:
            UserError: if there is no such file.
        """
        if not self.has(part):
            raise UserError(f"{self.path(part)} is missing; '{self.command(part)}' writes it.")
        return self.path(part)

    def read(self, part: str) -> dict[str, Any]:
        """The JSON object in the file ``part``."""
        return read_json(self.path(part), self.command(part))

    def read_or_empty(self, part: str) -> dict[str, Any]:
        """The JSON object in the file ``part``; empty if it is missing or damaged."""
        try:
            return self.read(part)
        except UserError:
            return {}

    def write(self, part: str, values: Mapping[str, Any]) -> None:
        """Write a JSON object as the file ``part``, whole or not at all."""
        write_json(self.path(part), values)

    def forget(self, *parts: str) -> None:
        """Delete files that tell of other weights than those at hand."""
        for part in parts:
            self.path(part).unlink(missing_ok=True)

    @property
    def spec(self) -> ModelSpec:
        """What the weights require; ``spec.json``."""
        values = self.read(SPEC)
        unknown = sorted(values.keys() - {field.name for field in fields(ModelSpec)})
        if unknown:
            raise UserError(
                f"{self.path(SPEC)} says '{unknown[0]}', which is not known here: the bundle was "
                "made by a newer version or another program; update this one."
            )
        fault = f"{self.path(SPEC)} does not describe a model"
        spec: ModelSpec = checked(ModelSpec, values, fault, self.command(SPEC))
        return spec

    def write_spec(self, spec: ModelSpec) -> None:
        """Write ``spec.json``."""
        self.write(SPEC, asdict(spec))

    def change_spec(self, **changes: Any) -> None:
        """Write ``spec.json`` with some of its values changed."""
        self.write_spec(replace(self.spec, **changes))

    @property
    def title(self) -> str:
        """The plain name that people choose it by; the folder's where ``spec.json`` is no help."""
        try:
            return self.spec.title
        except UserError:
            return self.name

    @property
    def model_sha256(self) -> str:
        """SHA-256 of ``model.onnx`` in hexadecimal; empty if there is none."""
        return sha256(self.path(ONNX))

    def is_current(self, entry: Any) -> bool:
        """Whether ``entry`` of a file of figures was measured on the ``model.onnx`` at hand."""
        at_hand = self.model_sha256
        return isinstance(entry, dict) and bool(at_hand) and entry.get("model_sha256") == at_hand

    def current(self, part: str) -> dict[str, dict[str, Any]]:
        """The entries of a file of figures that belong to the ``model.onnx`` at hand.

        Empty if the file is missing or damaged.
        """
        entries = self.read_or_empty(part).items()
        return {key: entry for key, entry in entries if self.is_current(entry)}

    def entry(self, part: str, split: str, kind: type[T]) -> T:
        """The entry of ``split`` in `current`, as a ``kind``.

        Raises:
            UserError: if there is none, or it is damaged; names the command that writes it.
        """
        command, entry = self.command(part, split), self.current(part).get(split)
        if entry is None:
            raise UserError(
                f"{self.path(part)} has nothing measured on '{split}' with the {ONNX} at hand; "
                f"'{command}' does that."
            )
        fault = f"{self.path(part)} has no usable measurement on '{split}'"
        found: T = checked(kind, entry, fault, command)
        return found

    def add_current(self, part: str, key: str, entry: Mapping[str, Any]) -> None:
        """Write an entry measured on the ``model.onnx`` at hand; those of other models go."""
        stamped = {**entry, "model_sha256": self.model_sha256}
        self.write(part, self.current(part) | {key: stamped})

    @property
    def measured_splits(self) -> tuple[str, ...]:
        """The splits in ``metrics.json``, those that were not trained on first."""
        entries = self.read_or_empty(METRICS).items()
        found = [split for split, entry in entries if isinstance(entry, dict)]
        return tuple(sorted(found, key=lambda split: (_SPLIT_ORDER.get(split, 5), split)))

    def predictions(self, split: str) -> Predictions:
        """The rows of ``split`` in ``predictions.parquet``."""
        return read_predictions(self.path(PREDICTIONS), split, self.command(PREDICTIONS))

    @property
    def training(self) -> dict[str, Any]:
        """``train.json``: the settings under ``config``, and what came of them."""
        values = self.read(TRAIN)
        if not isinstance(values.get("config"), dict):
            raise UserError(
                f"{self.path(TRAIN)} holds no configuration; "
                f"'{self.command(TRAIN)}' writes it anew."
            )
        return values

    @property
    def history(self) -> "pd.DataFrame":
        """``history.csv``: one row per epoch."""
        return read_history(self.require(HISTORY), self.command(HISTORY))


def list_bundles(folder: Path | None = None) -> list[Bundle]:
    """The bundles in ``folder`` (default: ``weights/``), ``fer`` first.

    A bundle is a folder with any file of one: one that is still in training, or damaged, is
    listed as well, and says what is missing when it is asked.
    """
    folder = folder or weights_folder()
    found = [
        Bundle(path)
        for path in (folder.iterdir() if folder.is_dir() else ())
        if any((path / part).is_file() for part in _WRITTEN_BY)
    ]
    return sorted(found, key=lambda bundle: (bundle.name != "fer", bundle.name))


def list_served() -> list[Bundle]:
    """Those of `list_bundles` that the app can open: one that is still in training is not."""
    return [bundle for bundle in list_bundles() if bundle.has(ONNX)]
