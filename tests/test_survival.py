"""Whatever a stranger sends is answered, or refused in one sentence: never more than that.

The files are those of `tests.support.bad_files`, each sent through every door of the product in a
process with a limit of memory.
"""

import io
import json
import subprocess
import sys
import time
from html import unescape
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from benchmarks.app_process import App
from benchmarks.visitors import Page, Visitor
from fer.bundle import (
    CALIBRATION,
    GROUPS,
    HISTORY,
    LABEL_ERRORS,
    METRICS,
    ONNX,
    PIPELINE,
    PREDICTIONS,
    QUANTIZATION,
    ROBUSTNESS,
    SPEC,
    TRAIN,
    Bundle,
)
from fer.cli import main
from fer.cli.predict import find_pictures
from fer.data.folder import FolderDataset
from fer.data.importer import import_dataset
from fer.data.label_errors import read_label_errors
from fer.errors import UserError
from fer.evaluation.bundle_facts import BundleFacts
from fer.evaluation.groups import GroupsReport, measure_column
from fer.evaluation.results import read_metrics
from fer.evaluation.robustness_file import Robustness
from fer.evaluation.text import groups_as_text
from fer.labels import LABELS
from fer.look.words import FAILED, trust
from fer.pictures import to_rgb
from fer.vision.boxes import clip_boxes, overlaps
from fer.vision.image import read_image
from tests.support.bad_files import NAMES, bad_files, flipped
from tests.support.bundles import write_toy_bundle
from tests.support.properties import quickly
from tests.support.survive import DOORS

ROOT = Path(__file__).resolve().parent.parent
SECONDS, MEGABYTES = 10, 1000  # more is a hang, or a bomb that went off
BUSY = 3  # times that the clock may be slower than the processor, beside other tests


@pytest.fixture(scope="module")
def toy(tmp_path_factory) -> Path:
    return write_toy_bundle(tmp_path_factory.mktemp("weights"))


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("files")
    for name, content in bad_files(tmp_path_factory.mktemp("clips")):
        (folder / name).write_bytes(content)
    return folder


def test_the_corpus_is_large_and_the_same_each_time(files, tmp_path):
    again = dict(bad_files(tmp_path))
    assert len(again) >= 250
    assert {path.name: path.read_bytes() for path in files.iterdir()} == again


@pytest.mark.slow
@pytest.mark.parametrize("door", DOORS)
def test_every_file_is_answered_or_refused_in_one_sentence(door, files, toy, tmp_path, monkeypatch):
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    command = [sys.executable, "-m", "tests.support.survive", door, str(files), str(toy)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600)
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0 and len(answers) == len(list(files.iterdir())), done.stderr[-2000:]
    for answer in answers:
        said = answer["said"]
        assert answer["defect"] == "", answer
        assert "Traceback" not in said and answer["seconds"] < SECONDS, answer
        assert answer["clock"] < BUSY * SECONDS, answer
        assert answer["megabytes"] < MEGABYTES, answer
        assert all(line.isprintable() for line in said.splitlines()), answer
        if said.startswith("error: "):
            assert len(said.splitlines()) == 1, answer
        if door in ("photo", "video"):
            assert str(files) not in said, answer  # where files lie on the server
    assert not Path("/tmp/fer-was-here").exists()


@pytest.mark.slow
def test_over_http_every_file_is_answered_and_none_is_named_in_the_log(files, toy, tmp_path):
    app = App(tmp_path, str(toy))
    try:
        app.wait()
        page = Page.of(app.address)
        asked, before = Visitor(page, "photo"), app.megabytes()
        for path in sorted(files.iterdir()):
            began = time.monotonic()
            told = unescape(json.dumps(asked.told_of_photo(path, **page.chosen)))
            assert FAILED not in told and "Traceback" not in told and str(tmp_path) not in told
            assert time.monotonic() - began < BUSY * SECONDS, path
        assert app.megabytes() - before < MEGABYTES
        log = app.log.read_text(errors="replace")
        assert app.errors() == [] and not [path for path in files.iterdir() if path.name in log]
    finally:
        app.stop()


@pytest.mark.slow
def test_in_an_archive_each_of_them_costs_itself_alone(files, toy, tmp_path, capsys):
    words = ["--out", str(tmp_path / "out"), "--weights", str(toy), "--detector", "haar"]
    assert main(["archive", str(files), *words]) == 0, capsys.readouterr().err
    told = pq.read_table(tmp_path / "out" / "failed.parquet").to_pylist()
    sentences = [row["problem"] for row in told]
    assert len(sentences) > 100
    assert all(one.isprintable() and "Traceback" not in one for one in sentences)


@pytest.mark.filterwarnings("ignore:Image size")
def test_bombs_are_refused_and_named_for_what_they_are(files):
    bombs = [*files.glob("*-megapixels.*"), *files.glob("claims-*")]
    assert len(bombs) > 30
    for path in bombs:
        fewer = {".webp": 40, ".jp2": 16}  # what Pillow itself refuses needs no decoder
        says = f"has more than (64|{fewer.get(path.suffix, 64)}) megapixels"
        if path.suffix == ".avif":  # whose sizes must agree before it is opened at all
            says = "not a picture that can be read"
        elif path.name == "claims-20000x20000.webp":  # in fourteen bits: 3616 pixels a side
            says = "damaged or cut off"
        with pytest.raises(UserError, match=says):
            read_image(path)


def test_a_name_that_is_too_long_costs_only_itself(toy, tmp_path, capsys):
    assert find_pictures(["a" * 300 + ".png"], recursive=False)[1] == []
    good = tmp_path / "good.ppm"
    good.write_bytes(b"P6 60 60 255\n" + bytes(60 * 60 * 3))
    arguments = ["--weights", str(toy), "--detector", "haar", "a" * 300 + ".png", str(good)]
    assert main(["predict", *arguments]) == 1
    said = capsys.readouterr().err
    assert "name too long" in said and "no face found" in said


@pytest.mark.parametrize("name", NAMES)
def test_a_sentence_is_printable_whatever_a_file_is_called(name):
    with pytest.raises(UserError) as caught:
        read_image(b"hello", name)
    assert str(caught.value).isprintable()


@quickly
@given(st.binary(max_size=2000))
def test_any_bytes_are_a_picture_or_a_sentence(content):
    try:
        rgb = read_image(content)
    except UserError as error:
        assert str(error).isprintable()
    else:
        assert rgb.ndim == 3 and rgb.dtype == np.uint8


@quickly
@given(st.sampled_from(["jpg", "png", "webp", "gif", "tiff", "bmp", "avif", "jp2"]), st.integers(0))
def test_any_damage_leaves_a_picture_or_a_sentence(files, ending, seed):
    content = (files / f"twice.{ending}").read_bytes()
    try:
        rgb = read_image(flipped(content[: len(content) // 2], seed % 2**32, 1 + seed % 50))
    except UserError as error:
        assert str(error).isprintable()
    else:
        assert rgb.ndim == 3 and rgb.shape[2] == 3 and rgb.dtype == np.uint8


NUMBERS = [np.uint8, np.int16, np.uint16, np.int64, np.float16, np.float32, np.float64, np.bool_]


@pytest.mark.filterwarnings("ignore::UserWarning")
@quickly
@given(st.sampled_from(NUMBERS).flatmap(
    lambda kind: arrays(kind, array_shapes(min_dims=1, max_dims=4, min_side=0, max_side=6))
))  # fmt: skip
def test_any_array_is_rgb_or_a_sentence(array):
    try:
        rgb = to_rgb(array)
    except UserError:
        return
    assert rgb.shape == (*array.shape[:2], 3) and rgb.dtype == np.uint8


SIDES = st.integers(-(2**31), 2**31 - 1)


@quickly
@given(
    st.lists(st.tuples(SIDES, SIDES, SIDES, SIDES), max_size=5), st.integers(1, 500),
    st.integers(1, 500),
)  # fmt: skip
def test_any_boxes_end_inside_the_picture_and_overlap_between_nothing_and_all(boxes, width, height):
    clipped = clip_boxes(np.array(boxes, np.int32).reshape(-1, 4), width, height)
    assert (clipped >= 0).all() and (clipped <= [width, height, width, height]).all()
    ordered = np.concatenate(
        [np.minimum(clipped[:, :2], clipped[:, 2:]), np.maximum(clipped[:, :2], clipped[:, 2:])], 1
    )
    shared = overlaps(ordered, ordered)
    assert ((shared >= 0) & (shared <= 1)).all()


@quickly
@given(table=st.one_of(st.binary(max_size=400), st.text(max_size=400).map(
    lambda text: b"emotion,pixels,Usage\n" + text.encode("utf-8", "replace")
)))  # fmt: skip
def test_any_table_is_imported_or_refused(table, tmp_path_factory):
    folder = tmp_path_factory.mktemp("import")
    (folder / "fer2013.csv").write_bytes(table)
    try:
        import_dataset(folder / "fer2013.csv", folder / "data")
    except UserError:
        return
    assert FolderDataset.open(folder / "data").splits


LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
JSON = LEAVES | st.lists(LEAVES, max_size=3) | st.dictionaries(st.text(max_size=8), LEAVES)


@pytest.fixture(scope="module")
def stranger(tmp_path_factory) -> Bundle:
    """A copy of the smallest bundle that is shipped, with figures of groups as well."""
    folder = tmp_path_factory.mktemp("strangers") / "nano"
    folder.mkdir()
    for file in (ROOT / "weights" / "fer-nano").iterdir():
        if file.suffix != ".keras":
            (folder / file.name).write_bytes(file.read_bytes())
    bundle = Bundle(folder)
    predictions = bundle.predictions("validation")
    groups = np.resize(["old", "young"], len(predictions))
    column = measure_column(predictions.probs, predictions.targets, groups, 0.5)
    entry = {
        "split": "validation", "weights": "nano", "judged_by": "original", "n": len(predictions),
        "columns": {"age": column}, "notes": [],
    }  # fmt: skip
    bundle.add_current(GROUPS, "validation", entry)
    return bundle


def spoil(values, random, leaf):
    """Another value somewhere in ``values``: one is replaced, taken away or added."""
    inside = values if isinstance(values, dict) else range(len(values))
    key = random.choice(list(inside))
    deeper = isinstance(values[key], dict | list) and len(values[key]) > 0
    if deeper and random.random() < 0.8:
        spoil(values[key], random, leaf)
    elif random.random() < 0.2:
        del values[key]
    elif isinstance(values, dict) and random.random() < 0.2:
        values["newer"] = leaf
    else:
        values[key] = leaf


@quickly
@given(
    st.sampled_from([
        SPEC, METRICS, ROBUSTNESS, TRAIN, CALIBRATION, QUANTIZATION, PIPELINE, LABEL_ERRORS, GROUPS,
    ]),
    st.randoms(use_true_random=False), JSON,
)  # fmt: skip
def test_whatever_stands_in_a_bundle_is_read_or_refused(stranger, part, random, leaf):
    whole = stranger.path(part).read_bytes()
    values = json.loads(whole)
    spoil(values, random, leaf)
    stranger.path(part).write_text(json.dumps(values))
    readers = (
        lambda: stranger.spec,
        lambda: read_metrics(stranger),
        lambda: stranger.entry(ROBUSTNESS, "validation", Robustness),
        lambda: groups_as_text(stranger.entry(GROUPS, "validation", GroupsReport)),
        lambda: [suspect.given for suspect in read_label_errors(stranger).suspects],
        lambda: BundleFacts.of(stranger),
        lambda: trust(stranger.spec, stranger.current(METRICS)),
    )
    try:
        for reader in readers:
            try:
                reader()
            except UserError as error:
                assert str(error).isprintable()
    finally:
        stranger.path(part).write_bytes(whole)


READERS = {
    HISTORY: lambda bundle: bundle.history,
    PREDICTIONS: lambda bundle: bundle.predictions("validation"),
    LABEL_ERRORS: read_label_errors,
    GROUPS: lambda bundle: bundle.entry(GROUPS, "validation", GroupsReport),
}


def put(bundle, folder, part, content):
    """``bundle`` in ``folder`` with another ``content`` of ``part``; its network is not copied."""
    (folder / ONNX).symlink_to(bundle.path(ONNX))
    (folder / part).write_bytes(content)
    return Bundle(folder)


@quickly
@given(st.sampled_from([*READERS]), st.integers(0, 2**32 - 1), st.integers(0, 150))
def test_damaged_and_cut_parts_of_a_bundle_are_read_or_refused(stranger, part, seed, percent):
    whole = stranger.path(part).read_bytes()
    content = flipped(whole, seed, 1 + seed % 20) if percent > 100 else whole
    stranger.path(part).write_bytes(content[: len(whole) * percent // 100])
    try:
        READERS[part](stranger)
    except UserError as error:
        assert str(error).isprintable()
    finally:
        stranger.path(part).write_bytes(whole)


def history(rows=1, header="", more=""):
    """``history.csv`` of as many ``rows``, with more columns or cells."""
    names = "epoch,image_size,learning_rate,train_loss,train_accuracy,validation_loss"
    first = f"{names},validation_accuracy,seconds{header}"
    return "\n".join([first, *[f"1,48,0.1,1,0.5,1,0.5,30{more}"] * rows]).encode()


def packed(rows, options=None, **changes):
    """``predictions.parquet`` of as many ``rows``, all alike, with other columns."""
    texts = {"split": "validation", "file": "validation/happy/1.png", "label": "happy"}
    values = {**texts, "row": 1, "agreement": 0.5, "ferplus": "happy"}
    values |= dict.fromkeys(LABELS, 0.1) | changes
    columns = {name: pa.repeat(value, rows) for name, value in values.items()}
    file = io.BytesIO()
    pq.write_table(pa.table(columns), file, compression="zstd", **options or {})
    return file.getvalue()


DELTAS = {"use_dictionary": False, "column_encoding": {"file": "DELTA_BYTE_ARRAY"}}
HUGE = [
    (HISTORY, lambda: history(more=" " * (5 << 20)), "more than 4 MB"),
    (HISTORY, lambda: history(30_000), "more than 20,000 lines"),
    (HISTORY, lambda: history(header="," * 1_000_000), "more than 100 columns"),
    (HISTORY, lambda: b'"\n' + b'",' * 100_000 + b'"', "more than 100 columns|more cells"),
    (HISTORY, lambda: history(more=",7"), "more cells than there are columns"),
    (HISTORY, lambda: history(header=",more", more=",much"), "'more' holds other values"),
    (HISTORY, lambda: history().replace(b"1,48", b"inf,48"), "an epoch has no number"),
    (PREDICTIONS, lambda: bytes(5 << 20), "more than 4 MB"),
    (PREDICTIONS, lambda: packed(60_000), "more than 50,000 rows"),
    (PREDICTIONS, lambda: packed(1, more="x" * (5 << 20)), "more than 4 MB"),
    (PREDICTIONS, lambda: packed(1000, file="x" * 10_000), "more than 4 MB"),
    (PREDICTIONS, lambda: packed(1000, DELTAS, file="x" * 10_000), "damaged"),
    (PREDICTIONS, lambda: packed(3, happy="0.5"), "'happy' holds string"),
    (PREDICTIONS, lambda: packed(3, file=7), "'file' holds int64"),
    (PREDICTIONS, lambda: packed(3, happy=[0.5]), "'happy' holds list"),
    (PREDICTIONS, lambda: packed(3, label=["happy"]), "damaged"),
    (LABEL_ERRORS, lambda: b"{" + b" " * (33 << 20) + b"}", "more than 32 MB"),
    (GROUPS, lambda: b"{" + b" " * (33 << 20) + b"}", "nothing measured"),
]


@pytest.mark.parametrize(("part", "make", "says"), HUGE)
def test_huge_and_odd_parts_of_a_bundle_are_refused(
    stranger, tmp_path, monkeypatch, part, make, says
):
    monkeypatch.setattr("fer.predictions._MOST_BYTES", 4 << 20)  # to be made in no time
    monkeypatch.setattr("fer.predictions._MOST_ROWS", 50_000)
    bundle = put(stranger, tmp_path, part, make())
    began = time.process_time()
    with pytest.raises(UserError, match=says):
        READERS[part](bundle)
    assert time.process_time() - began < SECONDS


def test_a_table_of_predictions_that_is_merely_long_is_read(stranger, tmp_path):
    bundle = put(stranger, tmp_path, PREDICTIONS, packed(300_000))
    assert len(bundle.predictions("validation")) == 300_000


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "damaged"), (b"{", "damaged"), (b"\xff\xfe", "damaged"), (b"[1]", "JSON object"),
        (b"[" * 100_000, "damaged"), (b'{"a": ' + b"9" * 5000 + b"}", "damaged"),
        (b'{"a": "' + b" " * (33 << 20) + b'"}', "more than 32 MB"),
        (b'{"name": "x", "title": "x", "tasks": 3}', "tasks.*newer version"),
        (b'{"name": "x", "title": "x", "input_size": 1000000}', "16 to 1024"),
        (b'{"name": "x", "title": "x", "labels": ["happy"]}', "label"),
    ],
    ids=["empty", "cut", "no text", "list", "deep", "digits", "large", "newer", "input", "labels"],
)  # fmt: skip
def test_a_specification_of_another_kind_is_refused(tmp_path, content, says):
    (tmp_path / SPEC).write_bytes(content)
    with pytest.raises(UserError, match=says):
        _ = Bundle(tmp_path).spec
