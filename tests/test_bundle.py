"""Finding a bundle by name or by path."""

import json
from math import nan
from pathlib import Path

import pytest

import fer.bundle
from fer.bundle import SPEC, Bundle
from fer.errors import UserError
from fer.spec import NO_OFFSETS, ModelSpec

ROOT = Path(fer.bundle.__file__).resolve().parent.parent


@pytest.fixture
def weights(tmp_path, monkeypatch):
    folder = tmp_path / "weights"
    (folder / "mine").mkdir(parents=True)
    monkeypatch.setenv("FER_WEIGHTS", str(folder))
    return folder


def test_the_package_folder_is_never_the_bundle_fer(weights, monkeypatch):
    monkeypatch.chdir(ROOT)
    with pytest.raises(UserError, match="no bundle 'fer'"):
        Bundle.open("fer")
    (weights / "fer").mkdir()
    assert Bundle.open("fer").folder == weights / "fer"


def test_a_name_comes_before_a_folder_and_a_path_is_a_path(weights, tmp_path, monkeypatch):
    (tmp_path / "mine").mkdir()
    monkeypatch.chdir(tmp_path)
    assert Bundle.open("mine").folder == weights / "mine"
    assert Bundle.open("./mine/../mine").folder.resolve() == tmp_path / "mine"
    assert Bundle.open(tmp_path / "mine").folder == tmp_path / "mine"
    assert Bundle.open("weights/mine").folder == Path("weights/mine")


@pytest.mark.parametrize("name", ["missing", "no/such/path"])
def test_an_unknown_bundle_is_a_sentence(weights, name):
    with pytest.raises(UserError, match=f"There is no bundle '{name}'"):
        Bundle.open(name)


def test_a_specification_without_offsets_is_read_and_a_wrong_one_refused(tmp_path):
    bundle = Bundle(tmp_path)
    bundle.write_spec(ModelSpec("old", "old"))
    values = bundle.read(SPEC)
    del values["offsets"]
    bundle.write(SPEC, values)
    assert bundle.spec.offsets == NO_OFFSETS
    for wrong in ([0.0] * 6, [float("nan")] * 7):
        bundle.write(SPEC, values | {"offsets": wrong})
        with pytest.raises(UserError, match="offsets must be 7 numbers"):
            _ = bundle.spec


@pytest.mark.parametrize(
    "wrong",
    [
        {"framing": {"haar": {"scale": nan}}},
        {"framing": {"haar": {"shift_x": nan}}},
        {"framing": {"haar": {"shift_y": nan}}},
        {"temperature": nan},
        {"unsure_below": nan},
    ],
)
def test_what_is_no_number_is_refused_wherever_it_stands(tmp_path, wrong):
    bundle = Bundle(tmp_path)
    bundle.write_spec(ModelSpec("toy", "toy"))
    bundle.path(SPEC).write_text(json.dumps(bundle.read(SPEC) | wrong), encoding="utf-8")
    with pytest.raises(UserError, match="does not describe a model"):
        _ = bundle.spec
