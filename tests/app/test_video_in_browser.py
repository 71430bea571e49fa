"""The Video tab as visitors meet it, in headless Chromium."""

import csv
import json

import av
import pytest
from playwright.sync_api import expect

from fer.look import words
from tests.support.videos import moving_face, scene, write_video


@pytest.fixture
def tab(visit):
    return lambda *where, **options: visit(*where, tab="Video", **options)


@pytest.fixture(scope="module")
def long(tmp_path_factory):
    """More than a minute, so that there is time to stop."""
    path = tmp_path_factory.mktemp("long") / "long.mp4"
    return write_video(path, moving_face(40, 4) * 40, rate=25)


def upload(page, path):
    page.locator("#video-file input[type=file]").set_input_files(str(path))


def test_a_video_is_analysed_plays_and_can_be_saved(tab, save, tmp_path):
    source = write_video(tmp_path / "walk.mp4", moving_face(50, 3), sound="aac")
    visitor = tab()
    page = visitor.page
    expect(page.get_by_text("up to 5 minutes, 100 MB")).to_be_visible()
    upload(page, source)
    player = page.locator(".player")
    expect(player).to_be_visible()
    page.wait_for_function("document.querySelector('.player').readyState >= 2")
    player.evaluate("v => { v.muted = true; v.play(); }")
    page.wait_for_function("document.querySelector('.player').currentTime > 0.3")
    assert player.evaluate("v => v.duration") == pytest.approx(2.0, abs=0.1)
    expect(page.locator(".person")).to_have_count(1)
    expect(page.locator(".person .fer-unsure")).not_to_have_count(0)
    assert page.evaluate("document.documentElement.scrollHeight") <= 2 * 900
    expect(page.locator("#video-stop")).to_be_hidden()
    expect(page.locator("#video-result .made-by")).to_have_text(
        "walk.mp4. Apparent expressions. Model: toy weights 0. Face detector: Haar cascade."
    )
    expect(page.locator("body")).not_to_contain_text("python -m")
    saved = {name: save(page, name, tmp_path) for name in ("Save video", "Save JSON", "Save CSV")}
    assert [path.name for path in saved.values()] == [
        "walk-faces.mp4", "walk-faces.json", "walk-faces.csv",
    ]  # fmt: skip
    with av.open(str(saved["Save video"])) as container:
        assert len(container.streams.audio) == 1
        assert sum(1 for _ in container.decode(video=0)) == 50
    rows = json.loads(saved["Save JSON"].read_text())["rows"]
    with saved["Save CSV"].open() as file:
        assert len(list(csv.DictReader(file))) == len(rows) == 17
    visitor.assert_clean()


def test_the_example_has_several_faces_and_can_be_tried_again(tab):
    visitor = tab()
    page = visitor.page
    for _ in range(2):
        page.get_by_role("button", name=words.VIDEO_EXAMPLE).click()
        expect(page.locator(".instrument")).to_be_visible()
        expect(page.locator("#video-result .made-by")).to_contain_text("clip.mp4")
        expect(page.get_by_role("button", name=words.VIDEO_EXAMPLE)).to_be_hidden()
        page.get_by_role("button", name=words.VIDEO_AGAIN).click()
        expect(page.locator(".instrument")).to_be_hidden()
    visitor.assert_clean()


def test_on_a_phone_the_result_is_two_screens_long_at_most(tab):
    page = tab(width=390, height=844).page
    page.get_by_role("button", name=words.VIDEO_EXAMPLE).click()
    expect(page.locator(".player")).to_be_visible()
    page.evaluate(  # as many faces as are drawn at most
        """() => {
          const rows = document.querySelectorAll(".person");
          for (let i = rows.length; i < 9; i++) rows[0].after(rows[0].cloneNode(true));
        }"""
    )
    assert page.evaluate("document.documentElement.scrollHeight") <= 2 * 844
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    for part in (
        ".player",
        ".person .track >> nth=0",
        ".moments ol",
    ):
        box = page.locator(part).bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= 390


def test_player_and_timeline_are_one_instrument(tab, tmp_path):
    visitor = tab(width=1366)
    page = visitor.page
    upload(page, write_video(tmp_path / "walk.mp4", moving_face(50, 3)))
    player, track = page.locator(".player"), page.locator(".person .track")
    expect(track).to_be_visible()
    page.wait_for_function("document.querySelector('.player').readyState >= 2")
    track.scroll_into_view_if_needed()
    width = track.bounding_box()["width"]
    track.click(position={"x": width / 2, "y": 5})
    wait_until(page, "Math.abs(player.currentTime - 1) < 0.05 && Math.abs(playhead - 0.5) < 0.03")
    player.evaluate("v => { v.currentTime = 1.5; }")  # as the player's own controls do
    wait_until(page, "Math.abs(playhead - 0.75) < 0.03")
    track.hover(position={"x": width / 4, "y": 5})
    expect(page.locator(".peek")).to_contain_text("0.5 s, face 1: ")
    wait_until(page, "Math.abs(document.querySelector('.peek video').currentTime - 0.5) < 0.05")
    wait_until(page, "Math.abs(player.currentTime - 1.5) < 0.05")
    page.get_by_role("button", name=words.VIDEO_AGAIN).click()
    expect(page.locator(".instrument")).to_have_count(0)
    visitor.assert_clean()


def wait_until(page, condition):
    """Wait until ``condition`` holds of the player and of the playhead, 0 to 1 of a track."""
    page.wait_for_function(
        """(condition) => {
          const player = document.querySelector(".player");
          const timeline = getComputedStyle(document.querySelector(".timeline"));
          const playhead = Number(timeline.getPropertyValue("--at"));
          return new Function("player", "playhead", `return ${condition}`)(player, playhead);
        }""",
        arg=condition,
    )


def test_stopping_keeps_what_is_done(tab, long):
    page = tab().page
    upload(page, long)
    expect(page.locator("#video-said progress")).to_be_visible()
    expect(page.locator("#video-said")).to_contain_text("s left")
    page.get_by_role("button", name="Stop and keep what is done").click()
    expect(page.locator("#video-said")).to_contain_text(words.VIDEO_STOPPED)
    page.wait_for_function("document.querySelector('.player')?.readyState >= 2")
    duration = page.locator(".player").evaluate("v => v.duration")
    assert 0.3 < duration < 60


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("wall.mp4", (words.NO_FACE_PHOTO, words.ONLY_UPRIGHT)),
        ("text.mp4", ("text.mp4 is not a video that can be read",)),
        ("notes.txt", ("notes.txt is not a video that can be read",)),
    ],
)
def test_what_cannot_be_shown_is_a_sentence(tab, tmp_path, name, said):
    path = tmp_path / name
    if name == "wall.mp4":
        write_video(path, [scene()] * 10)
    else:
        path.write_text("this is text")
    visitor = tab()
    upload(visitor.page, path)
    for sentence in said:
        expect(visitor.page.locator("#video-said")).to_contain_text(sentence)
    expect(visitor.page.locator("#video-result")).to_be_hidden()
    assert "Traceback" not in visitor.page.content()
    visitor.assert_clean()


def test_two_visitors_at_once_see_their_own_video(tab, tmp_path):
    one = write_video(tmp_path / "one.mp4", moving_face(25, 4))
    two = write_video(tmp_path / "two.mp4", moving_face(50, 2))
    first, second = tab().page, tab().page
    upload(first, one)
    upload(second, two)
    for page, seconds in ((first, 1.0), (second, 2.0)):
        page.wait_for_function("document.querySelector('.player')?.readyState >= 2")
        duration = page.locator(".player").evaluate("v => v.duration")
        assert duration == pytest.approx(seconds, abs=0.1)
        expect(page.locator(".person b")).to_have_text("face 1")


def test_a_result_goes_with_its_file_and_with_its_model(tab, serve, toy, other, tmp_path):
    page = tab(serve(toy=toy, other=other)).page
    made_by, said = page.locator("#video-result .made-by"), page.locator("#video-said")
    upload(page, write_video(tmp_path / "walk.mp4", moving_face(30, 3)))
    expect(made_by).to_contain_text("toy weights 0")
    page.locator("#menu > button").click()
    page.get_by_label("toy weights 5").check()
    expect(made_by).to_be_hidden()  # what stood there was the other's
    expect(made_by).to_contain_text("toy weights 5")
    expect(made_by).to_be_visible()
    page.locator("#menu > button").click()  # its content lies over the page
    page.get_by_role("button", name=words.VIDEO_AGAIN).click()
    expect(made_by).to_be_hidden()
    expect(said).to_contain_text(words.VIDEO_EMPTY)
    expect(page.locator(".player")).to_be_hidden()
    expect(page.locator("#video-file input[type=file]")).to_have_count(1)  # asks for a file again


def test_another_video_takes_the_place_of_the_one_at_work(tab, long, tmp_path):
    page = tab().page
    upload(page, long)
    expect(page.locator("#video-said")).to_contain_text("s left")
    page.locator("#video-file").get_by_label("Clear").click()
    expect(page.locator("#video-said")).to_contain_text(words.VIDEO_EMPTY)
    upload(page, write_video(tmp_path / "short.mp4", moving_face(20, 4)))
    expect(page.locator("#video-result .made-by")).to_contain_text("short.mp4")
    expect(page.get_by_text(words.VIDEO_STOPPED)).to_have_count(0)
