"""``ModelSpec``: what the weights of a bundle require of the code that runs them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import inf, isfinite

from fer.labels import LABELS, require_same_order

ONNX_INPUT = "pixels"
"""``(n, size, size, 1)`` float32 grey values, 0 to 255."""
ONNX_PROBABILITIES = "probabilities"
"""``(n, 7)`` float32, rows sum to 1, columns follow ``LABELS``:
softmax(logits / temperature + offsets); a memory changes the logits before that."""
ONNX_MAPS = "activation_maps"
"""``(n, 7, h, w)`` float32, class activation maps; their spatial mean is the logit, before memory,
temperature and offsets: a map shows where evidence lies, which neither of them moves."""
ONNX_CODES = "memory_codes"
"""``(images, parts)`` uint8, of a network with a memory (`fer.training.memory`): an initializer."""

NO_OFFSETS = (0.0,) * len(LABELS)

JUDGED_BY = ("original", "ferplus")
"""Whose labels a bundle is meant to give: FER2013's own, or the clear majority of FER+ votes."""


@dataclass(frozen=True)
class Framing:
    """How a detector's box becomes the square that the classifier was trained on.

    With a detected box of centre ``(x, y)`` and side ``s`` (the mean of width and
    height), the square has its centre at ``(x + shift_x * s, y + shift_y * s)`` and
    the side ``scale * s``. All three are ratios without unit; +y points down.
    """

    scale: float = 1.0
    shift_x: float = 0.0
    shift_y: float = 0.0

    def __post_init__(self) -> None:
        if not 0.25 <= self.scale <= 4.0:
            raise ValueError(f"A framing's scale must lie in 0.25..4, not {self.scale}.")
        if not all(abs(shift) <= 1.0 for shift in (self.shift_x, self.shift_y)):  # nor is it NaN
            raise ValueError("A framing's shifts must lie in -1..1 of the box side.")


_USUAL_FRAMING = {"yunet": Framing(scale=1.05)}
"""Of detectors whose boxes are not about FER2013's squares; Haar's are."""


@dataclass(frozen=True)
class ModelSpec:
    """What the weights of a bundle require of the code that runs them, and who they are.

    Attributes:
        temperature: by which ``model.onnx`` divides its logits; stated here, applied there.
        offsets: that it then adds, one a label.
        unsure_below: the highest probability must reach this, else a face is "unsure".
        views: 2 where the answer is that of ``model.onnx`` to a face and to its mirror image.
        multiply_adds: of one face, all views together.
    """

    name: str
    title: str
    input_size: int = 48
    labels: tuple[str, ...] = LABELS
    framing: Mapping[str, Framing] = field(default_factory=dict)
    temperature: float = 1.0
    offsets: tuple[float, ...] = NO_OFFSETS
    unsure_below: float = 0.5
    judged_by: str = "original"
    parameters: int = 0
    multiply_adds: int = 0
    views: int = 1
    opset: int = 0
    source_commit: str = ""

    def __post_init__(self) -> None:
        require_same_order(self.labels, f"The bundle '{self.name}'")
        if not 16 <= self.input_size <= 1024:
            raise ValueError(f"input_size must be 16 to 1024 pixels, not {self.input_size}.")
        if self.views not in (1, 2):
            raise ValueError(f"views must be 1, or 2 with the mirror image, not {self.views}.")
        if not 0.0 <= self.unsure_below <= 1.0:
            raise ValueError(f"unsure_below is a probability, not {self.unsure_below}.")
        if not 0.0 < self.temperature < inf:
            raise ValueError(f"temperature must be positive, not {self.temperature}.")
        if len(self.offsets) != len(self.labels) or not all(map(isfinite, self.offsets)):
            raise ValueError(f"offsets must be {len(self.labels)} numbers, not {self.offsets}.")
        if self.judged_by not in JUDGED_BY:
            raise ValueError(f"judged_by must be one of {JUDGED_BY}, not '{self.judged_by}'.")

    def framing_for(self, detector: str) -> Framing:
        """The calibrated framing of ``detector``; a usual one where none was measured."""
        return self.framing.get(detector, _USUAL_FRAMING.get(detector, Framing()))
