"""Figures for each group of people in a user's own table, and how far apart the groups are.

FER2013 does not say who is shown. Whoever knows it of their own pictures names a table with a
column ``file`` and one or more columns of groups; of it, ``groups.json`` keeps figures and the
names of the groups, never who belongs to one.
"""

from pathlib import Path
from typing import Annotated, Any, Literal, NotRequired

import numpy as np
from numpy.typing import NDArray
from pydantic import Strict
from typing_extensions import TypedDict

from fer.bundle import Bundle
from fer.data.folder import FolderDataset
from fer.evaluation import bootstrap, summary
from fer.evaluation.group_table import read_table
from fer.evaluation.judging import judging_labels
from fer.evaluation.metrics import confusion_matrix
from fer.evaluation.report import predict
from fer.evaluation.robustness_file import Interval, Number
from fer.labels import NO_MAJORITY
from fer.vision.classify import Classifier

SMALL = 50
"""Images below which a group says little: an accuracy of 50 images is known to ± 14 points."""


class GroupIntervals(TypedDict):
    """Of the figures in `Group`."""

    accuracy: Interval
    balanced_accuracy: Interval
    coverage: Interval


class Group(TypedDict):
    """Figures of one group of ``n`` images; what is undefined is null."""

    n: Annotated[int, Strict()]
    accuracy: Number
    balanced_accuracy: Number
    coverage: Number
    intervals: GroupIntervals


class Gap(TypedDict):
    """The groups of the highest and of the lowest accuracy, of those with `SMALL` images or more.

    ``by_chance`` is what 95 of 100 such gaps would not exceed if all groups were alike: between
    many groups some gap is certain.
    """

    best: str
    worst: str
    accuracy: Number
    interval: Interval
    by_chance: Number


class Column(TypedDict):
    """One column of the table: its groups by name, and the largest gap between two of them."""

    groups: dict[str, Group]
    gap: Gap | None


class GroupsReport(TypedDict):
    """What `evaluate_groups` answers: an entry of ``groups.json``."""

    split: str
    weights: str
    model_sha256: NotRequired[str]
    judged_by: Literal["original", "ferplus"]
    n: Annotated[int, Strict()]
    columns: dict[str, Column]
    notes: list[str]


def evaluate_groups(bundle: Bundle, data: FolderDataset, split: str, table: Path) -> dict[str, Any]:
    """Figures of ``bundle`` on each group of ``table``, over the images of ``split``.

    Raises:
        UserError: if the model, the dataset or the table cannot be used.
    """
    images, spec = data.load(split), bundle.spec
    columns, notes = read_table(table, images.files)
    targets, judged_by = judging_labels(images, spec)
    probs = predict(Classifier(bundle), images.pixels)
    judged = targets != NO_MAJORITY
    found = {
        name: measure_column(probs[judged], targets[judged], values[judged], spec.unsure_below)
        for name, values in columns.items()
    }
    return {
        "split": split,
        "weights": spec.name,
        "judged_by": judged_by,
        "n": int(judged.sum()),
        "columns": found,
        "notes": notes + _small(found),
    }


def measure_column(
    probs: NDArray[np.float32],
    targets: NDArray[np.int64],
    values: NDArray[np.object_],
    unsure_below: float,
) -> dict[str, Any]:
    """A `Column` from probabilities ``(n, 7)``, labels and groups ``(n,)``; "" is no group."""
    answers, sure = probs.argmax(axis=1), probs.max(axis=1) >= unsure_below
    groups: dict[str, dict[str, Any]] = {}
    for name in sorted(set(values.tolist()) - {""}):
        own = values == name
        found = {
            "accuracy": bootstrap.share_estimate(answers[own] == targets[own]),
            **summary.confusion_estimates(confusion_matrix(targets[own], answers[own])),
            "coverage": bootstrap.share_estimate(sure[own]),
        }
        kept = {key: found[key] for key in ("accuracy", "balanced_accuracy", "coverage")}
        groups[name] = {
            "n": int(own.sum()),
            **{key: estimate.value for key, estimate in kept.items() if estimate},
            "intervals": {key: [e.low, e.high] for key, e in kept.items() if e},
        }
    return {"groups": groups, "gap": largest_gap(groups)}


def largest_gap(groups: dict[str, dict[str, Any]]) -> dict[str, Any] | None:
    """The `Gap` between ``groups``; ``None`` with less than two that are large enough.

    Both distributions are drawn: right answers of a group are binomial (see
    `fer.evaluation.bootstrap.share_estimate`).
    """
    large = {name: group for name, group in groups.items() if group["n"] >= SMALL}
    if len(large) < 2:
        return None
    best = max(large, key=lambda name: large[name]["accuracy"])
    worst = min(large, key=lambda name: large[name]["accuracy"])
    counts = np.array([group["n"] for group in large.values()])
    shares = np.array([group["accuracy"] for group in large.values()])
    size = (bootstrap.RESAMPLES, len(large))
    random = np.random.default_rng(bootstrap.SEED)
    drawn = random.binomial(counts, shares, size) / counts
    alike = random.binomial(counts, float(counts @ shares / counts.sum()), size) / counts
    first, last = list(large).index(best), list(large).index(worst)
    low, high = bootstrap.percentile_interval(drawn[:, first] - drawn[:, last])
    return {
        "best": best,
        "worst": worst,
        "accuracy": float(shares[first] - shares[last]),
        "interval": [float(low), float(high)],
        "by_chance": float(np.quantile(np.ptp(alike, axis=1), bootstrap.LEVEL)),
    }


def _small(columns: dict[str, dict[str, Any]]) -> list[str]:
    """A warning for every group that is too small."""
    return [
        f"{column}: the group '{name}' has {group['n']} images, fewer than {SMALL}; its figures "
        "say little, and the gap leaves it out."
        for column, found in columns.items()
        for name, group in found["groups"].items()
        if group["n"] < SMALL
    ]
