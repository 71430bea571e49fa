"""What people are told of what a library says."""

import pytest

from fer.errors import reason_of


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ValueError("no such codec."), "no such codec"),
        (ValueError("\n  one\ntwo"), "one"),
        (RuntimeError(), "RuntimeError"),  # an error without a word ended in a traceback
    ],
)
def test_a_reason_is_half_a_line_or_the_kind(error, said):
    assert reason_of(error) == said
