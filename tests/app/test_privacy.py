"""A whole visit, and what is left of it: on the disk, in the log, at other hosts.

What docs/privacy.md promises is shown here, by the real app in a real browser.
"""

import ipaddress
import logging
import os
import subprocess
import sys
import tempfile
import time
from datetime import datetime, timedelta
from pathlib import Path

import gradio as gr
import pytest
from playwright.sync_api import expect

import app
from fer import ondevice
from fer.app import photo, sessions, temporary
from fer.vision import yunet
from tests.support.browser import open_page
from tests.support.videos import moving_face, write_video

ROOT = Path(__file__).resolve().parent.parent.parent
PHOTO, VIDEO = "my-own-face.jpg", "my-own-clip.mp4"


@pytest.fixture
def asked():
    """Other hosts that this process looked up or connected to."""
    hosts, listening = [], [True]

    def note(event, arguments):
        if listening and event in ("socket.connect", "socket.getaddrinfo"):
            address = arguments[1] if event == "socket.connect" else arguments
            host = address[0] if isinstance(address, tuple) else None
            if host is not None and not is_here(host):
                hosts.append(host)

    sys.addaudithook(note)  # for good: Python cannot take one away
    yield hosts
    listening.clear()


def is_here(host):
    name = host.decode() if isinstance(host, bytes) else str(host)
    try:
        address = ipaddress.ip_address(name or "127.0.0.1")
    except ValueError:
        return name in ("localhost", "None")
    return address.is_loopback or address.is_unspecified


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """A home, a working folder and a folder for temporary files in which nothing is yet."""
    monkeypatch.setenv(ondevice.CACHE_VARIABLE, str(ondevice.runtime_folder().parent))
    if yunet.model_path() is not None:
        monkeypatch.setenv("FER_YUNET", str(yunet.model_path()))
    for name in ("home", "work", "tmp"):
        (tmp_path / "machine" / name).mkdir(parents=True)
    monkeypatch.setenv("HOME", str(tmp_path / "machine" / "home"))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "machine" / "tmp"))
    monkeypatch.chdir(tmp_path / "machine" / "work")
    return tmp_path / "machine"


def files(folder):
    return {path for path in folder.rglob("*") if path.is_file()}


def visit_on_device(page, given):
    """Camera, photo, video, each read in the browser."""
    frame = page.frame_locator("#on-device")
    frame.get_by_role("button", name="Start camera").click()
    frame.get_by_text("The last half minute").wait_for()
    for name in (PHOTO, VIDEO):
        frame.locator("#files").set_input_files(given / name)
        frame.get_by_text(f"{name}. Model:").wait_for()


def visit(page, given, save):
    """Camera, photo, video: every way in which a visitor can show the server a face."""
    page.get_by_role("button", name="Start camera", exact=True).click()
    expect(page.locator("#overlay rect.face").first).to_be_visible()
    page.get_by_role("tab", name="Photo").click()
    page.locator("#upload input[type=file]").set_input_files(given / PHOTO)
    expect(page.locator("#photo-result .cards")).to_be_visible()
    for button in ("Save picture", "Save JSON"):
        save(page, button, given)
    page.get_by_role("tab", name="Video").click()
    page.locator("#video-file input[type=file]").set_input_files(given / VIDEO)
    expect(page.locator(".player")).to_be_visible()
    save(page, "Save CSV", given)


def test_nothing_is_left_of_a_visit(
    chromium, machine, save, asked, tmp_path, monkeypatch, capfd, caplog
):
    (tmp_path / PHOTO).write_bytes((ROOT / "examples" / "astronaut.jpg").read_bytes())
    write_video(tmp_path / VIDEO, moving_face(20, 3), sound="aac")
    device = ondevice.has_runtime()
    caplog.set_level(logging.INFO)
    with temporary.own_folder() as folder:
        site = ondevice.build_site(folder / "page", ["fer-nano"]) if device else None
        demo = app.build_app({"fer-nano": app.open_model("fer-nano")}, device=device)
        own = frozenset(folder.rglob("*"))
        url = app.launch(demo, site, prevent_thread_lock=True, quiet=True)
        visitor = open_page(chromium, url)
        visitor.page.get_by_role("tab", name="Webcam").click()
        if device:
            visit_on_device(visitor.page, tmp_path)
            # Nothing of it has reached the server, whatever is kept there and for how long.
            assert not [path for path in files(machine) - own if folder in path.parents]
            visitor.page.get_by_role("tab", name="On the server").click()
        visit(visitor.page, tmp_path, save)
        visitor.assert_clean()
        visitor.close()

        held = demo.state_holder.session_data
        assert len(held) == 1  # somebody was there
        for session in held.values():
            told = repr(session.config_values)
            assert "/9j/" not in told and PHOTO not in told and VIDEO not in told
        sessions.forget_gone(demo)
        assert len(held) == 1  # may come back for half an hour
        sessions.forget_gone(demo, now=datetime.now() + timedelta(seconds=temporary.KEEP + 1))
        assert len(held) == 0

        kept = {path.name for path in files(machine) - own}
        assert {PHOTO, VIDEO} <= kept  # there was something to forget
        assert {"my-own-face-faces.json", "my-own-clip-faces.mp4"} <= kept
        assert not [path for path in files(machine) - own if folder not in path.parents]
        temporary.sweep(folder, own=own, now=time.time() + temporary.KEEP + 1)
        assert files(machine) - own == set()
        sessions.forget_gone(demo)
        assert not [path for kept in demo.temp_file_sets for path in kept if Path(path) not in own]
        demo.close()
    assert files(machine) == set()

    written = "".join(capfd.readouterr()) + caplog.text
    for secret in ("my-own", "data:image", "/9j/"):  # a name, a picture, a JPEG in base64
        assert secret not in written
    assert asked == []


def test_a_defect_is_logged_without_what_a_visitor_gave(tmp_path, caplog):
    path = tmp_path / PHOTO
    path.write_bytes((ROOT / "examples" / "astronaut.jpg").read_bytes())

    def broken(image, **options):
        raise RuntimeError(f"{path} holds {image!r}")

    photo.analyse_file(broken, str(path), heat=False)
    assert "RuntimeError" in caplog.text and "broken" in caplog.text
    assert PHOTO not in caplog.text and "array" not in caplog.text


def test_analytics_are_off(toy, monkeypatch):
    sent = []
    for name in dir(gr.analytics):
        if name.endswith("_analytics") and callable(getattr(gr.analytics, name)):
            monkeypatch.setattr(gr.analytics, name, lambda *a, **k: sent.append(a))
    demo = app.build_app({"toy": toy})
    app.launch(demo, prevent_thread_lock=True, quiet=True)
    demo.close()
    assert demo.analytics_enabled is False
    assert sent == []
    settings = (ROOT / ".streamlit" / "config.toml").read_text("utf-8")
    assert "gatherUsageStats = false" in settings


@pytest.mark.parametrize(("first", "reported"), [("", False), ("import onnxruntime as ort", True)])
def test_onnx_runtime_reports_nothing_about_its_use(tmp_path, first, reported):
    network = str(ROOT / "weights" / "fer-nano" / "model.onnx")
    # Without `fer` it notes who reports, and from where; that is what this test can see.
    code = f"{first or 'import fer, onnxruntime as ort'}; ort.InferenceSession({network!r})"
    alone = {"PATH": os.defpath, "HOME": str(tmp_path), "PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, "-c", code], env=alone, check=True, capture_output=True)
    assert bool(files(tmp_path)) == reported
