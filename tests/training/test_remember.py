"""A memory of training images: what it answers, and its way to the file that is served."""

import json

import keras
import numpy as np
import onnx
import pytest

from fer.bundle import KERAS, ONNX, TRAIN, Bundle
from fer.cli import main
from fer.data.folder import FolderDataset
from fer.ship import quantize as quantizing
from fer.spec import ONNX_CODES
from fer.training.architecture import LABEL_HEAD, build_classifier, count_multiply_adds
from fer.training.codes import quantize
from fer.training.config import Architecture
from fer.training.memory import Memory, memory_of
from fer.training.narrow import narrow
from fer.training.remember import with_memory
from fer.vision.classify import Classifier
from tests.support.toy_dataset import write_toy_dataset


def _unit(vectors):
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


class TestMemory:
    def _filled(self, counts, random):
        memory = Memory(counts, parts=2, numbers=3, reach=0.2, strength=1.5, doubt=0.1)
        memory.build((None, 6), (None, 7))
        codes = random.integers(0, 256, (sum(counts), 2)).astype(np.uint8)
        centroids = random.normal(size=(2, 256, 3)).astype(np.float32)
        memory.set_weights([codes, centroids])
        return memory, np.hstack([centroids[part][codes[:, part]] for part in (0, 1)])

    def test_is_kernel_regression_on_the_decoded_keys(self):
        random, counts = np.random.default_rng(1), (5, 1, 0, 4, 3, 2, 6)
        memory, decoded = self._filled(counts, random)
        queries = _unit(random.normal(size=(4, 6))).astype(np.float32)
        logits = random.normal(size=(4, 7)).astype(np.float32)
        weights = np.exp((queries @ _unit(decoded).T - 1) / 0.2)
        mass = weights.sum(1, keepdims=True)
        shares = weights @ np.eye(7)[np.repeat(np.arange(7), counts)] / mass
        own = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
        expected = logits + 1.5 * mass / (mass + 0.1) * (shares - own)
        np.testing.assert_allclose(memory(queries, logits), expected, atol=1e-5)

    def test_says_nothing_where_nothing_is_alike(self):
        random = np.random.default_rng(2)
        memory, _ = self._filled((3,) * 7, random)
        memory.reach = 1e-4
        queries = _unit(random.normal(size=(4, 6))).astype(np.float32)
        logits = random.normal(size=(4, 7)).astype(np.float32)
        np.testing.assert_allclose(memory(queries, logits), logits, atol=1e-3)

    def test_counts_what_it_compares(self):
        assert Memory((2, 0, 1, 1, 1, 1, 1), parts=14, numbers=4).multiply_adds == 7 * 56


def test_codes_lose_little_of_vectors_that_lie_in_clusters():
    random = np.random.default_rng(3)
    middles = _unit(random.normal(size=(200, 8)))
    vectors = _unit(np.repeat(middles, 10, axis=0) + 0.01 * random.normal(size=(2000, 8)))
    vectors = vectors.astype(np.float32)
    found = quantize(vectors, parts=4)
    np.testing.assert_allclose(found.turn @ found.turn.T, np.eye(8), atol=1e-5)
    assert (_unit(found.decoded) * (vectors @ found.turn)).sum(1).mean() > 0.99
    again = quantize(vectors, parts=4)
    assert (again.codes == found.codes).all()


class TestNarrow:
    MODEL = Architecture(stem=4, widths=(8, 16), depths=(1, 2), squeeze=4)

    def _model(self):
        model = build_classifier(self.MODEL, LABEL_HEAD, 48)
        random = np.random.default_rng(4)
        faces = random.uniform(0, 255, (64, 48, 48, 1)).astype(np.float32)
        model(faces, training=True)  # moves the statistics away from their initial values
        return model, faces

    def test_loses_next_to_nothing_where_one_channel_fewer_is_kept_and_counts_fewer(self):
        model, faces = self._model()
        exact = model(faces)[0].numpy()
        differences = [
            np.abs(narrow(model, rank, faces)(faces)[0].numpy() - exact).max() for rank in (15, 2)
        ]
        assert differences[0] < 0.02 and differences[0] < differences[1]
        few = narrow(model, 4, faces)
        assert few.count_params() < model.count_params()
        assert count_multiply_adds(few) < count_multiply_adds(model)

    def test_leaves_alone_what_is_as_narrow_already(self):
        model, faces = self._model()
        assert narrow(model, 16, faces) is model

    def test_is_no_worse_than_the_largest_singular_values_of_the_kernel(self):
        model, faces = self._model()
        name, rank = "stage2_block2_b", 6
        kernel = model.get_layer(name).get_weights()[0]
        flat = kernel.reshape(-1, kernel.shape[-1])
        left, values, right = np.linalg.svd(flat, full_matrices=False)
        plain = keras.models.clone_model(model)
        plain.set_weights(model.get_weights())
        cut = (left[:, :rank] * values[:rank]) @ right[:rank]
        plain.get_layer(name).set_weights([cut.reshape(kernel.shape)])
        watched = f"{name}_norm"

        def output(of):
            return keras.Model(of.input, of.get_layer(watched).output)(faces).numpy()

        errors = [
            np.square(output(of) - output(model)).mean()
            for of in (self._alone(model, name, rank, faces), plain)
        ]
        assert errors[0] < errors[1]

    def _alone(self, model, name, rank, faces):
        """The model with one convolution narrowed: that product of the two kernels put in."""
        few = narrow(model, rank, faces)
        alone = keras.models.clone_model(model)
        alone.set_weights(model.get_weights())
        first = few.get_layer(f"{name}_narrow").get_weights()[0]
        second = few.get_layer(name).get_weights()[0][0, 0]
        alone.get_layer(name).set_weights([first @ second])
        return alone


@pytest.fixture(scope="module")
def remembering(tiny_run, tiny_dataset, tmp_path_factory):
    """A bundle with a memory, exported; nobody changes it."""
    out = tmp_path_factory.mktemp("remembering") / "fer"
    command = ["remember", str(tiny_run / "fer"), "--data", str(tiny_dataset), "--rank", "8"]
    assert main([*command, "--out", str(out)]) == 0
    assert main(["export", str(out), "--data", str(tiny_dataset), "--mirror"]) == 0
    return out


class TestBundle:
    def test_knows_its_training_images_by_heart(self, remembering, tiny_dataset):
        train = FolderDataset.open(tiny_dataset).load("train")
        answers = Classifier(remembering)(train.pixels[..., None].astype(np.float32))[0]
        assert (answers.argmax(1) == train.targets).mean() > 0.99

    def test_tells_what_it_is(self, remembering, tiny_run):
        spec, before = Bundle(remembering).spec, Bundle(tiny_run / "fer").spec
        model = keras.saving.load_model(remembering / KERAS)
        assert spec.parameters == model.count_params() > 280 * 12
        assert spec.multiply_adds == 2 * count_multiply_adds(model)
        assert (spec.name, spec.title, spec.labels) == ("fer", before.title, before.labels)
        made = json.loads((remembering / TRAIN).read_text(encoding="utf-8"))
        assert made["memory"] == {
            "of": str(tiny_run / "fer"),
            "images": 280,
            "bytes": 12,
            "rank": 8,
        }

    def test_the_served_file_keeps_codes_and_no_keys(self, remembering):
        graph = onnx.load(remembering / ONNX).graph
        codes = next(one for one in graph.initializer if one.name == ONNX_CODES)
        assert list(codes.dims) == [280, 12] and codes.data_type == onnx.TensorProto.UINT8
        assert not [one for one in graph.initializer if 280 in one.dims and one is not codes]
        assert [value.name for value in graph.input] == ["pixels"]

    def test_eight_bits_leave_the_memory_as_it_is(
        self, remembering, tiny_dataset, tmp_path, monkeypatch
    ):
        out = tmp_path / "fer"
        _copy(remembering, out)
        faces = FolderDataset.open(tiny_dataset).load("validation").pixels
        pixels = faces[..., None].astype(np.float32)
        exact = Classifier(out)(pixels)[0]
        monkeypatch.setattr(quantizing, "MIN_GAIN", 0.0)
        assert main(["quantize", str(out), "--data", str(tiny_dataset)]) == 0
        assert 0 < np.abs(Classifier(out)(pixels)[0] - exact).max() < 0.2
        self.test_the_served_file_keeps_codes_and_no_keys(out)
        assert main(["calibrate", "--data", str(tiny_dataset), "--weights", str(out)]) == 0
        self.test_the_served_file_keeps_codes_and_no_keys(out)

    @pytest.mark.parametrize("command", ["remember", "average"])
    def test_has_no_second_memory_and_no_mean(
        self, command, remembering, tiny_dataset, tmp_path, capsys
    ):
        data, out = ["--data", str(tiny_dataset)], ["--out", str(tmp_path / "new")]
        assert main([command, str(remembering), *data, *out]) == 2
        assert "has a memory" in capsys.readouterr().err
        assert not (tmp_path / "new").exists()


def _copy(bundle, out):
    out.mkdir()
    for path in bundle.iterdir():
        (out / path.name).write_bytes(path.read_bytes())


def test_too_few_images_are_refused(tiny_run, tmp_path, capsys):
    data = write_toy_dataset(tmp_path / "few", train=5)
    command = ["remember", str(tiny_run / "fer"), "--data", str(data), "--out"]
    assert main([*command, str(tmp_path / "new")]) == 2
    assert "at least 256 training images with a label" in capsys.readouterr().err


def test_memory_of_a_network_without_one_is_none():
    model = build_classifier(TestNarrow.MODEL, LABEL_HEAD, 48)
    assert memory_of(model) is None
    faces = np.random.default_rng(5).uniform(0, 255, (300, 48, 48, 1)).astype(np.float32)
    views = [lambda faces, _: faces, lambda faces, _: faces[:, :, ::-1]]
    assert memory_of(with_memory(model, faces, np.arange(300) % 7, views)) is not None
