"""How a model is trained: every choice in one place, saved beside the weights."""

import json
from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from typing import Annotated, Any

from pydantic import (
    ConfigDict,
    Field,
    NonNegativeFloat,
    NonNegativeInt,
    PositiveInt,
    TypeAdapter,
    ValidationError,
)
from pydantic.dataclasses import dataclass

from fer.errors import UserError
from fer.files import first_fault, read_json

_STRICT = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False)
"""How settings are read: none that does not exist, none of another kind, no infinite number."""

Share = Annotated[float, Field(ge=0, le=1)]


@dataclass(frozen=True, config=_STRICT)
class Architecture:
    """Widths and depths of the network.

    Attributes:
        stem: channels at full resolution; early layers are the expensive ones on a CPU.
        widths: channels of the stages; each stage halves the resolution first.
        depths: residual blocks of each stage.
        squeeze: squeeze-and-excitation reduction of each block (Hu et al., 2018); 0 for none.
    """

    stem: int = 32
    widths: tuple[int, ...] = (64, 128, 192)
    depths: tuple[int, ...] = (2, 2, 2)
    squeeze: int = 8

    def __post_init__(self) -> None:
        if len(self.widths) != len(self.depths):
            raise ValueError(
                f"widths and depths need one entry a stage, not {self.widths} and {self.depths}."
            )


@dataclass(frozen=True, config=_STRICT)
class Augmentation:
    """Ranges of the random changes at full strength; a training image gets one draw of each."""

    rotation: float = 15.0
    """Degrees to either side."""
    zoom: float = 0.15
    """Relative change of size, each axis drawn in common (0.15: 1/1.15 to 1.15)."""
    stretch: float = 0.08
    """Further relative change of the width against the height."""
    shift: float = 0.10
    """Share of the image side, each axis on its own."""
    contrast: float = 0.4
    """Relative change of the grey range around its mean."""
    brightness: float = 50.0
    """Grey levels up or down; values beyond 0..255 are cut off, as a camera does."""
    erase_probability: float = 0.25
    erase_side: tuple[float, float] = (0.15, 0.45)
    """Sides of the erased rectangle as shares of the image side (Zhong et al., 2017)."""
    band_share: float = 0.0
    """Share of the erased rectangles that are as wide as the image: what covers eyes or mouth."""
    mixup: NonNegativeFloat = 0.0
    """Parameter alpha of mixup: each image is blended with another of the batch, and so are their
    targets, by a share drawn from Beta(alpha, alpha) of which it keeps the larger part (Zhang et
    al., 2018); 0 for none."""
    initial_strength: float = 0.5
    """The ranges, and the share of the other image in a blend, grow linearly from this share to 1
    over the first half. Erasing does not change."""
    final_strength: float = 1.0
    """Over the last fifth they shrink linearly to this share, towards what will be served."""


@dataclass(frozen=True, config=_STRICT)
class Camera:
    """How training images are spoilt in the way cameras spoil faces; see `fer.training.camera`.

    Each probability is that of one thing happening to an image that goes through the camera.
    """

    share: Share = 0.0
    """Share of the images that go through the camera; the others stay as they are."""
    compressed_probability: Share = 0.2
    """JPEG or H.264, half and half, at qualities that the eye sees."""
    blur_probability: Share = 0.4
    light_probability: Share = 0.3
    darkest: float = 0.3
    """Least exposure as a factor of the grey values, and ``brightest`` the highest."""
    brightest: float = 1.8
    side_light: float = 0.6
    """Largest relative change of brightness from the middle of the face to its edge."""
    noise_probability: Share = 0.5
    noise: float = 20.0
    """Largest standard deviation in grey levels, at a grey of 128."""
    resample_probability: Share = 0.4
    least_side: int = 14
    """Fewest pixels that a face is reduced to before it is enlarged again."""

    def __post_init__(self) -> None:
        if not 0.0 < self.darkest <= self.brightest:
            raise ValueError(f"darkest must be positive and at most brightest, not {self.darkest}.")


@dataclass(frozen=True, config=_STRICT)
class TrainConfig:
    """How the weights were made; saved in ``train.json``.

    Attributes:
        title: plain name that people choose the first head's bundle by.
        sizes: ``(share of the epochs done, image side in pixels)``, ascending: early epochs
            see smaller images, which cost less (Howard, 2018; Tan & Le, 2021).
        label_smoothing: Szegedy et al., 2016.
        vote_weight: weight of the second head's loss, which learns the distribution of the
            FER+ votes and regularises the trunk; without votes it has no effect.
        averaging: decay a step of the exponential moving average (EMA) of all weights, the
            normalisation statistics included.
        sharpness: radius of sharpness-aware minimization (SAM; Foret et al., 2021): each gradient
            is taken that far uphill in the space of all weights, which prefers wide minima; a
            quarter of the batch shows the way up and gives the normalisation its statistics.
            0 for none; costs a third more time.
        weight_decay: classic decay of convolution kernels; never of normalisation and bias.
        start: bundles whose weights the run begins with, instead of random ones; of layers that
            several have, the first counts.
        teachers: bundles for distillation (Hinton et al., 2015): the mean of their answers, each
            with test-time augmentation, is blended into the targets of the first head.
        teacher_weight: their share of those targets.
        teacher_views: how many views of each image they answer, changed as this run changes images
            and each behind its camera, instead of the image as it is; 0 for that one.
        precision: Keras dtype policy; ``""`` chooses ``mixed_bfloat16`` where the CPU has it.
    """

    title: str = "original labels"
    epochs: PositiveInt = 30
    batch_size: PositiveInt = 128
    learning_rate: float = 0.06
    warmup_epochs: float = 2.0
    momentum: float = 0.9
    weight_decay: float = 5e-4
    label_smoothing: float = 0.1
    vote_weight: float = 0.5
    averaging: float = 0.999
    sharpness: NonNegativeFloat = 0.0
    dropout: float = 0.2
    sizes: tuple[tuple[float, int], ...] = ((0.0, 32), (0.36, 40), (0.68, 48))
    seed: int = 1
    start: tuple[str, ...] = ()
    teachers: tuple[str, ...] = ()
    teacher_weight: Share = 0.6
    teacher_views: NonNegativeInt = 0
    precision: str = ""
    architecture: Architecture = field(default_factory=Architecture)
    augmentation: Augmentation = field(default_factory=Augmentation)
    camera: Camera = field(default_factory=Camera)

    def __post_init__(self) -> None:
        shares = [share for share, _ in self.sizes]
        if not shares or shares[0] != 0.0 or shares != sorted(shares):
            raise ValueError(f"sizes must start at 0.0 and ascend, not {self.sizes}.")

    def image_size(self, epoch: int) -> int:
        """Side in pixels of the training images of ``epoch`` (0-based)."""
        done = epoch / self.epochs
        return [size for share, size in self.sizes if share <= done][-1]

    def strength(self, epoch: int) -> float:
        """Share of the augmentation ranges in use in ``epoch`` (0-based)."""
        done = epoch / self.epochs
        initial, final = self.augmentation.initial_strength, self.augmentation.final_strength
        rising = initial + (1.0 - initial) * 2.0 * done
        falling = final + (1.0 - final) * 5.0 * (1.0 - done)
        return min(1.0, rising, falling)


def read_config(file: Path | None, changes: Mapping[str, Any]) -> TrainConfig:
    """The settings in a JSON file, such as a bundle's ``train.json``, with some of them changed.

    Raises:
        UserError: if the file cannot be read, or for a setting that cannot be.
    """
    values: Any = read_json(file, "python -m fer train") if file else {}
    values = values.get("config", values)
    if not isinstance(values, dict):
        raise UserError(f"{file} holds no settings under 'config'.")
    try:
        return config_from({**values, **changes})
    except ValueError as error:
        raise UserError(str(error)) from error


def config_from(values: Mapping[str, Any]) -> TrainConfig:
    """The configuration that ``values`` describe, as JSON has it; defaults fill what is absent.

    Raises:
        ValueError: for a setting that does not exist, or a value that cannot be.
    """
    try:
        return TypeAdapter(TrainConfig).validate_json(json.dumps(values))
    except ValidationError as error:
        raise ValueError(f"These are not settings of a training: {first_fault(error)}.") from error
