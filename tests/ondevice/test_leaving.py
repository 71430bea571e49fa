"""What visitors leave behind, and what goes wrong meanwhile: nothing stays on, is lost or hangs."""

import json
import re
import shutil
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import expect

from fer import ondevice
from fer.bundle import METRICS, Bundle
from fer.paths import ASTRONAUT
from tests.support.browser import open_page

ASKING = """
    const devices = navigator.mediaDevices;
    const real = devices.getUserMedia.bind(devices);
    window.streams = [];
    devices.getUserMedia = async (wish) => {
        await new Promise((resolve) => (window.allow = resolve));
        const stream = await real(wish);
        window.streams.push(stream);
        return stream;
    };
"""
"""A visitor who takes their time with the browser's question whether the camera is allowed."""

RECORDED = """async () => {
    const canvas = document.createElement("canvas");
    const picture = await createImageBitmap(await (await fetch("examples/astronaut.jpg")).blob());
    Object.assign(canvas, { width: 320, height: 320 });
    const pen = canvas.getContext("2d");
    const drawing = setInterval(() => pen.drawImage(picture, 0, 0, 320, 320), 40);
    const recorder = new MediaRecorder(canvas.captureStream(25), { mimeType: "video/webm" });
    const parts = [];
    recorder.ondataavailable = ({ data }) => parts.push(data);
    recorder.start();
    await new Promise((resolve) => setTimeout(resolve, 1200));
    await new Promise((resolve) => ((recorder.onstop = resolve), recorder.stop()));
    clearInterval(drawing);
    const data = new DataTransfer();
    data.items.add(new File(parts, "recorded.webm", { type: "video/webm" }));
    window.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data }));
}"""
"""Paste a recording that the browser made: such files do not say how long they are."""


def _opened(chromium, address, script=""):
    visitor = open_page(chromium, address, 1366, 900, script=script)
    expect(_answer(visitor.page)).to_have_text("happy")
    return visitor


def _answer(page):
    return page.locator(".face h2 span").first


def _until(page, condition):
    """Wait for it; Playwright's own way needs `eval`, which the page's policy forbids."""
    page.evaluate(
        f"""async () => {{
            for (let i = 0; !({condition}); i++) {{
                if (i > 600) throw new Error("it does not happen");
                await new Promise((resolve) => setTimeout(resolve, 100));
            }}
        }}"""
    )


@pytest.fixture(scope="module")
def page(chromium, address):
    visitor = _opened(chromium, address)
    yield visitor.page
    visitor.close()


def test_no_camera_stays_on_whenever_it_is_allowed_or_unplugged(chromium, address):
    visitor = _opened(chromium, address, ASKING)
    page = visitor.page
    page.get_by_role("button", name="Start camera").click()
    _until(page, "window.allow")
    page.get_by_role("button", name="Stop camera").click()
    page.evaluate("window.allow()")
    _until(
        page,
        "streams.length === 1 && streams[0].getTracks().every((t) => t.readyState === 'ended')",
    )
    assert page.locator("#video").evaluate("video => video.srcObject") is None

    page.evaluate("window.allow = undefined")
    page.get_by_role("button", name="Start camera").click()
    _until(page, "window.allow")
    page.evaluate("window.allow()")
    page.get_by_text("The last half minute").wait_for()
    page.evaluate("streams[1].getTracks()[0].dispatchEvent(new Event('ended'))")
    expect(page.get_by_role("alert")).to_contain_text("The camera stopped")
    page.get_by_role("button", name="Start camera").wait_for()
    visitor.assert_clean()
    visitor.close()


def test_a_recording_under_way_is_left_only_when_the_visitor_says_so(page):
    page.get_by_role("button", name="Start camera").click()
    page.get_by_text("The last half minute").wait_for()
    page.keyboard.press("r")  # while the button has the focus
    page.get_by_role("button", name=re.compile(r"Stop recording \((?!0:00\))")).wait_for()
    asked = []
    page.once("dialog", lambda dialog: (asked.append(dialog.message), dialog.dismiss()))
    page.set_input_files("#files", ASTRONAUT)
    assert asked == ["Your recording is not saved. Leave it?"]
    page.keyboard.press("r")
    page.get_by_text("Your recording").wait_for()
    grey = "picture.getContext('2d').getImageData(5, 5, 1, 1).data[0]"  # of the camera's wall
    _until(page, f"picture.width === 640 && Math.abs({grey} - 70) < 20")
    page.once("dialog", lambda dialog: dialog.accept())
    page.set_input_files("#files", ASTRONAUT)
    page.get_by_text("astronaut.jpg. Model").wait_for()


def test_the_picture_before_does_not_show_through_a_transparent_one(page, tmp_path):
    clear = tmp_path / "clear.png"
    with Image.open(ASTRONAUT) as picture:
        Image.new("RGBA", picture.size, (0, 0, 0, 0)).save(clear)
    page.set_input_files("#files", ASTRONAUT)
    expect(page.locator("#spoken")).to_have_text("astronaut.jpg: happy")
    page.set_input_files("#files", clear)
    expect(page.locator("#spoken")).to_have_text("clear.png: no face")


def test_a_video_that_does_not_say_how_long_it_is_is_read_to_its_end(page):
    page.evaluate(RECORDED)
    page.get_by_text("recorded.webm. Model: Accurate.").wait_for()
    end = float(page.locator("#timeline").get_attribute("aria-valuemax"))
    assert 0.5 < end < 10
    expect(_answer(page)).to_have_text("happy")


def test_a_model_that_cannot_be_loaded_leaves_the_one_in_use(page):
    menu = page.locator("#model")
    menu.evaluate("menu => menu.add(new Option('Gone', 'gone'))")
    menu.select_option("gone")
    expect(page.get_by_role("alert")).to_contain_text("Gone cannot be loaded")
    expect(menu).to_have_value("fer")


def test_the_pages_policy_binds_its_worker(page):
    [worker] = page.workers
    refused = worker.evaluate(
        """() => new Promise((resolve) => {
            self.addEventListener("securitypolicyviolation", (event) =>
                resolve(event.effectiveDirective));
            fetch("http://127.0.0.1:9/").catch(() => setTimeout(resolve, 5000, "nothing"));
        })"""
    )
    assert refused == "connect-src"


@pytest.mark.parametrize("damage", [{"judged_by": None}, {"accuracy": "high"}])
def test_a_damaged_measurement_is_left_out_of_the_page(damage, site, runtime, tmp_path):
    entries = json.loads((site / "models" / "models.json").read_text())["models"]
    assert all("faces on which it was tuned" in entry["note"] for entry in entries)
    bundle = Path(shutil.copytree(Bundle.open("fer-nano").folder, tmp_path / "mine"))
    metrics = json.loads((bundle / METRICS).read_text())
    metrics["validation"] |= damage
    (bundle / METRICS).write_text(json.dumps(metrics))
    built = ondevice.build_site(tmp_path / "site", [str(bundle)])
    [entry] = json.loads((built / "models" / "models.json").read_text())["models"]
    assert entry["note"] == ""
