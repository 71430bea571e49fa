"""Images whose label a trained model most confidently contradicts.

Confident learning (Northcutt, Jiang & Chuang, 2021, arXiv:1911.00068): a model is confident
of a label where its probability reaches the mean that it gives to images which have that
label. Images that it is confident show another label (the cells off the diagonal of the
paper's confident joint) are suspects. Here the other label must be the more probable of the
two as well, and thresholds are taken per split, because a model is far surer of the images
that it was trained on.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fer.bundle import LABEL_ERRORS, METRICS, ONNX, PREDICTIONS, Bundle
from fer.data.agreement import majorities_of
from fer.data.folder import FolderDataset
from fer.errors import UserError
from fer.files import checked
from fer.labels import LABELS

METHOD = (
    "Confident learning (Northcutt et al., 2021): the model's probability of another label reaches "
    "the mean that it gives to images with that label, and is higher than that of the given label."
)


@dataclass(frozen=True)
class LabelSuspect:
    """One image that may have the wrong label.

    Attributes:
        file: path relative to the folder that holds the splits, ``<split>/<label>/<name>``.
        suggested: the label that the model is confident of.
        p_given: the model's probability of the label that the image has.
        p_suggested: the model's probability of ``suggested``.
        votes: what most FER+ annotators chose, one of ``agreement.MAJORITY_COLUMNS``;
            empty without votes.
    """

    file: str
    suggested: str
    p_given: float
    p_suggested: float
    votes: str = ""

    def __post_init__(self) -> None:
        if self.file.count("/") != 2:
            raise ValueError(f"file must be <split>/<label>/<name>, not {self.file!r}.")

    @property
    def given(self) -> str:
        """The label that the image has."""
        return self.file.split("/")[1]


@dataclass(frozen=True)
class LabelErrors:
    """Candidate label errors, and how they were found.

    Attributes:
        method: one or two sentences for the reader.
        weights: name of the bundle whose predictions were used.
        judged_by: whose labels the bundle learned, one of ``spec.JUDGED_BY``: a bundle of
            the FER+ consensus contradicts original labels because the votes do.
        checked: split → how many of its images had a prediction.
        in_sample: splits that the model was trained on: it has learned some of their wrong
            labels by heart, so that fewer of them are found.
        suspects: most confident contradiction (``p_suggested - p_given``) first.
    """

    method: str
    weights: str
    judged_by: str
    checked: Mapping[str, int]
    in_sample: tuple[str, ...]
    suspects: tuple[LabelSuspect, ...]

    @property
    def confirmed(self) -> tuple[LabelSuspect, ...]:
        """Suspects for which most FER+ annotators chose the very label that is suggested."""
        return tuple(suspect for suspect in self.suspects if suspect.votes == suspect.suggested)


def doubt_labels(data: FolderDataset | str | Path, bundle: Bundle) -> LabelErrors:
    """The labels of a dataset that the predictions of a bundle contradict.

    Raises:
        UserError: if the dataset or the predictions cannot be read, or the predictions are of
            none of its images.
    """
    dataset = FolderDataset.open(data)
    command = f"python -m fer evaluate --data {dataset} --split validation --weights {bundle}"
    bundle.require(PREDICTIONS)
    files: list[str] = []
    targets: list[int] = []
    probabilities: list[NDArray[np.floating]] = []
    # Rows of another model would be told as the doubts of this one.
    known = bundle.current(METRICS).keys() & dataset.splits
    for split in (name for name in bundle.measured_splits if name in known):
        label_of = dict(dataset.files(split))
        predictions = bundle.predictions(split)
        for file, probs in zip(predictions.files, predictions.probs, strict=True):
            if file in label_of:
                files.append(file)
                targets.append(label_of[file])
                probabilities.append(probs)
    if not files:
        raise UserError(
            f"The predictions of {bundle.name} are of none of the images in {dataset}, or of "
            f"another model.onnx than the one at hand; '{command}' writes them anew."
        )
    return find_label_errors(
        files,
        np.array(targets),
        np.array(probabilities),
        majorities_of(dataset, files),
        bundle.name,
        bundle.spec.judged_by,
    )


def write_label_errors(bundle: Bundle, errors: LabelErrors) -> None:
    """Write ``label_errors.json``, stamped with the model that doubts.

    Raises:
        UserError: if it cannot be written.
    """
    bundle.write(LABEL_ERRORS, asdict(errors) | {"model_sha256": bundle.model_sha256})


def read_label_errors(bundle: Bundle) -> LabelErrors:
    """Read ``label_errors.json``.

    Raises:
        UserError: if it is missing, damaged, or tells of another ``model.onnx``
            than the one at hand.
    """
    values, command = bundle.read(LABEL_ERRORS), bundle.command(LABEL_ERRORS)
    path = bundle.path(LABEL_ERRORS)
    errors: LabelErrors = checked(LabelErrors, values, f"{path} is damaged", command)
    if bundle.has(ONNX) and not bundle.is_current(values):
        raise UserError(f"{path} tells of another model.onnx; '{command}' writes it anew.")
    return errors


def find_label_errors(
    files: Sequence[str],
    targets: NDArray[np.integer],
    probabilities: NDArray[np.floating],
    majorities: Sequence[str],
    weights: str,
    judged_by: str = "original",
) -> LabelErrors:
    """Images that a model is confident have another label.

    Args:
        files: ``n`` paths relative to the folder that holds the splits.
        targets: ``(n,)`` indices into ``LABELS``, the labels under suspicion.
        probabilities: ``(n, 7)``, rows sum to 1, columns follow ``LABELS``.
        majorities: ``n`` names from ``agreement.name_majorities``; empty without votes.
        weights: name of the bundle that the probabilities come from.
        judged_by: whose labels it learned, one of ``spec.JUDGED_BY``.
    """
    splits = [file.split("/")[0] for file in files]
    checked = Counter(splits)
    suspects: list[LabelSuspect] = []
    for split in checked:
        rows = [row for row, name in enumerate(splits) if name == split]
        suggested = confident_labels(targets[rows], probabilities[rows])
        for row, other in zip(rows, suggested, strict=True):
            p_given, p_other = probabilities[row, targets[row]], probabilities[row, other]
            if p_other > p_given:
                suspects.append(
                    LabelSuspect(
                        files[row], LABELS[other], float(p_given), float(p_other), majorities[row]
                    )
                )
    suspects.sort(key=lambda suspect: suspect.p_given - suspect.p_suggested)
    return LabelErrors(
        method=METHOD,
        weights=weights,
        judged_by=judged_by,
        checked=dict(sorted(checked.items())),
        in_sample=tuple(name for name in checked if name == "train"),
        suspects=tuple(suspects),
    )


def confident_labels(
    targets: NDArray[np.integer], probabilities: NDArray[np.floating]
) -> NDArray[np.int64]:
    """The label that a model is confident of, ``(n,)``; the given one where it is of none.

    Args:
        targets: ``(n,)`` indices into ``LABELS``.
        probabilities: ``(n, 7)``, of one split.
    """
    n, labels = probabilities.shape
    given = np.eye(labels, dtype=bool)[targets]  # (n, 7)
    thresholds = [
        probabilities[given[:, k], k].mean() if given[:, k].any() else np.inf for k in range(labels)
    ]
    confident = np.where(probabilities >= np.array(thresholds), probabilities, -1.0)
    best = confident.argmax(axis=1)
    return np.where(confident[np.arange(n), best] >= 0, best, targets)
