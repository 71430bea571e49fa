"""Write the requirements files from ``pyproject.toml``, the one place where packages are listed.

Spaces, Colab and Kaggle install from a plain list, without the rest of the repository: so the
lists are flat and name this project nowhere. ``--check`` writes nothing and fails if they differ.
"""

import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

LISTS = {
    "requirements.txt": ("everything: serving, training with Keras, the notebook", ["all"]),
    "requirements-app.txt": ("what serving the app needs, without TensorFlow", ["app"]),
    "requirements-dashboard.txt": (
        "what serving the dashboard needs, without TensorFlow",
        ["dashboard"],
    ),
}
"""File → what it is for, and the extras that it holds."""


def packages(project: dict, extras: list[str]) -> list[str]:
    """The project's own requirements and those of ``extras``, each once, in their order."""
    found = list(project["dependencies"])
    for extra in extras:
        for requirement in project["optional-dependencies"][extra]:
            named = re.fullmatch(rf"{project['name']}\[(.+)\]", requirement)
            found += packages(project, named[1].split(",")) if named else [requirement]
    return list(dict.fromkeys(found))


def main() -> int:
    """Write or check every list; the exit status."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    differing = []
    for name, (purpose, extras) in LISTS.items():
        lines = [
            f"# For {purpose}.",
            "# Written by tools/requirements.py from pyproject.toml; change it there.",
            *packages(project, extras),
        ]
        text, path = "\n".join(lines) + "\n", ROOT / name
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            differing.append(name)
            if "--check" not in sys.argv:
                path.write_text(text, encoding="utf-8")
    if differing and "--check" in sys.argv:
        print(
            f"{', '.join(differing)} differ from pyproject.toml: run python tools/requirements.py"
        )
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
