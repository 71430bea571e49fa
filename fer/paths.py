"""Where the files are that come with the code: in a checkout, or inside the installed package."""

import os
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent

REPOSITORY = _PACKAGE.parent
"""The checkout, where the code runs from one; else the folder that packages are installed in."""

WEIGHTS_VARIABLE = "FER_WEIGHTS"
"""Environment variable: another folder of bundles."""


def _shipped(name: str) -> Path:
    """The folder ``name`` of the checkout; in an installed package its copy."""
    installed = _PACKAGE / f"_{name}"
    return installed if installed.is_dir() else REPOSITORY / name


def weights_folder() -> Path:
    """The folder whose subfolders are bundles."""
    named = os.environ.get(WEIGHTS_VARIABLE)
    return Path(named) if named else _shipped("weights")


def browser_folder() -> Path:
    """The files of the page in which everything happens on the visitor's device."""
    return _shipped("browser")


EXAMPLES_FOLDER = _shipped("examples")
"""Pictures and a clip that may be shown to everybody: see ``examples/README.md``."""

ASTRONAUT = EXAMPLES_FOLDER / "astronaut.jpg"
"""512×512 pixels, one face, in the public domain: see ``examples/README.md``."""

EXAMPLE_PICTURES = {
    "Astronaut": ASTRONAUT,
    "Officer": EXAMPLES_FOLDER / "hopper.jpg",
    "Painting": EXAMPLES_FOLDER / "tanguy.jpg",
    "Drawings": EXAMPLES_FOLDER / "group.jpg",
}
"""Pictures to try, by the names that people choose them by."""
