"""Scenes with known faces, what is measured on them, and that nothing grows on a long stream."""

import gc
import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks import peers
from fer.app import live
from fer.cli import main
from fer.errors import UserError
from fer.evaluation import speed
from fer.evaluation.scenes import COUNTS, SIZES, Scene, faceless_scene, make_scene
from fer.vision.recognize import Recognizer
from tests.support.blocks import block_in
from tests.support.bundles import write_toy_bundle


@pytest.fixture(scope="module")
def bundle(tmp_path_factory) -> Path:
    return write_toy_bundle(tmp_path_factory.mktemp("weights"))


@pytest.fixture(scope="module")
def recognizer(bundle) -> Recognizer:
    return Recognizer.open(bundle, "haar")


class TestScenes:
    @pytest.mark.parametrize("size", SIZES)
    @pytest.mark.parametrize("count", COUNTS)
    def test_faces_lie_apart_inside_the_picture_and_are_found(self, size, count, recognizer):
        scene = make_scene(*size, count)
        assert scene.rgb.shape == (size[1], size[0], 3) and scene.rgb.dtype == np.uint8
        assert scene.faces.shape == (count, 4)
        assert (scene.faces[:, :2] >= 0).all() and (scene.faces[:, 2:] <= size).all()
        assert len(np.unique(scene.faces.round(), axis=0)) == count
        assert scene.found(recognizer(scene.rgb).boxes) == (count, 0)
        np.testing.assert_array_equal(scene.rgb, make_scene(*size, count).rgb)

    @pytest.mark.parametrize("size", SIZES)
    def test_a_scene_without_faces_has_none(self, size):
        scene = faceless_scene(*size)
        assert scene.rgb.shape == (size[1], size[0], 3) and scene.faces.shape == (0, 4)

    @pytest.mark.parametrize(
        ("boxes", "answer"),
        [
            ([], (0, 0)),
            ([(10, 20, 50, 70)], (1, 0)),
            ([(15, 15, 55, 65), (12, 22, 48, 66)], (1, 0)),  # twice the same face
            ([(10, 20, 50, 70), (110, 20, 150, 70)], (2, 0)),
            ([(50, 20, 90, 70)], (0, 1)),  # beside it
            ([(25, 40, 35, 50)], (0, 1)),  # a nose
            ([(-60, -30, 120, 120)], (0, 1)),  # half the picture
        ],
    )
    def test_boxes_are_counted(self, boxes, answer):
        faces = np.array([(10, 20, 50, 70), (110, 20, 150, 70)], float)
        assert Scene(np.zeros((90, 170, 3), np.uint8), faces).found(np.array(boxes)) == answer


class TestBench:
    def test_it_prints_every_scene_and_json(self, bundle, monkeypatch, capsys):
        monkeypatch.setattr(speed, "SIZES", ((640, 480),))
        monkeypatch.setattr(speed, "COUNTS", (1, 4))
        arguments = ["bench", "--weights", str(bundle), "--detector", "haar", "--rounds", "2"]
        assert main(arguments) == 0
        text = capsys.readouterr().out
        assert len(re.findall(r"^ +640×480 +[14] +[14] +0 ", text, re.MULTILINE)) == 2
        assert main([*arguments, "--json"]) == 0
        report = json.loads(capsys.readouterr().out)
        assert report["cold_start_seconds"] > 0 and report["peak_memory_mb"] > 20
        for scene in report["scenes"]:
            assert scene["found"] == scene["faces"]
            times = scene["milliseconds"]
            assert [*times] == ["detect", "crop", "classify", "draw", "photo", "stream"]
            assert all(0 < time["median"] <= time["p95"] for time in times.values())

    def test_no_rounds_are_refused(self, bundle, capsys):
        assert main(["bench", "--weights", str(bundle), "--rounds", "0"]) == 2
        assert "--rounds" in capsys.readouterr().err

    def test_a_process_that_fails_is_a_sentence(self, tmp_path):
        with pytest.raises(UserError, match=r"could not recognise.*no bundle"):
            speed.cold_start(tmp_path / "nothing", "haar")


def test_the_peers_table_counts_boxes_and_has_a_column_each():
    named = {"a": make_scene(640, 480, 4), "b": faceless_scene(640, 480)}
    boxes = {"a": named["a"].faces.tolist()[:3], "b": [[0, 0, 50, 50]]}
    raw = {
        "cold_start_seconds": 0.5,
        "resident_mb": 100.0,
        "scenes": {
            n: {"boxes": boxes[n], "photo_ms": 20.0, "stream_boxes": [], "stream_ms": 5.0}
            for n in named
        },
    }
    judged = peers.judge(raw, named)
    assert (
        judged["scenes"]["a"] | {"found": 3, "faces": 4, "false_boxes": 0} == judged["scenes"]["a"]
    )
    assert judged["scenes"]["b"]["false_boxes"] == 1 and "boxes" not in judged["scenes"]["b"]
    results = {"ours": judged, "theirs": judged}
    page = peers.details(results)
    assert "| a | 0 of 4, 0 | 0 of 4, 0 |" in page
    assert "| a | 3 of 4, 0 | 3 of 4, 0 |" in page and "| b | 0 of 0, 1 | 0 of 0, 1 |" in page


def test_the_readme_and_the_page_say_what_was_measured():
    """Both are rewritten by `python -m benchmarks.peers`."""
    report = json.loads(peers.RESULT.read_text(encoding="utf-8"))
    assert peers.TABLE.read_text(encoding="utf-8") == peers.page(report)
    shown = block_in(peers.README.read_text(encoding="utf-8"), peers.BLOCK)
    assert shown == peers.summary(report["results"])


def test_a_long_stream_grows_neither_memory_nor_time(recognizer):
    """A short soak; `benchmarks/soak.py` is the long one."""
    from benchmarks.soak import soak

    gc.collect()
    report = soak(recognizer, frames=600, warm_up=200)
    assert report.problems() == []
    assert report.frames == 600 and 400 < report.faces < 600
    assert replace(report, growth_mb=21.0, errors=2).problems() != []
    assert live.answer_frame(recognizer, None, live.Live())[0] == ""
