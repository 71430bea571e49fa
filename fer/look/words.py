"""Sentences that the app and the dashboard both say, so that both say the same.

Figures are never written here: they are read from the bundle's ``metrics.json``.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from fer.labels import LABELS
from fer.spec import ModelSpec

_NEEDED = {"accuracy", "n", "intervals", "per_label"}

_JUDGES = {
    "original": "that the dataset gives",
    "ferplus": "that most of ten annotators had given",
}

_CHOSEN_ON = {"validation": "; its settings were chosen on this split, which flatters a little"}

TITLE = "Facial expression recognition"

PROMISE = (
    "Names which of seven expressions a face appears to show, "
    "not what the person feels. Camera frames are analysed in memory and never stored."
)

NO_FACE_LIVE = "No face found: try facing the camera with light on your face."

CHOICE = "Learned from"

DETECTOR_CHOICE = "Faces found by"

TRUST = "How far to trust this"

CAMERA_OFF = "The camera is off. Allow it first; nothing leaves your device until you press Start."

FRAME_FAILED = "This frame could not be analysed because of a fault of ours: stop and start again."

CAMERA_HELP = {
    "NotAllowedError": "The browser did not allow the camera: allow it in the address bar, "
    "then click again. The Photo tab works without one.",
    "NotFoundError": "No camera was found: connect one and click again, or use the Photo tab.",
    "NotReadableError": "Another program is using the camera: close it, then click again.",
    "insecure": "Browsers give the camera only to pages opened over https or on this machine: "
    "open this page that way, or use the Photo tab.",
    "other": "The camera could not be started: reload the page, or use the Photo tab.",
}
"""What to do when the camera fails, by the name of the browser's error."""

PHOTO_PLACEHOLDER = "Drop a picture here\n\nor click to choose one"

PHOTO_EMPTY = (
    "Faces appear here, with seven probabilities each. Pictures and downloads are deleted "
    "from the server within an hour."
)

PHOTO_FAILED = "This picture could not be analysed because of a fault of ours: try another one."

NO_FACE_PHOTO = "No face found: try a picture where a face looks at the camera and is well lit."

CAUTION = (
    "Faces show many things and hide many more. The model learned from small grey web pictures "
    "that people had labelled, and it repeats their mistakes. Do not use it to decide about anyone."
)


def percent(share: float, digits: int = 0) -> str:
    """A share of 0 to 1 as people write it: ``0.873`` is ``87 %``."""
    return f"{100 * share:.{digits}f} %"


def found_by(detectors: Sequence[str]) -> str:
    """What may find the faces, where ``detectors`` are at hand, and what follows from it."""
    if "yunet" in detectors:
        return (
            "Of the two that can find faces, YuNet also sees tilted and half-turned heads; "
            "OpenCV's Haar cascade sees upright faces from the front and misses many others."
        )
    return (
        "Faces are found by OpenCV's Haar cascade, which sees upright faces from the front and "
        "misses many others; “python -m fer fetch yunet” gets a better detector."
    )


def trust(spec: ModelSpec, metrics: Mapping[str, Any]) -> list[str]:
    """What a visitor needs to know before believing a label, most important first."""
    measured = _splits(metrics)
    try:
        sentences = [_measured(split, entry) for split, entry in measured]
        sentences += _strong_and_weak(measured[0][1]) if measured else []
    except (KeyError, TypeError, ValueError, AttributeError):  # a damaged file tells nothing
        sentences = []
    if not sentences:
        sentences = ["This model has not been evaluated yet, so nothing is known of its mistakes."]
    sentences.append(
        f"Where its best guess is under {percent(spec.unsure_below)} it says “unsure” instead."
    )
    return [*sentences, CAUTION]


def _splits(metrics: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    """Completely evaluated splits that were not trained on, the test split first."""
    return [
        (split, metrics[split])
        for split in ("test", "validation")
        if isinstance(metrics.get(split), Mapping) and set(metrics[split]) >= _NEEDED
    ]


def _measured(split: str, entry: Mapping[str, Any]) -> str:
    # FER2013 repeats pictures across its splits: what stands in training as well tells nothing.
    name = "accuracy_without_train_duplicates"
    fresh = entry.get(name) is not None
    name = name if fresh else "accuracy"
    n = entry["counts"][name] if fresh else entry["n"]
    low, high = entry["intervals"][name]
    judge = _JUDGES[entry.get("judged_by", "original")]
    seen = (
        "no identical copy of which it had learned from"
        if fresh
        else "which may have copies in training"
    )
    return (
        f"On {n:,} pictures of the {split} split, {seen}, it gave the label {judge} "
        f"{percent(entry[name], 1)} of the time (95 % interval {percent(low, 1)} to "
        f"{percent(high, 1)}){_CHOSEN_ON.get(split, '')}."
    )


def _strong_and_weak(entry: Mapping[str, Any]) -> list[str]:
    """One sentence that names the labels found most and least reliably."""
    recall = {label: entry["per_label"][label]["recall"] for label in LABELS}
    known = {label: value for label, value in recall.items() if value is not None}
    if len(known) < 2:
        return []
    best, worst = max(known, key=known.__getitem__), min(known, key=known.__getitem__)
    return [
        f"It recognises “{best}” best ({percent(known[best])} of such faces) and “{worst}” "
        f"worst ({percent(known[worst])})."
    ]
