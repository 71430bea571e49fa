"""The whole way from a picture to a label, on faces whose place is known.

FER2013's faces fill their 48×48 pixels. Here they are put into larger pictures, to measure
how the detector frames them (`measure_framing`) and what detecting and cropping cost
compared with classifying the 48×48 pixels themselves (`evaluate_pipeline`).
"""

from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from fer.bundle import PIPELINE, bundle_path, entries_of_model, model_sha256, read_spec, write_spec
from fer.data.folder import FolderDataset
from fer.errors import UserError
from fer.evaluation.judging import judging_labels
from fer.files import write_json
from fer.labels import NO_MAJORITY
from fer.spec import Framing
from fer.vision.boxes import overlaps
from fer.vision.classify import Classifier
from fer.vision.detection import Detections, Detector
from fer.vision.detectors import open_detector
from fer.vision.faces import Faces
from fer.vision.recognize import Recognizer

SCENE_WIDTH, SCENE_HEIGHT = 640, 480
FACE_SIZES = (72, 120, 200)
"""Side of the face in a scene, in pixels."""

IMAGES = 600
"""How many images of a split are used, drawn with a fixed seed: a run takes minutes."""

_CANVAS_FACE = 144
_FEWEST = 20
_SEED = 0


@dataclass(frozen=True)
class ScaleReport:
    """One face size. Accuracies are over the same ``detected`` images, so they compare.

    Attributes:
        face_size: side of the face in the scene, in pixels.
        images: number of scenes, one face in each.
        detected: number of faces found.
        false_boxes: boxes found elsewhere in those scenes.
        accuracy: of the whole pipeline, on detected faces.
        plain_accuracy: of the classifier on the 48×48 originals of the detected faces.
    """

    face_size: int
    images: int
    detected: int
    false_boxes: int
    accuracy: float
    plain_accuracy: float

    @property
    def detection_rate(self) -> float:
        """Share of the faces that were found."""
        return self.detected / self.images


@dataclass(frozen=True)
class PipelineReport:
    """`evaluate_pipeline`'s answer.

    Attributes:
        split: name of the split.
        detector: name of the detector.
        images: number of images drawn from the split.
        plain_accuracy: on all of them as 48×48 pixels, found by the detector or not.
        scales: one entry per face size.
    """

    split: str
    detector: str
    images: int
    plain_accuracy: float
    scales: tuple[ScaleReport, ...]

    def as_json(self) -> dict[str, Any]:
        """A JSON-ready object, detection rates included."""
        scales = [asdict(scale) | {"detection_rate": scale.detection_rate} for scale in self.scales]
        return asdict(self) | {"scales": scales}


def calibrate_framing(
    bundle: str | Path, data: str | Path, split: str = "validation", detector: str = "haar"
) -> Framing:
    """Measure the framing of ``detector`` on ``split`` and store it in the bundle's ``spec.json``.

    Raises:
        UserError: if the bundle or the split cannot be read, too few faces are found, or
            the bundle cannot be written.
    """
    path = bundle_path(bundle)
    images = _draw(FolderDataset.open(data).load(split).pixels, IMAGES)
    framing = measure_framing(images, open_detector(detector))
    spec = read_spec(path)
    try:
        write_spec(path, replace(spec, framing={**spec.framing, detector: framing}))
    except OSError as error:
        raise _unwritable(path, error) from error
    return framing


def save_pipeline(bundle: Path, report: PipelineReport) -> None:
    """Write ``report`` into the bundle's ``pipeline.json``, beside those of other detectors.

    Raises:
        UserError: if the bundle's folder cannot be written.
    """
    current = entries_of_model(bundle, PIPELINE)
    current[report.detector] = report.as_json() | {"model_sha256": model_sha256(bundle)}
    try:
        write_json(bundle / PIPELINE, current)
    except OSError as error:
        raise _unwritable(bundle, error) from error


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
        for box in _face_on_canvas(detector(_canvas(image)))
    ]
    if len(ratios) < _FEWEST:
        raise UserError(
            f"The detector '{detector.name}' found {len(ratios)} of {len(images)} faces, and the "
            f"framing needs {_FEWEST}; use a larger split of face images."
        )
    scale, shift_x, shift_y = np.median(ratios, axis=0).tolist()
    return Framing(round(scale, 4), round(shift_x, 4), round(shift_y, 4))


def evaluate_pipeline(
    bundle: str | Path, data: str | Path, split: str = "validation", detector: str = "haar"
) -> PipelineReport:
    """Detect, crop and classify images of ``split`` in scenes of 640×480, beside plain 48×48.

    Raises:
        UserError: if the bundle or the split cannot be read.
    """
    path = bundle_path(bundle)
    spec = read_spec(path)
    finder = open_detector(detector)
    recognizer = Recognizer(finder, Classifier(path, spec))
    labelled = FolderDataset.open(data).load(split)
    targets, _ = judging_labels(labelled, spec)
    chosen = _draw(np.flatnonzero(targets != NO_MAJORITY), IMAGES)
    images, targets = labelled.pixels[chosen], targets[chosen]
    plain = recognizer.classifier(images[..., None].astype(np.float32))[0].argmax(axis=1)
    scales = tuple(_at_scale(recognizer, images, targets, plain, size) for size in FACE_SIZES)
    return PipelineReport(split, finder.name, len(images), _share(plain == targets), scales)


def scene(
    face: NDArray[np.uint8], size: int, rng: np.random.Generator
) -> tuple[NDArray[np.uint8], NDArray[np.int32]]:
    """A 640×480 RGB picture with ``face`` enlarged to ``size`` somewhere in it, and its box.

    The background is noise, other at every call, whose amplitudes fall with frequency ** 1.5:
    those of natural pictures fall with about 1 (Field, 1987), out of focus faster. Around
    the face its border pixels go on and fade into the background, as hair and neck would,
    so that no hard edge frames it.
    """
    margin = size // 4
    patch = _enlarge(face, size, margin)
    side = size + 2 * margin
    x0 = int(rng.integers(0, SCENE_WIDTH - side + 1))
    y0 = int(rng.integers(0, SCENE_HEIGHT - side + 1))
    gray = _background(rng)
    under = gray[y0 : y0 + side, x0 : x0 + side]
    distance = np.abs(np.arange(side) - (side - 1) / 2) - size / 2  # outside the face: positive
    fade = np.clip(1.0 - distance / margin, 0.0, 1.0)
    opacity = np.minimum(fade[:, None], fade[None, :])  # (side, side)
    under[:] = opacity * patch + (1.0 - opacity) * under
    box = np.array([x0 + margin, y0 + margin, x0 + margin + size, y0 + margin + size], np.int32)
    return _as_rgb(np.rint(gray).astype(np.uint8)), box


def _at_scale(
    recognizer: Recognizer,
    images: NDArray[np.uint8],
    targets: NDArray[np.int64],
    plain: NDArray[np.int64],
    size: int,
) -> ScaleReport:
    rng = np.random.default_rng(_SEED)
    answers = np.full(len(images), -1)
    false_boxes = 0
    for i, image in enumerate(tqdm(images, desc=f"{size} px", unit="scene", disable=None)):
        picture, box = scene(image, size, rng)
        faces = recognizer(picture)
        at_face = _inside(faces, box)
        false_boxes += int((~at_face).sum())
        if at_face.any():
            answers[i] = faces.probs[at_face.argmax()].argmax()
    found = answers >= 0
    return ScaleReport(
        face_size=size,
        images=len(images),
        detected=int(found.sum()),
        false_boxes=false_boxes,
        accuracy=_share(answers[found] == targets[found]),
        plain_accuracy=_share(plain[found] == targets[found]),
    )


def _inside(faces: Faces, truth: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Which boxes ``(n, 4)`` are of the face in ``truth``: IoU above one half."""
    return np.asarray(overlaps(faces.boxes, truth[None])[:, 0] > 0.5)


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


def _canvas(face: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return _as_rgb(_enlarge(face, _CANVAS_FACE, _CANVAS_FACE // 2))


def _enlarge(face: NDArray[np.uint8], size: int, margin: int) -> NDArray[np.uint8]:
    """``face`` as ``size`` × ``size`` pixels with its border pixels continued on every side."""
    large = cv2.resize(face, (size, size), interpolation=cv2.INTER_CUBIC)
    extended = cv2.copyMakeBorder(large, margin, margin, margin, margin, cv2.BORDER_REPLICATE)
    return np.asarray(extended, np.uint8)


def _as_rgb(gray: Any) -> NDArray[np.uint8]:
    return np.asarray(cv2.cvtColor(gray, cv2.COLOR_GRAY2RGB), np.uint8)


def _background(rng: np.random.Generator) -> NDArray[np.float64]:
    frequencies = np.hypot(
        np.fft.fftfreq(SCENE_HEIGHT)[:, None], np.fft.rfftfreq(SCENE_WIDTH)[None, :]
    )
    frequencies[0, 0] = np.inf  # no constant part
    noise = np.fft.rfft2(rng.normal(size=(SCENE_HEIGHT, SCENE_WIDTH)))
    waves = np.fft.irfft2(noise / frequencies**1.5, s=(SCENE_HEIGHT, SCENE_WIDTH))
    return np.asarray(np.clip(128.0 + 40.0 * waves / waves.std(), 0.0, 255.0))


def _unwritable(bundle: Path, error: OSError) -> UserError:
    reason = error.strerror or error
    return UserError(f"{bundle} cannot be written ({reason}); work on a copy in a folder of yours.")


def _draw(array: NDArray[Any], count: int) -> NDArray[Any]:
    order = np.random.default_rng(_SEED).permutation(len(array))
    return array[np.sort(order[:count])]


def _share(hits: NDArray[np.bool_]) -> float:
    return float(hits.mean()) if len(hits) else 0.0
