"""A video's faces as the instrument's HTML: rows, bands, "others", moments."""

import re

import numpy as np

from fer.app.instrument import instrument
from fer.labels import LABELS, UNSURE
from fer.video.info import VideoInfo
from fer.video.moments import Moment
from fer.video.run import VideoResult
from fer.video.timeline import TimelineBuilder
from fer.vision.faces import Faces

PICTURE = np.full((8, 8, 3), 90, np.uint8)


def seen(seconds, labels_at):
    """A result in which ``labels_at(step)`` says which face shows what, ten times a second."""
    builder, faces = TimelineBuilder(), set()
    for step in range(round(10 * seconds)):
        shown = labels_at(step)
        faces |= set(shown)
        probs = np.full((len(shown), 7), 0.05, np.float32)
        probs[:, LABELS.index("sad")] = 0.7
        boxes = np.tile(np.array([[1, 2, 31, 42]], np.int32), (len(shown), 1))
        tracked = Faces(
            boxes, probs, ids=np.array(list(shown), np.int64), shown=tuple(shown.values())
        )
        builder.add(tracked, step / 10, step)
    moments = (Moment("sad", 2, 0.7, 1.25, 12, PICTURE), Moment("sad", 9, 0.7, 0.5, 5, PICTURE))
    portraits = dict.fromkeys(faces, PICTURE)
    return VideoResult(
        None, VideoInfo(64, 48, 10.0, seconds), None, seconds, builder.timeline(seconds),
        moments, portraits, (),
    )  # fmt: skip


def test_every_face_has_a_band_and_the_brief_ones_are_others():
    def labels_at(step):
        shown = {2: "sad" if step < 10 else UNSURE} if 5 <= step < 15 else {}
        return shown | {9: "happy"} if step == 3 else shown

    html = instrument(seen(2.0, labels_at), unsure_below=0.57)
    names = re.findall(r"<b>([^<]+)</b><small>, ([\d.]+) s", html)
    assert names == [("face 2", "1.0"), ("others", "0.1")]
    bands = re.findall(r'data-said="([^"]+)" style="left:([\d.]+)%;width:([\d.]+)%', html)
    assert bands == [
        ("face 2: sad 70 %", "25.00", "25.00"),
        ("face 2: unsure, perhaps sad 70 %", "50.00", "25.00"),
        ("others", "15.00", "5.00"),
    ]
    assert html.count('<i class="fer-unsure"') == 1
    assert "57&nbsp;%" in html and "not people" in html
    assert "<video class" not in html  # no copy could be written


def test_moments_lead_to_their_time_and_name_only_faces_that_have_a_row():
    html = instrument(seen(2.0, lambda step: {2: "sad"}), 0.5)
    moments = re.findall(r'data-at="([\d.]+)".*?<span>([^<]*)</span></button>', html)
    assert moments == [("1.250", "face 2, 1.2 s"), ("0.500", "0.5 s")]


def test_of_a_crowd_the_longest_seen_are_drawn_in_the_order_of_their_appearance():
    html = instrument(
        seen(4.0, lambda step: {face: "sad" for face in range(1, 12) if step >= 2 * face}), 0.5
    )
    assert re.findall(r"<b>face (\d+)</b>", html) == [str(face) for face in range(1, 9)]
    assert "3 more faces" in html
