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
from fer.wording import count

FIGURES = ("accuracy", "balanced_accuracy", "coverage")
"""Of every group."""

SMALL = 50
"""Images below which a group says little: an accuracy of 50 images is known to ± 14 points."""


class GroupIntervals(TypedDict, total=False):
    """Of the figures in `Group` that have one.

    The balanced accuracy has none where all answers are right, or all wrong: every resample is
    alike then.
    """

    accuracy: Interval
    balanced_accuracy: Interval
    coverage: Interval


class Group(TypedDict):
    """Figures of one group, over the ``n`` of its images that can be judged; null without any."""

    n: Annotated[int, Strict()]
    accuracy: Number | None
    balanced_accuracy: Number | None
    coverage: Number | None
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
    found = {
        name: measure_column(probs, targets, values, spec.unsure_below)
        for name, values in columns.items()
    }
    return {
        "split": split,
        "weights": spec.name,
        "judged_by": judged_by,
        "n": int((targets != NO_MAJORITY).sum()),
        "columns": found,
        "notes": notes + small_groups(found),
    }


def measure_column(
    probs: NDArray[np.float32],
    targets: NDArray[np.int64],
    values: NDArray[np.object_],
    unsure_below: float,
) -> dict[str, Any]:
    """A `Column` from probabilities ``(n, 7)``, labels and groups ``(n,)``.

    Images with the label ``NO_MAJORITY`` are not judged; "" is no group.
    """
    answers, sure = probs.argmax(axis=1), probs.max(axis=1) >= unsure_below
    groups: dict[str, dict[str, Any]] = {}
    for name in sorted(set(values.tolist()) - {""}):
        own = (values == name) & (targets != NO_MAJORITY)
        groups[name] = _group(answers[own], targets[own], sure[own])
    return {"groups": groups, "gap": largest_gap(groups)}


def _group(
    answers: NDArray[np.int64], targets: NDArray[np.int64], sure: NDArray[np.bool_]
) -> dict[str, Any]:
    """A `Group` from the answers to its judged images, their labels, and which are sure."""
    if not len(targets):
        return {"n": 0, **dict.fromkeys(FIGURES), "intervals": {}}
    confusion = confusion_matrix(targets, answers)
    found = (
        bootstrap.jeffreys_estimate(answers == targets),
        summary.confusion_estimates(confusion)["balanced_accuracy"],
        bootstrap.jeffreys_estimate(sure),
    )
    named = dict(zip(FIGURES, found, strict=True))
    return {
        "n": len(targets),
        **{name: estimate.value for name, estimate in named.items()},
        "intervals": {name: [e.low, e.high] for name, e in named.items() if e.low < e.high},
    }


def largest_gap(groups: dict[str, dict[str, Any]]) -> dict[str, Any] | None:
    """The `Gap` between ``groups``; ``None`` with less than two that are large enough.

    What its groups may truly be is drawn as in `fer.evaluation.bootstrap.jeffreys_shares`; right
    answers of groups that are alike are binomial.
    """
    large = {name: group for name, group in groups.items() if group["n"] >= SMALL}
    if len(large) < 2:
        return None
    best = max(large, key=lambda name: large[name]["accuracy"])
    worst = min(reversed(large), key=lambda name: large[name]["accuracy"])  # another, if equal
    counts = np.array([group["n"] for group in large.values()])
    shares = np.array([group["accuracy"] for group in large.values()])
    size = (bootstrap.RESAMPLES, len(large))
    random = np.random.default_rng(bootstrap.SEED)
    drawn = bootstrap.jeffreys_shares(shares, counts)
    alike = random.binomial(counts, float(counts @ shares / counts.sum()), size) / counts
    first, last = list(large).index(best), list(large).index(worst)
    gap = float(shares[first] - shares[last])
    found = bootstrap.spanning_estimate(gap, drawn[:, first] - drawn[:, last], int(counts.sum()))
    return {
        "best": best,
        "worst": worst,
        "accuracy": gap,
        "interval": [found.low, found.high],
        "by_chance": float(np.quantile(np.ptp(alike, axis=1), bootstrap.LEVEL)),
    }


def small_groups(columns: dict[str, dict[str, Any]]) -> list[str]:
    """A warning for every group of ``columns`` that is too small, or has nothing to judge."""
    return [
        f"{column}: the group '{name}' has {count(group['n'], 'image')}, fewer than {SMALL}; its "
        "figures say little, and the gap leaves it out."
        if group["n"]
        else f"{column}: no image of the group '{name}' has a clear majority of votes to be judged "
        "by; nothing is known of it, and the gap leaves it out."
        for column, found in columns.items()
        for name, group in found["groups"].items()
        if group["n"] < SMALL
    ]
