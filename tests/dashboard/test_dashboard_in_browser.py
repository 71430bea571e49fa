"""The dashboard in a real browser: every page, a click on a confusion cell, downloads, a phone."""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from fer.bundle import METRICS
from fer.labels import LABELS
from tests.support.browser import Visitor, open_page, unreadable
from tests.support.servers import free_port, wait_for

ROOT = Path(__file__).resolve().parent.parent.parent
PAGES = {
    "Overview": "Model card",
    "Dataset": "A sample",
    "Validation": "% of each label",
    "Training": "Every setting, from train.json",
    "Compare": "Each by its own labels",
    "Try it": "A picture with faces",
}
"""What stands at the foot of each page, or where a part of it begins."""
PATIENCE = 60_000  # milliseconds: the machine may be busy


@pytest.fixture(scope="module")
def traces(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The server's home, its folder for temporary files, and its log."""
    return tmp_path_factory.mktemp("traces")


@pytest.fixture(scope="module")
def url(site: Path, traces: Path) -> Iterator[str]:
    """The address of a dashboard that serves ``site``."""
    port = free_port()
    command = [sys.executable, "-m", "streamlit", "run", "dashboard.py", "--server.port", str(port)]
    command += ["--server.headless", "true", "--"]
    command += ["--data", str(site / "data"), "--weights", str(site / "weights")]
    environment = {key: value for key, value in os.environ.items() if key != "FER_DATA"}
    environment |= {"HOME": str(traces), "TMPDIR": str(traces)}
    with (traces / "log").open("w") as log:
        server = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)
    address = f"http://127.0.0.1:{port}/"
    try:
        wait_for(address, 60)
        yield address
    finally:
        server.terminate()
        server.wait(20)


@pytest.fixture
def visit(chromium: Browser, url: str) -> Iterator:
    visitors: list[Visitor] = []

    def visit(**options) -> Visitor:
        visitor = open_page(chromium, url, **options)
        visitor.page.set_default_timeout(PATIENCE)
        visitors.append(visitor)
        return visitor

    yield visit
    for visitor in visitors:
        visitor.close()


def test_every_answer_has_the_headers_of_the_app(url):
    for path, status in {"": 200, "_stcore/health": 200, "media/missing.png": 404}.items():
        answer = httpx.get(url + path, timeout=5)
        assert answer.status_code == status
        assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


def go_to(page: Page, title: str) -> None:
    """Follow the link to a page, and wait until it is drawn to its foot."""
    page.locator(".st-key-bar").get_by_text(title, exact=True).click()
    expect(page.get_by_text(PAGES[title], exact=True).first).to_be_visible(timeout=PATIENCE)
    expect(page.locator('[data-stale="true"]')).to_have_count(0, timeout=PATIENCE)


def most_confused(site: Path) -> tuple[int, int, int]:
    """Row, column and count of the largest number off the diagonal."""
    confusion = json.loads((site / "weights/fer" / METRICS).read_text())["validation"]["confusion"]
    cells = [(n, i, j) for i, row in enumerate(confusion) for j, n in enumerate(row) if i != j]
    count, row, column = max(cells)
    return row, column, count


def test_a_visitor_sees_every_page_and_the_images_behind_a_cell(visit, site):
    visitor = visit()
    page = visitor.page
    for title in PAGES:
        go_to(page, title)
        expect(page.get_by_test_id("stException")).to_have_count(0)
        expect(page.get_by_test_id("stAlert")).to_have_count(0)
        assert unreadable(page) == []
    go_to(page, "Validation")
    _a_click_on_a_cell_shows_its_images(page, site)
    _a_figure_and_a_table_can_be_saved(page)
    go_to(page, "Dataset")
    expect(page.locator(".fer-grid img").first).to_be_visible(timeout=PATIENCE)
    # What belongs to a page stays there.
    expect(page).to_have_url(re.compile(r"/\?(page=dataset&figures=SVG|figures=SVG&page=dataset)$"))
    page.go_back()
    expect(page.get_by_role("heading", name="Validation")).to_be_visible(timeout=PATIENCE)
    visitor.assert_clean()


def _a_click_on_a_cell_shows_its_images(page: Page, site: Path) -> None:
    row, column, count = most_confused(site)
    chart = page.locator('[class*="st-key-fer-validation-confusion"]').first
    plot = chart.locator(".nsewdrag").first
    plot.scroll_into_view_if_needed()
    box = plot.bounding_box()
    # Not the middle of the cell: a click anywhere in it counts.
    position = {"x": box["width"] * (column + 0.25) / 7, "y": box["height"] * (row + 0.3) / 7}
    plot.hover(position=position)
    plot.click(position=position)
    expect(page).to_have_url(
        re.compile(f"true={LABELS[row]}&predicted={LABELS[column]}"), timeout=PATIENCE
    )
    expect(page.locator(".fer-grid figure")).to_have_count(count, timeout=PATIENCE)
    expect(page.locator(".fer-columns")).to_have_count(count)
    expect(page.locator(".fer-grid figure").first).to_be_in_viewport(timeout=PATIENCE)
    naturals = page.locator(".fer-grid img").evaluate_all("all => all.map(i => i.naturalWidth)")
    assert naturals == [48] * count


def _a_figure_and_a_table_can_be_saved(page: Page) -> None:
    page.get_by_text("Each expression", exact=True).click()
    expect(page.get_by_text("95 % intervals")).to_be_visible(timeout=PATIENCE)
    table = page.get_by_text("As a table", exact=True)
    expect(table).to_have_count(1, timeout=PATIENCE)  # that of the figure before may still be there
    table.click()
    assert _saved_figure(page) == "fer-validation-labels.png"
    page.locator(".st-key-foot").get_by_text("SVG").click()
    expect(page).to_have_url(re.compile("figures=SVG"), timeout=PATIENCE)
    deadline = time.monotonic() + PATIENCE / 1000
    # The address changes before the figures are drawn anew, which nothing on the page shows.
    while (name := _saved_figure(page)).endswith("png") and time.monotonic() < deadline:
        page.wait_for_timeout(200)
    assert name == "fer-validation-labels.svg"
    with page.expect_download() as saved:
        page.locator('[class*="st-key-fer-validation-labels-csv"] button').click()
    header, first, *_ = Path(saved.value.path()).read_text().splitlines()
    assert header.startswith("label,images,precision,precision low")
    assert first.startswith("angry,")


def _saved_figure(page: Page) -> str:
    with page.expect_download() as figure:
        page.locator('[class*="st-key-fer-validation-labels"] .modebar-btn').first.click()
    return figure.value.suggested_filename


def test_a_page_is_opened_by_its_address_without_a_404(visit):
    visitor = visit()
    answers = []
    visitor.page.on("response", lambda response: answers.append((response.status, response.url)))
    visitor.page.goto(visitor.page.url.split("?")[0] + "?page=training")
    expect(visitor.page.get_by_text(PAGES["Training"])).to_be_visible(timeout=PATIENCE)
    assert [answer for answer in answers if answer[0] >= 400] == []
    visitor.assert_clean()


def test_on_a_phone_in_the_dark_nothing_is_cut_off(visit):
    visitor = visit(width=390, height=800, dark=True)
    page = visitor.page
    bar = page.locator(".st-key-bar")
    expect(bar.get_by_text("Try it")).to_be_in_viewport(timeout=PATIENCE)
    assert bar.bounding_box()["height"] < 60
    for title in ("Validation", "Dataset"):
        go_to(page, title)
        expect(page.locator(".js-plotly-plot").first).to_be_visible(timeout=PATIENCE)
        main = page.get_by_test_id("stMain")
        assert main.evaluate("e => e.scrollWidth <= e.clientWidth")
    background = page.get_by_test_id("stApp").evaluate("e => getComputedStyle(e).backgroundColor")
    assert background == "rgb(14, 17, 21)"
    visitor.assert_clean()


def test_in_the_dark_every_text_is_readable(visit):
    page = visit(dark=True).page
    found = []
    for title in PAGES:
        go_to(page, title)
        found += unreadable(page)
    assert page.evaluate("document.fonts.check('16px Figtree') && document.fonts.size > 0")
    assert found == []


def test_of_an_upload_neither_file_nor_name_is_left(visit, traces, tmp_path):
    own = tmp_path / "my-own-face.jpg"
    own.write_bytes((ROOT / "examples" / "astronaut.jpg").read_bytes())
    visitor = visit()
    page = visitor.page
    go_to(page, "Try it")
    page.locator("input[type=file]").set_input_files(own)
    expect(page.locator(".fer-picture")).to_be_visible(timeout=PATIENCE)
    assert {path.name for path in traces.rglob("*") if path.is_file()} == {"log"}
    written = (traces / "log").read_text("utf-8")
    assert "my-own-face" not in written and "data:image" not in written
    visitor.assert_clean()
