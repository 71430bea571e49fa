"""What the findings of an audit mean, in sentences: the fact, and what to do about it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from fer.data.agreement import VoteAgreement
from fer.data.audit import DatasetAudit
from fer.data.duplicates import Duplicates
from fer.data.label_errors import LabelErrors
from fer.data.summary import summary_table
from fer.labels import LABELS
from fer.wording import percent

_EXAMPLES = 3


@dataclass(frozen=True)
class Remark:
    """One thing to know about a dataset, and what to do about it."""

    fact: str
    advice: str


def remarks(audit: DatasetAudit, errors: LabelErrors | None = None) -> tuple[Remark, ...]:
    """Everything that is worth saying about a dataset; nothing about what was not found."""
    return (
        *_of_files(audit),
        *_of_balance(audit),
        *_of_copies(audit),
        *([_of_votes(audit.agreement)] if audit.agreement else []),
        *([_of_suspects(errors)] if errors else []),
    )


def audit_as_text(audit: DatasetAudit, errors: LabelErrors | None = None) -> str:
    """Counts and findings for a terminal, a page at most."""
    lines = [f"{audit.dataset}: {audit.images:,} images", "", summary_table(audit.counts), ""]
    for remark in remarks(audit, errors):
        lines += [f"• {remark.fact}", f"  → {remark.advice}"]
    return "\n".join(lines)


def _of_files(audit: DatasetAudit) -> Iterator[Remark]:
    if audit.unreadable:
        yield Remark(
            f"Unreadable: {_some(audit.unreadable)}.",
            "Replace or delete them: training stops at the first that cannot be decoded.",
        )
    for words, files in audit.odd_formats.items():
        yield Remark(
            f"{words} instead of 48 × 48 grey: {_some(files)}.",
            "Training converts them; if they are not crops of faces, crop them first.",
        )
    if audit.ignored:
        yield Remark(
            f"Unused: {_some(audit.ignored)}.",
            "Images are png, jpg, jpeg or bmp files in folders named after the labels; votes are "
            "found where every image is named by its row.",
        )
    if audit.blank:
        yield Remark(
            f"Blank or nearly so: {_some(audit.blank)}.",
            "Delete them: a label without a face teaches nothing.",
        )


def _of_balance(audit: DatasetAudit) -> Iterator[Remark]:
    for split, counts in audit.counts.items():
        missing = [label for label in LABELS if not counts[label]]
        if missing:
            yield Remark(
                f"{split} has no image of {', '.join(missing)}.",
                "No figure of this split says anything about them.",
            )
    split = next(iter(audit.counts))
    present = {label: n for label, n in audit.counts[split].items() if n}
    most, least = max(present, key=present.__getitem__), min(present, key=present.__getitem__)
    if present[most] >= 2 * present[least]:
        yield Remark(
            f"In {split}, {most} is {present[most] / present[least]:.1f} times as frequent as "
            f"{least} ({present[most]:,} to {present[least]:,}).",
            "Read macro-F1 and balanced accuracy beside accuracy.",
        )


def _of_copies(audit: DatasetAudit) -> Iterator[Remark]:
    if audit.identical.groups:
        yield Remark(
            f"Identical images: {_duplicates(audit.identical)}.",
            "Keep one of each group; where labels conflict, at most one of them is right.",
        )
    if audit.near.groups:
        yield Remark(
            f"Nearly identical images: {_duplicates(audit.near)}.",
            "Keep each group in one split, and look before deleting: some show two moments.",
        )
    for split in audit.counts:
        files, identical = audit.also_in_train(split), audit.identical.also_in_train(split)
        if files:
            yield Remark(
                f"{percent(audit.share_in_train(split), 1)} of {split} stand in train as "
                f"well (identical: {len(identical):,}, nearly identical: "
                f"{len(files) - len(identical):,}).",
                f"Accuracy on {split} flatters: 'python -m fer evaluate' tells it without the "
                "identical ones as well; the nearly identical ones stay in.",
            )


def _of_votes(votes: VoteAgreement) -> Remark:
    by_label = votes.share_by_label
    worst = min(by_label, key=by_label.__getitem__)
    return Remark(
        f"{percent(votes.share, 1)} of {votes.images:,} labels are the one answer that most FER+ "
        f"annotators chose, ties counting against them ("
        f"{percent(votes.share_among_clear, 1)} where it is one of the seven labels); "
        f"fewest for {worst}, {percent(by_label[worst], 1)}.",
        "Say whose labels a figure is judged by: a model of the one kind cannot score much "
        "higher than this on the other.",
    )


def _of_suspects(errors: LabelErrors) -> Remark:
    fact = (
        f"Labels that the model '{errors.weights}' contradicts with confidence: "
        f"{len(errors.suspects):,} of {sum(errors.checked.values()):,}."
    )
    advice = "Look at them, most confident first."
    judged = sum(bool(suspect.votes) for suspect in errors.suspects)
    if judged:
        fact += f" Of {judged:,} with votes, FER+ annotators side with it on "
        fact += f"{len(errors.confirmed):,}."
    if errors.in_sample:
        advice += f" The model was trained on {', '.join(errors.in_sample)}: wrong labels that "
        advice += "it knows by heart are not found."
    if errors.judged_by == "ferplus":
        advice += " It learned the FER+ votes, so they do not check it."
    return Remark(fact, advice)


def _duplicates(found: Duplicates) -> str:
    return (
        f"{len(found.groups):,} groups ({found.images:,} images), "
        f"{len(found.conflicting):,} with conflicting labels, "
        f"{len(found.across_splits):,} across splits"
    )


def _some(files: Sequence[str]) -> str:
    names = ", ".join(files[:_EXAMPLES])
    return f"{len(files):,} ({names}{', …' if len(files) > _EXAMPLES else ''})"
