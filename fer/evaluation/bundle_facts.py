"""What the files of a bundle say of the ``model.onnx`` at hand, for the model card."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fer.bundle import CALIBRATION, METRICS, QUANTIZATION, ROBUSTNESS, TRAIN, Bundle
from fer.errors import UserError
from fer.evaluation.pipeline import PipelineReport, read_pipeline
from fer.evaluation.report import TRAIN_SPLIT
from fer.evaluation.results import SplitMetrics, read_metrics
from fer.evaluation.robustness_file import Robustness
from fer.spec import ModelSpec

ROBUSTNESS_SPLIT = "validation"
"""Of which the card and its page show figures under corruption."""


@dataclass(frozen=True)
class BundleFacts:
    """What the card says of one bundle; mappings are empty where a file is missing or stale.

    Attributes:
        name: of its folder.
        spec: who it is.
        figures: by split, those not trained on.
        training: ``train.json``.
        calibration: what calibrating changed.
        quantization: what eight bits cost and gained.
        robustness: the entry of validation in ``robustness.json``.
        pipeline: one report for every detector that was measured.
    """

    name: str
    spec: ModelSpec
    figures: Mapping[str, SplitMetrics]
    training: Mapping[str, Any]
    calibration: Mapping[str, Any]
    quantization: Mapping[str, Any]
    robustness: Mapping[str, Any]
    pipeline: Sequence[PipelineReport]

    @classmethod
    def of(cls, bundle: Bundle) -> "BundleFacts":
        """Read the files of ``bundle``.

        Raises:
            UserError: if it has no readable ``spec.json``.
        """
        calibration = bundle.read_or_empty(CALIBRATION).get("confidence", {})
        usable = bundle.is_current(calibration) and "aims" in calibration  # older ones had none
        return cls(
            name=bundle.name,
            spec=bundle.spec,
            figures=_current_figures(bundle),
            training=bundle.read_or_empty(TRAIN),
            calibration=calibration if usable else {},
            quantization=_current_quantization(bundle),
            robustness=_current_robustness(bundle),
            pipeline=_current_pipeline(bundle),
        )


def _current_figures(bundle: Bundle) -> dict[str, SplitMetrics]:
    try:
        measured = read_metrics(bundle)
    except UserError:
        return {}
    current = bundle.current(METRICS)
    splits = (split for split in bundle.measured_splits if split != TRAIN_SPLIT)
    return {split: measured[split] for split in splits if split in current}


def _current_quantization(bundle: Bundle) -> Mapping[str, Any]:
    found = bundle.read_or_empty(QUANTIZATION)
    return found if bundle.is_current(found) else {}


def _current_robustness(bundle: Bundle) -> Mapping[str, Any]:
    try:
        return bundle.entry(ROBUSTNESS, ROBUSTNESS_SPLIT, Robustness)
    except UserError:
        return {}


def _current_pipeline(bundle: Bundle) -> list[PipelineReport]:
    try:
        return read_pipeline(bundle)
    except UserError:
        return []
