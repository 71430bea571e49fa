"""The folder of a Space: it starts with what it holds, and holds nothing that it does not need."""

import subprocess
from pathlib import Path

import pytest

from fer import ondevice
from fer.bundle import list_bundles
from fer.cli import main
from fer.errors import UserError
from fer.palette import FONT_FILE
from fer.paths import EXAMPLES_FOLDER
from fer.ship import space
from fer.ship.space import BROWSER, SPACES, allowed_files, build_space

ROOT = Path(__file__).resolve().parent.parent.parent
FORBIDDEN = ("tensorflow", "keras")
SERVED = [kind for kind in SPACES if kind != BROWSER]


@pytest.mark.parametrize("kind", SERVED)
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
    assert FONT_FILE.name in {path.name for path in (folder / "fer" / "look").iterdir()}
    shown = {path.name for path in EXAMPLES_FOLDER.iterdir()} - {"README.md"}
    assert {path.name for path in (folder / "examples").iterdir()} == shown


def test_a_folder_in_use_is_left_alone(tmp_path):
    (tmp_path / "mine.txt").write_text("precious", encoding="utf-8")
    with pytest.raises(UserError, match="not empty"):
        build_space("app", tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_nothing_comes_along_that_is_not_on_the_list(tmp_path, monkeypatch):
    for name in ("app.py", "README.md", "requirements-app.txt", "fer/a.py", "weights/w/spec.json"):
        (tmp_path / "house" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "house" / name).touch()
    left = ["weights/w/model.keras", "weights/w/checkpoint.npz", "weights/w/checkpoints/a.json",
            "data/fer2013/a.png", "fer/training/loop.py", ".env", "fer/.secret.py", "notes.txt",
            "weights/people.csv", "weights/people.audit.json", "weights/w/predictions.parquet",
            "weights/w/train.json", "weights/fer/people.csv", "examples/me.jpg", "examples/me.mp4",
            "examples/me.heic", "fer/__pycache__/a.pyc", ".git/config"]  # fmt: skip
    for name in left:
        (tmp_path / "house" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "house" / name).touch()
    monkeypatch.setattr(space, "REPOSITORY", tmp_path / "house")
    folder = build_space("app", tmp_path / "space")
    found = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    sent = set(allowed_files("app", folder))
    assert sent == {"app.py", "README.md", "requirements.txt", "fer/a.py", "weights/w/spec.json"}
    assert found - sent == {".fer-space"}


def test_of_the_bundles_that_come_along_everything_goes_but_what_training_needs(tmp_path):
    weights = build_space("dashboard", tmp_path / "space") / "weights"
    shipped = [one for one in list_bundles(ROOT / "weights") if one.name in ondevice.MODELS]
    assert {one.name for one in shipped} == set(ondevice.MODELS)
    for one in shipped:
        parts = {path.name for path in one.folder.glob("*.[!k]*")}
        assert {path.name for path in (weights / one.name).iterdir()} == parts
    assert (weights / "fer2013.audit.json").is_file()


def test_figures_of_somebodys_own_pictures_stay_at_home(tmp_path, monkeypatch, capsys):
    house, part = tmp_path / "house", "weights/fer/predictions.parquet"
    for name in ("app.py", "README.md", "requirements-app.txt", part):
        (house / name).parent.mkdir(parents=True, exist_ok=True)
        (house / name).write_text("as published")
    git = ["git", "-C", str(house), "-c", "user.name=a", "-c", "user.email=a@b.org"]
    for words in (["init", "-q"], ["add", "."], ["commit", "-qm", "Publish"]):
        subprocess.run([*git, *words], check=True)
    monkeypatch.setattr(space, "REPOSITORY", house)
    assert (build_space("app", tmp_path / "space") / part).is_file()
    (house / part).write_text("my-own-face.jpg: sad")
    (house / "weights" / "fer" / "groups.json").write_text("mine")
    assert main(["space", "app", str(tmp_path / "space")]) == 0
    assert not (tmp_path / "space" / "weights").exists()
    said = capsys.readouterr().err
    assert (
        f"note: {part} stays here: it is not as it was published" in said and "groups.json" in said
    )


def test_its_own_folder_is_written_anew(tmp_path):
    folder = build_space("app", tmp_path / "space")
    (folder / "fer" / "old.py").touch()
    assert not (build_space("app", folder) / "fer" / "old.py").exists()


def test_a_folder_that_cannot_be_made_is_a_sentence(tmp_path):
    (tmp_path / "file").touch()
    for folder in (tmp_path / "file", tmp_path / "file" / "space", tmp_path / ("x" * 300)):
        with pytest.raises(UserError, match="cannot be made"):
            build_space("app", folder)


def test_the_command_says_what_it_made(tmp_path, capsys):
    assert main(["space", "dashboard", str(tmp_path / "space")]) == 0
    printed = capsys.readouterr()
    assert "ready for a Space" in printed.out
    assert "paying accounts only" in printed.err
