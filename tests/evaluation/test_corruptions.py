"""The corruptions: what holds for every one of them, and what each does to a picture."""

from itertools import pairwise

import av
import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from fer.evaluation import effects
from fer.evaluation.corruptions import CORRUPTIONS, GROUPS
from tests.support.astronaut import cut_outs

FACES = cut_outs(6)
ROWS = np.array([28709, 28711, 28712, 30000, 7, 0])
EVERY_KIND = pytest.mark.parametrize("kind", CORRUPTIONS, ids=lambda kind: kind.name)


def generator(seed=1):
    return np.random.default_rng(seed)


def flat(level):
    return np.full((48, 48), level, np.uint8)


def point(x=24, y=24):
    face = flat(0)
    face[y, x] = 255
    return face


def mean_square(first, second):
    return float(np.mean((first.astype(float) - second) ** 2))


def test_the_table_has_at_least_twelve_kinds_with_names_and_groups_of_their_own():
    names = [kind.name for kind in CORRUPTIONS]
    assert len(set(names)) == len(names) >= 12
    assert {kind.group for kind in CORRUPTIONS} == set(GROUPS)
    assert all(len(set(kind.strengths)) == 3 and kind.unit for kind in CORRUPTIONS)


@EVERY_KIND
@pytest.mark.parametrize("step", [0, 1, 2])
def test_faces_in_are_faces_out(kind, step):
    given = FACES.copy()
    corrupted = kind(given, ROWS, kind.strengths[step])
    assert corrupted.shape == (6, 48, 48)
    assert corrupted.dtype == np.uint8
    np.testing.assert_array_equal(given, FACES)
    assert all((corrupted != FACES).any(axis=(1, 2)))


@EVERY_KIND
def test_no_images_are_no_images(kind):
    assert kind(FACES[:0], ROWS[:0], kind.strengths[0]).shape == (0, 48, 48)


@EVERY_KIND
def test_an_image_is_corrupted_alike_in_every_batch(kind):
    whole = kind(FACES, ROWS, kind.strengths[1])
    order = [3, 0, 5]
    np.testing.assert_array_equal(kind(FACES[order], ROWS[order], kind.strengths[1]), whole[order])
    np.testing.assert_array_equal(kind(FACES, ROWS, kind.strengths[1]), whole)


@EVERY_KIND
def test_stronger_is_further_from_the_clean_image(kind):
    distances = [mean_square(kind(FACES, ROWS, s), FACES) for s in kind.strengths]
    assert all(mild < strong for mild, strong in pairwise(distances)), distances


@EVERY_KIND
def test_no_strength_changes_nothing(kind):
    if kind.nothing is None:
        assert kind.name in ("jpeg", "h264")  # a codec codes at any quality
        return
    np.testing.assert_array_equal(kind(FACES, ROWS, kind.nothing), FACES)


RANDOM = {
    "sensor_noise", "shot_noise", "motion_blur", "underexposure", "side_light", "white_balance",
    "rotation", "scale", "shift", "occlusion", "mask",
}  # fmt: skip


@EVERY_KIND
def test_rows_differ_where_chance_has_a_part(kind):
    same = np.repeat(FACES[:1], 20, axis=0)
    corrupted = kind(same, np.arange(20), kind.strengths[2])
    differing = len({face.tobytes() for face in corrupted})
    assert (differing > 1) == (kind.name in RANDOM)


def test_two_kinds_of_noise_are_not_the_same_noise():
    sensor, shot = (kind for kind in CORRUPTIONS if kind.group == "noise")
    grey = flat(128)[None]
    assert (sensor(grey, ROWS[:1], 8) != shot(grey, ROWS[:1], 8)).mean() > 0.5


@pytest.mark.parametrize("strength", [4, 8, 16])
def test_sensor_noise_has_the_deviation_that_it_states(strength):
    for level in (80, 160):
        noise = effects.sensor_noise(flat(level), strength, generator()).astype(float) - level
        assert noise.std() == pytest.approx(strength, rel=0.06)
        assert noise.mean() == pytest.approx(0.0, abs=strength / 15)


@pytest.mark.parametrize(("level", "deviation"), [(0, 0.0), (32, 4.0), (128, 8.0)])
def test_shot_noise_grows_with_the_root_of_the_brightness(level, deviation):
    noise = effects.shot_noise(flat(level), 8, generator()).astype(float) - level
    assert noise.std() == pytest.approx(deviation, rel=0.06)


@pytest.mark.parametrize(
    ("effect", "strength", "spread"),
    [
        (effects.gaussian_blur, 1.5, 1.5),  # standard deviation of the point, each axis
        (effects.defocus, 3.0, 1.5),  # that of a disc is half its radius
        (effects.motion_blur, 7.0, 2.0),  # seven points on a line: 2.0 along it, none across
    ],
)
def test_blur_spreads_a_point_and_keeps_its_light(effect, strength, spread):
    bright = np.clip(point() * 255.0, 0, 255).astype(np.uint8)
    blurred = effect(bright, strength, generator()).astype(float)
    assert blurred.sum() == pytest.approx(255.0, rel=0.15)  # rounded to whole grey levels
    y, x = np.mgrid[:48, :48] - 24
    moments = np.cov(np.stack([x.ravel(), y.ravel()]), aweights=blurred.ravel(), bias=True)
    assert np.sqrt(np.linalg.eigvalsh(moments)[-1]) == pytest.approx(spread, rel=0.15)


def test_motion_blur_of_a_level_camera_is_a_line():
    class Level:
        def uniform(self, low, high):
            return 0.0

    blurred = effects.motion_blur(point(), 5, Level())
    assert blurred[24, 20:29].tolist() == [0, 0, 51, 51, 51, 51, 51, 0, 0]
    assert blurred.sum() == 255


def test_low_resolution_averages_what_one_pixel_sees():
    face = np.zeros((48, 48), np.uint8)
    face[:, ::2] = 200
    np.testing.assert_array_equal(effects.low_resolution(face, 24, generator()), flat(100))


def test_low_resolution_leaves_no_more_than_its_pixels():
    spectrum = np.abs(np.fft.rfft2(effects.low_resolution(FACES[0], 16, generator()) - 128.0))
    clean = np.abs(np.fft.rfft2(FACES[0] - 128.0))
    assert spectrum[12:36, 12:].sum() < 0.5 * clean[12:36, 12:].sum()


@pytest.mark.parametrize(("effect", "strength"), [(effects.jpeg, 10), (effects.h264, 40)])
def test_a_codec_throws_fine_noise_away(effect, strength):
    noise = effects.sensor_noise(flat(128), 3, generator())
    assert effect(noise, strength, generator()).std() < 0.5 * noise.std()


@pytest.mark.parametrize(("effect", "strength"), [(effects.jpeg, 50), (effects.h264, 28)])
def test_a_codec_keeps_the_face_in_its_place(effect, strength):
    coded = effect(FACES[0], strength, generator())
    moved = [
        mean_square(np.roll(coded, (dy, dx), (0, 1)), FACES[0])
        for dy in (-1, 0, 1)
        for dx in (-1, 0, 1)
    ]
    assert int(np.argmin(moved)) == 4
    assert 1.0 < moved[4] < 200.0


def test_h264_is_coded_as_a_clip_whose_later_frames_follow_the_first(monkeypatch):
    sizes = []
    create = av.CodecContext.create

    class Recorder:
        def __init__(self, context):
            self.__dict__["context"] = context

        def __getattr__(self, name):
            return getattr(self.context, name)

        def __setattr__(self, name, value):
            setattr(self.context, name, value)

        def encode(self, *frames):
            packets = self.context.encode(*frames)
            sizes.extend(packet.size for packet in packets)
            return packets

    monkeypatch.setattr(av.CodecContext, "create", lambda name, mode: Recorder(create(name, mode)))
    effects.h264(FACES[0], 28, generator())
    assert len(sizes) == 3
    assert max(sizes[1:]) < 0.5 * sizes[0]  # the first is a whole picture, the others differences
    assert sum(sizes) < 48 * 48


@pytest.mark.parametrize(
    ("effect", "strength", "level", "expected"),
    [
        (effects.overexposure, 2.2, 100, 200),  # 2.2 stops: twice the grey value
        (effects.overexposure, 2.2, 200, 255),
        (effects.overexposure, 1.0, 0, 0),
        (effects.low_contrast, 90, 77, 77),  # a flat picture has no contrast to lose
        (effects.white_balance, 80, 255, 242),  # red stays white, blue falls short of it
        (effects.white_balance, 80, 0, 0),
    ],
)
def test_light_changes_a_grey_value_as_physics_has_it(effect, strength, level, expected):
    class Warm:
        def choice(self, values):
            return values[0]

    np.testing.assert_array_equal(effect(flat(level), strength, Warm()), flat(expected))


def test_underexposure_halves_grey_values_every_two_stops_and_a_bit_and_adds_noise():
    dark = effects.underexposure(flat(200), 2.2, generator()).astype(float)
    assert dark.mean() == pytest.approx(100, abs=0.5)
    assert dark.std() == pytest.approx(4.4, rel=0.06)


def test_low_contrast_brings_grey_values_to_their_mean():
    face = flat(100)
    face[:24] = 200
    assert set(effects.low_contrast(face, 80, generator()).ravel()) == {140, 160}


def test_side_light_is_strongest_at_two_opposite_edges():
    class FromTheRight:
        def uniform(self, low, high):
            return 0.0

    lit = effects.side_light(flat(100), 30, FromTheRight())
    assert (lit[:, 0] == 70).all()
    assert (lit[:, -1] == 130).all()
    assert lit.mean() == pytest.approx(100, abs=0.1)


def dot_after(effect, strength, x, y, seed):
    """Where a spot of 3 × 3 pixels around ``(x, y)`` lies afterwards, from the middle."""
    face = flat(0)
    face[y - 1 : y + 2, x - 1 : x + 2] = 255
    moved = effect(face, strength, generator(seed)).astype(float)
    rows, columns = np.mgrid[:48, :48] - 23.5
    return np.array([(columns * moved).sum(), (rows * moved).sum()]) / moved.sum()


@pytest.mark.parametrize("seed", range(4))
def test_framing_moves_a_point_as_far_as_it_states(seed):
    before = np.array([34.0, 27.0]) - 23.5
    turned = dot_after(effects.rotation, 20, 34, 27, seed)
    assert np.hypot(*turned) == pytest.approx(np.hypot(*before), abs=0.1)
    angle = np.degrees(np.arctan2(*turned[::-1]) - np.arctan2(*before[::-1]))
    assert abs(angle) == pytest.approx(20, abs=1)
    zoom = dot_after(effects.scale, 25, 34, 27, seed) / before
    assert zoom[0] == pytest.approx(zoom[1], abs=0.03)
    assert min(abs(zoom[0] - 1.25), abs(zoom[0] - 0.8)) < 0.03
    way = dot_after(effects.shift, 10, 24, 24, seed) - 0.5
    assert np.hypot(*way) == pytest.approx(4.8, abs=0.1)


def test_framing_goes_both_ways():
    for effect in (effects.rotation, effects.scale):
        places = {tuple(dot_after(effect, 20, 34, 27, seed).round(1)) for seed in range(12)}
        assert len(places) == 2


def test_what_lies_outside_a_moved_crop_goes_on_as_its_border():
    assert (effects.shift(flat(90), 15, generator()) == 90).all()
    assert (effects.rotation(flat(90), 30, generator()) == 90).all()


def test_occlusion_covers_the_share_that_it_states():
    for seed in range(20):
        covered = effects.occlusion(FACES[0], 25, generator(seed))
        rows, columns = np.nonzero(covered != FACES[0])
        assert 23 <= max(np.ptp(rows), np.ptp(columns)) + 1 <= 24  # half the side


@pytest.mark.parametrize(
    ("effect", "rows"),
    [(effects.eye_bar, range(13, 23)), (effects.mouth_bar, range(32, 41))],
)
def test_bars_cover_eyes_or_mouth(effect, rows):
    black = (effect(flat(99), 20, generator()) == 0).any(axis=1)
    assert np.flatnonzero(black).tolist() == list(rows)


def test_a_mask_covers_from_the_chin_up_and_is_arched():
    face = flat(0)
    covered = effects.mask(face, 50, generator()) > 0
    columns = covered.sum(axis=0)
    assert columns[23] == 23
    assert columns[5] < columns[23]
    assert not covered[:24].any()
    assert covered[47, 5:43].all()
    assert not covered[:, :4].any()


@pytest.mark.parametrize("deviation", [0.7, 1.0, 1.5])
def test_a_gaussian_is_that_of_scipy_to_the_last_bit(deviation):
    for face in FACES:
        theirs = gaussian_filter(face.astype(np.float32), deviation, mode="mirror")
        ours = effects.gaussian_blur(face, deviation, generator())
        np.testing.assert_array_equal(ours, np.rint(theirs))
