"""What an epoch is judged by: the EMA weights on the validation images, clean and photographed."""

import numpy as np
from numpy.typing import NDArray

from fer.data.ferplus import majority
from fer.data.folder import LabelledImages
from fer.evaluation import metrics
from fer.labels import NO_MAJORITY
from fer.training.loop import Trainer


def validate(trainer: Trainer, epoch: int, images: LabelledImages) -> dict[str, float]:
    """The columns ``validation_…`` of ``history.csv`` for ``epoch`` (0-based).

    Accuracy, macro-F1 and log-loss of the label head against the folder's labels; with votes the
    accuracy of the vote head against their clear majority; where training goes through the
    imitated camera also accuracies behind it, and their means with those of the clean images.
    """
    size = trainer.config.image_size(epoch)
    labels, votes = trainer.predict(images.pixels, size)
    confusion = metrics.confusion_matrix(images.targets, labels.argmax(axis=1))
    clean = _accuracies(labels, votes, images)
    figures = {
        "loss": float(metrics.log_losses(labels, images.targets).mean()),
        "accuracy": clean["accuracy"],
        "macro_f1": float(metrics.macro_f1(confusion)),
    } | clean
    if trainer.config.camera.share:
        spoilt = _accuracies(*trainer.predict_photographed(images.pixels, size), images)
        figures["camera_accuracy"] = spoilt["accuracy"]
        figures["mean_accuracy"] = (clean["accuracy"] + spoilt["accuracy"]) / 2
        if images.votes is not None:
            figures["ferplus_mean_accuracy"] = (
                clean["ferplus_accuracy"] + spoilt["ferplus_accuracy"]
            ) / 2
    return {f"validation_{name}": value for name, value in figures.items()}


def _accuracies(
    labels: NDArray[np.float32], votes: NDArray[np.float32], images: LabelledImages
) -> dict[str, float]:
    """Accuracy of each head against what it was trained on; of the second only with votes."""
    accuracies = {"accuracy": float((labels.argmax(axis=1) == images.targets).mean())}
    if images.votes is not None:
        winner = majority(images.votes)
        clear = winner != NO_MAJORITY
        agrees = votes.argmax(axis=1)[clear] == winner[clear]
        accuracies["ferplus_accuracy"] = float(agrees.mean())
    return accuracies
