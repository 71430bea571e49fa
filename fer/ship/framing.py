"""How the classifier's square lies relative to a detector's box, measured on known faces."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from fer.bundle import Bundle
from fer.data.folder import FolderDataset
from fer.errors import UserError
from fer.evaluation.pipeline import draw
from fer.evaluation.scenes import as_rgb, enlarge
from fer.spec import Framing
from fer.vision.detection import Detections, Detector
from fer.vision.detectors import open_detector

IMAGES = 600
"""How many images of a split are used: others than those that the whole way is judged on."""

_CANVAS_FACE = 144
_MARGIN = _CANVAS_FACE // 2
_FEWEST = 20


def calibrate_framing(
    bundle: Bundle | str | Path,
    data: FolderDataset | str | Path,
    split: str = "validation",
    detector: str = "haar",
) -> Framing:
    """Measure the framing of ``detector`` on ``split`` and store it in the bundle's ``spec.json``.

    Raises:
        UserError: if the bundle or the split cannot be read, too few faces are found, or
            the bundle cannot be written.
    """
    bundle = Bundle.open(bundle)
    images = draw(FolderDataset.open(data).load(split).pixels, IMAGES, others=True)
    framing = measure_framing(images, open_detector(detector))
    bundle.change_spec(framing={**bundle.spec.framing, detector: framing})
    return framing


def measure_framing(images: NDArray[np.uint8], detector: Detector) -> Framing:
    """How the classifier's square lies relative to the box of ``detector``: medians.

    Every face lies, three times enlarged, in the middle of a canvas twice its size that
    continues the face's border pixels. (On 400 faces, five ways to fill the canvas - mean grey,
    continued, mirrored, both blurred - gave scales of 0.99 to 1.03 and the same shifts.)

    Args:
        images: ``(n, 48, 48)`` uint8 faces in the classifier's own framing.
        detector: the detector to calibrate.

    Raises:
        UserError: if fewer than 20 faces are found.
    """
    ratios = [
        _ratios(box)
        for image in tqdm(images, desc="Framing", unit="image", disable=None)
        for box in _face_on_canvas(detector(as_rgb(enlarge(image, _CANVAS_FACE, _MARGIN))))
    ]
    if len(ratios) < _FEWEST:
        raise UserError(
            f"The detector '{detector.name}' found {len(ratios)} of {len(images)} faces, and the "
            f"framing needs {_FEWEST}; use a larger split of face images."
        )
    scale, shift_x, shift_y = np.median(ratios, axis=0).tolist()
    return Framing(round(scale, 4), round(shift_x, 4), round(shift_y, 4))


def framing_as_text(detector: str, framing: Framing) -> str:
    """The last lines of what ``python -m fer calibrate`` prints, one a detector."""
    return (
        f"framing of {detector}: the classified square is {framing.scale:.3f} times the detected "
        f"box, shifted by {framing.shift_x:+.3f} (right) and {framing.shift_y:+.3f} (down) of its "
        "side"
    )


def _face_on_canvas(found: Detections) -> NDArray[np.float32]:
    """The boxes ``(0 or 1, 4)`` at the middle of the canvas, roughly as large as the face."""
    centers = (found.boxes[:, :2] + found.boxes[:, 2:]) / 2
    central = np.abs(centers - _CANVAS_FACE).max(axis=1) < 0.3 * _CANVAS_FACE
    sides = (found.boxes[:, 2:] - found.boxes[:, :2]).mean(axis=1)
    return found.boxes[central & (sides > _CANVAS_FACE / 2)][:1]


def _ratios(box: NDArray[np.float32]) -> NDArray[np.float64]:
    """``scale, shift_x, shift_y`` that turn ``box`` into the face on the canvas."""
    side = (box[2:] - box[:2]).mean()
    shift = (_CANVAS_FACE - (box[:2] + box[2:]) / 2) / side
    return np.array([_CANVAS_FACE / side, *shift], np.float64)
