"""Which model and which images a figure belongs to, and whether the dataset at hand holds them."""

from collections.abc import Mapping
from typing import Any

from fer.bundle import METRICS, TRAIN, Bundle
from fer.dashboard import files, parts
from fer.dashboard.images import Images
from fer.dashboard.state import Context
from fer.data.folder import FolderDataset
from fer.errors import UserError
from fer.evaluation.results import SplitMetrics, read_metrics
from fer.wording import JUDGES

NO_DATASET = (
    "The images may not be passed on, so they are not here; a dashboard of your own shows them: "
    "'streamlit run dashboard.py -- --data DIR'."
)


def images_of(
    dataset: FolderDataset | None, bundle: Bundle, split: str, entry: Mapping[str, Any]
) -> Images:
    """Where the images are that ``entry`` of the bundle's ``metrics.json`` was measured on."""
    learned = learned_from(bundle)
    if dataset is None:
        return Images(None, NO_DATASET, learned)
    problem = _misfit(dataset, bundle, split, entry)
    if not problem:
        return Images(dataset.root, dataset=dataset.name)
    missing = f"{dataset.name}, the dataset at hand, does not hold the images."
    return Images(None, missing, learned, problem)


def _misfit(dataset: FolderDataset, bundle: Bundle, split: str, entry: Mapping[str, Any]) -> str:
    """Why figures do not belong to the images of ``dataset``; empty where they do."""
    if split not in dataset.splits:
        return f"The dataset at hand, {dataset}, has no split “{split}”."
    if "dataset_sha256" not in entry:  # measured before fingerprints were kept
        return ""
    found, problem = files.problem_of(lambda: files.images_sha256(dataset, split))
    if problem or found == entry["dataset_sha256"]:
        return problem
    return (
        f"These figures were measured on other images than those of {dataset}: none of its "
        f"images is shown with them. 'python -m fer evaluate --data {dataset} --split {split} "
        f"--weights {bundle}' measures this model on them."
    )


def same_images(
    dataset: FolderDataset, bundle: Bundle, counts: Mapping[str, Mapping[str, int]]
) -> bool:
    """Whether ``dataset`` is the one that a bundle learned from, whose audit found ``counts``.

    Beside the counts the fingerprints of the measured splits must be equal.
    """
    if files.counts(dataset) != counts:
        return False
    entries = bundle.read_or_empty(METRICS)
    return not any(
        images_of(dataset, bundle, split, entry).problem
        for split, entry in entries.items()
        if isinstance(entry, dict)
    )


def learned_from(bundle: Bundle) -> str:
    """Name of the dataset that ``train.json`` names; empty if it names none."""
    return str(bundle.read_or_empty(TRAIN).get("dataset", ""))


def measured(context: Context, entry: SplitMetrics) -> Images:
    """Say on the page which model, images and labels its figures belong to, and what does not fit.

    Args:
        context: what the visitor looks at.
        entry: of ``metrics.json``.
    """
    bundle, split = context.bundle, context.split
    images = images_of(context.site.dataset, bundle, split, entry)
    of = f" of {images.dataset}" if images.dataset else ""
    parts.note(f"On {entry['n']:,} {split} images{of}, judged by the {JUDGES[entry['judged_by']]}.")
    for problem in (context.site.data_problem, files.mismatch(bundle, entry)):
        if problem:
            parts.problem(problem)
    if images.problem:
        parts.problem(images.problem)
    if split == "train":
        parts.problem("The model has learned from these images: its figures on them are too good.")
    return images


def entry_of(bundle: Bundle, split: str) -> SplitMetrics:
    """The entry of ``split`` in ``metrics.json``.

    Raises:
        UserError: if there is none; names the splits that were measured.
    """
    entries = read_metrics(bundle)
    if split not in entries:
        known = ", ".join(entries) or "none"
        raise UserError(
            f"{bundle.path(METRICS)} has no measurement on '{split}' (it has: {known}); "
            f"'python -m fer evaluate --data DIR --split {split} --weights {bundle}' adds it."
        )
    return entries[split]
