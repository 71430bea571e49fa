"""How many images a dataset has, per split and label."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from fer.data.folder import images_root, list_files, split_names
from fer.labels import LABELS


def count_images(data: str | Path) -> dict[str, dict[str, int]]:
    """``{split: {label: images}}``, splits in their usual order, labels in ``LABELS`` order.

    Raises:
        UserError: if ``data`` holds no dataset.
    """
    counts = {}
    for split in split_names(data):
        found = Counter(label for _, label in list_files(data, split))
        counts[split] = {label: found[i] for i, label in enumerate(LABELS)}
    return counts


def unread_folders(data: str | Path) -> list[str]:
    """Folders beside the splits that are none, for no class folder in them is named as a label."""
    root = images_root(data)
    known = split_names(data)
    return sorted(
        path.name
        for path in root.iterdir()
        if path.is_dir() and path.name not in known and not path.name.startswith(".")
    )


def summary_json(counts: Mapping[str, Mapping[str, int]]) -> dict[str, Mapping[str, int]]:
    """``counts`` and, as ``totals``, the images of each split and of ``all`` together."""
    totals = {split: sum(labels.values()) for split, labels in counts.items()}
    return {**counts, "totals": {**totals, "all": sum(totals.values())}}


def summary_table(counts: Mapping[str, Mapping[str, int]]) -> str:
    """A text table: a line per label, a column per split with the label's share of the split."""
    lines = ["label   " + "".join(f"{split:>20}" for split in counts)]
    for label in LABELS:
        cells = (_cell(labels[label], sum(labels.values())) for labels in counts.values())
        lines.append(f"{label:<8}" + "".join(cells))
    sums = [sum(labels.values()) for labels in counts.values()]
    lines.append("total   " + "".join(_cell(total, total) for total in sums))
    return "\n".join(lines)


def _cell(count: int, total: int) -> str:
    return f"{count:>11,} {count / total:>8.1%}"
