"""The one photograph that everything is tried on: in the public domain, part of the repository."""

from pathlib import Path

ASTRONAUT = Path(__file__).resolve().parent.parent / "examples" / "astronaut.jpg"
"""512×512 pixels, one face. See ``examples/README.md``."""
