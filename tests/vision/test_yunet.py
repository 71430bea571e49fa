"""YuNet: where its file is looked for and how it is fetched; what it finds, where it is given.

Tests that need the file run where the environment variable FER_YUNET names it.
"""

import hashlib
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import huggingface_hub
import numpy as np
import pytest
import skimage.data
from huggingface_hub.errors import LocalEntryNotFoundError

import fer
from fer.cli import main
from fer.errors import UserError
from fer.vision import yunet
from fer.vision.detection import STREAM_SIZE
from fer.vision.detectors import available_detectors, open_detector
from fer.vision.yunet import ENVIRONMENT, FILE, fetch, model_path
from tests.support.bundles import write_toy_bundle

GIVEN = os.environ.get(ENVIRONMENT)
needs_file = pytest.mark.skipif(GIVEN is None, reason=f"{ENVIRONMENT} does not name YuNet's file")

FACE = (178, 62, 270, 176)  # where the astronaut's face is; not square
EYES = ((201, 101), (248, 103))  # as the picture shows them, left one first


@pytest.fixture
def nowhere(monkeypatch):
    """No path is given, and the hub's cache is empty."""
    monkeypatch.delenv(ENVIRONMENT, raising=False)
    monkeypatch.setattr(huggingface_hub, "try_to_load_from_cache", lambda *_: None)


@pytest.fixture
def hub(nowhere, monkeypatch, tmp_path):
    """A hub that sends "network", which is the right file, into a cache as the real one lays it."""

    class Hub:
        sent = b"network"
        downloads = 0
        blob = tmp_path / "blobs" / "abc"
        entry = tmp_path / "snapshots" / FILE

        def download(self, repository, file, force_download):
            assert (repository, file) == ("opencv/face_detection_yunet", FILE)
            if self.sent is None:
                raise LocalEntryNotFoundError("no network")
            if force_download or not self.entry.exists():
                self.downloads += 1
                for path in (self.blob, self.entry):
                    path.parent.mkdir(exist_ok=True)
                    path.unlink(missing_ok=True)
                self.blob.write_bytes(self.sent)
                self.entry.symlink_to(self.blob)
            return str(self.entry)

        def cached(self, *_):
            return str(self.entry) if self.entry.is_file() else None

    made = Hub()
    monkeypatch.setattr(huggingface_hub, "hf_hub_download", made.download)
    monkeypatch.setattr(huggingface_hub, "try_to_load_from_cache", made.cached)
    monkeypatch.setattr(yunet, "SHA256", hashlib.sha256(b"network").hexdigest())
    return made


def test_fetch_downloads_once_and_says_where(hub, capsys):
    assert available_detectors() == ("haar",)
    for _ in range(2):
        assert main(["fetch", "yunet"]) == 0
        assert capsys.readouterr().out.strip() == str(hub.entry)
    assert hub.downloads == 1 and model_path() == hub.entry
    assert available_detectors() == ("haar", "yunet")


def test_fetch_replaces_a_damaged_file(hub):
    fetch()
    hub.blob.write_bytes(b"netw")
    with pytest.raises(UserError, match=r"damaged.*fetch yunet"):
        yunet.open_yunet()
    assert fetch().read_bytes() == b"network"


def test_fetch_refuses_another_file_and_leaves_nothing(hub, capsys):
    hub.sent = b"another network"
    assert main(["fetch", "yunet"]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and "not the file" in error
    assert not hub.blob.exists() and not hub.entry.is_symlink() and model_path() is None


def test_fetch_without_a_network_is_one_sentence(hub, capsys):
    hub.sent = None
    assert main(["fetch", "yunet"]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and "could not be downloaded" in error and ENVIRONMENT in error


def test_a_missing_file_is_named_with_its_remedy(nowhere):
    with pytest.raises(UserError, match="python -m fer fetch yunet"):
        yunet.open_yunet()
    assert open_detector("auto").name == "haar"


@pytest.mark.parametrize("content", [None, b"", b"not a network"])
def test_a_given_path_counts_alone_and_is_checked(monkeypatch, tmp_path, content):
    path = tmp_path / "mine.onnx"
    if content is not None:
        path.write_bytes(content)
    monkeypatch.setenv(ENVIRONMENT, str(path))
    assert model_path() == path
    with pytest.raises(UserError, match=rf"mine\.onnx.*fetch yunet.*{ENVIRONMENT}"):
        yunet.open_yunet()


@pytest.fixture(scope="module")
def astronaut():
    return skimage.data.astronaut()


@pytest.fixture(scope="module")
def detector():
    return yunet.YuNetDetector(Path(GIVEN))


@needs_file
@pytest.mark.parametrize("working_size", [STREAM_SIZE, 640, 1024])
@pytest.mark.parametrize(("across", "down"), [(1, 1), (2.5, 2.5), (0.4, 0.4), (1.1, 0.95)])
def test_one_face_in_pixels_of_the_frame(detector, astronaut, across, down, working_size):
    frame = cv2.resize(astronaut, None, fx=across, fy=down, interpolation=cv2.INTER_AREA)
    found = detector(frame, working_size)
    scales = np.array([across, down], np.float32)
    assert len(found) == 1 and found.boxes.dtype == np.float32
    assert np.abs(found.boxes[0] / np.tile(scales, 2) - FACE).max() < 10
    assert np.abs(found.landmarks[0, :2] / scales - EYES).max() < 6
    assert 0.7 <= found.scores[0] <= 1.0


@needs_file
@pytest.mark.parametrize("size", [(640, 480), (333, 250), (97, 131)])
def test_it_answers_as_opencv_does(detector, astronaut, size):
    frame = cv2.resize(astronaut, size, interpolation=cv2.INTER_AREA)
    reference = cv2.FaceDetectorYN.create(
        GIVEN, "", size, score_threshold=detector.MIN_SCORE, nms_threshold=detector.OVERLAP
    )
    _, expected = reference.detect(frame[..., ::-1].copy())
    found = detector(frame, 2000)
    assert len(found) == len(expected) == 1
    boxes = np.hstack([found.boxes[:, :2], found.boxes[:, 2:] - found.boxes[:, :2]])
    np.testing.assert_allclose(boxes, expected[:, :4], atol=1e-2)
    np.testing.assert_allclose(found.landmarks.reshape(1, 10), expected[:, 4:14], atol=1e-2)
    np.testing.assert_allclose(found.scores, expected[:, 14], atol=1e-4)


@needs_file
def test_sixteen_small_faces_are_found_on_a_stream(detector, astronaut):
    face = cv2.resize(astronaut[20:220, 120:320], (140, 140), interpolation=cv2.INTER_AREA)
    frame = np.full((720, 1280, 3), 120, np.uint8)
    for row in range(2):
        for column in range(8):
            y, x = 100 + 300 * row, 10 + 158 * column
            frame[y : y + 140, x : x + 140] = face
    found = detector(frame, STREAM_SIZE)
    assert len(found) == 16 and (np.diff(found.scores) <= 0).all()


@needs_file
@pytest.mark.parametrize("face", [20, 100, 440, 1500])
def test_faces_of_a_photo_from_small_to_full(detector, astronaut, face):
    """20 pixels in 640×480, the whole of a picture, and larger than the network can grasp."""
    part = astronaut[32:192, 144:304] if face < 440 else astronaut[50:190, 160:290]
    scale = face / 104
    size = (round(scale * part.shape[1]), round(scale * part.shape[0]))
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    picture = cv2.resize(part, size, interpolation=how)
    if face < 440:
        small, picture = picture, np.full((480, 640, 3), 120, np.uint8)
        picture[100 : 100 + size[1], 200 : 200 + size[0]] = small
    assert len(detector(picture)) == 1


@needs_file
@pytest.mark.parametrize("picture", ["coffee", "chelsea", "rocket", "brick", "moon"])
def test_no_face_in_pictures_without_one(detector, picture):
    image = getattr(skimage.data, picture)()
    image = image if image.ndim == 3 else np.repeat(image[..., None], 3, axis=2)
    for working_size in (STREAM_SIZE, 1024):
        assert len(detector(image, working_size)) == 0


@needs_file
@pytest.mark.parametrize(
    "shape", [(1, 1), (1, 5000), (5000, 1), (20, 30), (3000, 30), (33, 35), (40, 3000)]
)
def test_odd_shapes_raise_nothing(detector, shape):
    noise = np.random.default_rng(0).integers(0, 256, (*shape, 3)).astype(np.uint8)
    assert len(detector(noise)) == 0


@needs_file
def test_detection_from_several_threads_is_that_of_one(detector, astronaut):
    frames = [astronaut[:, : 512 - 16 * i] for i in range(8)]
    alone = [detector(frame, STREAM_SIZE).boxes for frame in frames]
    with ThreadPoolExecutor(4) as pool:
        for _ in range(3):
            together = pool.map(lambda f: detector(f, STREAM_SIZE).boxes, frames)
            for one, other in zip(alone, together, strict=True):
                np.testing.assert_array_equal(one, other)


@needs_file
def test_it_is_behind_the_same_doors(tmp_path, astronaut, capsys):
    bundle = write_toy_bundle(tmp_path)
    for name in ("yunet", "auto"):
        recognizer = fer.load(bundle, name)
        assert recognizer.detector.name == "yunet" and len(recognizer(astronaut)) == 1
    cv2.imwrite(str(tmp_path / "a.png"), astronaut[..., ::-1])
    arguments = ["predict", str(tmp_path / "a.png"), "--weights", str(bundle)]
    boxes = set()
    for name in ("haar", "yunet"):
        assert main([*arguments, "--detector", name]) == 0
        boxes.add(capsys.readouterr().out.split(" at ")[1])
    assert len(boxes) == 2


@needs_file
@pytest.mark.parametrize("size", [(640, 480), (1024, 768), (700, 1400), (64, 900)])
def test_strips_answer_as_one_piece_does(monkeypatch, size):
    detector = yunet.open_yunet()
    rgb = yunet._padded(cv2.resize(skimage.data.astronaut(), size))
    height, width = rgb.shape[:2]
    monkeypatch.setattr(yunet, "_STRIP", height * width)
    whole = detector._first_map(rgb)
    assert whole.shape == (1, 64, height // 8, width // 8)
    for strip in (1 << 18, 1 << 15, 1):
        monkeypatch.setattr(yunet, "_STRIP", strip)
        np.testing.assert_array_equal(detector._first_map(rgb), whole)
