"""The face detectors there are: to add one, write its module and name it here."""

import logging
from collections.abc import Callable, Mapping
from functools import cache

from fer.errors import UserError
from fer.vision.detection import Detector
from fer.vision.haar import HaarDetector
from fer.vision.whole import WholePicture
from fer.vision.yunet import model_path, open_yunet, read_model

log = logging.getLogger(__name__)

_OPEN: Mapping[str, Callable[[], Detector]] = {
    "haar": HaarDetector,
    "yunet": open_yunet,
    "none": WholePicture,
}

DETECTORS = ("haar", "yunet")
"""Those that search: the cascade that comes with OpenCV, and a network to be fetched."""

TITLES = {"haar": "Haar cascade", "yunet": "YuNet", "none": "the whole picture"}
"""What people call them."""

AUTO = "auto"
"""As a detector's name: the last of `available_detectors`."""


def available_detectors() -> tuple[str, ...]:
    """Those of `DETECTORS` whose files are on this machine, the better one last.

    A damaged file is none; a warning in the log says so.
    """
    path = model_path()
    if path is None:
        return DETECTORS[:1]
    try:
        read_model(path)
    except UserError as error:
        log.warning("%s Until then the Haar cascade finds the faces.", error)
        return DETECTORS[:1]
    return DETECTORS


def open_detector(name: str = "haar") -> Detector:
    """The detector called ``name``, or the best for ``"auto"``, opened once per process.

    Raises:
        UserError: for an unknown name, or if the detector cannot be opened.
    """
    return _open_once(available_detectors()[-1] if name == AUTO else name)


@cache
def _open_once(name: str) -> Detector:
    if name not in _OPEN:
        raise UserError(
            f"There is no detector '{name}'; the detectors are: {', '.join((AUTO, *_OPEN))}."
        )
    return _OPEN[name]()
