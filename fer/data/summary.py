"""How many images a dataset has, per split and label."""

from collections.abc import Mapping

from fer.labels import LABELS


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
