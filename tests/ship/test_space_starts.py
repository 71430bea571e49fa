"""Every Space's folder, started as the hub starts it and opened in a browser.

The environment: the interpreter of these tests, but an empty home, no variable of ours, and the
Space's folder alone as the place of the code, which a title changed there proves. With
``FER_FRESH=1``, as ``.ci/run`` sets it, a real one: nothing but the Space's own
``requirements.txt``, installed for a minute and a half and slimmed as the image is.
"""

import json
import os
import re
import subprocess
import sys
import sysconfig
import time
import venv
from pathlib import Path

import pytest
from playwright.sync_api import expect

from fer import ondevice
from fer.ship.space import build_space
from tests.support.browser import open_page
from tests.support.servers import free_port, wait_for

ROOT = Path(__file__).resolve().parent.parent.parent
RECIPE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
TITLE = "A Space of its own"

IMAGE = 600e6  # bytes that either image may have
REST = 155e6  # of them, Debian with Python (131 MB), its LAPACK (11 MB), and what is copied (10 MB)

expect.set_options(timeout=60_000)  # a busy machine is slow, not wrong


def interpreter(kind, folder, home):
    """Where the programs are that the Space may use."""
    if not os.environ.get("FER_FRESH"):
        return Path(sys.executable).parent
    venv.create(home / "venv", with_pip=True)
    programs = home / "venv" / "bin"
    install = [programs / "python", "-m", "pip", "install", "--quiet", "-r", "requirements.txt"]
    subprocess.run(install, cwd=folder, check=True)
    (packages,) = (home / "venv" / "lib").glob("python*/site-packages")
    slim = {**os.environ, "SERVE": kind}
    subprocess.run(slimming(), cwd=packages, shell=True, check=True, env=slim)
    # The image's packages are installed with another pip, and without compiled copies.
    files = [file for file in packages.rglob("*") if file.is_file() and not file.is_symlink()]
    ours = [file for file in files if not {"pip", "__pycache__"} & set(file.parts)]
    assert sum(file.stat().st_size for file in ours) <= IMAGE - REST
    return programs


def words_of(name):
    """The command that the Dockerfile gives for CMD or HEALTHCHECK."""
    listed = r"^CMD (\[.+\])$" if name == "CMD" else r"^ +CMD (\[.+\])$"
    return json.loads(re.search(listed, RECIPE, re.MULTILINE)[1])


def slimming():
    """The Dockerfile's command that leaves out parts of the packages, to be run among them."""
    return re.search(r"site-packages \\\n +&& (find .+?)\n\n", RECIPE, re.DOTALL)[1]


@pytest.fixture
def start(tmp_path):
    """Runs the Dockerfile's command in a Space's folder; the answer is the address."""
    running = []

    def run(kind, folder):
        port = str(free_port())
        path = f"{interpreter(kind, folder, tmp_path)}{os.pathsep}{os.defpath}"
        given = dict(re.findall(r"(STREAMLIT_\w+)=(\S+)", RECIPE))
        environment = {"PATH": path, "HOME": str(tmp_path), "SERVE": kind, "PORT": port, **given}
        log = (tmp_path / "log").open("w")
        process = subprocess.Popen(
            words_of("CMD"), cwd=folder, env=environment, stdout=log, stderr=log
        )
        running.append(process)
        healthy = words_of("HEALTHCHECK")
        end = time.monotonic() + 120
        while subprocess.run(healthy, env=environment, capture_output=True).returncode:
            assert process.poll() is None, (tmp_path / "log").read_text()
            assert time.monotonic() < end
            time.sleep(0.3)
        return f"http://127.0.0.1:{port}/"

    yield run
    for process in running:
        process.terminate()
        process.wait(30)


def built(kind, folder):
    """The Space's folder, with a title that no other copy of the code has."""
    build_space(kind, folder)
    words = folder / "fer" / "look" / "words.py"
    words.write_text(words.read_text("utf-8") + f'\nTITLE = "{TITLE}"\n', "utf-8")
    return folder


def test_the_app_finds_a_face(start, chromium, tmp_path):
    visitor = open_page(chromium, start("app", built("app", tmp_path / "space")))
    expect(visitor.page).to_have_title(TITLE)
    visitor.page.get_by_role("tab", name="Photo").click()
    visitor.page.get_by_role("button", name="Astronaut").click()
    expect(visitor.page.locator("#photo-result .cards")).to_contain_text("happy", timeout=60_000)
    visitor.assert_clean()
    visitor.close()


def test_the_dashboard_shows_the_shipped_figures(start, chromium, tmp_path):
    folder = built("dashboard", tmp_path / "space")
    assert "ARG SERVE=dashboard\n" in (folder / "Dockerfile").read_text("utf-8")
    address = start("dashboard", folder)
    visitor = open_page(chromium, address)
    expect(visitor.page).to_have_title(TITLE)
    for page, last in {
        "overview": "Model card",
        "dataset": "A sample",
        "validation&part=robustness": "Does it survive a camera?",
        "training": "Every setting, from train.json",
        "compare": "Each by its own labels",
        "try": "A picture with faces",
    }.items():
        visitor.page.goto(f"{address}?page={page}")
        expect(visitor.page.get_by_text(last, exact=True).first).to_be_visible()
        expect(visitor.page.locator('[data-stale="true"]')).to_have_count(0)
        expect(visitor.page.get_by_test_id("stException")).to_have_count(0)
    visitor.assert_clean()
    visitor.close()


def test_the_page_reads_a_face_on_the_device(chromium, tmp_path):
    if not ondevice.has_runtime():
        pytest.skip("the page needs YuNet's file, which is not part of the repository")
    folder, port = build_space("browser", tmp_path / "space"), free_port()
    serve = [sys.executable, "-m", "http.server", "--bind", "127.0.0.1", str(port)]
    server = subprocess.Popen(serve, cwd=folder, stderr=subprocess.DEVNULL)
    try:
        wait_for(f"http://127.0.0.1:{port}/", 60)
        visitor = open_page(chromium, f"http://127.0.0.1:{port}/")
        expect(visitor.page.locator(".face h2 span").first).to_have_text("happy", timeout=60_000)
        visitor.assert_clean()
        visitor.close()
    finally:
        server.terminate()
        server.wait(30)


def test_what_the_image_leaves_out_is_there_to_be_left_out():
    packages = Path(sysconfig.get_path("purelib"))
    assert list(packages.glob("opencv_python_headless.libs/libopenblas*"))
    for pattern in re.search(r"&& rm -rf (.+?)&&", slimming().replace("\\\n", ""))[1].split():
        assert list(packages.glob(pattern)), f"{pattern}: the package has changed; look anew"


def test_the_image_is_slim_checks_itself_and_runs_as_nobody_special():
    lines = RECIPE.splitlines()
    assert [line for line in lines if line.startswith("FROM ")] == [
        "FROM python:3.11-slim AS packages",
        "FROM python:3.11-slim",
    ]
    assert lines.index("FROM python:3.11-slim") < lines.index("USER user")
    assert lines.index("USER user") < lines.index("COPY --chown=user . .")
    for kind in ("app", "dashboard"):
        assert (ROOT / f"requirements-{kind}.txt").is_file()
    ignored = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    assert ignored[1] == "*"
    kept = {line[1:].split("/")[0] for line in ignored if line.startswith("!")}
    assert not kept & {"data", "runs", "tests", ".git"}
