"""What many visitors at once came to, what of it should not be, and ``docs/reliability.md``."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fer.training.provenance import machine

SLOWEST_PHOTO = 3.0  # seconds, of 95 in 100
MOST_MEMORY = 1500  # MB
MOST_GROWTH = 150  # MB, from the middle to the end
LEAST_FAIR = 0.8


@dataclass(frozen=True)
class Load:
    """How many visitors of each kind come at once, for how many seconds.

    Attributes:
        pause: seconds for which a visitor looks at an answer to a photo or a video.
    """

    streams: int = 10
    photos: int = 8
    videos: int = 2
    seconds: float = 300.0
    pause: float = 2.0


@dataclass(frozen=True)
class Figures:
    """What came of it.

    Attributes:
        load: who came.
        answered: questions with an answer by kind of visitor, frames of streams among them.
        busy: questions that were told that others are waiting.
        problems: of visitors: neither an answer nor that sentence.
        logged: lines of the app's log, before the kill and after, that tell of an error.
        p95: seconds within which 95 of 100 answers came, by kind.
        frames: answered for each stream, in order.
        fairness: Jain's index of ``frames``: 1 if all had as many, 1/n if one had all.
        waited: the longest wait for a turn of a stream, in seconds.
        most_mb: memory of the app at most.
        growth_mb: from the middle of the time to its end.
        restart_seconds: from starting again after the kill to the first page.
        answered_again: photos with an answer after that.
        left_behind: what the kill left and nobody removed.
    """

    load: Load
    answered: dict[str, int]
    busy: int
    problems: list[str]
    logged: list[str]
    p95: dict[str, float]
    frames: list[int]
    fairness: float
    waited: float
    most_mb: float
    growth_mb: float
    restart_seconds: float
    answered_again: int
    left_behind: list[str]

    def faults(self) -> list[str]:
        """What should not be, in sentences; empty when all is well."""
        said = [*self.problems[:10], *self.logged[:10]]
        said += [f"The kill left {name} behind." for name in self.left_behind]
        said += [f"No {kind} was answered." for kind, n in self.answered.items() if n == 0]
        if not self.answered_again:
            said.append("No photo was answered after the kill.")
        photo = self.p95.get("photo", 0.0)
        if photo > SLOWEST_PHOTO:
            said.append(f"95 of 100 photos took up to {photo:.1f} s, more than {SLOWEST_PHOTO:g}.")
        if self.most_mb > MOST_MEMORY or self.growth_mb > MOST_GROWTH:
            said.append(
                f"Memory rose to {self.most_mb:.0f} MB, at the end by {self.growth_mb:.0f}."
            )
        if self.frames and self.fairness < LEAST_FAIR:
            said.append(f"Streams share unfairly: {self.frames} frames.")
        return said


def jain(shares: Sequence[float]) -> float:
    """Jain's fairness index (1984): 1 if all are alike, 1/n if one has everything.

    >>> jain([3, 3]), jain([4, 0])
    (1.0, 0.5)
    """
    total = float(np.square(shares).sum())
    return float(np.sum(shares)) ** 2 / (len(shares) * total) if total else 1.0


def page(figures: Figures) -> str:
    """``docs/reliability.md``."""
    load, p95 = figures.load, figures.p95
    rows = [
        f"| {kind} | {visitors} | {figures.answered.get(kind, 0):,} | {p95.get(kind, 0):.2f} s |"
        for kind, visitors in (
            ("stream", load.streams), ("photo", load.photos), ("video", load.videos),
        )
    ]  # fmt: skip
    faults = figures.faults()
    processor = machine()
    return "\n".join(
        [
            "<!-- Written by `python -m benchmarks.reliability`: do not edit. -->",
            "",
            "# Many visitors at once",
            "",
            f"{load.streams + load.photos + load.videos} visitors for {load.seconds:g} seconds "
            "over HTTP, as browsers ask, the visitors on the same machine as the app "
            f"({processor['processor']}, {processor['threads']} threads).",
            "",
            "| Visitors with a | Number | Answers | 95 of 100 within |",
            "| --- | --- | --- | --- |",
            *rows,
            "",
            f"- Told that others are waiting: {figures.busy} questions. Neither that nor an "
            f"answer: {len(figures.problems)}. Errors in the log: {len(figures.logged)}.",
            f"- Streams take turns: from {min(figures.frames, default=0):,} to "
            f"{max(figures.frames, default=0):,} frames each (Jain's fairness index "
            f"{figures.fairness:.2f}), the longest wait for a turn {figures.waited:.0f} s.",
            f"- Memory of the app: {figures.most_mb:.0f} MB at most, "
            f"{figures.growth_mb:+.0f} MB from the middle to the end.",
            f"- Killed under the same load (`kill -9`) and started again: the page is there after "
            f"{figures.restart_seconds:.1f} s, photos answered then: {figures.answered_again}, "
            f"files of before that are left: {len(figures.left_behind)}.",
            "",
            "A photo is uploaded, searched and answered; its visitor then looks at it for "
            f"{load.pause:g} seconds. A stream sends at most ten frames a second, each after its "
            "answer.",
            "",
            *(["What should not be:", "", *(f"- {fault}" for fault in faults), ""] * bool(faults)),
        ]
    )
