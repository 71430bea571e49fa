"""What is made of a finished run: its exported file, in eight bits, mirrored, and means of runs."""

import json
import shutil
from dataclasses import replace

import keras
import numpy as np
import onnxruntime
import pytest

from fer.bundle import KERAS, ONNX, QUANTIZATION, TRAIN, Bundle
from fer.cli import main
from fer.data.folder import FolderDataset
from fer.errors import UserError
from fer.ship import export as exporting
from fer.ship import quantize as quantizing
from fer.ship.export import export, validation_faces
from fer.spec import ONNX_INPUT, ONNX_MAPS, ONNX_PROBABILITIES
from fer.training.architecture import LABEL_HEAD, build_classifier
from fer.vision.classify import Classifier
from tests.support.tiny_run import TINY, history_of


def test_eight_bits_answer_alike_and_calibrate(
    tiny_run, tiny_dataset, tmp_path, monkeypatch, capsys
):
    bundle = tmp_path / "fer"
    shutil.copytree(tiny_run / "fer", bundle)
    assert main(["export", str(bundle), "--data", str(tiny_dataset)]) == 0
    validation = FolderDataset.open(tiny_dataset).load("validation")
    pixels = validation.pixels[..., None].astype(np.float32)
    exact = Classifier(bundle, Bundle(bundle).spec)(pixels)[0]
    float_file = (bundle / ONNX).read_bytes()
    quantize_it = ["quantize", str(bundle), "--data", str(tiny_dataset)]
    monkeypatch.setattr(quantizing, "MIN_GAIN", 1e6)  # a toy gains little, and by chance
    assert main(quantize_it) == 2
    assert "stays as it was" in capsys.readouterr().err
    assert (bundle / ONNX).read_bytes() == float_file
    monkeypatch.setattr(quantizing, "MIN_GAIN", 0.0)
    assert main(quantize_it) == 0
    rounded = Classifier(bundle, Bundle(bundle).spec)(pixels)[0]
    assert (rounded.argmax(1) == exact.argmax(1)).mean() > 0.95
    assert 0 < np.abs(rounded - exact).max() < 0.2
    told = json.loads((bundle / QUANTIZATION).read_text(encoding="utf-8"))
    assert told["n"] == len(pixels) and told["bytes_float"] == len(float_file)
    assert Bundle(bundle).is_current(told)
    assert sorted(path.suffix for path in bundle.glob("*.onnx")) == [".onnx"]
    assert main(quantize_it) == 2
    assert "quantized already" in capsys.readouterr().err
    calibrate_it = ["calibrate", "--data", str(tiny_dataset), "--weights", str(bundle)]
    assert main(calibrate_it) == 0
    calibrated = Bundle(bundle).spec
    assert calibrated.temperature != 1.0
    assert Bundle(bundle).is_current(Bundle(bundle).read(QUANTIZATION))
    # The other order: what calibration put into the file is still there to be replaced.
    assert main(["export", str(bundle), "--data", str(tiny_dataset)]) == 0
    assert not (bundle / QUANTIZATION).exists()
    for command in (calibrate_it, quantize_it, calibrate_it):
        assert main(command) == 0
    again = Bundle(bundle).spec
    assert again.temperature == pytest.approx(calibrated.temperature, rel=0.05)
    assert again.offsets == pytest.approx(calibrated.offsets, abs=0.1)


def test_export_agrees_with_keras_and_follows_the_contract(
    tiny_run, tiny_dataset, tmp_path, capsys
):
    bundle = shutil.copytree(tiny_run / "fer", tmp_path / "fer")
    assert main(["export", str(bundle), "--data", str(tiny_dataset)]) == 0
    assert "differs from Keras by at most" in capsys.readouterr().out
    session = onnxruntime.InferenceSession(bundle / ONNX)
    assert [value.name for value in session.get_inputs()] == [ONNX_INPUT]
    assert [value.name for value in session.get_outputs()] == [ONNX_PROBABILITIES, ONNX_MAPS]
    faces = validation_faces(tiny_dataset, 48, count=5)
    probabilities, maps = session.run(None, {ONNX_INPUT: faces[..., None].astype(np.float32)})
    model = keras.saving.load_model(bundle / KERAS)
    expected = model(faces[..., None].astype(np.float32))
    np.testing.assert_allclose(probabilities, expected[0], atol=1e-4)
    np.testing.assert_allclose(maps, expected[1], atol=1e-4)
    assert Bundle(bundle).spec.opset > 0


def test_the_mean_of_two_bundles_is_that_of_their_weights(tiny_run, tmp_path):
    other = shutil.copytree(tiny_run / "fer", tmp_path / "other")
    model = keras.saving.load_model(other / KERAS)
    model.set_weights([weight * 0.5 + 0.1 for weight in model.get_weights()])
    model.save(other / KERAS)
    out = tmp_path / "mean"
    assert main(["average", str(tiny_run / "fer"), str(other), "--out", str(out)]) == 0
    models = [keras.saving.load_model(each / KERAS) for each in (tiny_run / "fer", other, out)]
    for first, second, mean in zip(*(model.get_weights() for model in models), strict=True):
        np.testing.assert_allclose(mean, (first + second) / 2, atol=1e-6)
    made = json.loads((out / TRAIN).read_text(encoding="utf-8"))
    assert made["averaged"] == [str(tiny_run / "fer"), str(other)]
    assert Bundle(out).spec.name == "mean"
    assert history_of(out) == history_of(tiny_run / "fer")


def test_statistics_taken_anew_are_those_of_the_weights(tiny_run, tiny_dataset, tmp_path):
    lost = shutil.copytree(tiny_run / "fer", tmp_path / "lost")
    model = keras.saving.load_model(lost / KERAS)
    norms = [one for one in model.layers if isinstance(one, keras.layers.BatchNormalization)]
    for norm in norms:
        norm.moving_mean.assign(norm.moving_mean + 3.0)
        norm.moving_variance.assign(norm.moving_variance * 50.0)
    model.save(lost / KERAS)
    outs = []
    for bundle in (lost, tiny_run / "fer"):
        outs.append(tmp_path / f"{bundle.name}-anew")
        command = ["average", str(bundle), "--out", str(outs[-1]), "--data", str(tiny_dataset)]
        assert main(command) == 0
    first, second = (keras.saving.load_model(out / KERAS) for out in outs)
    for one, other in zip(first.get_weights(), second.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5)
    anew = first.get_layer("stem_norm")
    faces = validation_faces(tiny_dataset, 48)[..., None].astype(np.float32)
    until = keras.Model(first.input, first.get_layer("stem").output)(faces).numpy()
    np.testing.assert_allclose(anew.moving_variance, until.var(axis=(0, 1, 2)), rtol=0.4)
    assert anew.momentum == model.get_layer("stem_norm").momentum
    made = json.loads((outs[0] / TRAIN).read_text(encoding="utf-8"))
    assert made["statistics"] == "taken anew" and "averaged" not in made
    assert main(["average", *map(str, outs), "--out", str(tmp_path / "mean")]) == 0
    assert "statistics" not in json.loads((tmp_path / "mean" / TRAIN).read_text(encoding="utf-8"))


def test_networks_that_differ_or_stand_alone_have_no_mean(tiny_run, tmp_path, capsys):
    wide = shutil.copytree(tiny_run / "fer", tmp_path / "wide")
    build_classifier(replace(TINY.architecture, stem=6), LABEL_HEAD, 48).save(wide / KERAS)
    differ = "different shapes or heads"
    for others, said in (
        ([], "two bundles"),
        ([str(tmp_path / "wide")], differ),
        ([str(tiny_run / "votes")], differ),
    ):
        assert (
            main(["average", str(tiny_run / "fer"), *others, "--out", str(tmp_path / "mean")]) == 2
        )
        assert said in capsys.readouterr().err
    assert not (tmp_path / "mean").exists()


def test_the_mirror_gives_a_face_and_its_mirror_image_one_answer(tiny_run, tiny_dataset, tmp_path):
    bundle = shutil.copytree(tiny_run / "fer", tmp_path / "fer")
    faces = validation_faces(tiny_dataset, 48)
    export(bundle, faces)
    plain = Classifier(bundle)
    pixels = faces[..., None].astype(np.float32)
    apart = [plain(view, maps=True) for view in (pixels, pixels[:, :, ::-1])]
    work = Bundle(bundle).spec.multiply_adds
    export(bundle, faces, mirror=True)
    spec = Bundle(bundle).spec
    assert (spec.views, spec.multiply_adds) == (2, 2 * work)
    both = Classifier(bundle)
    for view in (pixels, pixels[:, :, ::-1]):
        expected = np.sqrt(apart[0][0] * apart[1][0])  # the mean of the logits
        expected /= expected.sum(axis=1, keepdims=True)
        np.testing.assert_allclose(both(view)[0], expected, atol=1e-4)
    maps = (apart[0][1] + apart[1][1][..., ::-1]) / 2
    np.testing.assert_allclose(both(pixels, maps=True)[1], maps, atol=1e-4)
    np.testing.assert_allclose(both(pixels[:1])[0], both(pixels)[0][:1], atol=1e-5)
    for mirrored, (probs, found) in zip((False, True), apart, strict=True):
        answer = both(pixels, maps=True, mirrored=mirrored)
        np.testing.assert_allclose(answer[0], probs, atol=1e-6)
        np.testing.assert_allclose(answer[1], found[..., ::-1] if mirrored else found, atol=1e-6)
        np.testing.assert_array_equal(plain(pixels, mirrored=mirrored)[0], apart[0][0])


def test_export_refuses_a_file_that_answers_differently(
    tiny_run, tiny_dataset, tmp_path, monkeypatch
):
    bundle = shutil.copytree(tiny_run / "fer", tmp_path / "fer")
    (bundle / ONNX).write_bytes(b"the older file")
    monkeypatch.setattr(exporting, "TOLERANCE", 0.0)
    with pytest.raises(UserError, match="differ by"):
        export(bundle, validation_faces(tiny_dataset, 48))
    assert (bundle / ONNX).read_bytes() == b"the older file"
    assert not list(bundle.glob("part-*"))


@pytest.mark.parametrize("damage", ["missing", "truncated"])
def test_export_says_which_file_is_damaged(tiny_run, tiny_dataset, tmp_path, damage):
    bundle = shutil.copytree(tiny_run / "fer", tmp_path / "fer")
    path = bundle / KERAS
    if damage == "missing":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(UserError, match=r"model\.keras"):
        export(bundle, validation_faces(tiny_dataset, 48))
