"""The app as visitors meet it: served with a toy bundle, in headless Chromium."""

from collections.abc import Callable, Iterator
from pathlib import Path

import gradio as gr
import pytest
from playwright.sync_api import Browser, Page, expect

import app
from tests.support.browser import Visitor, open_page
from tests.support.bundles import write_toy_bundle
from tests.support.videos import clip

__all__ = ["clip"]

expect.set_options(timeout=60_000)  # a busy machine is slow, not wrong


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


def open_toy(folder: Path, name: str = "toy", seed: int = 0) -> app.Model:
    """A model with the detectors that everybody has, whatever else is on this machine."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FER_YUNET", str(folder / "nowhere.onnx"))
        return app.open_model(write_toy_bundle(folder, name, seed=seed))


@pytest.fixture(scope="session")
def toy(tmp_path_factory: pytest.TempPathFactory) -> app.Model:
    return open_toy(tmp_path_factory.mktemp("weights"))


@pytest.fixture
def other(tmp_path: Path) -> app.Model:
    return open_toy(tmp_path, "other", seed=5)


@pytest.fixture(scope="session")
def serve(cache: Path) -> Iterator[Callable[..., str]]:
    """Serves models by name, until the end of the tests; the answer is the address."""
    served: list[gr.Blocks] = []

    def start(**models: app.Model) -> str:
        served.append(app.build_app(models))
        return app.launch(served[-1], prevent_thread_lock=True, quiet=True)

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADIO_TEMP_DIR", str(cache))
        yield start
        for demo in served:
            demo.close()


@pytest.fixture(scope="session")
def url(serve: Callable[..., str], toy: app.Model) -> str:
    return serve(toy=toy)


@pytest.fixture
def visit(chromium: Browser, url: str) -> Iterator[Callable[..., Visitor]]:
    """Opens pages, of ``url`` unless told otherwise, and closes them after the test."""
    visitors: list[Visitor] = []

    def open_one(where: str = url, tab: str = "Webcam", **options) -> Visitor:
        visitors.append(open_page(chromium, where, **options))
        visitors[-1].page.get_by_role("tab", name=tab).click()
        return visitors[-1]

    yield open_one
    for visitor in visitors:
        visitor.close()


@pytest.fixture
def save() -> Callable[[Page, str, Path], Path]:
    """Presses a button that saves a file, and keeps the file in a folder."""

    def press(page: Page, button: str, folder: Path) -> Path:
        with page.expect_download() as download:
            page.get_by_role("button", name=button).click()
        path = folder / download.value.suggested_filename
        download.value.save_as(path)
        return path

    return press
