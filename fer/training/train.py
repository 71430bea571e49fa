"""Training: one function, called by the command line and the notebook alike."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from fer.bundle import KERAS, TRAIN, Bundle
from fer.data.folder import FolderDataset, LabelledImages
from fer.errors import UserError
from fer.labels import LABELS
from fer.training.architecture import LABEL_HEAD, VOTE_HEAD
from fer.training.backend import require_tensorflow
from fer.training.config import TrainConfig
from fer.training.keras_file import load_keras
from fer.training.loop import Trainer
from fer.training.output import Epoch, Output
from fer.training.state import CHECKPOINT, RunState, holds_a_bundle, load_state, save_state
from fer.training.targets import distill, make_training_set
from fer.training.validation import validate
from fer.training.views import spoilt_views
from fer.wording import percent

_VIEW_STRENGTH = 0.6
"""Share of the augmentation's ranges in views that teachers answer: the mean over a run, about."""


def train(
    data: str | Path | FolderDataset,
    out: str | Path,
    config: TrainConfig | None = None,
    *,
    consensus: str | Path | None = None,
    resume: bool = False,
    report: Callable[[Epoch], None] = lambda epoch: None,
    note: Callable[[str], None] = lambda sentence: None,
) -> list[Epoch]:
    """Train on the split ``train`` of ``data``; select on ``validation``; write a bundle.

    The EMA weights of the best epoch so far are in the bundle after every epoch, and
    ``checkpoint.npz`` beside them lets ``resume`` go on after a kill at any moment.

    Args:
        data: folder dataset with the splits ``train`` and ``validation``.
        out: folder of the bundle, made if needed.
        config: every choice of the training; the default is that of the first run of the
            shipped weights, which `docs/experiments.md` tells.
        consensus: folder of a second bundle, for the head that learns the FER+ votes.
        resume: go on from the checkpoint in ``out``.
        report: called with each finished epoch's entry of ``history.csv``.
        note: called with each remark on the training images.

    Returns:
        The history, one entry an epoch.

    Raises:
        UserError: if the dataset lacks a split, ``out`` holds a checkpoint and ``resume`` is
            false, the checkpoint belongs to other settings, ``consensus`` has no votes, a
            bundle to start from does not fit, a folder cannot be written, or Keras does not run
            on TensorFlow.
    """
    require_tensorflow()
    config = config or TrainConfig()
    dataset = FolderDataset.open(data)
    validation = dataset.load("validation")  # first, for it is what may be missing
    images = dataset.load("train")
    outputs = [_output(dataset, Path(out), config)]
    if consensus is not None:
        if Path(consensus).resolve() == Path(out).resolve():
            raise UserError(f"--out and --consensus both name {out}; they are two bundles.")
        _require_votes(dataset, images, validation)
        outputs.append(_output(dataset, Path(consensus), config, votes=True))
    for output in outputs:
        _make_folder(output.bundle.folder)
    state = _starting_state(outputs, config, resume)
    for sentence in label_notes(images):
        note(sentence)
    trainer = _trainer(images, config, state)
    for epoch in range(state.epoch, config.epochs):
        entry, seconds = _run_epoch(trainer, epoch, validation)
        state = RunState(
            epoch + 1,
            state.seconds + seconds,
            [*state.history, entry],
            trainer.arrays(),
            len(outputs),
        )
        for output in outputs:
            output.write(trainer, state.history, state.seconds)
        save_state(Path(out), config, state)
        report(entry)
    return state.history


def epoch_line(epoch: Epoch, epochs: int) -> str:
    """One finished epoch of ``epochs``, to print."""
    return (
        f"epoch {epoch['epoch']:.0f}/{epochs}  {epoch['image_size']:.0f} px  "
        f"train {percent(epoch['train_accuracy'], 1)}  "
        f"validation {percent(epoch['validation_accuracy'], 1)}  "
        f"macro-F1 {epoch['validation_macro_f1']:.3f}  {epoch['seconds']:.0f} s"
    )


def label_notes(images: LabelledImages) -> list[str]:
    """What a network cannot learn from these images: labels without any, and the rarest label."""
    counts = np.bincount(images.targets, minlength=len(LABELS))
    missing = [label for label, count in zip(LABELS, counts, strict=True) if not count]
    rarest = min(np.flatnonzero(counts), key=lambda label: counts[label])
    notes = [
        f"the rarest label is {LABELS[rarest]}, with {counts[rarest]:,} of {len(images):,} "
        "training images."
    ]
    if missing:
        notes.append(
            f"no training image is labelled {', '.join(missing)}: the network cannot learn "
            f"{'it' if len(missing) == 1 else 'them'}."
        )
    return notes


def _require_votes(dataset: FolderDataset, *splits: LabelledImages) -> None:
    if any(images.votes is None for images in splits):
        raise UserError(
            f"{dataset} has no FER+ votes, which the consensus bundle is trained on; "
            "import it with --ferplus."
        )


def _output(
    dataset: FolderDataset, folder: Path, config: TrainConfig, votes: bool = False
) -> Output:
    # Behind a camera the best epoch is the one that is best with and without it.
    score = "mean_accuracy" if config.camera.share else "accuracy"
    head, title, judge, prefix = (
        (VOTE_HEAD, "consensus of ten", "ferplus", "validation_ferplus_")
        if votes
        else (LABEL_HEAD, config.title, "original", "validation_")
    )
    return Output(Bundle(folder), dataset.name, head, title, judge, prefix + score)


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"The folder {folder} cannot be made: {error.strerror}.") from error


def _starting_state(outputs: Sequence[Output], config: TrainConfig, resume: bool) -> RunState:
    out = outputs[0].bundle
    if not resume:
        for bundle in (output.bundle for output in outputs):
            if holds_a_bundle(bundle.folder):
                on = "go on with --resume, " if bundle is out and bundle.has(CHECKPOINT) else ""
                raise UserError(
                    f"{bundle} holds an earlier run or weights; {on}name another folder, or "
                    "delete that one."
                )
        return RunState(0, 0.0, [], {})
    state = load_state(out.folder, config)
    whole = out.has(KERAS) and all(_is_of(output, state, out) for output in outputs[1:])
    if not whole or state.bundles not in (0, len(outputs)):
        raise UserError(
            f"The run in {out} is {state.epoch} epochs old and did not write these bundles; "
            "resume it with the same --consensus as it began."
        )
    return state


def _is_of(output: Output, state: RunState, first: Bundle) -> bool:
    """Whether the run has written this bundle; a kill may have left it an epoch ahead."""
    made, ours = output.bundle.read_or_empty(TRAIN), first.read_or_empty(TRAIN)
    return (
        output.bundle.has(KERAS)
        and made.get("head") == output.head
        and made.get("config") == ours.get("config")
        and made.get("epochs_done") in (state.epoch, state.epoch + 1)
    )


def _trainer(images: LabelledImages, config: TrainConfig, state: RunState) -> Trainer:
    """The trainer as it is before the next epoch of ``state``."""
    training_set = make_training_set(images, config.label_smoothing)
    views = spoilt_views(config, config.teacher_views, _VIEW_STRENGTH)
    taught = distill(training_set, config.teachers, config.teacher_weight, views)
    trainer = Trainer(config, taught)
    if state.epoch:
        trainer.restore(state.arrays)
    else:
        _start_from(trainer, config.start)
    return trainer


def _start_from(trainer: Trainer, bundles: Sequence[str]) -> None:
    for name in reversed(bundles):  # the first comes last, and counts
        bundle = Bundle.open(name)
        model = load_keras(bundle)
        try:
            trainer.start_from(model)
        except ValueError as error:
            raise UserError(
                f"The weights of {bundle} do not fit this network: {error}; "
                "train it with the same architecture."
            ) from error


def _run_epoch(trainer: Trainer, epoch: int, validation: LabelledImages) -> tuple[Epoch, float]:
    """Train and validate once: the entry of ``history.csv``, and the seconds of training."""
    result = trainer.run_epoch(epoch)
    last_step = (epoch + 1) * trainer.steps_per_epoch - 1
    entry = {
        "epoch": epoch + 1,
        "image_size": trainer.config.image_size(epoch),
        "learning_rate": trainer.learning_rate(last_step),
        "train_loss": result.loss,
        "train_accuracy": result.accuracy,
        **validate(trainer, epoch, validation),
        "seconds": result.seconds,
    }
    return {key: round(value, 6) for key, value in entry.items()}, result.seconds
