"""Networks of strangers: one that does more than classify is refused in a sentence, unopened."""

import resource
import tempfile
import time
from itertools import pairwise
from pathlib import Path

import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fer.bundle import ONNX, Bundle
from fer.errors import UserError
from fer.spec import ONNX_INPUT, ModelSpec
from fer.vision.classify import Classifier
from fer.vision.network import MOST_MEMORY
from fer.vision.plain import MOST_BYTES, require_plain
from tests.support.bad_files import flipped
from tests.support.bundles import write_toy_bundle
from tests.support.properties import quickly


@pytest.fixture(scope="module")
def toy(tmp_path_factory) -> Path:
    return write_toy_bundle(tmp_path_factory.mktemp("weights"))


@pytest.fixture
def bundle(tmp_path) -> Bundle:
    """Of a stranger, without a network yet."""
    bundle = Bundle(tmp_path)
    bundle.write_spec(ModelSpec("x", "x"))
    return bundle


def network(change) -> bytes:
    """The toy network after ``change``."""
    model = onnx.load(write_toy_bundle(Path(tempfile.mkdtemp())) / ONNX)
    change(model)
    return model.SerializeToString()


def outside(location):
    """Weights that lie in the file ``location`` instead of in the network."""

    def change(model):
        kernel = model.graph.initializer[0]
        size = len(kernel.raw_data)
        Path("w.bin").write_bytes(kernel.raw_data)
        kernel.ClearField("raw_data")
        kernel.data_location = onnx.TensorProto.EXTERNAL
        for key, value in (("location", location), ("offset", "0"), ("length", str(size))):
            kernel.external_data.add(key=key, value=value)

    return change


def node(*names, **attributes):
    """One more operator, of a name and an input and an output that mean nothing to the network."""

    def change(model):
        name, domain = (*names, "")[:2]
        model.graph.node.append(
            onnx.helper.make_node(name, [ONNX_INPUT], ["more"], domain=domain, **attributes)
        )

    return change


def with_a_body(name):
    """An operator that runs a network of its own, such as a loop."""
    return node(name, body=onnx.helper.make_graph([], "body", [], []))


def with_a_function(model):
    model.functions.add(name="Loop", domain="evil")


def with_sparse_weights(model):
    model.graph.sparse_initializer.add().dims.extend([10**6, 10**6])


def of_a_shape_without_weights(model):
    model.graph.initializer[0].dims[:] = [10**6] * 4


def of_negative_size(model):
    model.graph.initializer[0].dims[:] = [-1, -1, 8, 8]


def with_a_tensor_elsewhere(model):
    elsewhere = onnx.TensorProto(data_location=onnx.TensorProto.EXTERNAL, data_type=1, dims=[1])
    node("Constant", value=elsewhere)(model)


def of_many_parts(model):
    model.graph.value_info.extend([onnx.ValueInfoProto()] * 120_000)


def of_many_sides(model):
    model.graph.initializer[0].dims.extend([2**62] * 10_000)


def newer(model):
    model.opset_import[0].version = 9000


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (outside("w.bin"), "other files"),
        (outside("../here/w.bin"), "other files"),
        (outside("/etc/hostname"), "other files"),
        (with_a_tensor_elsewhere, "other files"),
        (node("Conv", "evil"), "operators of 'evil'"),
        (node("Inverse", "com.microsoft"), "operators of 'com.microsoft'"),
        (node("\x1b]0;owned\n" * 9), r"operator '.x1b"),
        (with_a_body("Loop"), "operator 'Loop'"),
        (with_a_body("Scan"), "operator 'Scan'"),
        (with_a_body("If"), "operator 'If'"),
        (node("SequenceConstruct"), "operator 'SequenceConstruct'"),
        (with_a_body("Relu"), "networks inside"),
        (with_a_function, "functions"),
        (with_sparse_weights, "sparse"),
        (of_a_shape_without_weights, "larger than the file"),
        (of_negative_size, "larger than the file"),
        (of_many_sides, "larger than the file"),
        (of_many_parts, "parts"),
        (newer, "newer"),
    ],
)
def test_a_network_that_does_more_than_classify_is_refused(
    bundle, tmp_path, monkeypatch, change, says
):
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")  # where ONNX Runtime would look for other files
    bundle.path(ONNX).write_bytes(network(change))
    (tmp_path / "w.bin").write_bytes(Path("w.bin").read_bytes() if Path("w.bin").exists() else b"")
    if says != "newer":  # that is for ONNX Runtime to say; the others never get as far
        monkeypatch.setattr("fer.vision.classify.load_session", None)
    with pytest.raises(UserError, match=says) as said:
        Classifier(bundle)
    assert str(said.value).isprintable() and "export" in str(said.value)


def enlarged(times, operators=()):
    """The picture many times over and through ``operators``, before it is answered."""

    def change(model):
        first, convolution, *_ = model.graph.node
        sides = onnx.numpy_helper.from_array(np.array([1, times, 1, 1], np.int64), "sides")
        model.graph.initializer.append(sides)
        make = onnx.helper.make_node
        names = ["many", *(f"many {turn}" for turn in range(len(operators)))]
        added = [make("Expand", [first.output[0], "sides"], ["many"])]
        added += [
            make(operator, [before], [after])
            for operator, (before, after) in zip(operators, pairwise(names), strict=True)
        ]
        added.append(make("ReduceMax", [names[-1]], ["most"], axes=[1], keepdims=1))
        convolution.input[0] = "most"
        for place, one in enumerate(added, 1):
            model.graph.node.insert(place, one)

    return change


def test_a_network_that_swells_is_refused_before_it_has_the_memory(bundle):
    bundle.path(ONNX).write_bytes(network(enlarged(2)))
    assert Classifier(bundle)(np.zeros((3, 48, 48, 1), np.float32))[0].shape == (3, 7)
    bundle.path(ONNX).write_bytes(network(enlarged(MOST_MEMORY // (48 * 48 * 4) + 1)))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(UserError, match="more than 2 GB"):
        Classifier(bundle)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000  # kilobytes


def test_a_network_that_takes_long_is_stopped(bundle, monkeypatch):
    bundle.path(ONNX).write_bytes(network(enlarged(2_000, ["Erf"] * 200)))
    monkeypatch.setattr("fer.vision.classify._LONGEST", 0.1)
    start = time.monotonic()
    with pytest.raises(UserError, match="takes longer"):
        Classifier(bundle)
    assert time.monotonic() - start < 5


def test_a_network_file_of_many_bytes_is_not_even_read(bundle):
    with bundle.path(ONNX).open("wb") as file:
        file.truncate(MOST_BYTES + 1)
    with pytest.raises(UserError, match="larger than 256 MB"):
        Classifier(bundle)


@quickly
@given(st.binary(max_size=200))
def test_any_bytes_are_no_network_and_nothing_worse(content):
    with pytest.raises(ValueError, match=r"^(is damaged|has )"):
        require_plain(content)


@quickly
@given(st.integers(0, 2**32 - 1), st.integers(1, 40))
def test_any_damage_to_a_network_is_answered_or_refused(toy, tmp_path_factory, seed, count):
    bundle = Bundle(tmp_path_factory.mktemp("bundle"))
    bundle.write_spec(Bundle(toy).spec)
    bundle.path(ONNX).write_bytes(flipped((toy / ONNX).read_bytes(), seed, count))
    try:
        Classifier(bundle)
    except UserError as error:
        assert "export" in str(error)
