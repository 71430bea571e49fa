"""Images that are equal in every grey value: the one place that says which are copies."""

import numpy as np
from numpy.typing import NDArray


def first_equals(pixels: NDArray[np.uint8]) -> NDArray[np.int64]:
    """For each of ``n`` images the index of the first image that is equal to it, ``(n,)``."""
    first: dict[bytes, int] = {}
    return np.array(
        [first.setdefault(image.tobytes(), i) for i, image in enumerate(pixels)], np.int64
    )


def also_in(pixels: NDArray[np.uint8], others: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Which of ``n`` images are equal to one of ``others``, ``(n,)``."""
    seen = {image.tobytes() for image in others}
    return np.array([image.tobytes() in seen for image in pixels], bool)
