"""The tab in which everything happens on the visitor's device, inside the app."""

import pytest
from playwright.sync_api import expect

import app
from fer import ondevice
from fer.look import words
from fer.paths import EXAMPLE_PICTURES
from fer.vision import yunet
from tests.support.browser import open_page


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    if yunet.model_path() is None:
        pytest.skip("YuNet's file is not part of the repository: 'fer fetch yunet', or FER_YUNET")
    site = ondevice.build_site(tmp_path_factory.mktemp("site") / "page", ["fer-nano"])
    demo = app.build_app({"fer-nano": app.open_model("fer-nano")}, device=True)
    yield app.launch(demo, site, prevent_thread_lock=True, quiet=True, server_name="127.0.0.1")
    demo.close()


def test_the_camera_is_read_on_the_device_and_stops_behind_another_tab(chromium, address):
    visitor = open_page(chromium, address, 1366, 900)
    page = visitor.page
    device = page.frame_locator("#on-device")
    expect(device.locator(".face h2 span").first).to_have_text("happy", timeout=60_000)
    device.get_by_role("button", name="Start camera").click()
    device.get_by_text("The last half minute").wait_for()
    page.get_by_role("tab", name="Photo").click()
    page.wait_for_timeout(1000)
    page.get_by_text(words.ON_SERVER).locator("visible=true").wait_for()
    page.get_by_role("button", name="Use “On this device” instead").click()
    device.get_by_role("button", name="Start camera").wait_for()
    visitor.assert_clean()
    visitor.close()


@pytest.mark.parametrize("how", ["upload", "example", "video"])
def test_what_was_chosen_goes_along_to_the_page_on_the_device(chromium, address, how):
    visitor = open_page(chromium, address, 1366, 900)
    page = visitor.page
    page.get_by_role("tab", name="Video" if how == "video" else "Photo").click()
    if how == "upload":
        page.locator("#upload input[type=file]").set_input_files(EXAMPLE_PICTURES["Officer"])
    elif how == "example":
        page.get_by_role("button", name="Officer").click()
    else:
        page.get_by_role("button", name=words.VIDEO_EXAMPLE).click()
        page.locator(".player").wait_for()
    if how != "video":
        page.locator(".shot img").wait_for()
    posted = []
    page.on("request", lambda request: posted.append(request) if "upload" in request.url else None)
    page.get_by_role("button", name=words.ON_DEVICE).locator("visible=true").click()
    device = page.frame_locator("#on-device")
    name = "clip.mp4" if how == "video" else EXAMPLE_PICTURES["Officer"].name
    expect(device.locator("#hint")).to_contain_text(name, timeout=60_000)
    assert posted == []
    visitor.assert_clean()
    visitor.close()
