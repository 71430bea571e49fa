"""The folder of a Space: it starts with what it holds, and holds nothing that it does not need."""

import subprocess
import sys

import httpx
import huggingface_hub
import pytest
from huggingface_hub.errors import HfHubHTTPError

from fer.cli import main
from fer.errors import UserError
from fer.ship.space import SPACES, build_space, upload

FORBIDDEN = ("tensorflow", "keras")


@pytest.mark.parametrize("kind", SPACES)
def test_it_holds_the_entry_point_the_front_matter_and_the_serving_requirements(kind, tmp_path):
    folder = build_space(kind, tmp_path / "space")
    assert (folder / SPACES[kind].entry).is_file()
    readme = (folder / "README.md").read_text(encoding="utf-8")
    assert readme.startswith("---\ntitle:")
    assert f"sdk: {SPACES[kind].sdk}\n" in readme
    requirements = (folder / "requirements.txt").read_text(encoding="utf-8")
    lines = [line for line in requirements.splitlines() if not line.startswith("#")]
    assert not [line for line in lines if line.startswith(FORBIDDEN) or "-r " in line]
    assert not (folder / "fer" / "training").exists()
    assert not list(folder.rglob("*.keras"))


@pytest.mark.parametrize("kind", SPACES)
def test_its_entry_point_imports_from_the_folder_alone(kind, tmp_path):
    folder = build_space(kind, tmp_path / "space")
    entry = SPACES[kind].entry.removesuffix(".py")
    check = f"import {entry}, fer, sys; print(fer.__file__); print('tensorflow' in sys.modules)"
    result = subprocess.run(
        [sys.executable, "-c", check], cwd=folder, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    place, imported = result.stdout.split()[-2:]
    assert place.startswith(str(folder))
    assert imported == "False"


class _Refusing:
    """A hub that answers every account alike."""

    def __init__(self, status):
        self.status = status

    def create_repo(self, *arguments, **options):
        response = httpx.Response(self.status, request=httpx.Request("POST", "https://hub"))
        raise HfHubHTTPError("refused", response=response)


@pytest.mark.parametrize(
    ("status", "words"), [(402, "'fer space browser'"), (403, "'hf auth login'")]
)
def test_what_the_hub_refuses_is_a_sentence_that_helps(tmp_path, monkeypatch, status, words):
    monkeypatch.setattr(huggingface_hub, "HfApi", lambda: _Refusing(status))
    with pytest.raises(UserError, match=words):
        upload(tmp_path, "app", "someone/fer")


def test_a_folder_in_use_is_left_alone(tmp_path):
    (tmp_path / "mine.txt").write_text("precious", encoding="utf-8")
    with pytest.raises(UserError, match="not empty"):
        build_space("app", tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_a_folder_that_cannot_be_made_is_a_sentence(tmp_path):
    (tmp_path / "file").touch()
    for folder in (tmp_path / "file", tmp_path / "file" / "space", tmp_path / ("x" * 300)):
        with pytest.raises(UserError, match="cannot be made"):
            build_space("app", folder)


def test_the_command_says_what_it_made(tmp_path, capsys):
    assert main(["space", "dashboard", str(tmp_path / "space")]) == 0
    assert "ready for a Space" in capsys.readouterr().out
