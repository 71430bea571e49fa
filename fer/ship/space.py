"""The folder that a Hugging Face Space gets: the serving files, without what training needs.

A static Space (`fer.ondevice`) is free for everyone; the hub runs Gradio and Docker Spaces for
paying accounts only.
"""

import shutil
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from huggingface_hub.utils import filter_repo_objects

from fer import bundle, ondevice
from fer.errors import UserError
from fer.paths import EXAMPLE_PICTURES, REPOSITORY

BROWSER = "browser"
"""The kind of Space in which everything happens on the visitor's device."""

_SHOWN = (
    bundle.SPEC, bundle.ONNX, bundle.METRICS, bundle.CALIBRATION, bundle.PIPELINE,
    bundle.ROBUSTNESS, bundle.QUANTIZATION, bundle.HISTORY,
)  # fmt: skip
"""Of any bundle: what serves it, and figures. Rows about single pictures, their names and settings
with folders stay at home, as does whatever else lies in ``weights/`` and ``examples/``."""
_OF_SHIPPED = (bundle.TRAIN, bundle.PREDICTIONS, bundle.LABEL_ERRORS, bundle.GROUPS)
"""Of bundles that come with the code as well, while they tell of FER2013: see `measured_anew`."""
_SERVING = (
    "README.md", "LICENSE", "requirements.txt",
    "fer/*.py", "fer/*.css", "fer/*.js", "fer/*.jinja", "fer/look/figtree*",
    "browser/package*.json", "browser/site/*", "browser/src/*.js",
    *(f"examples/{path.name}" for path in EXAMPLE_PICTURES.values()), "examples/clip.mp4",
    "weights/fer2013.audit.json", *(f"weights/*/{part}" for part in _SHOWN),
    *(f"weights/{name}/{part}" for name in ondevice.MODELS for part in _OF_SHIPPED),
)  # fmt: skip
_PAGE = (
    "README.md", "LICENSES.txt", "index.html", "*.css", "figtree*", "icon.svg", "sw.js", "src/*.js",
    "examples/*.jpg", "runtime/*", "models/models.json", "models/*/spec.json",
    "models/*/model.onnx",
)  # fmt: skip
_NEVER = ("fer/training/*", "*checkpoint*", "*/.*")
FORMERLY = (
    "examples/*.jpg", "examples/*.mp4", "weights/*.json", "weights/*.csv", "weights/*.parquet",
)  # fmt: skip
"""What earlier versions sent as well, and `fer.ship.hub.upload` deletes where it still lies."""
_MARK = ".fer-space"
"""In a folder that `build_space` wrote, and may write anew."""


@dataclass(frozen=True)
class Space:
    """One kind of Space.

    Attributes:
        sdk: what the hub runs it with.
        allowed: patterns of the files that it may hold, ``*`` also for ``/``; nothing else is
            copied or uploaded.
        entry: the script that it runs.
        readme: where its README with the front matter is, relative to the repository.
    """

    sdk: str
    allowed: tuple[str, ...]
    entry: str = ""
    readme: str = "README.md"


SPACES: Mapping[str, Space] = {
    "app": Space("gradio", (*_SERVING, "app.py", "docs/*.md", "docs/*.png"), "app.py"),
    "dashboard": Space(
        "docker",
        (*_SERVING, "requirements-dashboard.txt", "dashboard.py", "Dockerfile", ".streamlit/*"),
        "dashboard.py", "spaces/dashboard/README.md",
    ),
    BROWSER: Space("static", _PAGE),
}  # fmt: skip


def build_space(kind: str, folder: Path) -> Path:
    """Write what the Space ``kind``, one of `SPACES`, needs into the new ``folder``.

    A folder that this wrote before is written anew. The list of packages is the one for serving:
    a Space does not install TensorFlow (1.9 GB), which serving never imports.

    Raises:
        UserError: if ``folder`` holds something else or cannot be written, or this is no checkout.
    """
    space = SPACES[kind]
    if space.entry and not (REPOSITORY / space.entry).is_file():
        raise UserError(
            f"{space.entry} is not part of the installed package; "
            f"run 'python -m fer space {kind}' in a checkout of the repository."
        )
    try:
        if (folder / _MARK).is_file():
            shutil.rmtree(folder)
        if kind == BROWSER:
            ondevice.build_site(folder)
        else:
            _copy_serving(kind, folder)
        (folder / _MARK).touch()
    except OSError as error:
        raise UserError(
            f"The folder {folder} cannot be made: {error.strerror or error}; name another one, "
            "or make room there."
        ) from error
    return folder


def _copy_serving(kind: str, folder: Path) -> None:
    if folder.exists() and any(folder.iterdir()):
        raise UserError(f"{folder} is not empty; name a new folder for the Space.")
    folder.mkdir(parents=True, exist_ok=True)
    space = SPACES[kind]
    own = set(measured_anew())
    for name in allowed_files(kind, REPOSITORY):
        if name not in own:
            _copy(REPOSITORY / name, folder / name)
    _copy(REPOSITORY / space.readme, folder / "README.md")
    _copy(REPOSITORY / f"requirements-{kind}.txt", folder / "requirements.txt")
    if space.sdk == "docker":
        recipe = folder / "Dockerfile"
        text = recipe.read_text(encoding="utf-8").replace("ARG SERVE=app", f"ARG SERVE={kind}")
        recipe.write_text(text, encoding="utf-8")


def measured_anew() -> list[str]:
    """Files of the shipped bundles about single pictures that are not as they were published.

    ``fer evaluate`` with one's own pictures writes their names there. Without git nobody can tell,
    so all of them count.
    """
    patterns = [f"weights/{name}/{part}" for name in ondevice.MODELS for part in _OF_SHIPPED]
    names = [name for name in patterns if (REPOSITORY / name).is_file()]

    def listed(*words: str) -> set[str]:
        command = ["git", *words, "--", *patterns]
        done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True)
        return set(done.stdout.split())

    try:
        published = listed("ls-files") - listed("diff", "--name-only", "--relative", "HEAD")
    except (OSError, subprocess.CalledProcessError):
        published = set()
    return [name for name in names if name not in published]


def _names_under(folder: Path, patterns: Iterable[str]) -> list[str]:
    """Every file below ``folder`` whose first part a pattern names."""
    tops = {pattern.split("/")[0] for pattern in patterns}
    paths = [path for top in tops for path in folder.glob(top)]
    files = [file for path in paths for file in (path, *path.rglob("*")) if file.is_file()]
    return [file.relative_to(folder).as_posix() for file in files]


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(source, target)


def allowed_files(kind: str, folder: Path) -> list[str]:
    """The files of ``folder`` that a Space of this ``kind`` may hold, by its allow-list; sorted."""
    allowed = list(SPACES[kind].allowed)
    names = _names_under(folder, allowed)
    found = filter_repo_objects(names, allow_patterns=allowed, ignore_patterns=list(_NEVER))
    return sorted(found)
