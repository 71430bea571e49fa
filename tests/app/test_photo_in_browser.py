"""The Photo tab, and the menu for all tabs, in headless Chromium."""

import json
from base64 import b64encode
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, Route, expect

import app
import fer
from fer.look import words
from fer.paths import EXAMPLE_PICTURES
from fer.vision.recognize import Recognizer
from tests.support.browser import unreadable
from tests.support.bundles import write_toy_bundle

ONE = EXAMPLE_PICTURES["Astronaut"]
CARD = ".cards .face"


@pytest.fixture
def photo(visit):
    return lambda *where, **options: visit(*where, tab="Photo", **options)


def upload(page: Page, path: Path) -> None:
    page.locator("#upload input[type=file]").set_input_files(str(path))


def inside(page: Page, locator) -> bool:
    """Whether it is on the screen from its upper to its lower end."""
    box = locator.bounding_box()
    return box["y"] >= 0 and box["y"] + box["height"] <= page.viewport_size["height"]


def test_the_answer_is_seen_without_scrolling_and_the_picture_once(photo):
    visitor = photo(width=1366, height=900)
    page = visitor.page
    upload(page, ONE)
    expect(page.locator(CARD)).to_have_count(1)
    expect(page.get_by_role("heading", name="1 face", exact=True)).to_be_visible()
    assert page.evaluate("window.scrollY") == 0
    bars = page.locator(f"{CARD} .fer-bars")
    expect(bars.locator("li")).to_have_count(7)
    assert inside(page, bars)
    assert inside(page, page.locator(".shot img"))
    large = [image for image in page.locator("img").all() if image.is_visible()]
    assert sum(image.bounding_box()["width"] > 300 for image in large) == 1
    expect(page.locator("#photo-result")).to_contain_text("toy weights 0")
    visitor.assert_clean()


def test_on_a_phone_the_page_goes_to_the_answer(photo):
    page = photo(width=390, height=844).page
    upload(page, ONE)
    expect(page.locator(CARD)).to_have_count(1)
    expect(page.locator(CARD)).to_be_in_viewport(ratio=0.95)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_files_are_written_when_they_are_saved(photo, cache, save, tmp_path):
    visitor = photo()
    page = visitor.page
    upload(page, ONE)
    expect(page.locator(CARD)).to_have_count(1)
    before = set(cache.rglob("*faces*"))
    names = ("Save picture", "Save JSON", "Save CSV")
    picture, as_json, as_csv = (save(page, name, tmp_path) for name in names)
    assert len(set(cache.rglob("*faces*")) - before) >= 3
    assert picture.name == "astronaut-faces.jpg"
    assert Image.open(picture).size == (512, 512)
    [record] = json.loads(as_json.read_text())["faces"]
    assert record["file"] == "astronaut.jpg"
    assert 175 < (record["box"][0] + record["box"][2]) / 2 < 275
    assert sum(record["probabilities"].values()) == pytest.approx(1, abs=1e-4)
    _, row = as_csv.read_text().splitlines()
    assert max(map(len, row.split(",")[-7:])) <= 8  # 0.123456
    visitor.assert_clean()


def test_an_analysis_alone_leaves_nothing_but_the_upload(photo, cache, tmp_path):
    path = tmp_path / "unlike-any-other.jpg"
    path.write_bytes(ONE.read_bytes())
    before = filled(cache)
    page = photo().page
    upload(page, path)
    expect(page.locator(CARD)).to_have_count(1)
    assert {file.name for file in filled(cache) - before} == {"unlike-any-other.jpg"}


def filled(folder: Path) -> set[Path]:
    """Files with content: Gradio leaves an empty one for every upload."""
    return {file for file in folder.rglob("*") if file.is_file() and file.stat().st_size}


def test_what_it_looked_at_is_shown_on_demand(photo):
    page = photo().page
    upload(page, ONE)
    picture = page.locator(f"{CARD} img")
    expect(picture).to_have_count(1)
    plain = picture.get_attribute("src")
    page.get_by_label(words.HEAT).check()
    expect(page.locator(CARD)).to_contain_text("evidence for")
    assert picture.get_attribute("src") != plain
    page.get_by_label(words.HEAT).uncheck()
    expect(page.locator(CARD)).not_to_contain_text("evidence for")


def test_an_example_is_one_click_away_and_faces_lead_to_their_cards(photo):
    page = photo(width=1366).page
    page.get_by_role("button", name="Drawings").click()
    expect(page.locator(CARD)).to_have_count(7)
    expect(page.get_by_role("heading", name="7 faces")).to_be_visible()
    page.locator('.shot [data-face="7"] rect.face').click(force=True)
    expect(page.locator("#face-7")).to_be_in_viewport()
    expect(page.locator("#face-7")).to_have_class("face chosen")
    page.locator("#face-2").click()
    expect(page.locator('.shot [data-face="2"]')).to_have_class("chosen")


@pytest.mark.parametrize("how", ["paste", "drop"])
def test_a_picture_can_be_pasted_and_dropped_anywhere(photo, how):
    page = photo().page
    for count in (1, 7):  # the second replaces the first
        path = EXAMPLE_PICTURES["Astronaut" if count == 1 else "Drawings"]
        give(page, how, path)
        expect(page.locator(CARD)).to_have_count(count)


def give(page: Page, how: str, path: Path) -> None:
    page.evaluate(
        """([how, base64]) => {
          const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
          const data = new DataTransfer();
          data.items.add(new File([bytes], "image.jpg", { type: "image/jpeg" }));
          const options = { bubbles: true, cancelable: true };
          document.body.dispatchEvent(how === "paste"
            ? new ClipboardEvent("paste", { ...options, clipboardData: data })
            : new DragEvent("drop", { ...options, dataTransfer: data }));
        }""",
        [how, b64encode(path.read_bytes()).decode()],
    )


@pytest.mark.parametrize(
    ("name", "content"),
    [("broken.jpg", b"this is text"), ("notes.txt", b"text"), ("none.png", b"")],
)
def test_a_file_that_is_no_picture_gets_our_sentence_and_the_next_one_works(
    photo, tmp_path, name, content
):
    broken = tmp_path / name
    broken.write_bytes(content)
    visitor = photo()
    page = visitor.page
    upload(page, broken)
    expect(page.get_by_role("alert").filter(has_text=name)).to_be_visible()
    expect(page.locator(CARD)).to_have_count(0)
    assert page.locator(".toast-body").count() == 0
    assert page.locator("#upload img, .shot img").count() == 0
    assert "Traceback" not in page.content()
    upload(page, ONE)
    expect(page.locator(CARD)).to_have_count(1)
    page.get_by_role("button", name=words.PHOTO_AGAIN).click()
    expect(page.locator("#photo-said")).to_contain_text(words.PHOTO_EMPTY)
    expect(page.locator("#upload")).to_be_visible()
    visitor.assert_clean()


@pytest.mark.parametrize("meanwhile", ["is looked at", "is on its way"])
def test_what_was_asked_last_is_answered_last(photo, tmp_path, meanwhile):
    """The second picture is given while the first ``meanwhile``."""
    slow = tmp_path / "slow.png"
    Image.open(ONE).resize((4000, 4000)).save(slow, compress_level=1)
    page = photo().page
    held: list[Route] = []
    if meanwhile == "is on its way":
        page.route("**/gradio_api/upload*", lambda route: held.append(route))
        upload(page, slow)
    else:
        with page.expect_response("**/gradio_api/upload*"):
            upload(page, slow)
    page.get_by_role("button", name="Officer").click()
    expect(page.locator("#photo-result .made-by")).to_contain_text("hopper.jpg")
    for route in held:
        with page.expect_response("**/gradio_api/upload*"):
            route.continue_()
    page.unroute_all()
    page.wait_for_timeout(3000)
    expect(page.locator("#photo-result .made-by")).to_contain_text("hopper.jpg")
    expect(page.locator("#spoken")).to_have_text("1 face")
    upload(page, slow)  # which is asked anew
    expect(page.locator("#photo-result .made-by")).to_contain_text("slow.png")


def test_visitors_do_not_see_each_other(visit, photo, tmp_path):
    wall = tmp_path / "wall.png"
    Image.new("RGB", (320, 200), (90, 120, 150)).save(wall)
    first, second = visit().page, photo().page
    first.get_by_role("button", name="Start camera").click()
    upload(second, wall)
    expect(second.get_by_text(words.NO_FACE_PHOTO)).to_be_visible()
    expect(first.locator("#overlay rect.face")).to_have_count(1)
    second.get_by_role("tab", name="Webcam").click()
    expect(second.locator("#idle")).to_contain_text(words.CAMERA_OFF)
    expect(second.locator("#panel")).to_be_hidden()
    expect(second.locator("#overlay rect.face")).to_have_count(0)
    first.get_by_role("tab", name="Photo").click()
    expect(first.get_by_text(words.PHOTO_EMPTY)).to_be_visible()


def test_a_picture_that_is_a_face_need_not_be_searched(photo, tmp_path):
    path = tmp_path / "tiny.png"
    Image.open(ONE).crop((180, 60, 270, 150)).resize((48, 48)).save(path)
    page = photo().page
    page.get_by_label(words.WHOLE_PICTURE).check()
    upload(page, path)
    expect(page.locator(CARD)).to_have_count(1)
    expect(page.locator("#photo-result")).to_contain_text("whole picture")


def test_the_menu_is_closed_at_first_and_names_what_is_at_work(visit, serve, toy, tmp_path):
    other = Recognizer(
        toy.recognizers["haar"].detector, fer.load(write_toy_bundle(tmp_path, seed=5)).classifier
    )
    both = {"haar": toy.recognizers["haar"], "yunet": other}
    page = visit(serve(toy=app.Model(both, ())), tab="Photo").page
    menu = page.get_by_role("button", name="Model: toy weights 0")
    expect(page.get_by_label("YuNet")).to_be_hidden()
    menu.click()
    expect(page.get_by_label("YuNet")).to_be_checked()
    page.keyboard.press("Escape")
    expect(page.get_by_label("YuNet")).to_be_hidden()
    expect(menu).to_be_focused()
    upload(page, ONE)
    bars = page.locator(f"{CARD} .fer-bars")
    expect(bars).to_be_visible()
    before = bars.inner_text()
    menu.click()
    page.get_by_label("Haar cascade").check()
    expect(bars).not_to_have_text(before)
    expect(page.locator("#photo-result .made-by")).to_contain_text("Haar cascade")
    page.locator("h1").click()
    expect(page.get_by_label("YuNet")).to_be_hidden()


def test_several_bundles_can_be_chosen_and_one_needs_no_choice(visit, url, serve, toy, other):
    single = visit(url).page
    single.locator("#menu > button").click()
    expect(single.locator("#detector")).to_be_visible()
    expect(single.locator("#model")).to_be_hidden()
    page = visit(serve(toy=toy, other=other), tab="Photo").page
    upload(page, ONE)
    bars = page.locator(f"{CARD} .fer-bars")
    expect(bars).to_be_visible()
    before = bars.inner_text()
    page.locator("#menu > button").click()
    page.get_by_label("toy weights 5").check()
    expect(bars).not_to_have_text(before)
    expect(page.locator("#photo-result")).to_contain_text("toy weights 5")
    expect(page.get_by_role("button", name="Model: toy weights 5")).to_be_visible()


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_every_text_is_readable_in_the_pages_own_typeface(photo, dark):
    page = photo(dark=dark).page
    page.get_by_role("button", name="Drawings").click()
    expect(page.locator(CARD)).to_have_count(7)
    assert page.evaluate("document.fonts.check('16px Figtree') && document.fonts.size > 0")
    page.locator("#menu > button").click()
    found = unreadable(page)
    page.locator("#menu > button").click()
    for tab in ("Video", "Webcam"):
        page.get_by_role("tab", name=tab).click()
        found += unreadable(page)
    assert found == []
