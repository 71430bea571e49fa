"""Temperature and offsets: how logits become probabilities that mean what they say.

Bias-corrected temperature scaling divides the logits by one number and adds another to each
label's (Guo et al., 2017, arXiv:1706.04599; Alexandari et al., 2020, arXiv:1901.06852). The eight
numbers have the least log-loss on a split that was not trained on, in which a rare label counts
for more than its share: it is then answered more often, and a little more surely than it is right.
"""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import log_softmax, softmax

from fer.evaluation import metrics
from fer.spec import NO_OFFSETS

Aim = Literal["dataset", "balanced"]
"""What probabilities are for: people as often of each expression as the dataset has them
(``dataset``), or every expression alike (``balanced``)."""

FOLDS = 5
RARITY = 0.3
"""Images weigh ``(images of their label) ** -RARITY``: at 0 all weigh alike, at 1 all labels do.
Higher finds more of the rare labels, and takes more other faces for them. Chosen on validation
(docs/experiments.md)."""

_SEED = 0
_TEMPERATURES = (0.05, 20.0)
_RIDGE = 1e-5  # keeps the offset of a label without images finite, and moves no other
_SMALLEST = float(np.finfo(np.float32).tiny)

Floats = NDArray[np.float64]
Targets = NDArray[np.integer]


@dataclass(frozen=True)
class Scaling:
    """``softmax(logits / temperature + offsets)``.

    Attributes:
        temperature: positive; above 1 where a network is overconfident.
        offsets: one a label, in the order of ``LABELS``; their mean is 0.
    """

    temperature: float = 1.0
    offsets: tuple[float, ...] = NO_OFFSETS

    def __call__(self, logits: Floats) -> Floats:
        """Probabilities ``(n, 7)`` of logits ``(n, 7)``."""
        return np.asarray(softmax(logits / self.temperature + np.array(self.offsets), axis=1))

    def balanced(self, priors: Floats) -> "Scaling":
        """The same with probabilities divided by the square root of ``priors`` ``(7,)``.

        On the scale of logits that is half of the way from the shares of the labels in training
        to seven labels alike (Saerens et al., 2002). For `fer` it raised accuracy on another
        laboratory's posed faces from 75.5 to 80.5 % and kept FER2013's 73.1 %.
        """
        offsets = np.array(self.offsets) - 0.5 * np.log(priors)
        return Scaling(self.temperature, tuple((offsets - offsets.mean()).tolist()))


@dataclass(frozen=True)
class Figures:
    """What probabilities are worth on labelled images.

    Attributes:
        accuracy: share of the images that get their label.
        balanced_accuracy: mean recall of the labels, each counting alike.
        macro_f1: mean F1 of the labels.
        log_loss: in nats; images weigh as in `fit`.
        ece: expected calibration error.
    """

    accuracy: float
    balanced_accuracy: float
    macro_f1: float
    log_loss: float
    ece: float

    @classmethod
    def of(cls, probs: Floats, targets: Targets) -> "Figures":
        """Of probabilities ``(n, 7)`` against labels ``(n,)``."""
        confusion = metrics.confusion_matrix(targets, probs.argmax(axis=1))
        return cls(
            accuracy=float(metrics.accuracy(confusion)),
            balanced_accuracy=float(metrics.balanced_accuracy(confusion)),
            macro_f1=float(metrics.macro_f1(confusion)),
            log_loss=float(_weights(targets) @ metrics.log_losses(probs, targets)),
            ece=metrics.expected_calibration_error(probs, targets),
        )

    def worse_than(self, other: "Figures", aim: Aim) -> bool:
        """Whether ``other`` serves the aim better.

        ``dataset``: less log-loss, or both more accuracy and more macro-F1; ``balanced``: more
        balanced accuracy.
        """
        if aim == "balanced":
            return self.balanced_accuracy < other.balanced_accuracy
        both_lower = self.accuracy < other.accuracy and self.macro_f1 < other.macro_f1
        return self.log_loss > other.log_loss or both_lower


def fit(logits: Floats, targets: Targets, with_offsets: bool = True) -> Scaling:
    """The temperature, and the offsets if wanted, with the least weighted log-loss.

    It is convex in the offsets and the inverse temperature together.

    Args:
        logits: ``(n, 7)``.
        targets: ``(n,)``.
        with_offsets: fit offsets as well; else they are 0.
    """
    weights, rows = _weights(targets), np.arange(len(targets))
    wanted = np.bincount(targets, weights, minlength=logits.shape[1])

    def loss_and_gradient(numbers: Floats) -> tuple[float, Floats]:
        inverse, offsets = numbers[0], numbers[1:]
        logarithms = log_softmax(logits * inverse + offsets, axis=1)
        probs = np.exp(logarithms)
        loss = -weights @ logarithms[rows, targets] + 0.5 * _RIDGE * offsets @ offsets
        expected = (probs * logits).sum(axis=1) - logits[rows, targets]
        slopes = weights @ probs - wanted + _RIDGE * offsets
        return float(loss), np.concatenate([[weights @ expected], slopes])

    free: Any = (None, None) if with_offsets else (0.0, 0.0)
    found = minimize(
        loss_and_gradient,
        np.array([1.0, *np.zeros(logits.shape[1])]),
        jac=True,
        method="L-BFGS-B",
        bounds=[(1 / _TEMPERATURES[1], 1 / _TEMPERATURES[0]), *[free] * logits.shape[1]],
        options={"ftol": 1e-15, "gtol": 1e-9, "maxiter": 500},
    ).x
    offsets = found[1:] - found[1:].mean()
    return Scaling(float(1.0 / found[0]), tuple(offsets.tolist()))


def cross_fitted(logits: Floats, targets: Targets, with_offsets: bool = True) -> Floats:
    """Probabilities ``(n, 7)`` of each fold of the images under numbers fitted on the others."""
    folds = np.random.default_rng(_SEED).permutation(len(targets)) % FOLDS
    probs = np.empty_like(logits)
    for fold in range(FOLDS):
        held = folds == fold
        probs[held] = fit(logits[~held], targets[~held], with_offsets)(logits[held])
    return probs


def logits_of(probs: NDArray[np.floating]) -> Floats:
    """Logits up to a constant per image, from their softmax."""
    return np.log(np.maximum(np.asarray(probs, np.float64), _SMALLEST))


def _weights(targets: Targets) -> Floats:
    """What each image counts for in the log-loss, ``(n,)``, 1 in all."""
    weights = np.bincount(targets)[targets] ** -RARITY
    return np.asarray(weights / weights.sum())
