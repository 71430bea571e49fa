"""A real face for tests: scikit-image's astronaut, in the public domain."""

import cv2
import numpy as np
import skimage.data

FACE = (177, 66, 272, 161)
"""Where her face lies in the picture, ``(left, top, right, bottom)``."""


def cut_outs(count):
    """``(count, 48, 48)`` uint8 grey: the face cut out a little differently every time."""
    gray = cv2.cvtColor(skimage.data.astronaut(), cv2.COLOR_RGB2GRAY)
    images = []
    for i in range(count):
        dx, dy = i % 5 - 2, i // 5 % 3 - 1
        cut = gray[FACE[1] + dy : FACE[3] + dy, FACE[0] + dx : FACE[2] + dx]
        cut = cut[:, ::-1] if i % 2 else cut
        images.append(cv2.resize(cut, (48, 48), interpolation=cv2.INTER_AREA) - np.uint8(i % 8))
    return np.stack(images)
