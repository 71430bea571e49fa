"""Figures for groups of people: whose they are, how sure they are, and what is refused."""

import json

import numpy as np
import pytest
from pydantic import TypeAdapter

from fer.bundle import GROUPS, Bundle
from fer.cli import main
from fer.errors import UserError
from fer.evaluation.group_table import read_table
from fer.evaluation.groups import (
    SMALL,
    GroupsReport,
    largest_gap,
    measure_column,
    small_groups,
)
from fer.evaluation.text import gap_sentence, groups_as_text
from fer.labels import NO_MAJORITY
from tests.support.bundles import write_toy_bundle
from tests.support.evaluated import run_evaluate, write_images

FILES = ("test/sad/1.png", "test/happy/2.png", "test/happy/3.png")


def answers(rights):
    """Probabilities and labels of images, all of one label, of which ``rights`` are right."""
    rights = np.array(rights, bool)
    probs = np.full((len(rights), 7), 0.02, np.float32)
    probs[np.arange(len(rights)), np.where(rights, 3, 4)] = 0.88
    return probs, np.full(len(rights), 3)


def test_files_go_by_their_path_or_their_name_and_the_rest_has_no_group(tmp_path):
    table = tmp_path / "people.csv"
    table.write_text("file,age,skin\nimages/test/sad/1.png,old,dark\n3.png,,light\nelse.png,x,y\n")
    columns, notes = read_table(table, FILES)
    assert {name: values.tolist() for name, values in columns.items()} == {
        "age": ["old", "", ""], "skin": ["dark", "", "light"],
    }  # fmt: skip
    assert notes == [
        "people.csv has no row for 1 image.",
        "age: people.csv has an empty cell for 1 image, which no group counts.",
    ]


def test_rows_that_are_too_short_are_counted_as_empty_cells(tmp_path):
    (tmp_path / "people.csv").write_text("file,age,skin\n1.png\n2.png,old\n3.png, ,dark\n")
    columns, notes = read_table(tmp_path / "people.csv", FILES)
    assert {name: values.tolist() for name, values in columns.items()} == {
        "age": ["", "old", ""], "skin": ["", "", "dark"],
    }  # fmt: skip
    assert notes == [
        "age: people.csv has an empty cell for 2 images, which no group counts.",
        "skin: people.csv has an empty cell for 2 images, which no group counts.",
    ]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "no table"), (b"\xff\xfe\x00\x01", "no table"), (b"name,age\n1.png,3\n", "file.*age"),
        (b"file\n1.png\n", "column of groups"), (b"file,age\n9.png,3\n", "no image of this split"),
        (b"file,age\n1.png,3\n./1.png,4\n", "twice"), (b"file,age\n1.png,\n", "0 groups"),
        (b"file,age\n1.png,3\ntest/sad/1.png,4\n", "test/sad/1.png and 1.png, one image"),
        (b"file,age\n1.png,3,\n2.png,4,5\n", "people.csv: the first row has more cells"),
        (b"file,age\n1.png,3\n2.png,4,5\n", "people.csv.*line 3"),
        (b"file,age\n" + b"".join(b"%d.png,%d\n" % (i, i) for i in range(1, 60)), "ranges"),
    ],
    ids=[
        "empty", "binary", "no file", "no group", "other files", "twice", "blank", "path and name",
        "all rows wide", "wide row", "measurements",
    ],
)  # fmt: skip
def test_other_tables_are_refused(tmp_path, content, says):
    (tmp_path / "people.csv").write_bytes(content)
    with pytest.raises(UserError, match=says):
        read_table(tmp_path / "people.csv", FILES)


def test_a_gap_is_between_large_groups_and_compared_with_chance():
    probs, targets = answers([1] * 180 + [0] * 20 + [1] * 100 + [0] * 100 + [0] * (SMALL - 1))
    values = np.array(["a"] * 200 + ["b"] * 200 + ["few"] * (SMALL - 1), object)
    column = measure_column(probs, targets, values, unsure_below=0.5)
    few, gap = column["groups"]["few"], column["gap"]
    assert few["n"] == SMALL - 1 and few["accuracy"] == 0 and few["coverage"] == 1
    assert (gap["best"], gap["worst"]) == ("a", "b")
    assert gap["accuracy"] == pytest.approx(0.4)
    low, high = gap["interval"]
    assert 0.25 < low < 0.4 < high < 0.55  # 0.4 ± 1.96 · 0.041
    assert 0.05 < gap["by_chance"] < 0.15
    assert "more than groups that are alike" in gap_sentence("age", gap)


def test_groups_that_are_alike_show_no_more_than_chance():
    probs, targets = answers([i % 4 > 0 for i in range(400)])
    values = np.array([f"g{i // 100}" for i in range(400)], object)
    gap = measure_column(probs, targets, values, 0.5)["gap"]
    assert gap["accuracy"] == 0 and "no more than" in gap_sentence("age", gap)
    assert gap["best"] != gap["worst"] and gap["interval"][0] < 0 < gap["interval"][1]
    assert largest_gap({"alone": {"n": 900, "accuracy": 0.5}}) is None


@pytest.mark.parametrize("right", [0, 1])
def test_a_group_that_is_all_right_or_all_wrong_is_not_known_exactly(right):
    probs, targets = answers([right] * 60 + [1, 0] * 30)
    column = measure_column(probs, targets, np.repeat(["extreme", "half"], 60), 0.5)
    group = column["groups"]["extreme"]
    # Of 60 images, 2.5 % of the time all are as they are if 4 % should be otherwise.
    far, near = group["intervals"]["accuracy"][:: 1 if right else -1]
    assert near == group["accuracy"] == right and abs(right - far) == pytest.approx(0.04, abs=0.008)
    assert group["intervals"]["coverage"][1] == 1 > group["intervals"]["coverage"][0]
    assert "balanced_accuracy" not in group["intervals"]
    low, high = column["gap"]["interval"]
    assert low < column["gap"]["accuracy"] == 0.5 < high
    # The other group alone gives 0.5 ± 0.126; this one, never beyond its edge, lowers it.
    assert low < 0.37 and high == pytest.approx(0.62, abs=0.01)


def test_a_group_of_which_nothing_can_be_judged_is_told():
    probs, targets = answers([1] * 60)
    targets[50:] = NO_MAJORITY
    column = measure_column(probs, targets, np.repeat(["old", "young"], [50, 10]), 0.5)
    assert column["groups"]["young"] == {
        "n": 0, "accuracy": None, "balanced_accuracy": None, "coverage": None, "intervals": {},
    }  # fmt: skip
    entry = {
        "split": "test", "weights": "toy", "judged_by": "ferplus", "n": 50,
        "columns": {"age": column}, "notes": small_groups({"age": column}),
    }  # fmt: skip
    assert TypeAdapter(GroupsReport).validate_python(entry) == entry
    text = groups_as_text(entry)
    assert "young" in text and "no image of the group 'young' has a clear majority" in text


def test_the_command_writes_figures_but_not_who_is_in_a_group(tmp_path, capsys):
    bundle = write_toy_bundle(tmp_path / "weights")
    data = write_images(tmp_path / "data", "test", 140, seed=3)
    table = tmp_path / "people.csv"
    names = sorted(path.name for path in (data / "images").rglob("*.png"))
    groups = ["old" if i % 2 else "young" for i in range(120)] + ["other"] * 20
    table.write_text(
        "file,age\n" + "".join(f"{n},{g}\n" for n, g in zip(names, groups, strict=True))
    )
    assert run_evaluate(bundle, data, "test", "--groups", table) == 0
    printed = capsys.readouterr().out
    assert "the largest gap in accuracy is" in printed and "'other' has 20 images" in printed
    entry = Bundle(bundle).entry(GROUPS, "test", GroupsReport)
    assert {name: g["n"] for name, g in entry["columns"]["age"]["groups"].items()} == {
        "old": 60, "young": 60, "other": 20,
    }  # fmt: skip
    assert ".png" not in (bundle / GROUPS).read_text()
    assert run_evaluate(bundle, data, "test", "--groups", table, "--pipeline") == 2
    values = json.loads((bundle / GROUPS).read_text())
    values["test"]["columns"]["age"]["groups"]["old"]["accuracy"] = "high"
    (bundle / GROUPS).write_text(json.dumps(values))
    with pytest.raises(UserError, match=r"groups\.old\.accuracy.*writes it anew"):
        Bundle(bundle).entry(GROUPS, "test", GroupsReport)
    write_toy_bundle(bundle.parent, seed=1)
    with pytest.raises(UserError, match="nothing measured"):
        Bundle(bundle).entry(GROUPS, "test", GroupsReport)
    assert main(["evaluate", "--help"]) == 0
