"""Why this label: activation maps as heat over a face."""

import cv2
import numpy as np
from numpy.typing import NDArray

from fer.vision.boxes import uncut

Part = tuple[float, float, float, float]
"""Left, top, right and bottom end of a part, as shares of the whole."""


def seen_part(box: NDArray[np.int32], width: int, height: int) -> Part:
    """Which part of the classified square lies in a ``width`` × ``height`` picture.

    Left, top, right and bottom end as shares of the square; 0, 0, 1, 1 unless the picture's
    border has cut ``box``.
    """
    x0, y0, x1, y1 = (int(value) for value in box)
    left, top, right, _ = (int(value) for value in uncut(box, width, height))
    side = max(1, right - left)
    return (x0 - left) / side, (y0 - top) / side, (x1 - left) / side, (y1 - top) / side


def heat_up(
    face: NDArray[np.uint8],
    activation_map: NDArray[np.float32],
    part: Part = (0, 0, 1, 1),
    strongest: float | None = None,
) -> NDArray[np.uint8]:
    """A copy of ``face`` with the evidence for one label as heat.

    Only evidence in favour is shown. Maps that were drawn with the same ``strongest`` compare
    in strength; else only in place and shape.

    Args:
        face: ``(h, w, 3)``, at any size.
        activation_map: ``(rows, columns)``, one class activation map (Zhou et al. 2016); it
            covers the whole square.
        part: the part of the square that ``face`` shows, as by `seen_part`.
        strongest: the evidence that is drawn brightest; by default the strongest of this map.
    """
    height, width = face.shape[:2]
    x0, y0, x1, y1 = part
    whole = max(width, round(width / (x1 - x0))), max(height, round(height / (y1 - y0)))
    left, top = (
        min(round(x0 * whole[0]), whole[0] - width),
        min(round(y0 * whole[1]), whole[1] - height),
    )
    heat = cv2.resize(np.maximum(activation_map, 0), whole, interpolation=cv2.INTER_CUBIC)
    inside = heat[top : top + height, left : left + width].clip(min=0)
    most = float(inside.max()) if strongest is None else strongest
    strength = np.minimum(inside / max(most, 1e-6), 1)  # (h, w), 0..1
    colors = cv2.applyColorMap((255 * strength).astype(np.uint8), cv2.COLORMAP_INFERNO)[..., ::-1]
    opacity = 0.75 * np.sqrt(strength)[..., None]
    return np.asarray(face * (1 - opacity) + colors * opacity, np.uint8)
