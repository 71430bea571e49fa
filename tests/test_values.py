"""Dataclasses with arrays compare by their content."""

from dataclasses import dataclass

import numpy as np
import pytest

from fer.values import ArrayValue


@dataclass(frozen=True, eq=False)
class Pair(ArrayValue):
    array: np.ndarray | None
    name: str = ""


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        (Pair(np.arange(3)), Pair(np.arange(3)), True),
        (Pair(np.arange(3)), Pair(np.arange(4)), False),
        (Pair(np.arange(3)), Pair(np.arange(3)[:, None]), False),
        (Pair(np.arange(3)), Pair(None), False),
        (Pair(None), Pair(None), True),
        (Pair(None, "a"), Pair(None, "b"), False),
        (Pair(np.array([np.nan, 1])), Pair(np.array([np.nan, 1])), True),
        (Pair(np.array(["a"], object)), Pair(np.array(["a"], object)), True),
        (Pair(None), "another kind", False),
    ],
)
def test_equal_content_is_equal(one, other, equal):
    assert (one == other) is equal and (one != other) is not equal


def test_they_have_no_hash():
    with pytest.raises(TypeError, match="unhashable"):
        hash(Pair(None))
