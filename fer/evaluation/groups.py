"""Figures for each group of people in a user's own table, and how far apart the groups are.

FER2013 does not say who is shown. Whoever knows it of their own pictures names a table with a
column ``file`` and one or more columns of groups; of it, ``groups.json`` keeps figures and the
names of the groups, never who belongs to one.
"""

from pathlib import Path, PurePosixPath
from typing import Annotated, Any, Literal, NotRequired

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field, Strict
from typing_extensions import TypedDict

from fer.bundle import GROUPS, Bundle
from fer.data.folder import FolderDataset
from fer.errors import UserError
from fer.evaluation import bootstrap, summary
from fer.evaluation.judging import judging_labels
from fer.evaluation.metrics import confusion_matrix
from fer.evaluation.report import predict
from fer.files import checked
from fer.labels import NO_MAJORITY
from fer.vision.classify import Classifier

SMALL = 50
"""Images below which a group says little: an accuracy of 50 images is known to ± 14 points."""

_MOST_GROUPS = 50  # in a column; more are names or measurements, not groups
_MOST_BYTES = 100 << 20

Number = Annotated[float, Strict()]
Interval = Annotated[list[Number], Field(min_length=2, max_length=2)]


class Group(TypedDict):
    """Figures of one group of ``n`` images; what is undefined is null."""

    n: Annotated[int, Strict()]
    accuracy: Number
    balanced_accuracy: Number
    coverage: Number
    intervals: dict[str, Interval]


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


def read_table(
    table: Path, files: tuple[str, ...]
) -> tuple[dict[str, NDArray[np.object_]], list[str]]:
    """The columns of groups, each ``(n,)`` in the order of ``files``, and notes.

    Files go by their path inside the dataset or, where that is clear, by their name alone. An
    image without a row, or with an empty cell, has the group "".

    Raises:
        UserError: if the table cannot be read, lacks the column ``file`` or a column of groups,
            names a file twice or none of ``files``.
    """
    frame = _read(table)
    groups = [name for name in frame.columns if name != "file"]
    if "file" not in frame.columns or not groups:
        raise UserError(
            f"{table} needs the column 'file' and at least one column of groups, not "
            f"{', '.join(map(str, frame.columns)) or 'nothing'}."
        )
    rows = _rows_of(frame["file"].tolist(), files, table)
    if (rows < 0).all():
        raise UserError(
            f"{table} names no image of this split; its column 'file' needs names such as "
            f"{files[0]}."
        )
    columns = {}
    for name in groups:
        cells = np.array([*frame[name].str.strip(), ""], object)  # the last for row -1
        columns[str(name)] = cells[rows]
        count = len(set(cells) - {""})
        if not 1 <= count <= _MOST_GROUPS:
            raise UserError(
                f"{table}: the column '{name}' has {count} groups instead of 1 to {_MOST_GROUPS}; "
                "put numbers into ranges, and leave other columns out."
            )
    absent = int((rows < 0).sum())
    return columns, [f"{absent:,} images have no row in {table.name}."] * bool(absent)


def _read(table: Path) -> pd.DataFrame:
    try:
        if table.stat().st_size > _MOST_BYTES:
            raise UserError(f"{table} is larger than {_MOST_BYTES >> 20} MB.")
        return pd.read_csv(table, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except OSError as error:
        raise UserError(f"{table} cannot be read: {error.strerror or error}.") from error
    except UserError:
        raise
    except ValueError as error:  # pandas' errors, and those of text that is no UTF-8
        reason = str(error).splitlines()[0]
        raise UserError(f"{table} is no table in CSV, UTF-8 ({reason}).") from error


def _rows_of(named: list[str], files: tuple[str, ...], table: Path) -> NDArray[np.int64]:
    """The row of each of ``files`` among the ``named`` ones, -1 without one."""
    names = [PurePosixPath(file).name for file in files]
    short = set(names) if len(set(names)) == len(names) else set()
    rows: dict[str, int] = {}
    for row, name in enumerate(named):
        key = name.strip().replace("\\", "/").removeprefix("./").removeprefix("images/")
        if key in rows:
            raise UserError(f"{table} names {key} twice; leave one of its rows out.")
        rows[key] = row
    return np.array(
        [
            rows.get(file, rows.get(name, -1) if name in short else -1)
            for file, name in zip(files, names, strict=True)
        ],
        np.int64,
    )


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


def read_groups(bundle: Bundle, split: str) -> GroupsReport:
    """The entry of ``split`` that was measured on the ``model.onnx`` at hand.

    Raises:
        UserError: if there is none, or it is damaged; names the command that writes it.
    """
    command = f"python -m fer evaluate --data DIR --split {split} --weights {bundle} --groups TABLE"
    entry = bundle.current(GROUPS).get(split)
    if entry is None:
        raise UserError(
            f"No groups of people were measured on '{split}'; '{command}' does that, where TABLE "
            "is a CSV file with the column 'file' and one or more columns of groups."
        )
    fault = f"{bundle.path(GROUPS)} has no usable measurement on '{split}'"
    report: GroupsReport = checked(GroupsReport, entry, fault, command)
    return report
