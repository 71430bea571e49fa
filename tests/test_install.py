"""The installed package, away from the repository: what `pip install .` gives to people."""

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    # A copy of what git knows: building leaves folders behind, and this one has other things too.
    files = subprocess.check_output(["git", "ls-files", "-z"], cwd=ROOT, text=True).split("\0")
    for name in filter(None, files):
        if (ROOT / name).is_file():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            (source / name).write_bytes((ROOT / name).read_bytes())
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "-w", folder, source]
    subprocess.run(build, check=True)
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def run(wheel, tmp_path_factory):
    """Run a command with nothing but the installed package, from an empty folder."""
    site, elsewhere = tmp_path_factory.mktemp("site"), tmp_path_factory.mktemp("elsewhere")
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", site]
    subprocess.run([*install, wheel], check=True)

    def run(*command: str) -> str:
        environment = os.environ | {"PYTHONPATH": str(site)}
        words = [sys.executable, *command]
        return subprocess.run(
            words, cwd=elsewhere, env=environment, check=True, capture_output=True, text=True
        ).stdout

    return run


def test_the_wheel_is_small_and_leaves_training_weights_out(wheel):
    assert wheel.stat().st_size < 15e6
    listed = subprocess.check_output([sys.executable, "-m", "zipfile", "-l", wheel], text=True)
    assert "model.onnx" in listed
    assert ".keras" not in listed
    assert "fer/py.typed" in listed


def test_three_lines_of_python(run):
    picture = ROOT / "examples" / "astronaut.jpg"
    code = f"import fer; print(fer.__file__); print(fer.load()({str(picture)!r}).labels)"
    where, labels = run("-c", code).splitlines()
    assert not where.startswith(str(ROOT))
    assert labels == "['happy']"


def test_the_command(run):
    assert "happy" in run("-m", "fer", "predict", str(ROOT / "examples" / "astronaut.jpg"))


def test_another_folder_of_weights_is_named_by_the_environment(run, monkeypatch, tmp_path):
    monkeypatch.setenv("FER_WEIGHTS", str(tmp_path))
    code = "from fer.paths import weights_folder; print(weights_folder())"
    assert run("-c", code).strip() == str(tmp_path)


def test_every_room_is_packaged():
    rooms = {
        ".".join(path.parent.relative_to(ROOT).parts) for path in ROOT.glob("fer/**/__init__.py")
    }
    assert rooms <= set(PROJECT["tool"]["setuptools"]["packages"])


def test_the_requirements_files_come_from_the_extras():
    check = [sys.executable, ROOT / "tools" / "requirements.py", "--check"]
    assert subprocess.run(check, check=False).returncode == 0
