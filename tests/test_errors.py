"""What people are told of what a library says."""

import logging

import pytest

from fer.errors import PlacesOnly, reason_of, without_folders


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


@pytest.mark.parametrize(
    ("sentence", "said"),
    [
        ("/srv/a/model.onnx cannot be run", "model.onnx cannot be run"),
        ("run 'fer export /srv/a/mine' again", "run 'fer export mine' again"),
        ("'/tmp/fer-app-1-x/ab/me and you.jpg' is damaged", "'me and you.jpg' is damaged"),
        ("weights/fer/spec.json and 1/2 of it", "weights/fer/spec.json and 1/2 of it"),
        ("see https://example.org/a/b", "see https://example.org/a/b"),
    ],
)
def test_people_elsewhere_hear_of_no_folder(sentence, said):
    assert without_folders(sentence) == said


def test_a_library_logs_where_a_defect_was_and_not_what_it_says(caplog):
    log = logging.getLogger("a-library")
    log.addFilter(PlacesOnly())
    names = {}
    try:
        names["-".join(["my", "own", "face.jpg"])]
    except KeyError:
        log.exception("Not %s", "shown")
    assert "Not shown" in caplog.text and "KeyError" in caplog.text
    assert "test_errors.py" in caplog.text and "my-own" not in caplog.text
