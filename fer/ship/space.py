"""The folder that a Hugging Face Space gets: the serving files, without what training needs.

A static Space (`fer.ondevice`) is free for everyone; the hub runs Gradio and Docker Spaces for
paying accounts only.
"""

import shutil
from dataclasses import dataclass
from pathlib import Path

from fer import ondevice
from fer.bundle import KERAS
from fer.errors import UserError
from fer.paths import REPOSITORY

_PAYMENT_REQUIRED = 402
_REQUIREMENTS = "requirements-app.txt"
_IGNORED = shutil.ignore_patterns("__pycache__", "training", "checkpoint.npz*", KERAS)


@dataclass(frozen=True)
class Space:
    """One kind of Space: its entry point and the files that only it has.

    Attributes:
        entry: the script that it runs.
        readme: where its README with the front matter is, relative to the repository.
        sdk: what the hub runs it with.
        extra: further files, relative to the repository, copied to the Space's top level.
    """

    entry: str
    readme: str
    sdk: str
    extra: tuple[str, ...] = ()


SPACES: dict[str, Space] = {
    "app": Space("app.py", "README.md", "gradio", ("docs",)),
    "dashboard": Space(
        "dashboard.py", "spaces/dashboard/README.md", "docker",
        ("spaces/dashboard/Dockerfile", ".streamlit"),
    ),
}  # fmt: skip

BROWSER = "browser"
"""The kind of Space in which everything happens on the visitor's device."""


def build_space(kind: str, folder: Path) -> Path:
    """Write what the Space ``kind``, one of `SPACES` or `BROWSER`, needs into the new ``folder``.

    ``requirements-app.txt`` becomes its ``requirements.txt``, so that a Space does not install
    TensorFlow (1.9 GB), which serving never imports.

    Raises:
        UserError: if ``folder`` holds something or cannot be written, or this is no checkout.
    """
    if kind == BROWSER:
        return ondevice.build_site(folder)
    space = SPACES[kind]
    if not (REPOSITORY / space.entry).is_file():
        raise UserError(
            f"{space.entry} is not part of the installed package; "
            f"run 'python -m fer space {kind}' in a checkout of the repository."
        )
    try:
        if folder.exists() and any(folder.iterdir()):
            raise UserError(f"{folder} is not empty; name a new folder for the Space.")
        folder.mkdir(parents=True, exist_ok=True)
        for name in ("fer", "weights", "examples", *space.extra, space.entry):
            _copy(REPOSITORY / name, folder / Path(name).name)
        shutil.copy(REPOSITORY / space.readme, folder / "README.md")
        shutil.copy(REPOSITORY / _REQUIREMENTS, folder / "requirements.txt")
    except OSError as error:
        raise UserError(
            f"The folder {folder} cannot be made: {error.strerror or error}; name another one, "
            "or make room there."
        ) from error
    return folder


def upload(folder: Path, kind: str, repository: str) -> str:
    """Upload a built Space to ``repository`` (``user/name``), with the token of ``hf auth login``.

    Returns:
        The address of the Space.

    Raises:
        UserError: if the hub refuses: no token, no permission, no network.
    """
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HfHubHTTPError, LocalTokenNotFoundError

    hub = HfApi()
    try:
        sdk = "static" if kind == BROWSER else SPACES[kind].sdk
        address = hub.create_repo(repository, repo_type="space", space_sdk=sdk, exist_ok=True)
        hub.upload_folder(repo_id=repository, repo_type="space", folder_path=folder)
    except (HfHubHTTPError, LocalTokenNotFoundError, OSError) as error:
        response = getattr(error, "response", None)
        if response is not None and response.status_code == _PAYMENT_REQUIRED:
            raise UserError(
                f"The hub runs a Space of this kind for paying accounts only; {repository} can be "
                "a static one for free: 'fer space browser' makes it."
            ) from error
        reason = str(error).strip().splitlines()[0]
        raise UserError(
            f"The hub did not take {repository}: {reason}; is 'hf auth login' done and the name "
            "yours?"
        ) from error
    return str(address)


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, ignore=_IGNORED)
    else:
        shutil.copy(source, target)
