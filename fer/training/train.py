"""Training: one function, called by the command line and the notebook alike."""

import csv
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fer.bundle import HISTORY, MODEL_KERAS, TRAIN, bundle_path, write_spec
from fer.data.ferplus import majority
from fer.data.folder import FolderDataset, LabelledImages
from fer.errors import UserError
from fer.files import write_json
from fer.labels import LABELS, NO_MAJORITY
from fer.ship.export import load_keras, save_keras
from fer.spec import ModelSpec
from fer.training.architecture import (
    LABEL_HEAD,
    VOTE_HEAD,
    build_classifier,
    copy_weights,
    count_multiply_adds,
)
from fer.training.config import TrainConfig
from fer.training.loop import EpochResult, Trainer
from fer.training.provenance import (
    best_precision,
    machine,
    package_versions,
    source_commit,
)
from fer.training.state import CHECKPOINT, RunState, load_state, save_state
from fer.training.targets import blend_teachers, make_training_set

Epoch = dict[str, float]


@dataclass(frozen=True)
class Head:
    """A bundle that a run writes: its head, its judge, and the history column that selects."""

    bundle: Path
    layer: str
    title: str
    judged_by: str
    selected_by: str


def train(
    data: str | Path,
    out: str | Path,
    config: TrainConfig | None = None,
    *,
    consensus: str | Path | None = None,
    resume: bool = False,
    report: Callable[[Epoch], None] = lambda epoch: None,
) -> list[Epoch]:
    """Train on the split ``train`` of ``data``; select on ``validation``; write a bundle.

    The averaged weights of the best epoch so far are in the bundle after every epoch, and
    ``checkpoint.npz`` beside them lets ``resume`` go on after a kill at any moment.

    Args:
        data: folder dataset with the splits ``train`` and ``validation``.
        out: folder of the bundle, made if needed.
        config: every choice of the training; the default is that of the first run of the
            shipped weights, which `docs/experiments.md` tells.
        consensus: folder of a second bundle, for the head that learns the FER+ votes.
        resume: go on from the checkpoint in ``out``.
        report: called with each finished epoch's entry of ``history.csv``.

    Returns:
        The history, one entry an epoch.

    Raises:
        UserError: if the dataset lacks a split, ``out`` holds a checkpoint and ``resume`` is
            false, the checkpoint belongs to other settings, ``consensus`` has no votes, or a
            bundle to start from does not fit.
    """
    config = config or TrainConfig()
    out = Path(out)
    dataset = FolderDataset.open(data)
    images, validation = dataset.load("train"), dataset.load("validation")
    # Behind a camera the best epoch is the one that is best with and without it.
    score = "mean_accuracy" if config.camera.share else "accuracy"
    heads = [Head(out, LABEL_HEAD, config.title, "original", f"validation_{score}")]
    if consensus is not None:
        if images.votes is None or validation.votes is None:
            raise UserError(
                f"{data} has no FER+ votes, which the consensus bundle is trained on; "
                "import it with --ferplus."
            )
        heads.append(
            Head(
                Path(consensus),
                VOTE_HEAD,
                "consensus of ten",
                "ferplus",
                f"validation_ferplus_{score}",
            )
        )
    for head in heads:
        _make_folder(head.bundle)
    state = _starting_state(out, config, resume)
    if state.epoch and any(not (head.bundle / MODEL_KERAS).is_file() for head in heads):
        raise UserError(
            f"The run in {out} is {state.epoch} epochs old and wrote no such second bundle; "
            "resume it with the same --consensus as it began."
        )
    training_set = make_training_set(images, config.label_smoothing)
    trainer = Trainer(config, blend_teachers(training_set, config.teachers, config.teacher_weight))
    if state.epoch:
        trainer.restore(state.arrays)
    else:
        _start_from(trainer, config.start)
    for epoch in range(state.epoch, config.epochs):
        result = trainer.run_epoch(epoch)
        entry = _entry(trainer, epoch, result, validation)
        history = [*state.history, entry]
        seconds = state.seconds + result.seconds
        for head in heads:
            _write_bundle(head, trainer, history, seconds)
        state = RunState(epoch + 1, seconds, history, trainer.arrays())
        save_state(out, config, state)
        report(entry)
    return state.history


def epoch_line(epoch: Epoch, epochs: int) -> str:
    """One finished epoch of ``epochs``, to print."""
    return (
        f"epoch {epoch['epoch']:.0f}/{epochs}  {epoch['image_size']:.0f} px  "
        f"train {epoch['train_accuracy']:.1%}  validation {epoch['validation_accuracy']:.1%}  "
        f"macro-F1 {epoch['validation_macro_f1']:.3f}  {epoch['seconds']:.0f} s"
    )


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"The folder {folder} cannot be made: {error.strerror}.") from error


def _starting_state(out: Path, config: TrainConfig, resume: bool) -> RunState:
    if resume:
        return load_state(out, config)
    if (out / CHECKPOINT).exists():
        raise UserError(
            f"{out / CHECKPOINT} holds an earlier run; go on with --resume, or delete that file."
        )
    return RunState(0, 0.0, [], {})


def _start_from(trainer: Trainer, bundles: tuple[str, ...]) -> None:
    for name in reversed(bundles):  # the first comes last, and counts
        bundle = bundle_path(name)
        model = load_keras(bundle)
        try:
            trainer.start_from(model)
        except ValueError as error:
            raise UserError(
                f"The weights of {bundle} do not fit this network: {error}; "
                "train it with the same architecture."
            ) from error


def _entry(trainer: Trainer, epoch: int, result: EpochResult, validation: LabelledImages) -> Epoch:
    label_probs, vote_probs = trainer.predict(validation.pixels, trainer.config.image_size(epoch))
    entry = {
        "epoch": epoch + 1,
        "image_size": trainer.config.image_size(epoch),
        "learning_rate": trainer.learning_rate((epoch + 1) * trainer.steps_per_epoch - 1),
        "train_loss": result.loss,
        "train_accuracy": result.accuracy,
        "validation_loss": _log_loss(label_probs, validation.targets),
        "validation_accuracy": float((label_probs.argmax(1) == validation.targets).mean()),
        "validation_macro_f1": _macro_f1(label_probs.argmax(1), validation.targets),
        "seconds": result.seconds,
    }
    if validation.votes is not None:
        winner = majority(validation.votes)
        clear = winner != NO_MAJORITY
        agrees = vote_probs.argmax(1)[clear] == winner[clear]
        entry["validation_ferplus_accuracy"] = float(agrees.mean())
    if trainer.config.camera.share:
        entry |= _photographed(trainer, epoch, validation, entry)
    return {key: round(value, 6) for key, value in entry.items()}


def _photographed(trainer: Trainer, epoch: int, validation: LabelledImages, entry: Epoch) -> Epoch:
    """Accuracies behind the imitated camera, and their means with those of the clean images."""
    labels, votes = trainer.predict_photographed(
        validation.pixels, trainer.config.image_size(epoch)
    )
    seen = float((labels.argmax(1) == validation.targets).mean())
    result = {
        "validation_camera_accuracy": seen,
        "validation_mean_accuracy": (seen + entry["validation_accuracy"]) / 2,
    }
    if validation.votes is not None:
        winner = majority(validation.votes)
        clear = winner != NO_MAJORITY
        agrees = float((votes.argmax(1)[clear] == winner[clear]).mean())
        result["validation_ferplus_mean_accuracy"] = (
            agrees + entry["validation_ferplus_accuracy"]
        ) / 2
    return result


def _write_bundle(head: Head, trainer: Trainer, history: list[Epoch], seconds: float) -> None:
    """Write the history, and the weights with all that describes them when they are the best."""
    _write_history(head.bundle / HISTORY, history)
    scores = [entry[head.selected_by] for entry in history]
    best = int(np.argmax(scores))
    if best == len(history) - 1:
        _write_weights(head, trainer)
    write_json(
        head.bundle / TRAIN,
        {
            "config": asdict(trainer.config),
            "head": head.layer,
            "selected_by": head.selected_by,
            "best_epoch": best + 1,
            "epochs_done": len(history),
            "duration_seconds": round(seconds, 1),
            "versions": package_versions(),
            "source_commit": source_commit(),
            "machine": machine() | {"precision": trainer.config.precision or best_precision()},
        },
    )


def _write_weights(head: Head, trainer: Trainer) -> None:
    config = trainer.config
    size = config.sizes[-1][1]
    classifier = build_classifier(config.architecture, head.layer, size)
    copy_weights(trainer.averaged, classifier)
    save_keras(classifier, head.bundle)
    write_spec(
        head.bundle,
        ModelSpec(
            name=head.bundle.name,
            title=head.title,
            judged_by=head.judged_by,
            input_size=size,
            parameters=classifier.count_params(),
            multiply_adds=count_multiply_adds(classifier),
            source_commit=source_commit(),
        ),
    )


def _write_history(path: Path, history: list[Epoch]) -> None:
    aside = path.with_name(path.name + ".part")
    with aside.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, fieldnames=list(history[0]))
        writer.writeheader()
        writer.writerows(history)
    aside.replace(path)


def _log_loss(probs: NDArray[np.float32], targets: NDArray[np.int64]) -> float:
    return float(-np.log(np.maximum(probs[np.arange(len(targets)), targets], 1e-7)).mean())


def _macro_f1(predicted: NDArray[np.int64], targets: NDArray[np.int64]) -> float:
    """Mean of the F1 scores of the labels that occur."""
    scores = [
        2.0
        * ((predicted == label) & (targets == label)).sum()
        / ((predicted == label).sum() + (targets == label).sum())
        for label in range(len(LABELS))
        if (targets == label).any()
    ]
    return float(np.mean(scores))
