"""What every test may ask for; the fixtures of one room are in that room's ``conftest.py``."""
