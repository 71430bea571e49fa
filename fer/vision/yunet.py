"""YuNet: a small network that finds faces, and five landmarks in each.

Its file is not part of the repository. `model_path` says where it is looked for; nothing
is ever downloaded here: ``python -m fer fetch yunet`` does that, on request.
"""

import hashlib
import os
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from fer.errors import UserError
from fer.vision.detect import PHOTO_SIZE, Detections, Pool, shrink

REPOSITORY = "opencv/face_detection_yunet"
"""On the Hugging Face hub; MIT licence (Wu, Peng & Yu, "YuNet: a tiny millisecond-level face
detector", 2023)."""

FILE = "face_detection_yunet_2026may.onnx"
SHA256 = "ebafce4e3c118d6554634be5c27ab333b4c047a9a8c3faf1d7cf93101c22f0f0"
"""Of `FILE`. The score threshold and the framing were measured with this very file."""

ENVIRONMENT = "FER_YUNET"
"""Environment variable: a path to the file, which then counts alone."""


class YuNetDetector:
    """OpenCV's ``FaceDetectorYN``, on a frame reduced to the working size.

    Thread safety: a ``cv2.FaceDetectorYN`` keeps the size of its input. Four threads that
    called one of them with pictures of different sizes ended in a segmentation fault within
    40 calls (OpenCV 4.14); so a call borrows one from a `Pool`, made from bytes that are read once.
    """

    name = "yunet"

    MIN_SCORE = 0.7
    """What a box needs. Measured on 36 pictures with one face among them (skimage's, and all
    mirrored) and on 220 FER2013 faces in larger pictures: no false box, 92 % of FER2013. At 0.6,
    two false boxes (galaxies) and 93 %; at 0.8, 86 %."""

    MIN_SIDE = 32
    """Pixels. In a smaller picture the network answers with what was in memory before it."""

    OVERLAP = 0.3
    """Of two boxes with a higher IoU the more certain one remains (OpenCV's usual value)."""

    def __init__(self, path: Path) -> None:
        """Read the network in ``path``.

        Raises:
            UserError: if it cannot be read or is not the file of `SHA256`.
        """
        content = np.frombuffer(read_model(path), np.uint8)
        self._pool: Pool[Any] = Pool(
            lambda: cv2.FaceDetectorYN.create(
                "onnx", content, np.zeros(0, np.uint8), (320, 240), self.MIN_SCORE, self.OVERLAP
            )
        )

    def __call__(self, rgb: NDArray[np.uint8], working_size: int = PHOTO_SIZE) -> Detections:
        """See `fer.vision.detect.Detector`."""
        small, scale = shrink(rgb, working_size)
        if min(small.shape[:2]) < self.MIN_SIDE:
            return Detections.empty()
        bgr = cv2.cvtColor(small, cv2.COLOR_RGB2BGR)
        with self._pool.borrow() as network:
            network.setInputSize((small.shape[1], small.shape[0]))
            _, found = network.detect(bgr)
        if found is None:
            return Detections.empty()
        found = np.asarray(found[np.argsort(-found[:, 14], kind="stable")], np.float32)
        boxes, landmarks, scores = np.split(found, [4, 14], axis=1)
        boxes[:, 2:] += boxes[:, :2]  # x y width height → x0 y0 x1 y1
        boxes /= scale
        landmarks /= scale
        return Detections(boxes, scores[:, 0], landmarks.reshape(-1, 5, 2))


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
    anew = not (isinstance(cached, str) and _is_right(Path(cached)))
    try:
        path = Path(hf_hub_download(REPOSITORY, FILE, force_download=anew))
    except Exception as error:  # the hub's errors have no public base class
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise UserError(
            f"{FILE} could not be downloaded from {REPOSITORY} on the Hugging Face hub ({reason}); "
            f"try again with a network, or name a copy of yours in {ENVIRONMENT}."
        ) from error
    if not _is_right(path):
        path.resolve().unlink(missing_ok=True)  # the cache's entry is a link to its content
        path.unlink(missing_ok=True)
        raise UserError(
            f"What {REPOSITORY} sent as {FILE} is not the file that was measured here, and was "
            "removed; the Haar cascade needs no file."
        )
    return path


def _is_right(path: Path) -> bool:
    return path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == SHA256
