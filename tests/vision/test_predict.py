"""``python -m fer predict``: records on stdout, complaints on stderr, copies in a folder."""

import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
import skimage.data
from PIL import Image

from fer.cli import main
from fer.labels import LABELS
from tests.support.bundles import write_toy_bundle

RECORD_KEYS = {"file", "box", "label", "best_guess", "confidence", "probabilities"}


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    return str(write_toy_bundle(tmp_path_factory.mktemp("weights")))


@pytest.fixture
def pictures(tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    Image.fromarray(skimage.data.astronaut()).save(folder / "me.png")
    Image.fromarray(skimage.data.coffee()).save(folder / "coffee.jpg")
    (folder / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 no picture")
    return folder


def predict(weights, *arguments):
    return main(["predict", "--weights", weights, *map(str, arguments)])


def test_json_is_a_list_of_objects(weights, pictures, capsys):
    assert predict(weights, pictures / "me.png", "--json") == 0
    (record,) = json.loads(capsys.readouterr().out)
    assert set(record) == RECORD_KEYS
    assert record["file"] == str(pictures / "me.png")
    assert all(isinstance(value, int) for value in record["box"])
    assert list(record["probabilities"]) == list(LABELS)
    assert sum(record["probabilities"].values()) == pytest.approx(1.0)
    assert record["confidence"] == max(record["probabilities"].values())
    assert record["probabilities"][record["best_guess"]] == record["confidence"]


def test_boxes_are_in_pixels_of_the_picture_as_displayed(weights, pictures, capsys):
    exif = Image.Exif()
    exif[0x0112] = 6  # stored lying on its side
    lying = np.rot90(skimage.data.astronaut()[:400], 1)
    Image.fromarray(lying).save(pictures / "lying.jpg", exif=exif, quality=95)
    assert predict(weights, pictures / "lying.jpg", "--json") == 0
    (record,) = json.loads(capsys.readouterr().out)
    assert np.abs(np.array(record["box"]) - (172, 64, 276, 168)).max() < 15


def test_csv_is_a_table(weights, pictures, capsys):
    assert predict(weights, pictures / "me.png", pictures / "me.png", "--csv") == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert len(rows) == 2 and rows[0] == rows[1]
    assert set(LABELS) | {"file", "x0", "y0", "x1", "y1", "label", "confidence"} <= set(rows[0])
    assert rows[0][rows[0]["best_guess"]] == rows[0]["confidence"]


def test_text_is_one_line_per_face(weights, pictures, capsys):
    assert predict(weights, pictures / "me.png") == 0
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith(f"{pictures / 'me.png'}: ") and "%" in line


def test_a_picture_without_faces_is_noted_and_no_failure(weights, pictures, capsys):
    assert predict(weights, pictures / "coffee.jpg", "--json") == 0
    answer = capsys.readouterr()
    assert json.loads(answer.out) == []
    assert f"no face found in {pictures / 'coffee.jpg'}" in answer.err


def test_unreadable_files_are_named_and_the_rest_is_processed(weights, pictures, capsys):
    empty = pictures / "empty"
    empty.mkdir()
    bad = [pictures / "broken.jpg", pictures / "none.png", empty]
    assert predict(weights, bad[0], pictures / "me.png", *bad[1:], "--json") == 1
    answer = capsys.readouterr()
    assert [record["file"] for record in json.loads(answer.out)] == [str(pictures / "me.png")]
    assert [line.startswith("error: ") for line in answer.err.splitlines()] == [True] * 3
    assert all(str(path) in answer.err for path in bad)


def test_annotated_copies_overwrite_nothing(weights, pictures, capsys):
    other = pictures / "other"
    other.mkdir()
    Image.fromarray(skimage.data.astronaut()[:, :400]).save(other / "me.jpg")
    before = (pictures / "me.png").read_bytes()
    files = (pictures / "me.png", other / "me.jpg", pictures / "coffee.jpg")
    for _ in range(2):
        assert predict(weights, *files, "--out", pictures) == 0
    capsys.readouterr()
    assert (pictures / "me.png").read_bytes() == before
    copies = sorted(path.name for path in pictures.glob("*-faces*"))
    assert copies == [
        "coffee-faces-2.jpg", "coffee-faces.jpg", "me-faces-2.jpg", "me-faces-2.png",
        "me-faces.jpg", "me-faces.png",
    ]  # fmt: skip
    drawn = cv2.imread(str(pictures / "me-faces.png"))
    assert drawn.shape == (512, 512, 3)
    assert (drawn[..., ::-1] != skimage.data.astronaut()).any()
    assert cv2.imread(str(pictures / "me-faces.jpg")).shape == (512, 400, 3)


def test_two_pictures_of_one_name_get_two_copies(weights, pictures, tmp_path, capsys):
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        Image.fromarray(skimage.data.coffee()).save(tmp_path / folder / "same.webp")
    files = (tmp_path / "a" / "same.webp", tmp_path / "b" / "same.webp")
    assert predict(weights, *files, "--out", tmp_path / "out") == 0
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == ["same-faces-2.jpg", "same-faces.jpg"]


def test_names_that_are_long_or_in_no_encoding_lose_nothing(weights, pictures, capsys):
    long, odd = pictures / f"{'x' * 245}.png", pictures / os.fsdecode(b"caf\xe9.png")
    for path in (long, odd):
        path.write_bytes((pictures / "me.png").read_bytes())
    command = [sys.executable, "-m", "fer", "predict", "--weights", weights, long, odd]
    for form in ("--json", "--csv"):
        done = subprocess.run(
            [*command, form, "--out", pictures / "out"],
            cwd=Path(__file__).resolve().parent.parent.parent, capture_output=True, check=False,
            env=os.environ | {"PYTHONIOENCODING": "utf-8:strict"},
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert b"caf\\udce9.png" in done.stdout and long.name.encode() in done.stdout
    assert len(list((pictures / "out").iterdir())) == 4


def test_an_unreadable_file_leaves_no_copy(weights, pictures, tmp_path, capsys):
    assert predict(weights, pictures / "broken.jpg", "--out", tmp_path / "new" / "out") == 1
    assert list((tmp_path / "new" / "out").iterdir()) == []


def test_an_impossible_folder_is_refused_before_any_work(weights, pictures, capsys):
    assert predict(weights, pictures / "me.png", "--out", pictures / "me.png") == 2
    answer = capsys.readouterr()
    assert answer.out == "" and "cannot be made" in answer.err


def test_an_unknown_bundle_is_one_sentence(pictures, capsys):
    assert predict("nothing-here", pictures / "me.png") == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_folders_and_patterns_mean_the_pictures_in_them(weights, pictures, capsys):
    deep = pictures / "deep" / "er"
    deep.mkdir(parents=True)
    (pictures / "coffee.jpg").rename(deep / "coffee[1].JPG")
    (pictures / "broken.jpg").unlink()
    (pictures / "notes.txt").write_text("no picture")
    for name in (".hidden.png", "deep/.me.png"):
        (pictures / name).write_bytes((pictures / "me.png").read_bytes())

    def found(*arguments):
        status = predict(weights, *arguments, "--csv")
        answer = capsys.readouterr()
        noted = [line for line in answer.err.splitlines() if "no face" in line]
        return status, len(answer.out.splitlines()) - 1 + len(noted)

    assert found(pictures) == (0, 1)
    assert found(pictures, "--recursive") == (0, 2)
    assert found(f"{pictures}/*.png") == (0, 1)
    assert found(f"{pictures}/**/*.JPG") == (0, 1)
    assert found(deep / "coffee[1].JPG") == (0, 1)  # a file of that very name, no pattern
    assert found(f"{pictures}/*.gif", pictures / "me.png") == (1, 1)
    assert predict(weights, pictures / "deep") == 1
    assert "--recursive" in capsys.readouterr().err


def test_cropped_pictures_are_hinted_at_and_classified(weights, pictures, capsys):
    face = Image.fromarray(skimage.data.astronaut()[60:168, 172:280])
    for size in (48, 64):
        face.resize((size, size)).save(pictures / "crop.png")
        predict(weights, pictures / "crop.png", "--detector", "haar")
        assert "--cropped" in capsys.readouterr().err
        assert predict(weights, pictures / "crop.png", "--cropped", "--json") == 0
        answer = capsys.readouterr()
        (record,) = json.loads(answer.out)
        assert record["box"] == [0, 0, size, size] and answer.err == ""
    assert predict(weights, pictures / "crop.png", "--cropped", "--detector", "haar") == 2
    capsys.readouterr()
    predict(weights, pictures / "coffee.jpg", pictures / "me.png")
    assert "--cropped" not in capsys.readouterr().err


@pytest.mark.parametrize("form", ["--json", "--csv"])
def test_what_a_program_reads_is_utf8_on_every_console(weights, pictures, form):
    odd = pictures / "smile 😀é.png"
    (pictures / "me.png").rename(odd)
    done = subprocess.run(
        [sys.executable, "-m", "fer", "predict", "--weights", weights, odd, form],
        cwd=Path(__file__).resolve().parent.parent.parent, capture_output=True, check=False,
        env=os.environ | {"PYTHONIOENCODING": "cp1252"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    text = done.stdout.decode("utf-8")
    names = [
        row["file"]
        for row in (json.loads(text) if form == "--json" else csv.DictReader(io.StringIO(text)))
    ]
    assert names == [str(odd)]


def test_a_table_has_probabilities_of_six_decimals(weights, pictures, capsys):
    assert predict(weights, pictures / "me.png", "--csv") == 0
    (row,) = csv.DictReader(io.StringIO(capsys.readouterr().out))
    assert all(len(row[label]) == 8 for label in LABELS)


def test_a_doubtful_range_is_noted_with_the_file(weights, pictures, capsys):
    dark = (np.asarray(Image.open(pictures / "me.png").convert("L")).astype(np.uint16)) * 16
    Image.fromarray(dark).save(pictures / "dark.png")
    assert predict(weights, pictures / "dark.png") == 0
    assert f"{pictures / 'dark.png'}: " in capsys.readouterr().err
