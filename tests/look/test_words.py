"""Sentences that the app and the dashboard share: what they must name."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from fer import wording
from fer.bundle import METRICS, ONNX, Bundle
from fer.cli import app
from fer.files import write_json
from fer.labels import LABELS
from fer.look import kit, words
from fer.paths import REPOSITORY, browser_folder
from fer.spec import ModelSpec

SPEC = ModelSpec("toy", "toy weights", unsure_below=0.45)


def metrics_entry(accuracy):
    recall = dict(zip(LABELS, (0.6, 0.7, 0.4, 0.9, 0.5, 0.8, 0.65), strict=True))
    return {
        "accuracy": accuracy,
        "n": 3589,
        "intervals": {"accuracy": [accuracy - 0.015, accuracy + 0.014]},
        "per_label": {label: {"recall": value} for label, value in recall.items()},
    }


def test_trust_is_read_from_the_metrics_and_never_from_training_images():
    metrics = {"train": metrics_entry(0.99), "validation": metrics_entry(0.712)}
    said = " ".join(words.trust(SPEC, metrics))
    assert "3,589 validation pictures" in said
    assert "71.2 %" in said
    assert "69.7 % to 72.6 %" in said
    assert "“happy” best (90 %" in said
    assert "“fear” worst (40 %" in said
    assert "under 45 %" in said
    assert "99" not in said


def test_trust_leaves_out_what_stands_in_training_as_well():
    name = "accuracy_without_train_duplicates"
    entry = metrics_entry(0.712) | {name: 0.698, "counts": {name: 3309}}
    entry["intervals"][name] = [0.68, 0.71]
    said = words.trust(SPEC, {"validation": entry})[0]
    assert said.index("71.2 % of 3,589 validation pictures") < said.index("69.8 % without copies")
    assert "chosen on these pictures" in said
    assert "chosen" not in words.trust(SPEC, {"test": entry})[0]


def test_trust_says_whose_labels_judged():
    entry = metrics_entry(0.85) | {"judged_by": "ferplus"}
    assert "majority of ten annotators" in words.trust(SPEC, {"test": entry})[0]
    assert "original labels" in words.trust(SPEC, {"test": metrics_entry(0.7)})[0]


def test_trust_puts_the_test_split_first():
    said = words.trust(SPEC, {"validation": metrics_entry(0.7), "test": metrics_entry(0.69)})
    assert "69.0 %" in said[0]
    assert "70.0 %" in said[1]


@pytest.mark.parametrize(
    "content",
    [
        None,
        "{",
        '{"validation": {}}',
        '{"validation": 3}',
        '{"validation": {"accuracy": 0.5, "n": 3, "intervals": {}, "per_label": {}}}',
    ],
)
def test_without_usable_metrics_trust_says_so(tmp_path, content):
    if content is not None:
        (tmp_path / METRICS).write_text(content)
    said = words.trust(SPEC, Bundle(tmp_path).current(METRICS))
    assert said[0].startswith("This model has not been evaluated yet")


def test_metrics_are_those_of_the_model_file_at_hand(tmp_path):
    (tmp_path / ONNX).write_bytes(b"weights")
    entry = metrics_entry(0.7) | {"model_sha256": Bundle(tmp_path).model_sha256}
    write_json(tmp_path / METRICS, {"test": entry})
    assert Bundle(tmp_path).current(METRICS)["test"]["n"] == 3589
    (tmp_path / ONNX).write_bytes(b"other weights")
    assert Bundle(tmp_path).current(METRICS) == {}


@pytest.mark.parametrize(("n", "said"), [(0, "0 faces"), (1, "1 face"), (2, "2 faces")])
def test_one_face_is_no_faces(n, said):
    assert wording.count(n, "face") == said


def test_a_best_guess_just_under_the_limit_does_not_look_as_if_it_reached_it():
    said = words.unsure("happy", 0.562, 0.5648)
    assert said == "Best guess: happy, 56.2 %; a label needs 56.5 %."
    assert words.unsure("sad", 0.41, 0.5648) == "Best guess: sad, 41 %; a label needs 56 %."


def test_the_menu_says_what_a_smaller_model_is_good_for():
    small, large, foreign = (ModelSpec("m", "M", multiply_adds=work) for work in (100, 290, 0))
    assert words.about_model("Fast", small, 290).endswith("labels, 34 % of the work")
    assert words.about_model("Accurate", large, 290).endswith("labels")
    assert words.about_model("Mine", foreign, 290).endswith("labels")
    assert words.about_model("Mine", foreign, 0).endswith("labels")


def test_unsure_names_the_best_guess_and_the_limit():
    said = words.unsure("sad", 0.412, 0.57)
    assert all(part in said for part in ("sad", "41 %", "57 %"))


@pytest.mark.parametrize(("yunet", "remedy"), [(True, "choose YuNet"), (False, "upright")])
def test_a_tilted_face_is_told_with_the_remedy_at_hand(yunet, remedy):
    assert "tilted" in words.tilted(yunet)
    assert remedy in words.tilted(yunet)
    assert ("YuNet" in words.tilted(yunet)) == yunet


def test_a_result_says_what_made_it():
    said = words.made_by("original labels", "YuNet", "me.mp4")
    assert all(part in said for part in ("original labels", "YuNet", "me.mp4"))


def test_titles_that_several_bundles_have_get_their_names():
    titles = {"fer": "original labels", "mine": "original labels", "ten": "consensus of ten"}
    assert words.unique_titles(titles) == {
        "fer": "original labels (fer)",
        "mine": "original labels (mine)",
        "ten": "consensus of ten",
    }


def test_who_starts_is_told_what_is_read_where_for_how_long_and_what_for():
    page = (browser_folder() / "site" / "index.html").read_text(encoding="utf-8")
    for start in (words.CAMERA_OFF, words.TRY_IT, page):
        assert "apparent expression" in start
    assert "server" in words.CAMERA_OFF and "forgets" in words.CAMERA_OFF
    assert "server" in words.TRY_IT and "and nowhere else, until your session" in words.TRY_IT
    assert "on this device" in page and "none is kept" in page
    for where in (kit.uses(), page):
        assert all(part in where for part in ("agreed", "hiring", "AI Act"))
    card = (REPOSITORY / "docs" / "model-card.md").read_text(encoding="utf-8")
    assert all(use in " ".join(card.split()) for use in words.USES)


CLAIM = re.compile(r"emotion|(?<!apparent )(?<!apparent facial )\bexpression", re.IGNORECASE)
NO_CLAIM = (
    "Facial expression recognition",  # the field's name
    "research on expression recognition",
    "infer emotions of people at work",  # the AI Act
    "Inferring emotions of people at work",
    "each expression as in the dataset",  # labels, given by people
    "every expression alike",
)


def strings(module: Any) -> str:
    """All of a module's, those of its functions too."""
    nodes = ast.walk(ast.parse(Path(module.__file__).read_text(encoding="utf-8")))
    return "\n".join(str(node.value) for node in nodes if isinstance(node, ast.Constant))


def helps(command: Any) -> Iterator[str]:
    """What ``--help`` says of a command, its options and its own commands."""
    yield command.help or ""
    yield from (getattr(option, "help", None) or "" for option in command.params)
    for below in getattr(command, "commands", {}).values():
        yield from helps(below)


@pytest.mark.parametrize(
    "shown",
    [
        strings(words),
        strings(wording),
        (browser_folder() / "site" / "index.html").read_text(encoding="utf-8"),
        "\n".join(helps(get_command(app))),
    ],
    ids=["words", "wording", "page", "commands"],
)
def test_what_people_read_claims_apparent_expressions_alone(shown):
    shown = " ".join(shown.split())
    for exception in NO_CLAIM:
        shown = shown.replace(exception, "")
    assert [shown[max(0, at.start() - 30) : at.end() + 30] for at in CLAIM.finditer(shown)] == []
