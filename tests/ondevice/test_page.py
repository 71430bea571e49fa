"""The page as visitors meet it: one press, on this device, without a network, on every screen."""

import json
import re

import pytest
from PIL import Image
from playwright.sync_api import expect

from fer import ondevice
from fer.errors import UserError
from fer.labels import LABELS
from fer.paths import REPOSITORY
from fer.vision.faces import Face
from tests.support.browser import open_page, unreadable
from tests.support.videos import moving_face, write_video

ASTRONAUT, GROUP = (REPOSITORY / "examples" / f"{name}.jpg" for name in ("astronaut", "group"))


@pytest.fixture
def visitor(chromium, address):
    visitor = open_page(chromium, address, 1366, 900)
    yield visitor
    visitor.close()


def _answer(page):
    return page.locator(".face h2 span").first


def test_the_first_screen_shows_an_analysed_face_and_what_to_press(visitor):
    page = visitor.page
    expect(_answer(page)).to_have_text("happy")
    assert page.locator(".bar").count() == len(LABELS)
    for name in ("Start camera", "Open pictures or a video"):
        assert page.get_by_role("button", name=name).bounding_box()["y"] < 850
    visitor.assert_clean()


def test_one_press_starts_the_camera_and_one_stops_it(visitor):
    page = visitor.page
    page.get_by_role("button", name="Start camera").click()
    stop = page.get_by_role("button", name="Stop camera")
    stop.wait_for()
    page.get_by_text("The last half minute").wait_for()
    expect(_answer(page)).to_have_text("happy")
    assert page.locator("#overlay rect").count() > 0
    page.locator("body").press(" ")
    page.get_by_role("button", name="Start camera").wait_for()
    assert page.locator("#video").get_attribute("hidden") is not None
    visitor.assert_clean()


def test_nothing_is_asked_of_anyone_while_the_camera_runs(visitor):
    page = visitor.page
    page.get_by_role("button", name="Start camera").click()
    page.get_by_text("The last half minute").wait_for()
    page.wait_for_timeout(500)
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.wait_for_timeout(800)
    assert asked == []


def test_a_recording_is_stepped_through_and_saved(visitor):
    page = visitor.page
    page.get_by_role("button", name="Start camera").click()
    page.get_by_role("button", name="Record").click()
    # A busy machine reads less than a frame a second.
    page.get_by_role("button", name=re.compile(r"Stop recording \((?!0:0[01]\))")).click()
    page.get_by_text("Your recording").wait_for()
    before = page.locator("#timeline").get_attribute("aria-valuenow")
    page.locator("#timeline").press("ArrowRight")
    page.locator("#timeline").press("End")
    assert float(before) == 0
    assert float(page.locator("#timeline").get_attribute("aria-valuenow")) > 0
    page.once("dialog", lambda dialog: dialog.dismiss())
    page.get_by_role("button", name="Start camera").click()  # would lose it
    page.get_by_text("Your recording").wait_for()
    page.get_by_role("button", name="Play").click()
    page.locator("#model").select_option("fer-nano")
    page.get_by_text("Your recording, on this page only. Model: Accurate.").wait_for()
    with page.expect_download() as saved:
        page.get_by_role("button", name="Save CSV").click()
    lines = saved.value.path().read_text().splitlines()
    assert lines[0].split(",")[:6] == ["time", "face", "x0", "y0", "x1", "y1"]
    assert len(lines) > 3
    assert "," + "happy" + "," in lines[1]


def test_several_pictures_and_what_cannot_be_read(visitor, tmp_path):
    page = visitor.page
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"no picture")
    expect(_answer(page)).to_have_text("happy")
    page.set_input_files("#files", [GROUP, ASTRONAUT, broken])
    expect(page.get_by_role("alert")).to_contain_text("no picture in broken.jpg")
    assert page.locator("#gallery button").count() == 2
    assert page.locator("#overlay g").count() == 7
    with page.expect_download() as saved:
        page.get_by_role("button", name="Save JSON").click()
    told = json.loads(saved.value.path().read_text())
    assert told["model"] == "fer"
    assert [face["file"] for face in told["faces"]] == ["group.jpg"] * 7 + ["astronaut.jpg"]
    first = {key: value for key, value in told["faces"][0].items() if key != "file"}
    assert [*first] == [*Face((0, 0, 1, 1), "sad", "sad", 1.0, {}).record()]  # as Python's
    assert [*first["probabilities"]] == [*LABELS]
    with page.expect_download() as saved:
        page.get_by_role("button", name="Save picture").click()
    assert saved.value.path().read_bytes().startswith(b"\x89PNG")
    page.set_input_files("#files", broken)
    expect(page.get_by_role("alert")).to_contain_text("no picture in broken.jpg")
    assert page.locator("#gallery button").count() == 2
    assert page.locator("#overlay g").count() == 7


def test_a_picture_is_pasted(visitor):
    page = visitor.page
    expect(_answer(page)).to_have_text("happy")
    assert page.get_by_role("button", name="Save CSV").is_hidden()  # of the example
    page.evaluate(
        """async (name) => {
            const data = new DataTransfer();
            const blob = await (await fetch(name)).blob();
            data.items.add(new File([blob], "pasted.jpg", { type: "image/jpeg" }));
            window.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data }));
        }""",
        "examples/astronaut.jpg",
    )
    page.get_by_text("pasted.jpg. Model: Accurate. Face detector: YuNet.").wait_for()
    expect(_answer(page)).to_have_text("happy")
    page.get_by_role("button", name="Save CSV").wait_for()
    visitor.assert_clean()


def test_a_video_is_read_and_then_sought_by_a_click(visitor, tmp_path):
    page = visitor.page
    expect(_answer(page)).to_have_text("happy")
    page.set_input_files("#files", write_video(tmp_path / "clip.mp4", moving_face(40)))
    page.get_by_role("button", name="Play").click()
    page.get_by_role("button", name="Pause").click()
    page.locator("#timeline").press("Home")
    box = page.locator("#timeline").bounding_box()
    page.mouse.click(box["x"] + 0.7 * box["width"], box["y"] + 10)
    expect(page.locator("#timeline")).to_have_attribute("aria-valuenow", re.compile(r"1\.\d"))
    visitor.assert_clean()


def test_a_video_is_read_again_by_another_model_and_goes_with_the_next(visitor, tmp_path):
    page = visitor.page
    expect(_answer(page)).to_have_text("happy")
    page.set_input_files("#files", write_video(tmp_path / "clip.mp4", moving_face(10)))
    page.get_by_text("clip.mp4. Model: Accurate.").wait_for()
    page.locator("#model").select_option("fer-nano")
    page.get_by_text("clip.mp4. Model: Fast.").wait_for()
    with page.expect_download() as saved:
        page.get_by_role("button", name="Save JSON").click()
    assert json.loads(saved.value.path().read_text())["model"] == "fer-nano"
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"no video")
    page.set_input_files("#files", broken)
    expect(page.get_by_role("alert")).to_contain_text("broken.mp4 cannot be played")
    assert page.locator("#time").is_hidden()
    expect(page.locator("#hint")).to_contain_text("Example: Eileen Collins")


def test_a_table_without_faces_has_its_columns_and_a_model_that_was_left_is_there_again(
    visitor, tmp_path
):
    page, asked = visitor.page, []
    expect(_answer(page)).to_have_text("happy")
    page.on("request", lambda request: asked.append(request.url))
    for model in ("fer-nano", "fer", "fer-nano"):
        page.locator("#model").select_option(model)
        title = {"fer": "Accurate", "fer-nano": "Fast"}[model]
        page.get_by_text(f"Model: {title}").first.wait_for()
    assert sum(url.endswith("fer-nano/model.onnx") for url in asked) == 1
    assert not any(url.endswith("/fer/model.onnx") for url in asked)
    wall = tmp_path / "wall.png"
    Image.new("RGB", (320, 200), (90, 120, 150)).save(wall)
    page.set_input_files("#files", wall)
    page.get_by_text("wall.png").first.wait_for()
    with page.expect_download() as saved:
        page.get_by_role("button", name="Save CSV").click()
    (line,) = saved.value.path().read_text().splitlines()
    assert line.startswith("file,x0,y0,x1,y1,label,best_guess,confidence,angry,")
    page.set_input_files("#files", ASTRONAUT)
    page.get_by_text("astronaut.jpg").first.wait_for()
    with page.expect_download() as saved:
        page.get_by_role("button", name="Save CSV").click()
    assert saved.value.path().read_text().splitlines()[0] == line


def test_it_works_offline_after_the_first_visit(chromium, address):
    visitor = open_page(chromium, address)
    page = visitor.page
    expect(_answer(page)).to_have_text("happy")
    # The service worker is ready once its cache is full.
    page.evaluate(
        """Promise.race([
          navigator.serviceWorker.ready.then(() => true),
          new Promise((_, reject) => setTimeout(reject, 60_000, "no service worker")),
        ])"""
    )
    page.context.set_offline(True)
    page.reload()
    expect(_answer(page)).to_have_text("happy")
    visitor.close()


def test_on_a_phone_nothing_is_cut_off_and_the_answer_is_near(chromium, address):
    visitor = open_page(chromium, address, 390, 844)
    page = visitor.page
    expect(_answer(page)).to_have_text("happy")
    assert page.locator("html").evaluate("page => page.scrollWidth") <= 390
    assert _answer(page).bounding_box()["y"] < 844
    for button in page.get_by_role("button").all():
        assert button.bounding_box()["height"] >= 40
    visitor.close()


def test_without_a_camera_it_says_what_to_do(chromium, address):
    refuse = """navigator.mediaDevices.getUserMedia = () =>
        Promise.reject(new DOMException("", "NotFoundError"))"""
    visitor = open_page(chromium, address, script=refuse)
    page = visitor.page
    page.get_by_role("button", name="Start camera").click()
    expect(page.get_by_role("alert")).to_contain_text("No camera was found")
    expect(_answer(page)).to_have_text("happy")  # the example, not an empty stage
    visitor.close()


def test_no_file_is_over_the_limit_and_a_first_visit_is_small(site):
    first = [name for name in site.rglob("*") if name.is_file()]
    other = {"fer-nano", "fer-consensus"}
    bytes_ = sum(p.stat().st_size for p in first if not other & set(p.parts))
    assert bytes_ < 7e6


def test_a_folder_that_holds_something_is_left_alone(tmp_path, runtime):
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(UserError, match=r"not empty"):
        ondevice.build_site(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_every_text_is_readable_in_the_pages_own_typeface(chromium, address, dark):
    visitor = open_page(chromium, address, 1366, 900, dark=dark)
    expect(_answer(visitor.page)).to_have_text("happy")
    for closed in visitor.page.locator("summary").all():
        closed.click()
    assert visitor.page.evaluate("document.fonts.check('16px Figtree') && document.fonts.size > 0")
    assert unreadable(visitor.page) == []
    visitor.assert_clean()
    visitor.close()
