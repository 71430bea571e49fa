"""The section on robustness: figures, pictures, and what is said where they are missing."""

import sys

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from fer.bundle import ROBUSTNESS, Bundle
from fer.dashboard.robustness import example_strips
from fer.evaluation.corruptions import CORRUPTIONS
from fer.evaluation.robustness import robustness_figures
from tests.support.bundles import write_toy_bundle
from tests.support.dashboard_bundle import made_up


@pytest.fixture
def bundle(tmp_path):
    """Measured under corruption on 40 made-up answers."""
    bundle = Bundle(write_toy_bundle(tmp_path))
    random = np.random.default_rng(2)
    targets = random.integers(7, size=40)
    probs = np.stack([made_up(targets, random) for _ in range(1 + 3 * len(CORRUPTIONS))])
    identity = {"split": "validation", "weights": "toy", "judged_by": "original", "n": 40}
    entry = identity | robustness_figures(probs, targets, 0.5)
    bundle.add_current(ROBUSTNESS, entry["split"], entry)
    return bundle


def draw(bundle):
    def page(folder):
        from pathlib import Path

        from fer.bundle import Bundle
        from fer.dashboard.robustness import section

        section(Bundle(Path(folder)), "validation")

    app = AppTest.from_function(page, args=(str(bundle.folder),), default_timeout=60).run()
    assert not app.exception
    return app


def html(app):
    return "".join(element.proto.body for element in app.get("html"))


def test_every_kind_has_its_panel_and_the_means_their_cards(bundle):
    app = draw(bundle)
    entry = bundle.current(ROBUSTNESS)["validation"]
    assert len(app.get("plotly_chart")) == len(CORRUPTIONS)
    for key in ("mean_accuracy", "mean_coverage", "mean_ece", "relative_accuracy"):
        assert f"{100 * entry[key]:.1f}" in html(app)
    assert "40 images" in html(app)
    (table,) = app.dataframe
    assert len(table.value) == 3 * len(CORRUPTIONS)
    assert table.value["accuracy"].tolist() == pytest.approx(
        np.ravel([kind["accuracy"] for kind in entry["kinds"]]), abs=1e-4
    )


def test_without_a_measurement_the_command_is_named(bundle):
    bundle.forget(ROBUSTNESS)
    app = draw(bundle)
    assert "--corruptions" in html(app)
    assert not app.get("plotly_chart")


def test_a_damaged_file_is_a_warning(bundle):
    bundle.write(ROBUSTNESS, {"validation": {"model_sha256": bundle.model_sha256}})
    app = draw(bundle)
    assert "--corruptions" in app.warning[0].value.replace("\\", "")
    assert not app.get("plotly_chart")


def test_strips_show_the_clean_face_and_then_what_each_strength_does():
    strips = example_strips()
    assert set(strips) == {kind.name for kind in CORRUPTIONS}
    for strip in strips.values():
        assert strip.shape == (4, 48, 48)
        np.testing.assert_array_equal(strip[0], strips["sensor_noise"][0])
        assert len({picture.tobytes() for picture in strip}) == 4


def test_without_pyav_only_the_strip_of_h264_is_missing_and_that_is_said(monkeypatch, bundle):
    assert "package av" not in html(draw(bundle))
    monkeypatch.setitem(sys.modules, "av", None)  # an import of it fails
    example_strips.clear()
    assert {kind.name for kind in CORRUPTIONS} - set(example_strips()) == {"h264"}
    assert "package av" in html(draw(bundle))
    example_strips.clear()
