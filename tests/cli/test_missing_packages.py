"""An installation without the extras: commands that need one say so in a sentence."""

import re
import sys
import tomllib
from pathlib import Path

import pytest

from fer.cli import EXTRAS, main

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("package", "command", "rooms"),
    [
        ("jinja2", ["card", "--out"], "fer.evaluation.model_card"),
        ("huggingface_hub", ["card", "--out"], "fer.evaluation.model_card"),
        ("onnx", ["calibrate", "--data"], "fer.ship"),
        ("onnx", ["quantize", "fer", "--data"], "fer.ship"),
    ],
)
def test_a_missing_package_is_a_sentence(package, command, rooms, monkeypatch, capsys, tmp_path):
    for name in [name for name in sys.modules if name.startswith(rooms)]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, package, None)  # an import of it fails
    assert main([*command, str(tmp_path / "none")]) == 2
    said = capsys.readouterr().err
    assert f"needs the package {package}" in said and "pip install" in said
    assert said.count("\n") == 1


def test_the_extra_that_is_named_brings_the_package():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    extras = project["project"]["optional-dependencies"]
    for package, extra in EXTRAS.items():
        assert any(re.match(rf"{package}\b", one) for one in extras[extra]), (package, extra)


def test_a_module_of_ours_that_is_missing_keeps_its_traceback(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "fer.evaluation.model_card", None)
    with pytest.raises(ModuleNotFoundError):
        main(["card", "--out", str(tmp_path / "card.md")])
