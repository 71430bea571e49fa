"""Runs one recogniser in an environment of its own and prints what it measured as JSON.

Called by `benchmarks.peers`, never by hand. It imports nothing of this project but where this
project is what is measured: another package has its name.
"""

import json
import sys
import time

BEGIN = time.perf_counter()  # before anything heavy is imported

from collections.abc import Callable  # noqa: E402
from typing import Any  # noqa: E402

LABELS = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")

Frame = Callable[[Any], Any]
"""From RGB ``(h, w, 3)`` to boxes ``(n, 4)`` x0 y0 x1 y1; the labels are worked out as well."""
Face = Callable[[Any], str]
"""From grey ``(48, 48)`` to a label."""


def open_this(root: str, detector: str) -> tuple[Frame, Face, Frame]:
    """Our own: a single photo, one face, and a frame of a stream."""
    sys.path.insert(0, root)
    import fer
    from fer.vision.stream import Stream, recognize_next
    from fer.vision.track import Tracker

    recognizer, tracker = fer.load("fer", detector), Tracker()
    state: dict[str, Any] = {"stream": Stream(), "seconds": 10.0}

    def stream(rgb: Any) -> Any:
        state["seconds"] += 0.1
        state["stream"], faces = recognize_next(
            recognizer, tracker, state["stream"], rgb, state["seconds"]
        )
        return faces.boxes

    def face(gray: Any) -> str:
        pixels = gray[None, :, :, None].astype("float32")
        return LABELS[int(recognizer.classifier(pixels)[0].argmax())]

    return lambda rgb: recognizer(rgb).boxes, face, stream


def open_fer() -> tuple[Frame, Face, None]:
    """The package ``fer`` as it comes; for single faces without its margin of 10 px."""
    import cv2
    from fer.fer import FER

    whole = FER()
    tight: list[Any] = []  # opened when it is needed: not at the start

    def frame(rgb: Any) -> Any:
        found = whole.detect_emotions(cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR))
        return [(x, y, x + w, y + h) for x, y, w, h in (face["box"] for face in found)]

    def face(gray: Any) -> str:
        bgr = cv2.cvtColor(gray, cv2.COLOR_GRAY2BGR)
        if not tight:
            tight.append(FER(offsets=(0, 0)))
        found = tight[0].detect_emotions(bgr, face_rectangles=[(0, 0, 48, 48)])
        emotions = found[0]["emotions"]
        return str(max(emotions, key=emotions.get))

    return frame, face, None


def open_facex() -> tuple[Frame, Face, None]:
    """The package ``facex`` with one worker."""
    import cv2
    import facex

    worker = facex.PoolManager(pool_size=1).get_classifier()
    names = {"anger": "angry", "sadness": "sad", "surprised": "surprise"}

    def frame(rgb: Any) -> Any:
        found = worker.predict(cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR))
        return [(x, y, x + w, y + h) for x, y, w, h in (face["bbox"] for face in found)]

    def face(gray: Any) -> str:
        emotions = worker.detect_emotion(gray)
        best = str(max(emotions, key=emotions.get))
        return names.get(best, best)

    return frame, face, None


def median_milliseconds(call: Frame, rgb: Any, rounds: int) -> float:
    """Of ``rounds`` calls after three that do not count."""
    times = []
    for i in range(-3, rounds):
        begin = time.perf_counter()
        call(rgb)
        if i >= 0:
            times.append(1000 * (time.perf_counter() - begin))
    return float(sorted(times)[len(times) // 2])


def time_stream(call: Frame, rgb: Any, rounds: int) -> tuple[list[Any], float]:
    """Boxes of the last of ``rounds`` equal frames of a stream, and mean milliseconds of them all.

    The mean, because frames differ in kind: some are searched as a whole, some only in part. Ten
    frames do not count: in them faces become known.
    """
    for _ in range(10):
        call(rgb)
    begin = time.perf_counter()
    for _ in range(rounds):
        boxes = call(rgb)
    seconds = time.perf_counter() - begin
    return [[float(value) for value in box] for box in boxes], 1000 * seconds / rounds


def resident_megabytes() -> float:
    """Memory of this process that is in use now (Linux), or its highest so far elsewhere."""
    try:
        with open("/proc/self/status", encoding="ascii") as status:  # noqa: PTH123
            line = next(line for line in status if line.startswith("VmRSS"))
        return int(line.split()[1]) / 1024
    except OSError:
        import resource

        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    """Arguments: peer, root of this project, scenes (.npz), rounds, faces (.npz) or ``-``."""
    peer, root, scenes, rounds, faces = sys.argv[1:]
    openers: dict[str, Callable[[], tuple[Frame, Face, Frame | None]]] = {
        "haar": lambda: open_this(root, "haar"),
        "yunet": lambda: open_this(root, "yunet"),
        "fer": open_fer,
        "facex": open_facex,
    }
    import numpy as np

    pictures = np.load(scenes)
    first = pictures[pictures.files[0]]
    frame, face, stream = openers[peer]()
    frame(first)
    result: dict[str, Any] = {
        "cold_start_seconds": time.perf_counter() - BEGIN,
        "resident_mb": resident_megabytes(),
        "scenes": {},
    }
    for name in pictures.files:
        rgb = pictures[name]
        boxes = np.asarray(frame(rgb), float).reshape(-1, 4).tolist()
        milliseconds = median_milliseconds(frame, rgb, int(rounds))
        measured = {"boxes": boxes, "photo_ms": milliseconds}
        # Who has no mode for streams answers each frame as a photo.
        measured |= {"stream_boxes": boxes, "stream_ms": milliseconds}
        if stream:
            measured["stream_boxes"], measured["stream_ms"] = time_stream(stream, rgb, int(rounds))
        result["scenes"][name] = measured
    if faces != "-":
        data = np.load(faces)
        right = [face(gray) == LABELS[target] for gray, target in zip(*data.values(), strict=True)]
        result["accuracy"] = sum(right) / len(right)
    print(json.dumps(result))


if __name__ == "__main__":
    main()
