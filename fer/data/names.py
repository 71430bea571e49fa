"""What the many copies of FER2013 call their labels, splits and official parts, in our words."""

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

_LABEL_SYNONYMS = {
    "anger": "angry",
    "disgusted": "disgust",
    "fearful": "fear",
    "afraid": "fear",
    "happiness": "happy",
    "sadness": "sad",
    "surprised": "surprise",
}

_SPLIT_SYNONYMS = {
    "training": "train",
    "val": "validation",
    "valid": "validation",
    "testing": "test",
}


def label_of(name: str) -> int | None:
    """Index into ``LABELS`` of a class folder's name in any capitalisation, or ``None``."""
    name = name.strip().lower()
    name = _LABEL_SYNONYMS.get(name, name)
    return LABELS.index(name) if name in LABELS else None


def split_of(name: str) -> str | None:
    """Our split for a folder's or table's name ("val", "Training", "PublicTest"), or ``None``."""
    part = part_of(name)
    if part is not None:
        return SPLIT_OF_PART["official"][part]
    name = name.strip().lower()
    name = _SPLIT_SYNONYMS.get(name, name)
    return name if name in SPLITS else None


def part_of(name: str) -> str | None:
    """The official part for a ``Usage`` value ("publictest"), or ``None``."""
    name = name.strip().lower()
    return next((part for part in PARTS if part.lower() == name), None)


def part_of_file(stem: str) -> str | None:
    """The official part that a file name begins with ("PublicTest_123"), or ``None``."""
    return part_of(stem.partition("_")[0])
