"""Values that hold arrays and still compare as people expect."""

from dataclasses import fields
from typing import Any

import numpy as np


class ArrayValue:
    """What a frozen dataclass with arrays inherits: two are equal if all their fields are.

    The dataclass is declared with ``eq=False``, for its own ``==`` would ask an array whether it
    is true. NaN equals NaN. Like every container that holds arrays, it has no hash.
    """

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        names = [field.name for field in fields(self)]  # type: ignore[arg-type]
        return all(_equal(getattr(self, name), getattr(other, name)) for name in names)

    __hash__ = None  # type: ignore[assignment]


def _equal(one: Any, other: Any) -> bool:
    if not isinstance(one, np.ndarray) or not isinstance(other, np.ndarray):
        return type(one) is type(other) and bool(one == other)
    return np.array_equal(one, other, equal_nan=one.dtype.kind == other.dtype.kind == "f")
