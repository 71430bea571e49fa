"""Keras classifiers trained elsewhere: they become bundles, or a sentence says why not."""

import keras
import numpy as np
import pytest
from keras import layers

from fer.bundle import KERAS, TRAIN, Bundle
from fer.cli import main
from fer.errors import UserError
from fer.labels import LABELS
from fer.ship.export import example_faces, export
from fer.ship.own_model import adopt
from fer.training.keras_file import load_keras
from fer.vision.classify import Classifier

ALPHABETICAL = sorted(LABELS)


def _network(shape=(48, 48, 1), outputs=7, activation="softmax", rescaling=False):
    keras.utils.set_random_seed(3)
    body = [layers.Rescaling(1 / 255)] if rescaling else []
    body += [layers.Conv2D(4, 3, strides=2, activation="relu"), layers.GlobalAveragePooling2D()]
    head = layers.Dense(outputs, activation=activation)
    return keras.Sequential([keras.Input(shape), *body, head])


def _save(model, folder):
    folder.mkdir(parents=True, exist_ok=True)
    model.save(folder / "mine.keras")
    return folder / "mine.keras"


@pytest.mark.parametrize(("activation", "mirror"), [("softmax", False), (None, True)])
def test_its_answers_arrive_under_our_labels(tmp_path, activation, mirror):
    model = _network(activation=activation)
    bundle = adopt(_save(model, tmp_path), tmp_path / "b", ALPHABETICAL, scaling="-1..1")
    faces = example_faces(48, 8)
    export(bundle, faces, mirror=mirror)
    pixels = faces[..., None].astype(np.float32)
    views = [pixels, pixels[:, :, ::-1]] if mirror else [pixels]
    answers = [np.asarray(model(view / 127.5 - 1.0)) for view in views]
    logits = np.mean([np.log(a) if activation else a for a in answers], axis=0)
    expected = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    got, maps = Classifier(bundle)(pixels, maps=True)
    for index, name in enumerate(ALPHABETICAL):
        np.testing.assert_allclose(got[:, LABELS.index(name)], expected[:, index], atol=1e-5)
    assert maps.shape == (8, 7, 1, 1)


def test_networks_of_large_pictures_have_examples_too():
    for size in (48, 300, 1024):
        faces = example_faces(size, 4)
        assert faces.shape == (4, size, size) and faces.std(axis=(1, 2)).min() > 5


def test_a_label_that_it_does_not_know_is_never_answered(tmp_path):
    known = [label for label in LABELS if label != "neutral"]
    bundle = adopt(_save(_network(outputs=6), tmp_path), tmp_path / "b", known, scaling="0..1")
    export(bundle, example_faces(48, 4))
    probs, _ = Classifier(bundle)(example_faces(48, 4)[..., None].astype(np.float32))
    assert (probs[:, LABELS.index("neutral")] < 1e-12).all()
    np.testing.assert_allclose(probs.sum(axis=1), 1.0, rtol=1e-5)


@pytest.mark.parametrize("name", ["evil.keras", "evil.h5"])
def test_code_in_a_model_is_never_run(tmp_path, name):
    trace = tmp_path / "was-here"
    trap = layers.Lambda(lambda x, path=str(trace): (open(path, "w").close(), x)[1])  # noqa: PTH123
    model = keras.Sequential([keras.Input((48, 48, 1)), trap, *_network().layers])
    model.save(tmp_path / name)
    trace.unlink()  # building the model ran it
    with pytest.raises(UserError, match="cannot be read"):
        adopt(tmp_path / name, tmp_path / "b", LABELS, scaling="0..1")
    if name.endswith(".keras"):
        (tmp_path / "b").mkdir()
        (tmp_path / name).rename(tmp_path / "b" / KERAS)
        with pytest.raises(UserError, match="cannot be read"):
            load_keras(Bundle(tmp_path / "b"))
    assert not trace.exists()


def test_size_channels_and_scaling_are_read_where_the_model_states_them(tmp_path):
    model = _network((64, 64, 3), rescaling=True)
    bundle = adopt(_save(model, tmp_path), tmp_path / "b", LABELS)
    spec = bundle.spec
    assert (spec.input_size, spec.title, spec.name) == (64, "mine", "b")
    assert spec.parameters == model.count_params() and spec.multiply_adds > 3 * 9 * 4 * 31 * 31 - 1
    faces = example_faces(64, 4)
    export(bundle, faces)
    colour = np.repeat(faces[..., None], 3, axis=3).astype(np.float32)
    grey = faces[..., None].astype(np.float32)
    np.testing.assert_allclose(Classifier(bundle)(grey)[0], model(colour), atol=1e-5)


def test_augmentation_inside_the_model_is_left_out(tmp_path):
    augmentation = keras.Sequential([layers.RandomFlip("horizontal"), layers.RandomRotation(0.1)])
    network = _network(rescaling=True)
    model = keras.Sequential([keras.Input((48, 48, 1)), augmentation, layers.Dropout(0.5), network])
    bundle = adopt(_save(model, tmp_path), tmp_path / "b", LABELS)
    faces = example_faces(48, 4)
    export(bundle, faces)
    pixels = faces[..., None].astype(np.float32)
    np.testing.assert_allclose(Classifier(bundle)(pixels)[0], network(pixels), atol=1e-5)


def test_what_onnx_cannot_express_is_a_sentence(tmp_path):
    inputs = keras.Input((48, 48, 1))
    strange = keras.ops.erfinv(layers.GlobalAveragePooling2D()(inputs) * 0.5)
    file = _save(keras.Model(inputs, layers.Dense(7)(strange)), tmp_path)
    bundle = adopt(file, tmp_path / "b", LABELS, scaling="0..1")
    with pytest.raises(UserError, match="ONNX"):
        export(bundle, example_faces(48, 2))
    assert not bundle.has("model.onnx")


def test_what_would_not_be_served_is_said_at_the_export(tmp_path):
    inputs = keras.Input((48, 48, 1))
    rows = layers.GRU(7)(layers.Reshape((48, 48))(inputs))
    bundle = adopt(
        _save(keras.Model(inputs, rows), tmp_path), tmp_path / "b", LABELS, scaling="0..1"
    )
    with pytest.raises(UserError, match=r"(not run here|cannot express)"):
        export(bundle, example_faces(48, 2))
    assert not bundle.has("model.onnx")


@pytest.mark.parametrize(
    ("model", "options", "named"),
    [
        ({}, {"labels": ()}, ["--labels", "--scaling"]),
        ({}, {}, ["--scaling"]),
        ({"shape": (None, None, 1)}, {"scaling": "0..1"}, ["--size"]),
        ({}, {"scaling": "0..1", "size": 64}, ["48", "--size says 64"]),
        ({"shape": (48, 64, 1)}, {"scaling": "0..1"}, ["48×64"]),
        ({"shape": (48, 48, 4)}, {"scaling": "0..1"}, ["4 channels"]),
        ({"shape": (8, 8, 1)}, {"scaling": "0..1"}, ["16 to 1024 pixels"]),
        ({"outputs": 8}, {"scaling": "0..1"}, ["(n, 8)", "7 labels"]),
        ({"activation": "sigmoid"}, {"scaling": "0..1"}, ["softmax"]),
        ({}, {"scaling": "0..1", "labels": [*LABELS[:6], "contempt"]}, ["contempt"]),
        ({}, {"scaling": "0..1", "labels": [*LABELS[:6], "Anger"]}, ["twice"]),
    ],
)
def test_what_is_missing_or_does_not_fit_is_named(tmp_path, model, options, named):
    file = _save(_network(**model), tmp_path)
    with pytest.raises(UserError) as said:
        adopt(file, tmp_path / "b", **({"labels": LABELS} | options))
    assert all(word in str(said.value) for word in named)
    assert not (tmp_path / "b").exists()


def test_two_inputs_and_files_that_are_no_models_are_sentences(tmp_path):
    inputs = [keras.Input((48, 48, 1)), keras.Input((3,))]
    joined = layers.Concatenate()([layers.Flatten()(inputs[0]), inputs[1]])
    file = _save(keras.Model(inputs, layers.Dense(7)(joined)), tmp_path)
    with pytest.raises(UserError, match="one image"):
        adopt(file, tmp_path / "b", LABELS, scaling="0..1")
    file.write_bytes(b"no model")
    with pytest.raises(UserError, match="cannot be read"):
        adopt(file, tmp_path / "b", LABELS, scaling="0..1")
    with pytest.raises(UserError, match="no file"):
        adopt(tmp_path / "none.keras", tmp_path / "b", LABELS, scaling="0..1")


def test_a_bundle_that_was_trained_here_is_not_overwritten(tmp_path):
    bundle = Bundle(tmp_path / "b")
    bundle.write(TRAIN, {})
    with pytest.raises(UserError, match="another folder"):
        adopt(_save(_network(), tmp_path), bundle.folder, LABELS, scaling="0..1")


def test_the_command_makes_a_bundle_that_can_be_exported_again(tmp_path, capsys):
    file, out = _save(_network(rescaling=True), tmp_path), tmp_path / "out"
    names = ",".join(ALPHABETICAL)
    assert main(["export", str(file), "--labels", names, "--out", str(out)]) == 0
    assert "differs from Keras by at most" in capsys.readouterr().out
    assert main(["export", str(out), "--mirror"]) == 0
    assert Bundle(out).spec.views == 2
    assert main(["export", str(out), "--labels", names]) == 2
    assert "--labels" in capsys.readouterr().err
