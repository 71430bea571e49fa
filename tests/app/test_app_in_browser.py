"""The app as visitors meet it: headless Chromium, a webcam that shows the astronaut."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import gradio as gr
import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

import app
import fer
from fer.app import webcam
from fer.labels import LABELS, UNSURE
from fer.look import words
from fer.vision.recognize import Recognizer
from tests.support.browser import CAMERA_SIZE, Visitor, open_page
from tests.support.bundles import write_toy_bundle

expect.set_options(timeout=60_000)  # a busy machine is slow, not wrong

FACE = ".cards .face"
FRAME = "#overlay rect.face"

# In the camera's picture her face is about 100 pixels wide around (230, 105).
# The live view is mirrored, and so must the overlay be.
FACE_CENTRE = (CAMERA_SIZE[0] - 230, 105)

LABEL = re.compile(rf"^({UNSURE}|({'|'.join(LABELS)}) \d+ %)$")

REFUSED = """
navigator.mediaDevices.getUserMedia = () =>
  Promise.reject(new DOMException("no", "NotAllowedError"));
"""

TRACKS = """
window.tracks = [];
const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
navigator.mediaDevices.getUserMedia = async (wanted) => {
  const stream = await ask(wanted);
  window.tracks.push(...stream.getTracks());
  return stream;
};
"""


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def toy(tmp_path_factory: pytest.TempPathFactory) -> app.Model:
    return app.open_model(write_toy_bundle(tmp_path_factory.mktemp("weights")))


@pytest.fixture(scope="module")
def url(cache: Path, toy: app.Model) -> Iterator[str]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADIO_TEMP_DIR", str(cache))
        demo = app.build_app({"toy": toy})
        yield serve(demo)
        demo.close()


def serve(demo: gr.Blocks) -> str:
    return app.launch(demo, prevent_thread_lock=True, quiet=True)


@pytest.fixture
def visit(chromium: Browser) -> Iterator:
    """Opens pages and closes them after the test."""
    visitors: list[Visitor] = []

    def open_one(*arguments, **options) -> Visitor:
        visitors.append(open_page(chromium, *arguments, **options))
        return visitors[-1]

    yield open_one
    for visitor in visitors:
        visitor.close()


def allow_camera(page: Page) -> None:
    page.get_by_text("Click to Access Webcam").click()
    page.get_by_role("button", name="capture photo", exact=True).wait_for()


def start_camera(page: Page) -> None:
    allow_camera(page)
    page.get_by_role("button", name="capture photo", exact=True).click()


def upload(page: Page, path: Path) -> None:
    page.get_by_role("tab", name="Photo").click()
    page.locator("#upload input[type=file]").set_input_files(str(path))


def shown_picture(page: Page) -> tuple[float, float, float]:
    """Left, top and scale of the camera's picture on the screen."""
    box = page.locator("#camera video").bounding_box()
    assert box is not None
    scale = min(box["width"] / CAMERA_SIZE[0], box["height"] / CAMERA_SIZE[1])
    left = box["x"] + (box["width"] - scale * CAMERA_SIZE[0]) / 2
    return left, box["y"] + (box["height"] - scale * CAMERA_SIZE[1]) / 2, scale


@pytest.mark.parametrize(("width", "height"), [(1280, 900), (390, 844)], ids=["desktop", "phone"])
def test_the_live_view_marks_the_face_where_it_is_seen(url, visit, tmp_path, width, height):
    visitor = visit(url, width, height)
    page = visitor.page
    start_camera(page)
    frame = page.locator(FRAME)
    expect(frame).to_have_count(1)
    box = frame.bounding_box()
    left, top, scale = shown_picture(page)
    assert (box["x"] + box["width"] / 2 - left) / scale == pytest.approx(FACE_CENTRE[0], abs=30)
    assert (box["y"] + box["height"] / 2 - top) / scale == pytest.approx(FACE_CENTRE[1], abs=30)
    assert 70 < box["width"] / scale < 170
    expect(page.locator("#overlay text")).to_have_text(LABEL)
    expect(page.locator("#panel .bars li")).to_have_count(7)
    expect(page.locator("#panel .facts")).to_contain_text("ms per frame")
    assert_mirrored(page, tmp_path / "live.png")
    visitor.assert_clean()


def assert_mirrored(page: Page, file: Path) -> None:
    """The scene's wide grey margin is on its right; in the mirrored view it is on the left."""
    left, top, scale = shown_picture(page)
    y = top + scale * 240
    page.screenshot(path=file)
    pixels = np.asarray(Image.open(file).convert("RGB"), int)
    margin = pixels[int(y), int(left + scale * 10) : int(left + scale * 110)]
    other = pixels[int(y), int(left + scale * 530) : int(left + scale * 610)]
    assert np.abs(margin - 70).max() < 20
    assert np.abs(other - 70).max() > 60


def test_nothing_is_sent_before_start_and_nothing_of_the_frames_reaches_the_disk(url, visit, cache):
    visitor = visit(url)
    page = visitor.page
    before = sorted(cache.rglob("*"))
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.post_data or ""))
    allow_camera(page)
    page.wait_for_timeout(1500)
    assert not any("data:image/jpeg" in body for body in sent)
    page.get_by_role("button", name="capture photo", exact=True).click()
    expect(page.locator(FRAME)).to_have_count(1)
    page.wait_for_timeout(1500)
    assert any("data:image/jpeg" in body for body in sent)
    assert sorted(cache.rglob("*")) == before


@pytest.mark.parametrize("how", ["stop", "live view", "other tab"])
def test_stop_clears_the_overlay_and_frees_the_camera(url, visit, how):
    visitor = visit(url, script=TRACKS)
    page = visitor.page
    start_camera(page)
    expect(page.locator(FRAME)).to_have_count(1)
    if how == "stop":
        page.get_by_role("button", name="Stop camera").click()
    elif how == "live view":
        page.get_by_role("button", name="capture photo", exact=True).click()
    else:
        page.get_by_role("tab", name="Photo").click()
    expect(page.locator(FRAME)).to_have_count(0)
    page.wait_for_timeout(2000)  # an answer still on its way must not bring it back
    expect(page.locator(FRAME)).to_have_count(0)
    assert page.evaluate("tracks.every(track => track.readyState === 'ended')")
    page.get_by_role("tab", name="Webcam").click()
    expect(page.locator("#panel")).to_contain_text(words.CAMERA_OFF)
    start_camera(page)
    expect(page.locator(FRAME)).to_have_count(1)
    visitor.assert_clean()


def test_a_refused_camera_gets_a_sentence_that_helps(url, visit):
    visitor = visit(url, script=REFUSED)
    visitor.page.get_by_text("Click to Access Webcam").click()
    expect(visitor.page.get_by_role("alert")).to_contain_text("allow it in the address bar")
    visitor.assert_clean()


def test_a_picture_is_classified_and_can_be_saved(url, visit, tmp_path):
    visitor = visit(url)
    page = visitor.page
    upload(page, app.EXAMPLES["Try one face"])
    expect(page.locator(FACE)).to_have_count(1)
    expect(page.get_by_role("heading", name="1 face", exact=True)).to_be_visible()
    expect(page.locator(f"{FACE} .bars li")).to_have_count(7)
    expect(page.locator("#annotated img")).to_be_visible()
    saved = {}
    for button in ("Save picture", "Save JSON", "Save CSV"):
        with page.expect_download() as download:
            page.get_by_role("button", name=button).or_(
                page.get_by_role("link", name=button)
            ).click()
        saved[button] = tmp_path / download.value.suggested_filename
        download.value.save_as(saved[button])
    assert saved["Save picture"].name == "astronaut-faces.jpg"
    assert Image.open(saved["Save picture"]).size == (512, 512)
    [record] = json.loads(saved["Save JSON"].read_text())
    assert record["file"] == "astronaut.jpg"
    assert 175 < (record["box"][0] + record["box"][2]) / 2 < 275
    assert sum(record["probabilities"].values()) == pytest.approx(1, abs=1e-4)
    assert len(saved["Save CSV"].read_text().splitlines()) == 2
    visitor.assert_clean()


def test_activation_maps_are_shown_on_demand(url, visit):
    page = visit(url).page
    upload(page, app.EXAMPLES["Try one face"])
    picture = page.locator(f"{FACE} img")
    expect(picture).to_have_count(1)
    plain = picture.get_attribute("src")
    page.locator("#maps input").click()
    page.get_by_role("option", name="happy").click()
    expect(page.locator(FACE)).to_contain_text("evidence for happy")
    assert page.locator(f"{FACE} img").get_attribute("src") != plain


def test_an_example_is_one_click_away(url, visit):
    page = visit(url).page
    page.get_by_role("tab", name="Photo").click()
    page.get_by_role("button", name="Try a group").click()
    expect(page.locator(FACE)).to_have_count(9)


def test_a_file_that_is_no_picture_gets_a_sentence(url, visit, tmp_path):
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"this is text")
    page = visit(url).page
    upload(page, broken)
    expect(page.get_by_role("alert").filter(has_text="broken.jpg")).to_be_visible()
    expect(page.locator(FACE)).to_have_count(0)
    assert "Traceback" not in page.content()


def test_visitors_do_not_see_each_other(url, visit, tmp_path):
    wall = tmp_path / "wall.png"
    Image.new("RGB", (320, 200), (90, 120, 150)).save(wall)
    first, second = visit(url).page, visit(url).page
    start_camera(first)
    upload(second, wall)
    expect(second.get_by_text(words.NO_FACE_PHOTO)).to_be_visible()
    expect(first.locator(FRAME)).to_have_count(1)
    second.get_by_role("tab", name="Webcam").click()
    expect(second.locator("#panel")).to_contain_text(words.CAMERA_OFF)
    expect(second.locator(FRAME)).to_have_count(0)
    first.get_by_role("tab", name="Photo").click()
    expect(first.get_by_text(words.PHOTO_EMPTY)).to_be_visible()


def test_each_visitor_has_tracks_of_their_own(url, visit, monkeypatch):
    """Every frame goes on from the state after the same visitor's last frame."""
    chains: list[list[float]] = []

    def recorded(recognizer, tracker, stream, rgb, seconds):
        after, faces = recognize_next(recognizer, tracker, stream, rgb, seconds)
        before = stream.tracks.seconds
        chain = next((chain for chain in chains if chain[-1] == before), None)
        if chain is None:
            assert before == 0.0, "a state that is nobody's last"
            chains.append(chain := [])
        chain.append(after.tracks.seconds)
        return after, faces

    recognize_next = webcam.recognize_next
    monkeypatch.setattr(webcam, "recognize_next", recorded)
    first, second = visit(url), visit(url)
    for visitor in (first, second):
        start_camera(visitor.page)
    for visitor in (first, second):
        expect(visitor.page.locator(FRAME)).to_have_count(1)
        visitor.page.wait_for_timeout(2000)
    for visitor in (first, second):
        visitor.page.get_by_role("button", name="Stop camera").click()
        expect(visitor.page.locator(FRAME)).to_have_count(0)
    one, two = chains
    assert min(len(one), len(two)) >= 3
    assert max(one[0], two[0]) < min(one[-1], two[-1])  # they watched at the same time


def test_a_fault_in_the_live_view_is_a_sentence_and_the_stream_goes_on(visit, toy):
    class Faulty:
        spec = toy.recognizers["haar"].spec
        detector, classify = toy.recognizers["haar"].detector, toy.recognizers["haar"].classify
        calls = 0

        def __call__(self, image, **options):
            self.calls += 1
            if self.calls <= 3:
                raise RuntimeError("planted")
            return toy.recognizers["haar"](image, **options)

    demo = app.build_app({"toy": app.Model({"haar": Faulty()}, ())})
    visitor = visit(serve(demo))
    start_camera(visitor.page)
    expect(visitor.page.locator("#panel [role=alert]")).to_contain_text("fault of ours")
    expect(visitor.page.locator(FRAME)).to_have_count(1)
    visitor.assert_clean()
    demo.close()


def test_of_two_detectors_the_better_is_at_work_and_the_other_can_be_chosen(visit, toy, tmp_path):
    haar = toy.recognizers["haar"]
    other = Recognizer(haar.detector, fer.load(write_toy_bundle(tmp_path, seed=5)).classifier)
    demo = app.build_app({"toy": app.Model({"haar": haar, "yunet": other}, ())})
    page = visit(serve(demo)).page
    expect(page.get_by_label("YuNet")).to_be_checked()
    upload(page, app.EXAMPLES["Try one face"])
    bars = page.locator(f"{FACE} .bars")
    expect(bars).to_be_visible()
    before = bars.inner_text()
    page.get_by_label("Haar cascade").check()
    expect(bars).not_to_have_text(before)
    demo.close()


def test_several_bundles_can_be_chosen_and_one_needs_no_choice(visit, url, toy, tmp_path):
    assert visit(url).page.get_by_text(words.CHOICE).count() == 0
    other = app.open_model(write_toy_bundle(tmp_path, "other", seed=5))
    demo = app.build_app({"toy": toy, "other": other})
    page = visit(serve(demo)).page
    upload(page, app.EXAMPLES["Try one face"])
    bars = page.locator(f"{FACE} .bars")
    expect(bars).to_be_visible()
    before = bars.inner_text()
    page.get_by_label("toy weights 5").check()
    expect(bars).not_to_have_text(before)
    demo.close()
