"""The corruptions under which robustness is measured: one table, with units.

The protocol is that of Hendrycks & Dietterich (2019, arXiv:1903.12261): fixed kinds at fixed
strengths, on the images that also give the clean figures, averaged over the strengths of a kind
and then over the kinds. Three strengths instead of five, and kinds and strengths that fit faces
of 48 pixels from a camera instead of ImageNet.
"""

import zlib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fer.evaluation import effects
from fer.evaluation.effects import Face

Effect = Callable[[Face, float, np.random.Generator], Face]


@dataclass(frozen=True)
class Corruption:
    """One kind of corruption.

    Attributes:
        effect: what it does to one face; its ``__name__`` is the name of the kind.
        group: whose doing it is; one of `GROUPS`.
        title: plain name.
        unit: of the strengths.
        strengths: mild, middle and strong.
        nothing: the strength that changes nothing; ``None`` where even the least changes a little.
    """

    effect: Effect
    group: str
    title: str
    unit: str
    strengths: tuple[float, float, float]
    nothing: float | None = 0.0

    @property
    def name(self) -> str:
        """Name in files, such as ``sensor_noise``."""
        return self.effect.__name__

    def __call__(
        self, pixels: NDArray[np.uint8], rows: NDArray[np.int64], strength: float
    ) -> NDArray[np.uint8]:
        """The images, corrupted.

        Each image has random numbers of its own, which its row and this kind alone decide:
        the result is the same in whatever batch an image stands, and at every strength.

        Args:
            pixels: ``(n, 48, 48)`` uint8 grey.
            rows: ``(n,)`` the images' rows in the dataset, not negative.
            strength: in `unit`.

        Returns:
            ``(n, 48, 48)`` uint8 grey.
        """
        kind = zlib.crc32(self.name.encode())
        corrupted = np.empty_like(pixels)
        for i, (face, row) in enumerate(zip(pixels, rows, strict=True)):
            random = np.random.default_rng((kind, int(row)))
            corrupted[i] = self.effect(face, strength, random)
        return corrupted


GROUPS = ("noise", "blur", "compression", "light", "framing", "occlusion")

_GREY, _PIXELS = "grey levels", "pixels"

CORRUPTIONS: tuple[Corruption, ...] = (
    Corruption(effects.sensor_noise, "noise", "sensor noise", _GREY, (4, 8, 16)),
    Corruption(effects.shot_noise, "noise", "shot noise", _GREY, (4, 8, 16)),
    Corruption(effects.defocus, "blur", "defocus", "pixels of radius", (1, 2, 3)),
    Corruption(effects.gaussian_blur, "blur", "Gaussian blur", _PIXELS, (0.7, 1.0, 1.5)),
    Corruption(effects.motion_blur, "blur", "motion blur", _PIXELS, (3, 5, 7), nothing=1),
    Corruption(
        effects.low_resolution, "blur", "low resolution", "pixels a side", (32, 24, 16), nothing=48
    ),
    Corruption(effects.jpeg, "compression", "JPEG", "quality", (50, 30, 10), nothing=None),
    Corruption(
        effects.h264, "compression", "H.264 video", "rate factor", (28, 34, 40), nothing=None
    ),
    Corruption(effects.underexposure, "light", "underexposure", "stops", (1, 2, 3)),
    Corruption(effects.overexposure, "light", "overexposure", "stops", (1, 1.5, 2)),
    Corruption(effects.low_contrast, "light", "low contrast", "% lost", (50, 75, 90)),
    Corruption(effects.side_light, "light", "side light", "% brightness", (30, 60, 90)),
    Corruption(effects.white_balance, "light", "white balance", "% gain", (20, 40, 80)),
    Corruption(effects.rotation, "framing", "rotation", "degrees", (10, 20, 30)),
    Corruption(effects.scale, "framing", "scale of the crop", "% of its side", (10, 20, 30)),
    Corruption(effects.shift, "framing", "shift of the crop", "% of its side", (5, 10, 15)),
    Corruption(effects.occlusion, "occlusion", "occlusion", "% of the area", (10, 20, 30)),
    Corruption(effects.eye_bar, "occlusion", "bar over the eyes", "% of the height", (10, 20, 30)),
    Corruption(
        effects.mouth_bar, "occlusion", "bar over the mouth", "% of the height", (10, 20, 30)
    ),
    Corruption(effects.mask, "occlusion", "mask", "% of the height", (30, 40, 50)),
)
"""Twenty kinds at three strengths each."""
