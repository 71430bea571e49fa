"""YuNet: a small network that finds faces, and five landmarks in each.

Its file is not part of the repository. `model_path` says where it is looked for; nothing
is ever downloaded here: ``python -m fer fetch yunet`` does that, on request.
"""

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from fer.errors import UserError, reason_of
from fer.files import sha256
from fer.vision.cut import cut_in_two
from fer.vision.detection import STREAM_SIZE, Detections, photo_size, resized
from fer.vision.network import load_session

REPOSITORY = "opencv/face_detection_yunet"
"""On the Hugging Face hub; MIT licence (Wu, Peng & Yu, "YuNet: a tiny millisecond-level face
detector", 2023)."""

FILE = "face_detection_yunet_2026may.onnx"
SHA256 = "ebafce4e3c118d6554634be5c27ab333b4c047a9a8c3faf1d7cf93101c22f0f0"
"""Of `FILE`. The score threshold and the framing were measured with this very file."""

ENVIRONMENT = "FER_YUNET"
"""Environment variable: a path to the file, which then counts alone."""


Candidates = tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]
"""Boxes ``(n, 4)`` x y width height, scores ``(n,)``, landmarks ``(n, 5, 2)``."""


class YuNetDetector:
    """YuNet in ONNX Runtime on one thread, on a frame reduced to the working size.

    OpenCV's own ``FaceDetectorYN`` gives the same boxes and is the reference in the tests, but
    takes longer: 17 ms on one thread and 10 on two for 640×480 pixels, against 8 ms here.

    Thread safety: ONNX Runtime's sessions may run in several threads at once, and nothing else is
    kept between calls.
    """

    name = "yunet"

    MIN_SCORE = 0.7
    """What a box needs. Measured on 36 pictures with one face among them (skimage's, and all
    mirrored) and on 220 FER2013 faces in larger pictures: no false box, 92 % of FER2013. At 0.6,
    two false boxes (galaxies) and 93 %; at 0.8, 86 %."""

    MOST_ENLARGED = 2.0
    """Times that a small photo is enlarged: of one face in 640×480 pixels, those of 28 pixels and
    more are found; enlarged, those of 16."""

    OVERLAP = 0.3
    """Of two boxes with a higher IoU the more certain one remains (OpenCV's usual value)."""

    def __init__(self, path: Path) -> None:
        """Read the network in ``path``.

        Raises:
            UserError: if it cannot be read or is not the file of `SHA256`.
        """
        self._first, self._rest = map(load_session, cut_in_two(read_model(path), *_BETWEEN))
        self._path = path.resolve()
        self._outputs = [f"{part}_{stride}" for stride in _STRIDES for part in _PARTS]

    def __reduce__(self) -> "tuple[type[YuNetDetector], tuple[Path]]":
        """In another process the file is opened again."""
        return YuNetDetector, (self._path,)

    def __call__(self, rgb: NDArray[np.uint8], working_size: int | None = None) -> Detections:
        """See `fer.vision.detection.Detector`.

        A photo is looked at twice: large, so that faces of 20 pixels are found, and small, for
        those that are larger than the network can grasp, over 600 pixels.
        """
        if working_size is None:
            large = resized(rgb, photo_size(rgb), self.MOST_ENLARGED)
            looks = [self._look(*large), self._look(*resized(rgb, STREAM_SIZE))]
        else:
            looks = [self._look(*resized(rgb, working_size))]
        boxes, scores, landmarks = (np.concatenate(part) for part in zip(*looks, strict=True))
        apart = cv2.dnn.NMSBoxes(boxes.tolist(), scores.tolist(), self.MIN_SCORE, self.OVERLAP)
        kept = np.asarray(apart, np.int64).reshape(-1)
        if len(kept) == 0:
            return Detections.empty()
        boxes = boxes[kept]
        boxes[:, 2:] += boxes[:, :2]  # x y width height → x0 y0 x1 y1
        return Detections(boxes, scores[kept], landmarks[kept])

    def _look(self, small: NDArray[np.uint8], scale: float) -> Candidates:
        """Candidates in a copy of a picture, in pixels of the picture."""
        padded = _padded(small)
        answers = self._rest.run(self._outputs, {_BETWEEN[0]: self._first_map(padded)})
        levels = [
            _decode(
                answers[i * len(_PARTS) : (i + 1) * len(_PARTS)], stride, padded.shape[1] // stride
            )
            for i, stride in enumerate(_STRIDES)
        ]
        boxes, scores, landmarks = (np.concatenate(part) for part in zip(*levels, strict=True))
        size = np.float32(scale)
        return np.asarray(boxes / size), scores, np.asarray(landmarks / size)

    def _first_map(self, rgb: NDArray[np.uint8]) -> NDArray[np.float32]:
        """What the first layers make of a picture of whole strides: the same strip by strip."""
        height, width = rgb.shape[:2]
        stride = _STRIDES[0]
        count = max(round(height * width / _STRIP), 1)
        rows = -(-height // (count * stride)) * stride
        strips = []
        for top in range(0, height, rows):
            begin, end = max(top - _SEEN, 0), min(top + rows + _SEEN, height)
            [seen] = self._first.run([_BETWEEN[0]], {"input": _blob(rgb[begin:end])})
            skipped = (top - begin) // stride
            strips.append(seen[:, :, skipped : skipped + min(rows, height - top) // stride])
        return np.concatenate(strips, axis=2)


_STRIDES = (8, 16, 32)
"""Pixels between neighbouring places of the three maps in which the network answers."""

_PARTS = ("cls", "obj", "bbox", "kps")

_BETWEEN = ("206", 64)
"""The tensor behind the layers that work at less than the first stride, and its channels."""

_SEEN = 24
"""Rows above and below that those layers look at (19, in whole strides)."""

_STRIP = 1 << 18
"""Pixels of a strip. In one piece, what those layers hand on for a large look takes 12 MB a layer,
and two processes that share a cache of 32 MB come to 1.5 times one; in strips to twice."""


def _padded(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """With black at the right and below, to whole strides of the last map."""
    down, right = (-side % _STRIDES[-1] for side in rgb.shape[:2])
    if not (down or right):
        return rgb
    return np.pad(rgb, ((0, down), (0, right), (0, 0)))


def _blob(rgb: NDArray[np.uint8]) -> NDArray[np.float32]:
    """``(1, 3, h, w)`` BGR 0..255."""
    return np.stack(cv2.split(rgb)[::-1])[None].astype(np.float32)  # a tenth of NumPy's time alone


def _decode(answers: Sequence[NDArray[np.float32]], stride: int, columns: int) -> Candidates:
    """Candidates of one map.

    As OpenCV decodes them (``modules/objdetect/src/face_detect.cpp``): offsets from the place in
    strides, logarithms of sizes, and the geometric mean of two scores. Only those that can be
    faces at all are worked out.
    """
    classes, objects, offsets, marks = (answer[0] for answer in answers)
    certainty = np.sqrt(np.clip(classes, 0, 1) * np.clip(objects, 0, 1))[:, 0]
    likely = np.flatnonzero(certainty >= YuNetDetector.MIN_SCORE)
    row, column = np.divmod(likely, columns)
    place = np.stack([column, row], axis=1).astype(np.float32)  # (n, 2) x y
    centres = (place + offsets[likely, :2]) * stride
    sizes = np.exp(offsets[likely, 2:]) * stride
    boxes = np.concatenate([centres - sizes / 2, sizes], axis=1)
    landmarks = (marks[likely].reshape(-1, 5, 2) + place[:, None]) * stride
    return boxes, certainty[likely], landmarks


def model_path() -> Path | None:
    """Where the network's file is, or ``None``: no network is asked.

    The path in the environment variable `ENVIRONMENT`, whatever is there; else the file in
    the Hugging Face hub's cache, which ``python -m fer fetch yunet`` fills, and a Space's
    ``preload_from_hub``.
    """
    given = os.environ.get(ENVIRONMENT)
    if given:
        return Path(given)
    from huggingface_hub import try_to_load_from_cache  # a tenth of a second

    cached = try_to_load_from_cache(REPOSITORY, FILE)
    return Path(cached) if isinstance(cached, str) else None


def read_model(path: Path) -> bytes:
    """The bytes of the network in ``path``.

    Raises:
        UserError: if it cannot be read or is not the file of `SHA256`.
    """
    remedy = "'python -m fer fetch yunet' downloads the right file"
    if os.environ.get(ENVIRONMENT):
        remedy += f", once {ENVIRONMENT} no longer names another"
    try:
        network = path.read_bytes()
    except OSError as error:
        reason = error.strerror or error
        raise UserError(f"YuNet's {path} cannot be read ({reason}); {remedy}.") from error
    if hashlib.sha256(network).hexdigest() != SHA256:
        raise UserError(f"{path} is damaged or is another file than YuNet's {FILE}; {remedy}.")
    return network


def open_yunet() -> YuNetDetector:
    """The detector with the file that `model_path` finds.

    Raises:
        UserError: if there is none, or it is damaged.
    """
    path = model_path()
    if path is None:
        raise UserError(
            "The detector 'yunet' needs a file that is not here yet; "
            "'python -m fer fetch yunet' downloads it (230 kB)."
        )
    return YuNetDetector(path)


def fetch() -> Path:
    """Download the network into the Hugging Face hub's cache, unless it is there; its path.

    Raises:
        UserError: if the hub cannot be reached, or what it sends is not the file of `SHA256`;
            that file is then removed.
    """
    from huggingface_hub import hf_hub_download, try_to_load_from_cache

    cached = try_to_load_from_cache(REPOSITORY, FILE)
    anew = not (isinstance(cached, str) and sha256(Path(cached)) == SHA256)
    try:
        path = Path(hf_hub_download(REPOSITORY, FILE, force_download=anew))
    except Exception as error:  # the hub's errors have no public base class
        raise UserError(
            f"{FILE} could not be downloaded from {REPOSITORY} on the Hugging Face hub "
            f"({reason_of(error)}); try again with a network, or name a copy of yours in "
            f"{ENVIRONMENT}."
        ) from error
    if sha256(path) != SHA256:
        path.resolve().unlink(missing_ok=True)  # the cache's entry is a link to its content
        path.unlink(missing_ok=True)
        raise UserError(
            f"What {REPOSITORY} sent as {FILE} is not the file that was measured here, and was "
            "removed; the Haar cascade needs no file."
        )
    return path
