"""The pages of ``dashboard.py``: one module for each, and what they share."""
