"""The whole way from a picture to a label, on faces whose place is known.

FER2013's faces fill their 48×48 pixels. Here they are put into larger pictures, to measure
what detecting and cropping cost compared with classifying the 48×48 pixels themselves.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter, computed_field
from pydantic.dataclasses import dataclass as checked_dataclass
from tqdm import tqdm

from fer.bundle import PIPELINE, Bundle
from fer.data.folder import FolderDataset
from fer.evaluation.judging import judging_labels
from fer.evaluation.report import predict
from fer.evaluation.scenes import place_face
from fer.files import checked
from fer.labels import NO_MAJORITY
from fer.vision.boxes import overlaps
from fer.vision.classify import Classifier
from fer.vision.detectors import open_detector
from fer.vision.faces import Faces
from fer.vision.recognize import Recognizer

FACE_SIZES = (48, 72, 120, 200, 400)
"""Side of the face in a scene, in pixels."""

IMAGES = 2000
"""How many images of a split are used, drawn with a fixed seed: a run takes five minutes. Of 600
the differences between two ways are known to 1.5 points, of these to 0.8."""

_SEED = 0


@checked_dataclass(frozen=True)
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

    @computed_field  # type: ignore[prop-decorator]
    @property
    def detection_rate(self) -> float:
        """Share of the faces that were found."""
        return self.detected / self.images


@dataclass(frozen=True)
class PipelineReport:
    """`evaluate_pipeline`'s answer, an entry of ``pipeline.json``.

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
        return dict(TypeAdapter(PipelineReport).dump_python(self, mode="json"))


def read_pipeline(bundle: Bundle) -> list[PipelineReport]:
    """The reports on the ``model.onnx`` at hand, by name of the detector.

    Raises:
        UserError: if an entry is damaged; names the command that writes it.
    """
    fault = f"{bundle.path(PIPELINE)} has no usable measurement with"
    return [
        checked(PipelineReport, entry, f"{fault} '{detector}'", bundle.command(PIPELINE))
        for detector, entry in sorted(bundle.current(PIPELINE).items())
    ]


def evaluate_pipeline(
    bundle: Bundle | str | Path,
    data: FolderDataset | str | Path,
    split: str = "validation",
    detector: str = "haar",
) -> PipelineReport:
    """Detect, crop and classify images of ``split`` in scenes of 640×480, beside plain 48×48.

    Raises:
        UserError: if the bundle or the split cannot be read.
    """
    bundle = Bundle.open(bundle)
    spec, finder = bundle.spec, open_detector(detector)
    recognizer = Recognizer(finder, Classifier(bundle))
    labelled = FolderDataset.open(data).load(split)
    targets, _ = judging_labels(labelled, spec)
    chosen = draw(np.flatnonzero(targets != NO_MAJORITY), IMAGES)
    images, targets = labelled.pixels[chosen], targets[chosen]
    plain = predict(recognizer.classifier, images, bar=False).argmax(axis=1)
    scales = tuple(_at_scale(recognizer, images, targets, plain, size) for size in FACE_SIZES)
    return PipelineReport(split, finder.name, len(images), _share(plain == targets), scales)


def draw(array: NDArray[Any], count: int, others: bool = False) -> NDArray[Any]:
    """At most ``count`` entries of ``array``, the same ones every time, in their order.

    With ``others`` such that share none with those, if ``array`` has twice as many.
    """
    order = np.random.default_rng(_SEED).permutation(len(array))
    return array[np.sort(order[::-1][:count] if others else order[:count])]


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
        picture, box = place_face(image, size, rng)
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


def _share(hits: NDArray[np.bool_]) -> float:
    return float(hits.mean()) if len(hits) else 0.0
