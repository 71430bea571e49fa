"""The Video tab as visitors meet it, in headless Chromium."""

import csv
import json
import re
from collections.abc import Iterator

import av
import pytest
from playwright.sync_api import expect

import app
from fer.app import video
from tests.support.browser import open_page
from tests.support.bundles import write_toy_bundle
from tests.support.videos import moving_face, scene, write_video

expect.set_options(timeout=60_000)  # a busy machine is slow, not wrong


@pytest.fixture(scope="module")
def url(tmp_path_factory) -> Iterator[str]:
    model = app.open_model(write_toy_bundle(tmp_path_factory.mktemp("weights")))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADIO_TEMP_DIR", str(tmp_path_factory.mktemp("cache")))
        demo = app.build_app({"toy": model})
        yield app.launch(demo, prevent_thread_lock=True, quiet=True)
        demo.close()


@pytest.fixture
def visit(chromium, url):
    visitors = []

    def open_tab(**options):
        visitors.append(open_page(chromium, url, **options))
        visitors[-1].page.get_by_role("tab", name="Video").click()
        return visitors[-1]

    yield open_tab
    for visitor in visitors:
        visitor.close()


def upload(page, path):
    page.locator("#video-file input[type=file]").set_input_files(str(path))


def save(page, button, folder):
    with page.expect_download() as download:
        page.get_by_role("button", name=button).or_(page.get_by_role("link", name=button)).click()
    path = folder / download.value.suggested_filename
    download.value.save_as(path)
    return path


@pytest.mark.parametrize("width", [1280, 390], ids=["desktop", "phone"])
def test_a_video_is_analysed_plays_and_can_be_saved(visit, tmp_path, width):
    source = write_video(tmp_path / "walk.mp4", moving_face(50, 3), sound="aac")
    visitor = visit(width=width)
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


def test_hovering_the_timeline_names_the_frame(visit, tmp_path):
    page = visit().page
    upload(page, write_video(tmp_path / "walk.mp4", moving_face(50, 3)))
    area = page.locator("#video-timeline .js-plotly-plot .nsewdrag").first
    area.hover()
    expect(page.locator("#video-timeline .hoverlayer")).to_contain_text(re.compile(r"frame \d+"))
    expect(page.locator("#video-timeline .hoverlayer")).to_contain_text("happy")


def test_stopping_keeps_what_is_done(visit, tmp_path):
    source = write_video(tmp_path / "long.mp4", moving_face(40, 4) * 40, rate=25)
    page = visit().page
    upload(page, source)
    expect(page.locator("#video-said progress")).to_be_visible()
    expect(page.locator("#video-said")).to_contain_text("s left")
    page.get_by_role("button", name="Stop and keep what is done").click()
    expect(page.locator("#video-said")).to_contain_text(video.STOPPED)
    page.wait_for_function("document.querySelector('#video-player video')?.readyState >= 2")
    duration = page.locator("#video-player video").evaluate("v => v.duration")
    assert 0.3 < duration < 60


@pytest.mark.parametrize(
    ("name", "said"),
    [("wall.mp4", video.NO_FACE), ("text.mp4", "text.mp4 is not a video that can be read")],
)
def test_what_cannot_be_shown_is_a_sentence(visit, tmp_path, name, said):
    path = tmp_path / name
    if name == "wall.mp4":
        write_video(path, [scene()] * 10)
    else:
        path.write_text("this is text")
    visitor = visit()
    upload(visitor.page, path)
    expect(visitor.page.locator("#video-said")).to_contain_text(said)
    expect(visitor.page.locator("#video-result")).to_be_hidden()
    assert "Traceback" not in visitor.page.content()
    visitor.assert_clean()


def test_two_visitors_at_once_see_their_own_video(visit, tmp_path):
    one = write_video(tmp_path / "one.mp4", moving_face(25, 4))
    two = write_video(tmp_path / "two.mp4", moving_face(50, 2))
    first, second = visit().page, visit().page
    upload(first, one)
    upload(second, two)
    for page, seconds in ((first, 1.0), (second, 2.0)):
        page.wait_for_function("document.querySelector('#video-player video')?.readyState >= 2")
        duration = page.locator("#video-player video").evaluate("v => v.duration")
        assert duration == pytest.approx(seconds, abs=0.1)
        expect(page.locator("table.faces tbody th")).to_have_text("1")
