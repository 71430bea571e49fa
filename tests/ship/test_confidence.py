"""Temperature, offsets and aims, as functions of logits."""

import numpy as np
import pytest
from scipy.special import softmax

from fer.ship import confidence
from fer.ship.confidence import Figures, Scaling, cross_fitted, fit, logits_of


def _sampled(n, temperature, offsets=0.0, seed=0):
    """Logits whose labels are drawn from ``softmax(logits / temperature + offsets)``."""
    random = np.random.default_rng(seed)
    logits = random.normal(scale=4.0, size=(n, 7))
    cumulative = softmax(logits / temperature + offsets, axis=1).cumsum(axis=1)
    return logits, (cumulative < random.random((n, 1))).sum(axis=1)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.5])
def test_the_temperature_that_drew_the_labels_is_found(temperature):
    logits, targets = _sampled(20_000, temperature)
    found = fit(logits, targets, with_offsets=False)
    assert found.temperature == pytest.approx(temperature, rel=0.03)
    assert found.offsets == (0.0,) * 7


def test_a_temperature_by_hand(monkeypatch):
    # Odds e^2 to 1 between two labels of which one is right 3 of 4 times: b = ln(3) / 2.
    monkeypatch.setattr(confidence, "RARITY", 0.0)
    logits = np.full((4, 7), -1e3)
    logits[:, 0], logits[:, 1] = 2.0, 0.0
    found = fit(logits, np.array([0, 0, 0, 1]), with_offsets=False)
    assert found.temperature == pytest.approx(2 / np.log(3), rel=1e-5)


def test_the_temperature_stays_in_its_range():
    logits = np.eye(7) * 3.0
    assert 0.05 <= fit(logits, np.arange(7), with_offsets=False).temperature < 0.5
    wrong = fit(logits, (np.arange(7) + 1) % 7, with_offsets=False)
    assert wrong.temperature == pytest.approx(20.0)


def test_the_offsets_that_drew_the_labels_are_found(monkeypatch):
    monkeypatch.setattr(confidence, "RARITY", 0.0)
    offsets = np.array([0.5, -1.0, 0.0, 0.3, 0.2, 0.4, -0.4])
    found = fit(*_sampled(30_000, 2.0, offsets))
    assert found.temperature == pytest.approx(2.0, rel=0.05)
    assert found.offsets == pytest.approx(offsets, abs=0.1)
    assert np.mean(found.offsets) == pytest.approx(0.0, abs=1e-12)


def test_nothing_near_the_fit_has_a_smaller_weighted_log_loss():
    logits, targets = _sampled(2_000, 2.0, np.linspace(1.5, -1.5, 7))

    def loss(temperature, offsets):
        return Figures.of(Scaling(temperature, tuple(offsets))(logits), targets).log_loss

    found = fit(logits, targets)
    offsets = np.array(found.offsets)
    least = loss(found.temperature, offsets)
    for factor in (0.99, 1.01):
        assert loss(found.temperature * factor, offsets) > least
    for shift in np.vstack([np.eye(7), -np.eye(7)]) * 0.02:
        assert loss(found.temperature, offsets + shift) > least


def test_a_rare_label_is_found_more_often_than_its_share_alone_would_have_it(monkeypatch):
    logits, targets = _sampled(20_000, 2.0, np.array([0, -3.0, 0, 0, 0, 0, 0]))
    recalls = []
    for rarity in (0.0, confidence.RARITY):
        monkeypatch.setattr(confidence, "RARITY", rarity)
        answers = fit(logits, targets)(logits).argmax(axis=1)
        recalls.append((answers[targets == 1] == 1).mean())
    assert recalls[1] > recalls[0] + 0.05


def test_a_label_without_images_keeps_a_finite_offset():
    logits, targets = _sampled(200, 2.0)
    offsets = fit(logits[targets != 1], targets[targets != 1]).offsets
    assert np.isfinite(offsets).all() and offsets[1] == min(offsets)


def test_balancing_divides_by_the_square_root_of_the_priors():
    priors = np.array([0.14, 0.015, 0.14, 0.25, 0.17, 0.115, 0.17])
    logits, _ = _sampled(5, 1.0)
    fitted = Scaling(1.5, (0.3, -0.3, 0.1, -0.1, 0.2, -0.2, 0.0))
    expected = fitted(logits) / np.sqrt(priors)
    expected /= expected.sum(axis=1, keepdims=True)
    assert fitted.balanced(priors)(logits) == pytest.approx(expected)
    assert np.mean(fitted.balanced(priors).offsets) == pytest.approx(0.0)
    # A label of twice four times fewer images gains twice.
    gains = np.subtract(fitted.balanced(np.array([4.0, 1, 1, 1, 1, 1, 1])).offsets, fitted.offsets)
    assert gains[1] - gains[0] == pytest.approx(np.log(2))


def test_cross_fitting_calibrates_each_image_by_numbers_fitted_without_it():
    logits, targets = _sampled(50, 1.5)
    probs = cross_fitted(logits, targets)
    changed = targets.copy()
    changed[0] = (changed[0] + 1) % 7
    again = cross_fitted(logits, changed)
    assert (again[0] == probs[0]).all() and (again != probs).any()


@pytest.mark.parametrize(
    ("aim", "changes", "worse"),
    [
        ("dataset", {}, False),
        ("dataset", {"log_loss": 1.1}, True),
        ("dataset", {"accuracy": 0.6}, False),  # more of the rare labels may cost accuracy
        ("dataset", {"macro_f1": 0.5}, False),
        ("dataset", {"accuracy": 0.6, "macro_f1": 0.5}, True),
        ("balanced", {"log_loss": 1.1, "accuracy": 0.6}, False),
        ("balanced", {"balanced_accuracy": 0.5}, True),
    ],
)
def test_each_aim_has_its_own_idea_of_worse(aim, changes, worse):
    values = {
        "accuracy": 0.7, "balanced_accuracy": 0.65, "macro_f1": 0.66, "log_loss": 1.0, "ece": 0.02,
    }  # fmt: skip
    assert Figures(**(values | changes)).worse_than(Figures(**values), aim) is worse


def test_logits_come_back_from_probabilities():
    logits, _ = _sampled(30, 1.0)
    back = logits_of(softmax(logits, axis=1))
    assert back - back[:, :1] == pytest.approx(logits - logits[:, :1])
    assert np.isfinite(logits_of(np.eye(7, dtype=np.float32))).all()
