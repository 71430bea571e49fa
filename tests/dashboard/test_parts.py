"""The dashboard's small parts: safe file names, cached files, curves, and the shared look."""

import tomllib
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest

from fer.dashboard import address, files, images, parts, state, training
from fer.errors import UserError
from fer.palette import DARK, FONT, LIGHT, MONOSPACE
from fer.paths import weights_folder

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.mark.parametrize(
    "name",
    [
        "/etc/passwd",
        "../secret.png",
        "train/../../secret.png",
        "..\\secret.png",
        "a\0b",
        "train/..",
    ],
)
def test_a_file_name_cannot_lead_out_of_the_dataset(tmp_path, name):
    assert images.inside(tmp_path, name) is None


@pytest.mark.parametrize("name", ["train/happy/00001.png", "train/happy/a..b.png"])
def test_a_usual_file_name_stays_inside(tmp_path, name):
    assert images.inside(tmp_path, name) == tmp_path / name


@pytest.mark.parametrize(
    ("file", "label"),
    [("train/happy/1.png", "happy"), ("1.png", ""), ("", ""), ("train/joy/1.png", "")],
)
def test_the_label_of_a_file(file, label):
    assert images.label_of(file) == label


def test_identity_changes_with_the_file(tmp_path):
    path = tmp_path / "a"
    gone = files.identity(path)
    path.write_text("1")
    first = files.identity(path)
    path.write_text("12")
    assert len({gone, first, files.identity(path)}) == 3
    assert gone[1:] == (0, 0)


def test_settings_are_flattened():
    values = {"config": {"epochs": 3, "sizes": [[0, 32]]}, "source": "abc"}
    assert list(training.flatten(values)) == [
        ("config.epochs", "3"), ("config.sizes", "[[0, 32]]"), ("source", "abc"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("trained", "epoch"),
    [
        ({}, 2),
        ({"best_epoch": 3}, 3),
        ({"best_epoch": 9}, 2),  # not in the history: the training goes on
        ({"selected_by": "validation_ferplus_accuracy"}, 1),
        ({"selected_by": "mood"}, 2),
    ],
)
def test_the_kept_epoch(trained, epoch):
    history = pd.DataFrame(
        {
            "epoch": [1, 2, 3],
            "validation_accuracy": [0.5, 0.7, 0.6],
            "validation_ferplus_accuracy": [0.9, 0.8, 0.7],
        }
    )
    assert training.kept_epoch(history, trained) == epoch


@pytest.mark.parametrize(
    ("interval", "words"),
    [([0.681, 0.712], "68.1 to 71.2 %"), (None, ""), ([], ""), ([None, None], "")],
)
def test_intervals_in_words(interval, words):
    assert parts.between(interval) == words


@pytest.mark.parametrize(
    ("query", "state", "published", "expected"),
    [
        ({}, {}, {}, "a"),
        ({"x": "b"}, {}, {}, "b"),
        ({"x": "nonsense"}, {}, {}, "a"),
        ({"x": "b"}, {"x": "a"}, {"x": "b"}, "a"),  # the visitor has just chosen
        ({"x": "b"}, {"x": "a"}, {"x": ""}, "b"),  # the visitor has changed the address
        ({}, {"x": "b"}, {"x": "b"}, "a"),  # the same: the Back button
    ],
)
def test_the_address_and_the_choice_agree(monkeypatch, query, state, published, expected):
    fake = SimpleNamespace(query_params=query, session_state={"published": published, **state})
    monkeypatch.setattr(address, "st", fake)
    assert address.chosen(["a", "b"], "x", "a") == expected


def test_arguments(monkeypatch, tmp_path):
    monkeypatch.delenv(state.DATA_VARIABLE, raising=False)
    assert state.parse(["--data", str(tmp_path)]) == state.Options(weights_folder(), tmp_path, True)
    monkeypatch.setenv(state.DATA_VARIABLE, "elsewhere")
    assert state.parse([]).data == Path("elsewhere")
    with pytest.raises(UserError, match="--data DIR"):
        state.parse(["--nothing"])


def test_streamlit_has_the_look_of_the_app():
    config = tomllib.loads((ROOT / ".streamlit/config.toml").read_text())
    theme = config["theme"]
    assert (theme["font"], theme["codeFont"]) == (FONT, MONOSPACE)
    for name, palette in (("light", LIGHT), ("dark", DARK)):
        assert theme[name] == {
            "primaryColor": palette.ink, "backgroundColor": palette.paper,
            "secondaryBackgroundColor": palette.card, "textColor": palette.ink,
            "borderColor": palette.line, "linkColor": palette.ink,
        }  # fmt: skip
    assert config["browser"]["gatherUsageStats"] is False
    assert config["server"]["address"] == "127.0.0.1"
