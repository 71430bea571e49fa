"""What the many copies of FER2013 call their labels, splits and official parts, in our words."""

import re
from collections.abc import Iterable
from difflib import get_close_matches

from fer.labels import LABELS

PARTS: tuple[str, ...] = ("Training", "PublicTest", "PrivateTest")
"""Kaggle's official parts (``Usage``), in the order of their rows."""

SPLITS: tuple[str, ...] = ("train", "validation", "test")

SPLIT_OF_PART: dict[str, dict[str, str]] = {
    "official": dict(zip(PARTS, SPLITS, strict=True)),
    "80-20": dict(zip(PARTS, ("train", "validation", "validation"), strict=True)),
}
"""The split that each part becomes, by the name of the scheme (``--split``)."""

PARTS_OF_SPLIT: dict[str, tuple[str, ...]] = {
    "train": ("Training",),
    "validation": ("PublicTest", "PrivateTest"),
    "test": ("PublicTest", "PrivateTest"),
}
"""The parts that images of a split may come from, whatever the scheme."""

LABEL_COLUMNS = ("emotion", "emotions", "label", "labels")
USAGE_COLUMNS = ("usage", "split")
"""What tables call their columns of labels and of parts or splits, in small letters."""

KAGGLES_NUMBERS = ", ".join(f"{i} {label}" for i, label in enumerate(LABELS))

_LABEL_SYNONYMS = {
    "anger": "angry",
    "disgusted": "disgust",
    "fearful": "fear",
    "afraid": "fear",
    "scared": "fear",
    "happiness": "happy",
    "sadness": "sad",
    "surprised": "surprise",
}

_SPLIT_SYNONYMS = {
    "training": "train",
    "trainset": "train",
    "trainingset": "train",
    "val": "validation",
    "valid": "validation",
    "validate": "validation",
    "validationset": "validation",
    "valset": "validation",
    "dev": "validation",
    "development": "validation",
    "eval": "validation",
    "evaluation": "validation",
    "testing": "test",
    "testset": "test",
}

_NUMBERED = re.compile(r"^\d+[\W_]+|[\W_]+\d+$")


def label_of(name: str) -> int | None:
    """Index into ``LABELS`` of a name in any capitalisation, or ``None``.

    A number beside the name ("0_angry", "3 - Happy") counts for nothing.

    >>> label_of("Happiness"), label_of("0_angry"), label_of("contempt")
    (3, 0, None)
    """
    name = _NUMBERED.sub("", name.strip().lower())
    name = _LABEL_SYNONYMS.get(name, name)
    return LABELS.index(name) if name in LABELS else None


def label_of_number(text: str) -> int | None:
    """The label that Kaggle's table gives a number ("3", "3.0"), or ``None``."""
    number = re.fullmatch(r"0*([0-6])(\.0*)?", text.strip())
    return int(number[1]) if number else None


def split_of(name: str) -> str | None:
    """Our split for a folder's or table's name ("val", "public_test"), or ``None``."""
    part = part_of(name)
    if part is not None:
        return SPLIT_OF_PART["official"][part]
    name = _letters(name)
    name = _SPLIT_SYNONYMS.get(name, name)
    return name if name in SPLITS else None


def part_of(name: str) -> str | None:
    """The official part for a ``Usage`` value ("publictest", "Public_Test"), or ``None``."""
    return next((part for part in PARTS if part.lower() == _letters(name)), None)


def column_of(names: tuple[str, ...], columns: Iterable[str]) -> str | None:
    """The first of ``names`` that is among ``columns``."""
    return next((name for name in names if name in columns), None)


def label_in(cell: str) -> int:
    """The label that a table's cell tells: Kaggle's number ("3", "3.0") or a name.

    Raises:
        ValueError: if it is none of them.
    """
    number = label_of_number(cell)
    label = label_of(cell) if number is None else number
    if label is None:
        raise ValueError(unknown_label(cell.strip()[:20]))
    return label


def split_in(cell: str) -> str:
    """The split that a table's cell tells: its name or that of an official part.

    Raises:
        ValueError: if it is none of them.
    """
    split = split_of(cell)
    if split is None:
        raise ValueError(f"unknown Usage '{cell.strip()[:20]}' ({', '.join(PARTS)} are known)")
    return split


def part_of_file(stem: str) -> str | None:
    """The official part that a file name begins with ("PublicTest_123"), or ``None``."""
    return part_of(stem.partition("_")[0])


def unknown_label(name: str) -> str:
    """Why ``name`` is no label, with the label that it may be a misspelling of."""
    known = (*LABELS, *_LABEL_SYNONYMS)
    close = get_close_matches(_NUMBERED.sub("", name.strip().lower()), known, 1, 0.75)
    if close:
        meant = LABELS[label_of(close[0]) or 0]
        return f"unknown label '{name}'; perhaps {meant}"
    return f"unknown label '{name}' ({', '.join(LABELS)} are known)"


def _letters(name: str) -> str:
    """A name in small letters alone: "Public_Test" and "public test" are one name."""
    return re.sub(r"[\W_]+", "", name.lower())
