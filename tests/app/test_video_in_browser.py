"""The Video tab as visitors meet it, in headless Chromium."""

import csv
import json
import re

import av
import pytest
from playwright.sync_api import expect

from fer.look import words
from tests.support.videos import moving_face, scene, write_video


@pytest.fixture
def tab(visit):
    return lambda *where, **options: visit(*where, tab="Video", **options)


def upload(page, path):
    page.locator("#video-file input[type=file]").set_input_files(str(path))


@pytest.mark.parametrize("width", [1280, 390], ids=["desktop", "phone"])
def test_a_video_is_analysed_plays_and_can_be_saved(tab, save, tmp_path, width):
    source = write_video(tmp_path / "walk.mp4", moving_face(50, 3), sound="aac")
    visitor = tab(width=width)
    page = visitor.page
    expect(page.get_by_text("up to 5 minutes, 100 MB")).to_be_visible()
    upload(page, source)
    player = page.locator("#video-player video")
    expect(player).to_be_visible()
    page.wait_for_function("document.querySelector('#video-player video').readyState >= 2")
    player.evaluate("v => { v.muted = true; v.play(); }")
    page.wait_for_function("document.querySelector('#video-player video').currentTime > 0.3")
    assert player.evaluate("v => v.duration") == pytest.approx(2.0, abs=0.1)
    expect(page.locator("#video-timeline .js-plotly-plot .scatterlayer .trace")).not_to_have_count(
        0
    )
    expect(page.locator("table.faces tbody tr")).to_have_count(1)
    expect(page.locator("#video-stop")).to_be_hidden()
    expect(page.locator("#video-result .made-by")).to_have_text(
        "walk.mp4. Model: toy weights 0. Face detector: Haar cascade."
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
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    visitor.assert_clean()


def test_hovering_the_timeline_names_the_frame(tab, tmp_path):
    page = tab().page
    upload(page, write_video(tmp_path / "walk.mp4", moving_face(50, 3)))
    area = page.locator("#video-timeline .js-plotly-plot .nsewdrag").first
    area.hover()
    expect(page.locator("#video-timeline .hoverlayer")).to_contain_text(re.compile(r"frame \d+"))
    expect(page.locator("#video-timeline .hoverlayer")).to_contain_text("happy")


def test_stopping_keeps_what_is_done(tab, tmp_path):
    source = write_video(tmp_path / "long.mp4", moving_face(40, 4) * 40, rate=25)
    page = tab().page
    upload(page, source)
    expect(page.locator("#video-said progress")).to_be_visible()
    expect(page.locator("#video-said")).to_contain_text("s left")
    page.get_by_role("button", name="Stop and keep what is done").click()
    expect(page.locator("#video-said")).to_contain_text(words.VIDEO_STOPPED)
    page.wait_for_function("document.querySelector('#video-player video')?.readyState >= 2")
    duration = page.locator("#video-player video").evaluate("v => v.duration")
    assert 0.3 < duration < 60


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("wall.mp4", words.NO_FACE_PHOTO),
        ("wall.mp4", words.ONLY_UPRIGHT),
        ("text.mp4", "text.mp4 is not a video that can be read"),
        ("notes.txt", "notes.txt is not a video that can be read"),
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
    expect(visitor.page.locator("#video-said")).to_contain_text(said)
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
        page.wait_for_function("document.querySelector('#video-player video')?.readyState >= 2")
        duration = page.locator("#video-player video").evaluate("v => v.duration")
        assert duration == pytest.approx(seconds, abs=0.1)
        expect(page.locator("table.faces tbody th")).to_have_text("1")


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
    page.locator("#video-file").get_by_label("Clear").click()
    expect(made_by).to_be_hidden()
    expect(said).to_contain_text(words.VIDEO_EMPTY)
    expect(page.locator("#video-player video")).to_be_hidden()


def test_another_video_takes_the_place_of_the_one_at_work(tab, tmp_path):
    page = tab().page
    upload(page, write_video(tmp_path / "long.mp4", moving_face(40, 4) * 40))
    expect(page.locator("#video-said")).to_contain_text("s left")
    page.locator("#video-file").get_by_label("Clear").click()
    expect(page.locator("#video-said")).to_contain_text(words.VIDEO_EMPTY)
    upload(page, write_video(tmp_path / "short.mp4", moving_face(20, 4)))
    expect(page.locator("#video-result .made-by")).to_contain_text("short.mp4")
    expect(page.get_by_text(words.VIDEO_STOPPED)).to_have_count(0)
