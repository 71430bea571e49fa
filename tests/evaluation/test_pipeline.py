"""Calibrated framing and the pipeline's accuracy, on cut-outs of the astronaut's face."""

import json

import cv2
import numpy as np
import pytest

from fer.bundle import PIPELINE, Bundle
from fer.cli import main
from fer.errors import UserError
from fer.evaluation import pipeline
from fer.evaluation.pipeline import evaluate_pipeline
from fer.evaluation.scenes import place_face
from fer.labels import LABELS
from fer.ship import framing as framing_room
from fer.ship.framing import measure_framing
from fer.spec import Framing
from fer.vision.detection import Detections
from fer.vision.detectors import open_detector
from tests.support.astronaut import cut_outs
from tests.support.bundles import write_toy_bundle


@pytest.fixture
def data(tmp_path):
    for i, image in enumerate(cut_outs(24)):
        path = tmp_path / "data" / "images" / "validation" / LABELS[i % 7] / f"{i:05}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(path), image)
    return tmp_path / "data"


class FixedDetector:
    """Answers with one box, and with another far from the face."""

    name = "fixed"

    def __init__(self, box):
        self.boxes = np.array([(0, 0, 60, 60), box], np.float32)

    def __call__(self, rgb, working_size=0):
        assert rgb.shape == (288, 288, 3)
        return Detections(self.boxes, np.array([9.0, 5.0], np.float32))


@pytest.mark.parametrize(
    ("box", "framing"),
    [
        ((72, 72, 216, 216), Framing(1.0, 0.0, 0.0)),  # the face itself
        ((100, 90, 200, 190), Framing(1.44, -0.06, 0.04)),
        ((84, 92, 204, 172), Framing(1.44, 0.0, 0.12)),  # not square: the mean side is 100
    ],
)
def test_framing_undoes_the_detector(box, framing):
    assert measure_framing(cut_outs(20), FixedDetector(box)) == framing


@pytest.mark.parametrize("box", [(0, 0, 144, 144), (134, 134, 154, 154)])
def test_boxes_that_are_not_of_the_face_do_not_count(box):
    with pytest.raises(UserError, match="found 0 of 20 faces"):
        measure_framing(cut_outs(20), FixedDetector(box))


def test_cascade_boxes_of_the_cutouts_are_those_of_the_photograph():
    framing = measure_framing(cut_outs(24), open_detector("haar"))
    assert framing.scale == pytest.approx(1.0, abs=0.12)
    assert max(abs(framing.shift_x), abs(framing.shift_y)) < 0.06


@pytest.mark.parametrize("size", [48, 120, 200, 400])
def test_a_scene_holds_the_enlarged_face_at_its_box(size):
    face = cut_outs(1)[0]
    rng = np.random.default_rng(1)
    places = set()
    for _ in range(5):
        picture, box = place_face(face, size, rng)
        x0, y0, x1, y1 = box
        assert picture.shape == (480, 640, 3) and (x1 - x0, y1 - y0) == (size, size)
        expected = cv2.resize(face, (size, size), interpolation=cv2.INTER_CUBIC)
        np.testing.assert_array_equal(picture[y0:y1, x0:x1, 0], expected)
        places.add((int(x0), int(y0)))
    assert len(places) == 5


def test_framing_is_calibrated_on_other_images_than_it_is_judged_on():
    images = np.arange(1000)
    judged, calibrated = pipeline.draw(images, 400), pipeline.draw(images, 400, others=True)
    assert len(calibrated) == 400 and not set(judged) & set(calibrated)
    assert set(pipeline.draw(images[:10], 400, others=True)) == set(range(10))


def test_pipeline_report(tmp_path, data, monkeypatch):
    monkeypatch.setattr(pipeline, "IMAGES", 8)
    bundle = write_toy_bundle(tmp_path)
    report = evaluate_pipeline(bundle, data)
    assert report.images == 8
    assert [scale.face_size for scale in report.scales] == [48, 72, 120, 200, 400]
    for scale in report.scales:
        assert scale.detection_rate >= 0.7 and scale.detected <= scale.images == 8
        assert 0.0 <= scale.accuracy <= 1.0 and 0.0 <= scale.plain_accuracy <= 1.0
    assert report == evaluate_pipeline(bundle, data)  # the same scenes every time


def test_a_framing_beside_the_face_finds_none(tmp_path, data, monkeypatch):
    monkeypatch.setattr(pipeline, "IMAGES", 4)
    bundle = write_toy_bundle(tmp_path)
    Bundle(bundle).change_spec(framing={"haar": Framing(1.0, 0.9, 0.9)})
    for scale in evaluate_pipeline(bundle, data).scales:
        assert scale.detected == 0 and scale.accuracy == 0.0 and scale.false_boxes > 0


def test_calibrate_and_evaluate_write_into_the_bundle(tmp_path, data, monkeypatch, capsys):
    monkeypatch.setattr(framing_room, "IMAGES", 24)
    bundle = write_toy_bundle(tmp_path)
    options = ["--data", str(data), "--weights", str(bundle), "--split", "validation"]
    assert main(["calibrate", *options]) == 0
    framing = Bundle(bundle).spec.framing["haar"]
    assert framing == measure_framing(cut_outs(24), open_detector("haar"))
    assert f"{framing.scale:.3f} times" in capsys.readouterr().out
    monkeypatch.setattr(pipeline, "IMAGES", 3)
    assert main(["evaluate", *options, "--pipeline", "--detector", "haar", "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed.items() <= json.loads((bundle / PIPELINE).read_text())["haar"].items()
    assert len(printed["scales"]) == 5 and "detection_rate" in printed["scales"][0]
    assert main(["evaluate", *options, "--pipeline"]) == 0
    assert "72 px" in capsys.readouterr().out
    assert main(["evaluate", *options, "--pipeline", "--detector", "none"]) == 2
    assert "choose haar or yunet" in capsys.readouterr().err
