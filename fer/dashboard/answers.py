"""A model's answers as the product gives them, with "unsure" where it is."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from fer.dashboard.images import Tile
from fer.labels import LABELS, UNSURE
from fer.predictions import Predictions
from fer.wording import percent


def given(found: Predictions, unsure_below: float) -> NDArray[np.bool_]:
    """``(n,)`` whether the product names a label, or says "unsure"."""
    return np.asarray(found.probs.max(axis=1) >= unsure_below)


def answer_tile(found: Predictions, i: int, unsure_below: float) -> Tile:
    """The image ``i`` with its label and what the product answers."""
    probs = found.probs[i]
    best = f"{LABELS[int(probs.argmax())]} {percent(float(probs.max()))}"
    caption = f"→ {best}" if probs.max() >= unsure_below else f"→ {UNSURE}\n({best})"
    return Tile(
        str(found.files[i]), LABELS[found.targets[i]], caption, tuple(float(p) for p in probs)
    )


def drawn_at_random(indices: Sequence[int] | NDArray[np.integer], count: int) -> list[int]:
    """At most ``count`` of ``indices``."""
    # The same draw every time: a view that is shared shows the same faces.
    return [int(i) for i in np.random.default_rng(0).permutation(indices)[:count]]
