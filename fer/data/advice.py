"""What the findings of an audit mean, in sentences: the fact, and what to do about it."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from fer.data.audit import DatasetAudit
from fer.data.duplicates import Duplicates
from fer.data.summary import summary_table
from fer.labels import LABELS

_EXAMPLES = 3


@dataclass(frozen=True)
class Finding:
    """One thing to know about a dataset, and what to do about it."""

    fact: str
    advice: str


def findings(audit: DatasetAudit) -> tuple[Finding, ...]:
    """Everything that is worth saying about a dataset; nothing about what was not found."""
    return (*_of_files(audit), *_of_balance(audit), *_of_copies(audit), *_of_labels(audit))


def audit_as_text(audit: DatasetAudit) -> str:
    """Counts and findings for a terminal, a page at most."""
    lines = [
        f"{audit.dataset}: {audit.images:,} images",
        "",
        summary_table({split: dict(n) for split, n in audit.counts.items()}),
        "",
    ]
    for finding in findings(audit):
        lines += [f"• {finding.fact}", f"  → {finding.advice}"]
    return "\n".join(lines)


def _of_files(audit: DatasetAudit) -> Iterator[Finding]:
    if audit.unreadable:
        yield Finding(
            f"{_count(audit.unreadable, 'file')} cannot be read: {_some(audit.unreadable)}.",
            "Replace or delete them: training stops at the first.",
        )
    for words, files in audit.odd_formats.items():
        yield Finding(
            f"{_count(files, 'image')} of {words} instead of 48 × 48 grey: {_some(files)}.",
            "Training converts them; if they are not crops of faces, crop them first.",
        )
    if audit.ignored:
        yield Finding(
            f"{_count(audit.ignored, 'file or folder', 'files and folders')} unused: "
            f"{_some(audit.ignored)}.",
            "Images are png, jpg, jpeg or bmp files in folders named after the labels; votes are "
            "found where every image is named by its row.",
        )
    if audit.blank:
        yield Finding(
            f"{_count(audit.blank, 'image')} blank or nearly so: {_some(audit.blank)}.",
            "Delete them: a label without a face teaches nothing.",
        )


def _of_balance(audit: DatasetAudit) -> Iterator[Finding]:
    for split, counts in audit.counts.items():
        missing = [label for label in LABELS if not counts[label]]
        if missing:
            yield Finding(
                f"{split} has no image of {', '.join(missing)}.",
                "No figure of this split says anything about them.",
            )
    split = next(iter(audit.counts))
    present = {label: n for label, n in audit.counts[split].items() if n}
    most, least = max(present, key=present.__getitem__), min(present, key=present.__getitem__)
    if present[most] >= 2 * present[least]:
        yield Finding(
            f"In {split}, {most} is {present[most] / present[least]:.1f} times as frequent as "
            f"{least} ({present[most]:,} to {present[least]:,}).",
            "Read macro-F1 and balanced accuracy beside accuracy.",
        )


def _of_copies(audit: DatasetAudit) -> Iterator[Finding]:
    if audit.identical.groups:
        yield Finding(
            f"Identical images: {_duplicates(audit.identical)}.",
            "Keep one of each group; where labels conflict, at most one of them is right.",
        )
    if audit.near.groups:
        yield Finding(
            f"Nearly identical images: {_duplicates(audit.near)}.",
            f"Look before deleting. {audit.near.method}",
        )
    for split in audit.counts:
        share, files = audit.share_in_train(split), audit.identical.also_in_train(split)
        if share:
            yield Finding(
                f"{share:.1%} of {split} also stand in train, identical or nearly "
                f"({len(files):,} identical).",
                f"Accuracy on {split} flatters; trust the figure without training copies more.",
            )


def _of_labels(audit: DatasetAudit) -> Iterator[Finding]:
    if votes := audit.agreement:
        by_label = votes.share_by_label
        worst = min(by_label, key=by_label.__getitem__)
        yield Finding(
            f"{votes.share:.1%} of {votes.images:,} labels are what most FER+ annotators chose "
            f"({votes.share_among_clear:.1%} where these agree on a label); least for {worst}, "
            f"{by_label[worst]:.1%}.",
            "Expect no model to pass that by much when it is judged by the other's labels.",
        )
    if suspects := audit.label_errors:
        given = f"{sum(suspects.checked.values()):,}"
        judged = [suspect for suspect in suspects.suspects if suspect.votes]
        confirmed = f" FER+ confirms {len(suspects.confirmed):,} of {len(judged):,}." * bool(judged)
        seen = ", ".join(suspects.in_sample)
        yield Finding(
            f"{_count(suspects.suspects, 'label')} of {given} that the model "
            f"'{suspects.weights}' contradicts with confidence.{confirmed}",
            "Look at the first ones."
            + f" The model was trained on {seen}: it knows errors there by heart." * bool(seen),
        )


def _duplicates(found: Duplicates) -> str:
    return (
        f"{_count(found.groups, 'group')} ({found.images:,} images), "
        f"{len(found.conflicting):,} with conflicting labels, "
        f"{len(found.across_splits):,} across splits"
    )


def _count(items: Sequence[object], one: str, many: str = "") -> str:
    return f"{len(items):,} {one if len(items) == 1 else many or one + 's'}"


def _some(files: Iterable[str]) -> str:
    names = list(files)
    more = f" and {len(names) - _EXAMPLES:,} more" if len(names) > _EXAMPLES else ""
    return ", ".join(names[:_EXAMPLES]) + more
