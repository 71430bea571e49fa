"""Figures under corruption: right values, shared resamples, the file and the command."""

import json

import numpy as np
import pytest

from fer.bundle import ONNX, ROBUSTNESS, Bundle, list_bundles
from fer.cli import main
from fer.data.folder import FolderDataset
from fer.errors import UserError
from fer.evaluation import robustness
from fer.evaluation.corruptions import CORRUPTIONS
from fer.evaluation.metrics import expected_calibration_error
from fer.evaluation.robustness import evaluate_robustness, robustness_figures
from fer.evaluation.robustness_file import Figures, Robustness
from fer.evaluation.robustness_page import robustness_page
from fer.evaluation.text import robustness_as_text
from fer.paths import REPOSITORY
from tests.support.bundles import write_toy_bundle
from tests.support.toy_dataset import write_toy_dataset

PAGE = REPOSITORY / "docs" / "robustness.md"
KINDS = (CORRUPTIONS[0], CORRUPTIONS[-1])  # sensor noise and mask


def answers(correct, confidence=0.9):
    """Probabilities ``(n, 7)`` for targets of 0, right where ``correct`` says so."""
    probs = np.full((len(correct), 7), (1 - confidence) / 6, np.float32)
    probs[np.arange(len(correct)), np.where(correct, 0, 1)] = confidence
    return probs


def seven_conditions(*shares, n=100, confidence=0.9):
    """Clean and two kinds at three strengths; of n images the first ``share`` are right."""
    return np.stack([answers(np.arange(n) < share * n, confidence) for share in shares])


@pytest.fixture
def bundle(tmp_path):
    return Bundle(write_toy_bundle(tmp_path / "weights"))


@pytest.fixture
def data(tmp_path):
    return write_toy_dataset(tmp_path / "data", train=1, validation=2)


def evaluate(bundle, data, *options):
    arguments = ["evaluate", "--data", data, "--split", "validation", "--weights", bundle]
    return main([*map(str, arguments), "--corruptions", *options])


def test_means_are_over_the_strengths_of_a_kind_and_then_over_kinds():
    probs = seven_conditions(0.8, 0.8, 0.6, 0.4, 0.6, 0.4, 0.2)
    figures = robustness_figures(probs, np.zeros(100, int), 0.5, KINDS)
    noise, mask = figures["kinds"]
    assert noise["name"] == "sensor_noise"
    assert noise["accuracy"] == [0.8, 0.6, 0.4]
    assert mask["accuracy"] == [0.6, 0.4, 0.2]
    assert figures["clean"]["accuracy"] == 0.8
    assert figures["mean_accuracy"] == pytest.approx(0.5)
    assert figures["relative_accuracy"] == pytest.approx(0.625)
    assert figures["groups"]["noise"] == pytest.approx(0.6)
    assert figures["groups"]["occlusion"] == pytest.approx(0.4)


def test_every_figure_is_that_of_the_metrics():
    random = np.random.default_rng(3)
    probs = random.dirichlet(np.ones(7), size=(7, 60)).astype(np.float32)
    targets = random.integers(7, size=60)
    figures = robustness_figures(probs, targets, 0.4, KINDS)
    strongest_mask, found = probs[6], figures["kinds"][1]
    true = strongest_mask[np.arange(60), targets].astype(float)
    assert found["ece"][2] == pytest.approx(expected_calibration_error(strongest_mask, targets))
    assert found["log_loss"][2] == pytest.approx(-np.log(true).mean())
    assert found["coverage"][2] == pytest.approx((strongest_mask.max(axis=1) >= 0.4).mean())
    every = [figures["kinds"][k]["ece"][s] for k in (0, 1) for s in (0, 1, 2)]
    assert figures["mean_ece"] == pytest.approx(np.mean(every))


def test_intervals_hold_their_figure_and_shrink_with_the_number_of_images():
    shares = (0.8, 0.8, 0.6, 0.4, 0.6, 0.4, 0.2)
    few, many = (
        robustness_figures(seven_conditions(*shares, n=n), np.zeros(n, int), 0.5, KINDS)
        for n in (100, 1600)
    )
    for figures in (few, many):
        low, high = figures["intervals"]["mean_accuracy"]
        assert low < figures["mean_accuracy"] < high
        for kind in figures["kinds"]:
            for value, (low, high) in zip(
                kind["accuracy"], kind["intervals"]["accuracy"], strict=True
            ):
                assert low < value < high
    widths = [np.ptp(figures["intervals"]["mean_accuracy"]) for figures in (few, many)]
    assert widths[0] == pytest.approx(4 * widths[1], rel=0.15)


def test_resamples_are_shared_so_that_a_model_that_loses_nothing_keeps_exactly_all():
    probs = seven_conditions(*[0.7] * 7)
    figures = robustness_figures(probs, np.zeros(100, int), 0.5, KINDS)
    assert figures["relative_accuracy"] == pytest.approx(1.0)
    assert figures["intervals"]["relative_accuracy"] == pytest.approx([1.0, 1.0])
    low, high = figures["clean"]["intervals"]["accuracy"]
    assert figures["intervals"]["mean_accuracy"] == pytest.approx([low, high])


def test_a_model_that_is_never_right_has_no_relative_accuracy():
    figures = robustness_figures(seven_conditions(*[0.0] * 7), np.zeros(100, int), 0.5, KINDS)
    assert figures["mean_accuracy"] == 0.0
    assert figures["relative_accuracy"] is None
    assert figures["intervals"]["relative_accuracy"] is None
    json.dumps(figures, allow_nan=False)
    entry = {"weights": "toy", "split": "test", "n": 100, "judged_by": "original", **figures}
    assert "relative to clean accuracy          –" in robustness_as_text(entry)


def test_the_entry_says_who_was_measured_on_what(bundle, data):
    entry = evaluate_robustness(bundle, FolderDataset.open(data), "validation", KINDS)
    assert (entry["split"], entry["weights"], entry["n"]) == ("validation", "toy", 14)
    assert (entry["judged_by"], entry["unsure_below"]) == ("original", 0.5)
    assert len(entry["dataset_sha256"]) == 64
    kind = entry["kinds"][0]
    assert (kind["title"], kind["unit"], kind["strengths"]) == (
        "sensor noise", "grey levels", [4, 8, 16],
    )  # fmt: skip
    assert all(
        len(kind[name]) == len(kind["intervals"][name]) == 3 for name in Figures.__annotations__
    )


def test_a_bundle_of_votes_is_judged_by_clear_majorities(bundle, data):
    votes = data / "ferplus.csv"
    lines = votes.read_text().splitlines()
    lines[-1] = lines[-1].replace("10", "0")  # nobody voted: no majority
    votes.write_text("\n".join(lines))
    bundle.change_spec(judged_by="ferplus")
    entry = evaluate_robustness(bundle, FolderDataset.open(data), "validation", KINDS)
    assert (entry["judged_by"], entry["n"]) == ("ferplus", 13)


def test_what_an_image_becomes_hangs_on_its_row_alone(bundle, data):
    """A split without half of its images gives the rest the very same pictures."""
    seen = {}

    def remember(classifier, pixels, bar):
        seen.setdefault(len(pixels), []).append(pixels)
        return np.full((len(pixels), 7), 1 / 7, np.float32)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(robustness, "predict", remember)
        evaluate_robustness(bundle, FolderDataset.open(data), "validation", KINDS)
        removed = sorted((data / "images" / "validation").glob("*/*.png"))[:7]
        for path in removed:
            path.unlink()
        evaluate_robustness(bundle, FolderDataset.open(data), "validation", KINDS)
    for whole, half in zip(seen[14], seen[7], strict=True):
        pictures = {image.tobytes() for image in whole}
        assert all(image.tobytes() in pictures for image in half)


def test_the_command_prints_a_table_and_writes_the_file(bundle, data, capsys):
    assert evaluate(bundle, data) == 0
    printed = capsys.readouterr().out
    entry = bundle.current(ROBUSTNESS)["validation"]
    assert "toy on validation: 14 images, judged by the original labels" in printed
    for kind in CORRUPTIONS:
        assert kind.title in printed
    assert "mean corruption accuracy" in printed
    assert f"{100 * entry['mean_accuracy']:.1f}" in printed
    assert entry["model_sha256"] == bundle.model_sha256


def test_other_splits_are_kept_unless_they_are_of_another_model(bundle, data, capsys):
    bundle.write(
        ROBUSTNESS,
        {"test": {"model_sha256": bundle.model_sha256}, "old": {"model_sha256": "of another"}},
    )
    assert evaluate(bundle, data, "--json") == 0
    entry = json.loads(capsys.readouterr().out)
    written = bundle.read(ROBUSTNESS)
    assert set(written) == {"test", "validation"}
    assert written["validation"] == entry | {"model_sha256": bundle.model_sha256}


def test_measuring_twice_gives_the_same_figures(bundle, data):
    dataset = FolderDataset.open(data)
    first, second = (evaluate_robustness(bundle, dataset, "validation", KINDS) for _ in range(2))
    assert first == second


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (["--pipeline"], "--pipeline"),
        (["--split", "missing"], "missing"),
        (["--detector", "haar"], "--detector is for --pipeline"),
    ],
)
def test_what_cannot_be_measured_is_said_in_a_sentence(bundle, data, capsys, options, named):
    assert evaluate(bundle, data, *options) == 2
    assert named in capsys.readouterr().err
    assert not bundle.has(ROBUSTNESS)


def test_a_bundle_without_a_network_is_named(bundle, data, capsys):
    bundle.forget(ONNX)
    assert evaluate(bundle, data) == 2
    assert ONNX in capsys.readouterr().err


@pytest.fixture
def measured(bundle, data):
    entry = evaluate_robustness(bundle, FolderDataset.open(data), "validation", KINDS)
    bundle.add_current(ROBUSTNESS, entry["split"], entry)
    return bundle


def test_what_was_written_is_read(measured):
    assert (
        measured.entry(ROBUSTNESS, "validation", Robustness)["model_sha256"]
        == measured.model_sha256
    )


@pytest.mark.parametrize("split", ["test", "validation"])
def test_figures_of_another_model_or_split_are_not_there(measured, split):
    if split == "validation":
        measured.path(ONNX).write_bytes(b"another")
    with pytest.raises(UserError, match=f"--split {split} .* --corruptions"):
        measured.entry(ROBUSTNESS, split, Robustness)


@pytest.mark.parametrize(
    "damage",
    [
        lambda entry: entry.pop("kinds"),
        lambda entry: entry.update(judged_by="me"),
        lambda entry: entry.update(mean_accuracy="0.5"),
        lambda entry: entry["clean"].pop("ece"),
        lambda entry: entry["clean"]["intervals"].update(ece=None),
        lambda entry: entry["kinds"][0]["accuracy"].pop(),
        lambda entry: entry["kinds"][1]["intervals"]["accuracy"].pop(),
        lambda entry: entry["kinds"][1].update(unit=3),
        lambda entry: entry["groups"].update(noise="half"),
        lambda entry: entry["groups"].update(blur=0.5),
        lambda entry: entry.update(kinds=3),
    ],
)
def test_a_damaged_entry_is_a_sentence_with_the_command(measured, damage):
    entries = measured.read(ROBUSTNESS)
    damage(entries["validation"])
    measured.write(ROBUSTNESS, entries)
    with pytest.raises(UserError, match=r"robustness\.json.*--corruptions"):
        measured.entry(ROBUSTNESS, "validation", Robustness)


def test_the_page_has_every_bundle_that_was_measured(measured, tmp_path):
    other = Bundle(write_toy_bundle(tmp_path / "weights", "other"))
    page = robustness_page([measured, other])
    entry = measured.current(ROBUSTNESS)["validation"]
    assert "`toy`" in page
    assert "other" not in page.replace("other code, other", "")
    for kind in KINDS:
        assert kind.title in page
    assert f"{100 * entry['mean_accuracy']:.1f}" in page


def test_without_any_measurement_there_is_no_page(bundle):
    with pytest.raises(UserError, match="--corruptions"):
        robustness_page([bundle])


def test_the_card_writes_the_page_beside_itself(measured, tmp_path, capsys):
    card = tmp_path / "docs" / "card.md"
    options = ["--weights", str(measured), "--out", str(card), "--readme", str(tmp_path / "no.md")]
    assert main(["card", *options]) == 0
    assert str(card.with_name("robustness.md")) in capsys.readouterr().out
    assert "sensor noise" in card.with_name("robustness.md").read_text(encoding="utf-8")
    text = card.read_text(encoding="utf-8")
    entry = measured.current(ROBUSTNESS)["validation"]
    assert "(robustness.md)" in text and f"{100 * entry['mean_accuracy']:.1f} % (" in text
    measured.path(ROBUSTNESS).unlink()
    main(["card", *options])
    assert "evaluate --corruptions" in card.read_text(encoding="utf-8")


def test_the_page_of_this_repository_is_the_one_its_files_give():
    """Rewrite it with `python -m fer card` after measuring, and after editing its sources."""
    bundles = list_bundles()
    assert PAGE.read_text(encoding="utf-8") == robustness_page(bundles)
