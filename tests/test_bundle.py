"""Finding a bundle by name or by path."""

import json
from pathlib import Path

import pytest

from fer import bundle as bundles
from fer.bundle import bundle_path, unique_titles
from fer.errors import UserError
from fer.files import write_json
from fer.spec import NO_OFFSETS, ModelSpec

ROOT = Path(bundles.__file__).resolve().parent.parent


@pytest.fixture
def weights(tmp_path, monkeypatch):
    folder = tmp_path / "weights"
    (folder / "mine").mkdir(parents=True)
    monkeypatch.setenv("FER_WEIGHTS", str(folder))
    return folder


def test_the_package_folder_is_never_the_bundle_fer(weights, monkeypatch):
    monkeypatch.chdir(ROOT)
    with pytest.raises(UserError, match="no bundle 'fer'"):
        bundle_path("fer")
    (weights / "fer").mkdir()
    assert bundle_path("fer") == weights / "fer"


def test_a_name_comes_before_a_folder_and_a_path_is_a_path(weights, tmp_path, monkeypatch):
    (tmp_path / "mine").mkdir()
    monkeypatch.chdir(tmp_path)
    assert bundle_path("mine") == weights / "mine"
    assert bundle_path("./mine/../mine").resolve() == tmp_path / "mine"
    assert bundle_path(tmp_path / "mine") == tmp_path / "mine"
    assert bundle_path("weights/mine") == Path("weights/mine")


@pytest.mark.parametrize("name", ["missing", "no/such/path"])
def test_an_unknown_bundle_is_a_sentence(weights, name):
    with pytest.raises(UserError, match=f"There is no bundle '{name}'"):
        bundle_path(name)


def test_titles_that_several_bundles_have_get_their_names():
    titles = {"fer": "original labels", "mine": "original labels", "ten": "consensus of ten"}
    assert unique_titles(titles) == {
        "fer": "original labels (fer)",
        "mine": "original labels (mine)",
        "ten": "consensus of ten",
    }


def test_a_specification_without_offsets_is_read_and_a_wrong_one_refused(tmp_path):
    bundles.write_spec(tmp_path, ModelSpec("old", "old"))
    values = json.loads((tmp_path / bundles.SPEC).read_text())
    del values["offsets"]
    write_json(tmp_path / bundles.SPEC, values)
    assert bundles.read_spec(tmp_path).offsets == NO_OFFSETS
    for wrong in ([0.0] * 6, [float("nan")] * 7):
        write_json(tmp_path / bundles.SPEC, values | {"offsets": wrong})
        with pytest.raises(UserError, match="offsets must be 7 numbers"):
            bundles.read_spec(tmp_path)
