"""Sentences that the app and the dashboard both say, so that both say the same.

Figures are never written here: they are read from the bundle's ``metrics.json``.
"""

from collections.abc import Mapping
from typing import Any

from fer.labels import LABELS
from fer.spec import ModelSpec
from fer.wording import INTENDED, JUDGES, LAW, OUT_OF_SCOPE, percent

_NEEDED = {"accuracy", "n", "intervals", "per_label"}

_CHOSEN_ON = {"validation": " Its settings were chosen on these pictures: expect less."}

TITLE = "Facial expression recognition"

APPARENT = "Tells the apparent expression of a face, one of seven, not what the person feels."

PROMISE = f"{APPARENT} Camera frames are never stored."

CAMERA_OFF = (
    "Start the camera: the server reads the apparent expression of every face in view, and "
    "forgets each picture once it has answered. Turns last 20 seconds while others wait."
)
"""What is analysed, where, and for how long it is kept, before the camera starts."""

TRY_IT = (
    "The server reads the apparent expression of every face in your picture, up to 64 megapixels, "
    "and keeps it in memory, and nowhere else, until your session ends."
)
"""The same for a picture on the dashboard."""

CAMERA_BUSY = "Others are using the live view: your turn comes within a minute."

FOLLOW = "Click another face in the picture to follow it, or press N."

CAMERA_HELP = {
    "NotAllowedError": "Allow the camera in the address bar, then start again.",
    "NotFoundError": "No camera found: connect one, then start again.",
    "NotReadableError": "Another program is using the camera: close it, then start again.",
    "insecure": "Browsers allow the camera only over https, or on this machine.",
    "other": "The camera did not start: reload the page.",
}
"""What to do when the camera fails, by the name of the browser's error."""

NO_FACE_LIVE = "No face found. Face the camera, in good light."

ADVICE = {
    "small": "The face is small: come closer.",
    "dark": "The face is dark: more light would help.",
    "blurred": "The picture is blurred: hold still, or clean the lens.",
    "turned": "The face is turned away: look at the camera.",
}
"""What would help, by the quality of a face; the page on the device says the same."""

PHOTO_PLACEHOLDER = "Drop, paste or choose a picture"

PHOTO_AGAIN = "Choose another picture"

EXAMPLES = "No picture at hand? Try one:"

WHOLE_PICTURE = "The picture is one cropped face"

CROPPED = f"This looks like a face that is cropped already: tick “{WHOLE_PICTURE}”."

HEAT = "Show what it looked at"

PHOTO_LIMITS = "JPEG, PNG, WebP, GIF, TIFF, BMP or AVIF, up to 64 megapixels (WebP: 40) and 100 MB."

PHOTO_EMPTY = "Faces and their apparent expressions appear here."

NO_FACE_PHOTO = "No face found. Try a face that looks at the camera, in good light."

VIDEO_LIMITS = (
    "MP4, MOV, WebM, MKV or AVI, up to 5 minutes, 100 MB and 1920 × 1080 pixels. What takes "
    "more than 10 minutes of work is stopped, and what is done is kept."
)

VIDEO_EXAMPLE = "Try a short clip"

VIDEO_EMPTY = "The marked video and a timeline appear here."

VIDEO_AGAIN = "Choose another video"

ON_SERVER = "What you choose is sent to this site’s server, and deleted there within an hour."
"""Over the photo and the video, and over what came of them."""

SERVER_ONLY = "Frames are sent to this site’s server: reading them on your device was not set up."

ON_DEVICE = "Use “On this device” instead"

VIDEO_WAITING = "Waiting for the video before yours…"

VIDEO_STOPPED = "Stopped early: this part was analysed."

VIDEO_LONG = "Stopped after 10 minutes of work, for others are waiting: this part was analysed."

FAILED = "Something went wrong on our side. Please try again."

FORGOTTEN = "The file has been deleted. Choose it again."

ONLY_UPRIGHT = "The Haar cascade sees only upright faces from the front."

CHOICE, DETECTOR_CHOICE = "Tells apparent expressions with", "Finds faces with"

TRUST = "How far to trust this"

USES_TITLE = "What it may be used for, and what not"

USES = (INTENDED, OUT_OF_SCOPE, LAW)
"""The model card's own words, where people start: a link to it would lead nowhere in a Space."""

CAUTION = (
    "It learned from small grey web pictures labelled by people, and repeats their mistakes. "
    "Do not use it to decide about anyone."
)


def unsure(best: str, probability: float, limit: float) -> str:
    """Why a face is "unsure": its best guess is under the limit, or too new in a live view."""
    if probability >= limit:
        return f"Changing: {best}, {percent(float(probability))} just now."
    digits = int(percent(float(probability)) == percent(limit))  # or both would look alike
    reached, needed = percent(float(probability), digits), percent(limit, digits)
    return f"Best guess: {best}, {reached}; a label needs {needed}."


def bands(limit: float, others: bool) -> str:
    """How to read a video's timeline, which may have a row for ``others``."""
    return (
        f"Hatched: unsure, no label reached {percent(limit)}. Numbers are of faces, not people: "
        "after a cut somebody may get a new one."
        + (" Others: seen for under half a second." if others else "")
    )


def clock(seconds: float) -> str:
    """A time in a video."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


def made_by(model: str, detector: str, file: str = "") -> str:
    """What a result was made with."""
    made = f"Apparent expressions. Model: {model}. Face detector: {detector}."
    return f"{file}. {made}" if file else made


def menu(model: str) -> str:
    """The closed menu."""
    return f"Model: {model}"


def about_model(title: str, spec: ModelSpec, most: int) -> str:
    """A choice of the menu: a model, whose labels it learned, and how much work it has.

    ``most`` are the multiply-adds of the largest one that can be chosen; 0: not known.
    """
    whose = "what most of ten people saw" if spec.judged_by == "ferplus" else "the dataset's labels"
    less = 0 < spec.multiply_adds < most
    work = f", {percent(spec.multiply_adds / most)} of the work" if less else ""
    return f"{title}: learned {whose}{work}"


def about_detector(title: str, name: str) -> str:
    """A choice of the menu: a detector, and what it sees."""
    seen = {
        "haar": "upright faces from the front",
        "yunet": "also tilted and half-turned heads",
    }
    return f"{title}: {seen[name]}" if name in seen else title


def tilted(yunet: bool) -> str:
    """That the Haar cascade misses a tilted face, and what to do."""
    remedy = "turn the picture" + (", or choose YuNet under “Model”." if yunet else " upright.")
    return f"A face seems to be tilted. {ONLY_UPRIGHT[:-1]}: {remedy}"


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


def unique_titles(titles: Mapping[str, str]) -> dict[str, str]:
    """``titles`` by bundle name, with the name added to those that several bundles have."""
    plain = list(titles.values())
    return {
        name: title if plain.count(title) == 1 else f"{title} ({name})"
        for name, title in titles.items()
    }


def _splits(metrics: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    """Completely evaluated splits that were not trained on, the test split first."""
    return [
        (split, metrics[split])
        for split in ("test", "validation")
        if isinstance(metrics.get(split), Mapping) and set(metrics[split]) >= _NEEDED
    ]


def _measured(split: str, entry: Mapping[str, Any]) -> str:
    low, high = entry["intervals"]["accuracy"]
    judge = JUDGES[entry.get("judged_by", "original")]
    # FER2013 repeats pictures across its splits: what stands in training as well tells nothing.
    fresh = entry.get("accuracy_without_train_duplicates")
    without = f"; {percent(fresh, 1)} without copies of training pictures" if fresh else ""
    return (
        f"Right on {percent(entry['accuracy'], 1)} of {entry['n']:,} {split} pictures (95 % "
        f"interval {percent(low, 1)} to {percent(high, 1)}), by the {judge}{without}."
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
