"""How a camera was held: the display matrix of a video, as the EXIF orientation of a photo."""

from dataclasses import dataclass
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Orientation:
    """One of the eight ways in which a stored picture lies on the screen.

    Attributes:
        transposed: rows become columns, before anything is mirrored.
        left_right, up_down: then it is mirrored.
    """

    transposed: bool = False
    left_right: bool = False
    up_down: bool = False

    @classmethod
    def of(cls, picture: av.VideoFrame) -> "Orientation":
        """As ``picture`` says; of a slanted one the nearest of the eight."""
        data: Any = picture.side_data.get("DISPLAYMATRIX")
        if data is None:
            return cls()
        matrix = np.frombuffer(bytes(data), np.int32).reshape(3, 3)
        # FFmpeg: x' = a x + c y, y' = b x + d y; all in 1/65536.
        (a, b), (c, d) = matrix[:2, :2].tolist()
        if abs(a) + abs(d) >= abs(b) + abs(c):
            return cls(False, a < 0, d < 0)
        return cls(True, c < 0, b < 0)

    def size(self, width: int, height: int) -> tuple[int, int]:
        """Width and height on the screen, or of the stored picture: the way is the same back."""
        return (height, width) if self.transposed else (width, height)

    def upright(self, rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The stored picture ``(h, w, 3)`` as displayed."""
        if self.transposed:
            rgb = rgb.swapaxes(0, 1)
        return np.ascontiguousarray(
            rgb[:: -1 if self.up_down else 1, :: -1 if self.left_right else 1]
        )
