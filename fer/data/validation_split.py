"""A validation split for datasets that come without: a share of train, the same every time."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import chain
from pathlib import Path

import numpy as np

from fer.data.duplicates import find_identical, find_near
from fer.data.folder import VALIDATION_FILE, FolderDataset
from fer.data.progress import bar
from fer.errors import UserError
from fer.files import checked, read_json, write_json
from fer.wording import percent

_SEED = 0
_NEAR = "identical and nearly identical images were kept on one side"
_IDENTICAL = "nearly all look alike, so that only identical images were kept on one side"


@dataclass(frozen=True)
class ValidationSplit:
    """How the validation split of a dataset was made; ``validation.json`` in its folder.

    Attributes:
        share: share of each label's images in ``train``, 0..1.
        seed: of the order in which images were drawn.
        kept_together: which images stayed on one side, in words.
        files: the images, by the names that they had in ``train``.
    """

    share: float
    seed: int
    kept_together: str
    files: tuple[str, ...]


def read_share(text: str) -> float:
    """The share that a text such as "20%" or "0.2" tells, between 0 and 1.

    Raises:
        UserError: if it is none between 0 and 50 %.
    """
    number, percent, rest = text.strip().partition("%")
    try:
        share = float(number) / (100 if percent else 1)
    except ValueError:
        share = 0.0
    if rest or not 0 < share <= 0.5:
        raise UserError(f"'{text}' is no share between 0 and 50 %; write for example 20%.")
    return share


def make_validation(dataset: FolderDataset, share: float) -> str:
    """Move ``share`` of the split ``train`` to ``validation``; answers what was done.

    Which images is written to ``validation.json`` before the first is moved, so that after an
    interruption the same call goes on.

    Raises:
        UserError: if there is a validation split already, no ``train``, or too few images.
    """
    path = dataset.folder / VALIDATION_FILE
    plan = _read_plan(path) if path.is_file() else None
    waiting = [file for file in plan.files if (dataset.root / file).is_file()] if plan else []
    if "validation" in dataset.splits and not waiting:
        count = len(dataset.files("validation"))
        raise UserError(
            f"{dataset} has a split 'validation' of {count:,} images already; "
            "leave --validation out."
        )
    if plan is None or not waiting:
        plan = _plan(dataset, share)
        write_json(path, asdict(plan))
    for file in plan.files:
        target = dataset.root / "validation" / Path(file).relative_to("train")
        if (dataset.root / file).is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            (dataset.root / file).rename(target)
    return (
        f"{len(plan.files):,} images of train became the split 'validation', "
        f"{percent(plan.share)} of each label; {plan.kept_together}. {VALIDATION_FILE} lists them."
    )


def _plan(dataset: FolderDataset, share: float) -> ValidationSplit:
    train = dataset.load("train")
    identical = [group.files for group in find_identical(train.files, train.pixels).groups]
    near = [group.files for group in find_near(train.files, train.pixels, bar).groups]
    # Identical copies stand in one near group together, or in none.
    in_near = set(chain(*near))
    apart = [files for files in identical if files[0] not in in_near]
    for together, kept in ((near + apart, _NEAR), (identical, _IDENTICAL)):
        chosen = draw_stratified(train.files, together, share)
        if chosen:
            return ValidationSplit(share, _SEED, kept, tuple(chosen))
    raise UserError(
        f"There are too few images in train to take {percent(share)} of them for validation."
    )


def draw_stratified(
    files: Sequence[str], together: Sequence[Sequence[str]], share: float, seed: int = _SEED
) -> list[str]:
    """A share of each label's files, drawn at random; files that belong together stay so.

    Args:
        files: ``<split>/<label>/<name>``.
        together: groups of files of which all are drawn, or none; no file is in two.
        share: 0..1; a label of two images or more gives at least one of them.
        seed: of the order.

    Returns:
        The files that were drawn, sorted. Where only groups larger than what is missing are left,
        a label gets fewer than its share, or more if it would get none otherwise.
    """
    grouped = {file for group in together for file in group}
    units = [*map(tuple, together), *((file,) for file in files if file not in grouped)]
    order = [units[i] for i in np.random.default_rng(seed).permutation(len(units))]
    totals = Counter(map(_label, files))
    wanted = {label: max(round(share * n), 1 if n > 1 else 0) for label, n in totals.items()}
    half = {label: n // 2 for label, n in totals.items()}
    drawn: Counter[str] = Counter()
    chosen: list[str] = []
    waiting: list[tuple[str, ...]] = []
    for unit in order:
        if _fits(unit, drawn, wanted):
            chosen += unit
            drawn.update(map(_label, unit))
        else:
            waiting.append(unit)
    for unit in sorted(waiting, key=len):
        if any(not drawn[_label(file)] for file in unit) and _fits(unit, drawn, half):
            chosen += unit
            drawn.update(map(_label, unit))
    return sorted(chosen)


def _fits(unit: Sequence[str], drawn: Mapping[str, int], most: Mapping[str, int]) -> bool:
    """Whether no label gets more than ``most`` of its images by drawing ``unit`` as well."""
    return all(drawn[label] + n <= most[label] for label, n in Counter(map(_label, unit)).items())


def _label(file: str) -> str:
    return file.split("/")[1]


def _read_plan(path: Path) -> ValidationSplit:
    values = read_json(path, "fer data import")
    plan: ValidationSplit = checked(
        ValidationSplit, values, f"{path} does not tell of a validation split", advice="delete it"
    )
    return plan
