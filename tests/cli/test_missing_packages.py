"""An installation without the extras: commands that need one say so in a sentence."""

import sys

import pytest

from fer.cli import main


@pytest.mark.parametrize("package", ["jinja2", "huggingface_hub"])
def test_a_missing_package_is_a_sentence(package, monkeypatch, capsys, tmp_path):
    for name in [name for name in sys.modules if name.startswith("fer.evaluation.model_card")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, package, None)  # an import of it fails
    assert main(["card", "--out", str(tmp_path / "card.md")]) == 2
    said = capsys.readouterr().err
    assert f"needs the package {package}" in said and "pip install" in said
    assert said.count("\n") == 1


def test_a_module_of_ours_that_is_missing_keeps_its_traceback(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "fer.evaluation.model_card", None)
    with pytest.raises(ModuleNotFoundError):
        main(["card", "--out", str(tmp_path / "card.md")])
