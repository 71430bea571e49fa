"""The Webcam tab in headless Chromium, whose camera shows the astronaut."""

import re
from pathlib import Path
from types import SimpleNamespace

import httpx
import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

import app
from fer.app import live
from fer.labels import LABELS, UNSURE
from fer.look import words
from tests.support.browser import (
    CAMERA_SIZE,
    camera_scene,
    launch_chromium,
    open_page,
    write_camera,
)

FRAME = "#overlay rect.face"

# In the camera's picture her face is about 100 pixels wide around (230, 105).
# The live view is mirrored, and so must the overlay be.
FACE_CENTRE = (CAMERA_SIZE[0] - 230, 105)

ONE_OF = "|".join(LABELS)
LABEL = re.compile(rf"^({UNSURE}( \(({ONE_OF})\?\))?|({ONE_OF}) \d+ %)$")

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


def start_button(page: Page):
    return page.get_by_role("button", name="Start camera", exact=True)


def stop_button(page: Page):
    return page.get_by_role("button", name="Stop camera", exact=True)


def start_camera(page: Page) -> None:
    start_button(page).click()


def shown_picture(page: Page) -> tuple[float, float, float]:
    """Left, top and scale of the camera's picture on the screen."""
    box = page.locator("#camera video").bounding_box()
    assert box is not None
    scale = min(box["width"] / CAMERA_SIZE[0], box["height"] / CAMERA_SIZE[1])
    left = box["x"] + (box["width"] - scale * CAMERA_SIZE[0]) / 2
    return left, box["y"] + (box["height"] - scale * CAMERA_SIZE[1]) / 2, scale


@pytest.mark.parametrize(("width", "height"), [(1280, 900), (390, 844)], ids=["desktop", "phone"])
def test_one_press_starts_and_the_face_is_marked_where_it_is_seen(visit, tmp_path, width, height):
    visitor = visit(width=width, height=height)
    page = visitor.page
    expect(stop_button(page)).to_be_hidden()
    start_camera(page)
    frame = page.locator(FRAME)
    expect(frame).to_have_count(1)
    box = frame.bounding_box()
    left, top, scale = shown_picture(page)
    assert (box["x"] + box["width"] / 2 - left) / scale == pytest.approx(FACE_CENTRE[0], abs=30)
    assert (box["y"] + box["height"] / 2 - top) / scale == pytest.approx(FACE_CENTRE[1], abs=30)
    assert 70 < box["width"] / scale < 170
    expect(page.locator("#overlay text")).to_have_text(LABEL)
    expect(page.locator("#panel .fer-bars li")).to_have_count(7)
    expect(page.locator("#panel .fer-facts")).to_contain_text("ms per frame")
    expect(page.locator("#recent .track i").last).to_be_visible()
    assert_mirrored(page, tmp_path / "live.png")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
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


def test_there_is_one_button_for_the_camera_and_the_keyboard_never_loses_it(visit):
    page = visit().page
    camera = page.locator("#stage").get_by_role("button")
    expect(start_button(page)).to_be_visible()
    assert [button.inner_text() for button in camera.all() if button.is_visible()] == [
        "Start camera"
    ]
    start_button(page).focus()
    page.keyboard.press("Enter")
    expect(page.locator(FRAME)).to_have_count(1)
    expect(stop_button(page)).to_be_focused()
    assert [button.inner_text() for button in camera.all() if button.is_visible()] == [
        "Stop camera"
    ]
    page.keyboard.press("Enter")
    expect(start_button(page)).to_be_focused()
    expect(page.get_by_text(words.CAMERA_OFF)).to_have_count(2)  # the panel is emptied as well
    expect(page.locator("#idle")).to_be_visible()


def test_nothing_is_sent_before_start_and_nothing_of_the_frames_reaches_the_disk(visit, cache):
    page = visit().page
    before = sorted(cache.rglob("*"))
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.post_data or ""))
    page.wait_for_timeout(600)
    assert not any("data:image/jpeg" in body for body in sent)
    start_camera(page)
    expect(page.locator(FRAME)).to_have_count(1)
    page.wait_for_timeout(600)
    assert any("data:image/jpeg" in body for body in sent)
    assert sorted(cache.rglob("*")) == before


@pytest.mark.parametrize("how", ["stop", "other tab"])
def test_stop_clears_the_overlay_and_frees_the_camera(visit, how):
    visitor = visit(script=TRACKS)
    page = visitor.page
    start_camera(page)
    expect(page.locator(FRAME)).to_have_count(1)
    if how == "stop":
        stop_button(page).click()
    else:
        page.get_by_role("tab", name="Photo").click()
    expect(page.locator(FRAME)).to_have_count(0)
    page.wait_for_timeout(1000)  # an answer still on its way must not bring it back
    expect(page.locator(FRAME)).to_have_count(0)
    assert page.evaluate("tracks.every(track => track.readyState === 'ended')")
    page.get_by_role("tab", name="Webcam").click()
    expect(page.locator("#idle")).to_contain_text(words.CAMERA_OFF)
    for late in ("#panel", "#recent"):  # whatever an answer still on its way puts there
        page.locator(late).evaluate(
            "e => e.insertAdjacentHTML('beforeend', '<b class=track><i>late')"
        )
    expect(page.locator("#idle")).to_be_visible()
    expect(page.get_by_text("late").locator("visible=true")).to_have_count(0)
    start_camera(page)
    expect(page.locator("#idle")).to_be_hidden()
    expect(page.locator("#panel")).to_be_visible()
    expect(page.locator(FRAME)).to_have_count(1)
    visitor.assert_clean()


@pytest.mark.parametrize("end", ["", "/close"])
def test_a_frame_that_comes_after_its_stream_has_ended_is_no_error(url, end):
    frame = {"data": [], "session_hash": "visitor"}
    answer = httpx.post(f"{url}gradio_api/stream/ended{end}", json=frame, timeout=60)
    assert answer.status_code == 204


def test_a_refused_camera_gets_a_sentence_that_helps_and_can_be_tried_again(visit):
    visitor = visit(script=REFUSED)
    page = visitor.page
    start_camera(page)
    expect(page.get_by_role("alert").filter(has_text="address bar")).to_be_visible()
    expect(start_button(page)).to_be_visible()
    expect(stop_button(page)).to_be_hidden()
    page.evaluate("document.getElementById('camera-help').textContent = ''")
    start_camera(page)
    expect(page.get_by_role("alert").filter(has_text="address bar")).to_be_visible()
    visitor.assert_clean()


def test_the_panel_stays_with_a_face_until_another_is_chosen(url, chromium, tmp_path):
    left = camera_scene()[:, 20:340]
    camera = write_camera(tmp_path / "two.mjpeg", np.hstack([left, left[:, ::-1]]))
    browser = launch_chromium(SimpleNamespace(chromium=chromium.browser_type), camera)
    page = open_page(browser, url).page
    start_camera(page)
    expect(page.locator(FRAME)).to_have_count(2)
    title = page.locator("#panel h2")
    expect(title).to_have_text(re.compile(r"Face \d+"))
    before, _ = beside_and_seen(page)
    for _ in range(30):  # a busy machine may lose sight of both: then they get new numbers
        page.wait_for_timeout(100)
        beside, seen = beside_and_seen(page)
        assert beside == before or before not in seen
        before = beside
    page.evaluate(
        """() => {
          const beside = document.querySelector("#panel h2").textContent.split(" ")[1];
          const other = [...document.querySelectorAll("#overlay [data-face]")]
            .find((face) => face.dataset.face !== beside);
          window.wanted = other.dataset.face;
          other.dispatchEvent(new PointerEvent("pointerdown", { bubbles: true }));
        }"""
    )
    expect(title).to_have_text(f"Face {page.evaluate('window.wanted')}")
    page.keyboard.press("n")
    expect(title).not_to_have_text(f"Face {page.evaluate('window.wanted')}")
    expect(title).to_have_text(re.compile(r"Face \d+"))
    browser.close()


def beside_and_seen(page: Page) -> tuple[str, list[str]]:
    """The number of the face in the panel, and the numbers in the picture, at one moment."""
    return page.evaluate(
        """() => [
          document.querySelector("#panel h2")?.textContent.split(" ")[1],
          [...document.querySelectorAll("#overlay [data-face]")].map((face) => face.dataset.face),
        ]"""
    )


def test_each_visitor_has_tracks_of_their_own(visit, monkeypatch):
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

    recognize_next = live.recognize_next
    monkeypatch.setattr(live, "recognize_next", recorded)
    first, second = visit(), visit()
    for visitor in (first, second):
        start_camera(visitor.page)
    for visitor in (first, second):
        expect(visitor.page.locator(FRAME)).to_have_count(1)
    second.page.wait_for_timeout(2000)
    for visitor in (first, second):
        stop_button(visitor.page).click()
        expect(visitor.page.locator(FRAME)).to_have_count(0)
    one, two = chains
    assert min(len(one), len(two)) >= 3
    assert max(one[0], two[0]) < min(one[-1], two[-1])  # they watched at the same time


def test_a_fault_in_the_live_view_is_a_sentence_and_the_stream_goes_on(visit, serve, toy):
    haar = toy.recognizers["haar"]

    class Faulty:
        spec, detector = haar.spec, haar.detector
        calls = 0

        def classify(self, rgb, found, **options):
            self.calls += 1
            if self.calls <= 3:
                raise RuntimeError("planted")
            return haar.classify(rgb, found, **options)

    visitor = visit(serve(toy=app.Model({"haar": Faulty()}, ())))
    start_camera(visitor.page)
    expect(visitor.page.locator("#panel [role=alert]")).to_contain_text(words.FAILED)
    expect(visitor.page.locator(FRAME)).to_have_count(1)
    visitor.assert_clean()
