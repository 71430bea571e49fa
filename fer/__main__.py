"""``python -m fer``."""

from fer.cli import script

script()
