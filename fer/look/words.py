"""Sentences that the app and the dashboard both say, so that both say the same.

Figures are never written here: they are read from the bundle's ``metrics.json``.
"""

from collections.abc import Mapping
from typing import Any

from fer.labels import LABELS
from fer.spec import ModelSpec
from fer.wording import JUDGES, percent

_NEEDED = {"accuracy", "n", "intervals", "per_label"}

_CHOSEN_ON = {"validation": " Its settings were chosen on these pictures: expect a little less."}

TITLE = "Facial expression recognition"

PROMISE = (
    "Tells which of seven expressions a face shows, not what the person feels. "
    "Camera frames are never stored."
)

CAMERA_OFF = "Start the camera: what your face shows is read ten times a second."

CAMERA_BUSY = "Others are using the live view. It goes on as soon as there is room."

FOLLOW = "Click another face in the picture to follow it."

CAMERA_HELP = {
    "NotAllowedError": "The browser did not allow the camera. Allow it in the address bar and "
    "start again, or use the Photo tab.",
    "NotFoundError": "No camera was found. Connect one and start again, or use the Photo tab.",
    "NotReadableError": "Another program is using the camera. Close it and start again.",
    "insecure": "Browsers give the camera only to pages opened over https or on this machine. "
    "Open this page that way, or use the Photo tab.",
    "other": "The camera could not be started. Reload the page, or use the Photo tab.",
}
"""What to do when the camera fails, by the name of the browser's error."""

NO_FACE_LIVE = "No face found. Face the camera, with light on your face."

PHOTO_PLACEHOLDER = "Drop, paste or choose a picture"

PHOTO_EMPTY = "Every face gets its seven probabilities here. Pictures are deleted within an hour."

NO_FACE_PHOTO = "No face found. Try a picture in which a face looks at the camera, in good light."

PHOTO_FAILED = "Something went wrong on our side. Try another picture."

VIDEO_LIMITS = "MP4, MOV, WebM, MKV or AVI, up to 5 minutes, 100 MB and 1920 × 1080 pixels."

VIDEO_EMPTY = (
    "The video with its faces marked, and their expressions over time, appear here. Videos are "
    "deleted within an hour."
)

VIDEO_WAITING = "Waiting for the video before yours…"

VIDEO_STOPPED = "Stopped early: this is the part that was analysed."

NO_FACE_VIDEO = "No face found. Try a video in which faces look at the camera, in good light."

VIDEO_FAILED = "Something went wrong on our side. Try another video."

FRAME_FAILED = "Something went wrong on our side. Stop the camera and start it again."

ONLY_UPRIGHT = "The Haar cascade sees only upright faces from the front."

TILTED = f"There seems to be a tilted face. {ONLY_UPRIGHT} Turn the picture upright"

CHOICE, DETECTOR_CHOICE = "Learned from", "Faces found by"

TRUST = "How far to trust this"

CAUTION = (
    "The model learned from small grey web pictures labelled by people, and repeats their "
    "mistakes. Do not use it to decide about anyone."
)


def count(n: int, noun: str) -> str:
    """``1 face``, ``2 faces``."""
    return f"{n:,} {noun}" if n == 1 else f"{n:,} {noun}s"


def unsure(best: str, probability: float, limit: float) -> str:
    """Why a face is "unsure": its best guess is under the limit."""
    return (
        f"Best guess: {best}, {percent(float(probability))}. "
        f"A label is given from {percent(limit)} on."
    )


def made_by(model: str, detector: str, file: str = "") -> str:
    """What a result was made with."""
    made = f"model “{model}”, faces found by {detector}"
    return f"{file}: {made}" if file else made[0].upper() + made[1:]


def tilted(yunet: bool) -> str:
    """That the Haar cascade misses a tilted face, and what to do."""
    return TILTED + (", or choose YuNet under “Model”." if yunet else ".")


def trust(spec: ModelSpec, metrics: Mapping[str, Any]) -> list[str]:
    """What a visitor needs to know before believing a label, most important first."""
    measured = _splits(metrics)
    try:
        sentences = [_measured(split, entry) for split, entry in measured]
        sentences += _strong_and_weak(measured[0][1]) if measured else []
    except (KeyError, TypeError, ValueError, AttributeError):  # a damaged file tells nothing
        sentences = []
    if not sentences:
        sentences = ["This model has not been evaluated yet: nothing is known of its mistakes."]
    sentences.append(
        f"Where its best guess is under {percent(spec.unsure_below)}, it says “unsure” instead."
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
    judge = JUDGES[entry.get("judged_by", "original")]
    seen = ", without copies of training pictures" if fresh else ""
    return (
        f"On {n:,} {split} pictures{seen}, it was right {percent(entry[name], 1)} of the time "
        f"(95 % interval {percent(low, 1)} to {percent(high, 1)}), judged by the {judge}."
        f"{_CHOSEN_ON.get(split, '')}"
    )


def _strong_and_weak(entry: Mapping[str, Any]) -> list[str]:
    """One sentence that names the labels found most and least reliably."""
    recall = {label: entry["per_label"][label]["recall"] for label in LABELS}
    known = {label: value for label, value in recall.items() if value is not None}
    if len(known) < 2:
        return []
    best, worst = max(known, key=known.__getitem__), min(known, key=known.__getitem__)
    return [
        f"It finds “{best}” best ({percent(known[best])} of such faces) and “{worst}” worst "
        f"({percent(known[worst])})."
    ]
