"""The page of plain files, as people get it, and a server for it."""

import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import expect

from fer import ondevice
from fer.vision import yunet


@pytest.fixture(scope="session")
def runtime() -> Path:
    """ONNX Runtime's web build; a missing one fails: a skipped test would look like a pass."""
    if yunet.model_path() is None:
        pytest.skip("YuNet's file is not part of the repository: 'fer fetch yunet', or FER_YUNET")
    if not ondevice.has_runtime():
        pytest.fail(
            "These tests need ONNX Runtime's web build: 'fer fetch browser'.", pytrace=False
        )
    return ondevice.runtime_folder()


expect.set_options(timeout=60_000)  # a busy machine is slow, not wrong


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture(scope="session")
def site(runtime: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return ondevice.build_site(tmp_path_factory.mktemp("site"))


@pytest.fixture(scope="session")
def address(site: Path) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(site)))
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
