"""A small dataset and a run on it, which the tests of what is shipped share."""

from tests.support.tiny_run import tiny_dataset, tiny_run

__all__ = ["tiny_dataset", "tiny_run"]
