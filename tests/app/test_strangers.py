"""The known attacks on a Gradio app: other files, other hosts, other visitors, large bodies."""

import http.client
import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.sync_api import expect

from benchmarks.visitors import Page
from fer.app import guard, queue
from fer.app.guard import MAX_BODY
from fer.app.video import LIMITS

ROOT = Path(__file__).resolve().parent.parent.parent
ASTRONAUT = ROOT / "examples" / "astronaut.jpg"
JSON = {"Content-Type": "application/json"}
FORM = {"Content-Type": "multipart/form-data; boundary=b"}


def ask(url, path, method="GET", body=None, headers=()):
    """Status, headers and body; the path is sent as it is, dots and all."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
    try:
        connection.request(method, path, body, dict(headers))
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()
    finally:
        connection.close()


@contextmanager
def other_host():
    """A server inside the network, and what was asked of it."""
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()

        do_HEAD = do_POST = do_GET  # noqa: N815

        def log_message(self, *arguments):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/secret.png", asked
    server.shutdown()


@pytest.mark.parametrize(
    "path",
    [
        "/gradio_api/file=/etc/passwd",
        "/gradio_api/file=../../../../../../etc/passwd",
        "/gradio_api/file=%2Fetc%2Fpasswd",
        "/gradio_api/file=/proc/self/environ",
        "/gradio_api/file=file:///etc/passwd",
        f"/gradio_api/file={ROOT}/app.py",
        "/gradio_api/file=app.py",
        "/gradio_api/file/etc/passwd",
        "/file=/etc/passwd",
        "/static/../../../../../../../etc/passwd",
        "/static/..%2f..%2f..%2f..%2f..%2f..%2fetc/passwd",
        "/assets/%2e%2e/%2e%2e/%2e%2e/%2e%2e/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
        "/svelte/..%2f..%2f..%2f..%2f..%2f..%2fetc%2fpasswd",
        "/gradio_api/custom_component/1/client/component/..%2f..%2fetc%2fpasswd",
        "/gradio_api/deep_link?session_hash=x",
        "/gradio_api/vibe-code/",
        "/gradio_api/call/predict",
        "/gradio_api/api/predict",
        "/gradio_api/mcp/",
        "/gradio_api/component_server/",
        "/gradio_api/run-history/",
        "/gradio_api/process_recording",
        "/gradio_api/runs",
        "/gradio_api/openapi.json",
        "/monitoring",
        "/monitoring/summary",
    ],
)
def test_no_file_of_the_server_and_no_page_for_developers_is_served(url, path):
    status, _, body = ask(url, path)
    assert 400 <= status < 500
    assert b"root:" not in body and b"def main" not in body and b"PATH=" not in body


@pytest.mark.parametrize("start", ["file=", "proxy=", "file=//", "FILE=", "file=HTTP://"])
def test_the_server_asks_no_other_host_for_anybody(url, start):
    with other_host() as (address, asked):
        rest = address.split("://")[1] if "//" in start else address
        status, _, _ = ask(url, f"/gradio_api/{start}{rest}")
    assert 400 <= status < 500
    assert asked == []


@pytest.mark.parametrize("scheme", ["http", "\\u0068ttp"])
def test_an_address_is_no_input(url, scheme):
    with other_host() as (address, asked):
        file = {"path": address.replace("http", "X"), "meta": {"_type": "gradio.FileData"}}
        for number, dependency in dependencies(url):
            data = [file for _ in dependency["inputs"]]
            call = {"data": data, "fn_index": number, "session_hash": "stranger"}
            body = json.dumps(call).replace("X", scheme)
            status, _, _ = ask(url, "/gradio_api/queue/join", "POST", body, JSON)
            assert status == 400
    assert asked == []


def test_an_address_in_another_place_is_not_asked_either(url):
    with other_host() as (address, asked):
        for value in (address, {"url": address, "meta": {"_type": "gradio.FileData"}}):
            assert all_told(url, "asks-others", value) != []
    assert asked == []


def dependencies(url):
    """Number and description of everything that the page can ask for."""
    listed = httpx.get(f"{url}config", timeout=60).json()["dependencies"]
    called = [one for one in listed if one["backend_fn"] and one["inputs"]]
    return [(one["id"], one) for one in called]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b'{"data": ["' + b"x" * MAX_BODY + b'"]}', 413),
        (b"[" * 100_000 + b"]" * 100_000, 400),
        (b"\xff\xfe not JSON", 400),
    ],
    ids=["large", "deep", "noise"],
)
@pytest.mark.parametrize("path", ["/gradio_api/queue/join", "/gradio_api/stream/x"])
def test_a_body_that_no_page_sends_is_refused(url, path, body, status):
    assert ask(url, path, "POST", body, JSON)[0] == status
    chunks = iter([body[:1000], body[1000:]])  # without a length said before
    assert ask(url, path, "POST", chunks, JSON)[0] == status


@pytest.mark.parametrize("name", ["../../../evil.py", "..\\evil.py", "/etc/evil", "a/../../evil"])
def test_an_upload_stays_in_the_folder_for_uploads(url, cache, name):
    body = (
        f'--b\r\nContent-Disposition: form-data; name="files"; filename="{name}"\r\n\r\n'
        f"{name}\r\n--b--\r\n"
    )
    status, _, answer = ask(url, "/gradio_api/upload", "POST", body, FORM)
    assert status == 200
    [path] = json.loads(answer)
    assert Path(path).resolve().is_relative_to(cache.resolve())
    assert ".." not in Path(path).parts


def form(named, count=1):
    """A body with ``count`` parts of 9,000 bytes."""
    head = f'--b\r\nContent-Disposition: form-data; name="files"{named}\r\n\r\n'
    return (f"{head}{'x' * 9000}\r\n" * count + "--b--\r\n").encode()


@pytest.mark.parametrize("named", ["", '; filename="a.jpg"'], ids=["fields", "files"])
def test_an_upload_is_limited_as_a_whole_and_leaves_nothing(url, cache, monkeypatch, named):
    monkeypatch.setattr(guard, "MAX_UPLOAD", 20_000)
    before = {path for path in cache.rglob("*") if path.is_file()}
    for body in (form(named, 3), iter([form(named, 3)])):  # without a length said before
        status, _, said = ask(url, "/gradio_api/upload", "POST", body, FORM)
        assert status == 413
        assert b"100 MB" in said and b"choose a smaller file" in said
    assert {path for path in cache.rglob("*") if path.is_file()} == before
    fits = form('; filename="a.jpg"', 2)
    assert ask(url, "/gradio_api/upload", "POST", fits, FORM)[0] == 200


def test_a_disk_is_not_filled_by_uploads(url, cache, monkeypatch):
    upload = form('; filename="a.jpg"')
    assert ask(url, "/gradio_api/upload", "POST", upload, FORM)[0] == 200
    before = {path for path in cache.rglob("*") if path.is_file()}
    monkeypatch.setattr(guard, "MOST_KEPT", 8000)
    status, _, said = ask(url, "/gradio_api/upload", "POST", upload, FORM)
    assert status == 503 and b"try again" in said
    assert {path for path in cache.rglob("*") if path.is_file()} == before


def test_a_file_of_the_size_that_the_page_names_is_no_more_than_an_upload_may_be():
    assert LIMITS.megabytes * 1024**2 < guard.MAX_UPLOAD


def test_behind_a_proxy_the_same_is_refused_and_uploads_arrive(serve, toy, monkeypatch):
    monkeypatch.setenv("GRADIO_ROOT_PATH", "/fer")
    url = serve(toy=toy)
    with other_host() as (address, asked):
        call = json.dumps({"data": [{"path": address}], "fn_index": 0, "session_hash": "x"})
        for before in ("/fer", ""):  # of proxies, some take it away
            assert ask(url, f"{before}/gradio_api/file={address}")[0] == 404
            joined = f"{before}/gradio_api/queue/join"
            assert ask(url, joined, "POST", call.encode(), JSON)[0] == 400
            upload = form('; filename="a.jpg"')
            assert ask(url, f"{before}/gradio_api/upload", "POST", upload, FORM)[0] == 200
    assert asked == []


def test_every_answer_carries_the_headers(url):
    for path in ("/", "/config", "/gradio_api/file=/etc/passwd", "/gradio_api/nothing"):
        _, headers, _ = ask(url, path)
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert "camera=(self)" in headers["Permissions-Policy"]
        assert "default-src 'self'" in headers["Content-Security-Policy"]


def test_what_a_stranger_asks_for_holds_nothing_of_another_visitor(url, visit, cache, tmp_path):
    own = tmp_path / "my-own-face.jpg"
    own.write_bytes(ASTRONAUT.read_bytes())
    visitor, sessions = visit(tab="Photo"), set()
    visitor.page.on("request", lambda request: sessions.update(session_of(request)))
    visitor.page.locator("#upload input[type=file]").set_input_files(own)
    expect(visitor.page.locator("#photo-result .cards")).to_be_visible()
    [session] = sessions
    forged = {"path": "/etc/passwd", "meta": {"_type": "gradio.FileData"}}
    told = "".join(line for value in (None, forged) for line in all_told(url, "stranger", value))
    assert "process_completed" in told
    assert "my-own-face" not in told and "data:image/jpeg" not in told
    assert "root:" not in told
    assert not [
        path for path in cache.rglob("*") if path.is_file() and b"root:" in path.read_bytes()
    ]
    assert "my-own-face" in "".join(all_told(url, session, None))  # to whom it belongs
    visitor.assert_clean()


def test_who_knows_the_name_of_a_file_has_not_got_it(url, visit, cache, tmp_path):
    own = tmp_path / "my-own-face.jpg"
    own.write_bytes(ASTRONAUT.read_bytes())
    visitor = visit(tab="Photo")
    visitor.page.locator("#upload input[type=file]").set_input_files(own)
    expect(visitor.page.locator("#photo-result .cards")).to_be_visible()
    [kept] = [path for path in cache.rglob(own.name) if path.read_bytes() == own.read_bytes()]
    assert len(kept.parent.name) >= 32 and kept.parent != cache  # what nobody can guess
    guesses = [cache, kept.parent, cache / own.name, kept.parent.with_name("0" * 64) / own.name]
    guesses += [cache / "*" / own.name, kept.with_name("*"), kept.parent / ".." / own.name]
    for guess in guesses:
        for start in ("file=", "file/"):
            assert 400 <= ask(url, f"/gradio_api/{start}{guess}")[0] < 500, guess
    assert ask(url, f"/gradio_api/file={kept}")[2] == own.read_bytes()  # for its own visitor
    visitor.assert_clean()


def test_the_log_names_no_file_that_a_stranger_asks_for(url, capfd, caplog):
    asked = {"path": "/srv/my-own-face.jpg\nforged line", "meta": {"_type": "gradio.FileData"}}
    told = all_told(url, "curious", asked)
    written = "".join(capfd.readouterr()) + caplog.text
    assert "process_completed" in "".join(told) and "InvalidPathError" in written
    assert "my-own" not in written and "forged line" not in written


def test_pages_that_somebody_uploads_are_saved_and_not_shown(url):
    for name, kind in (("a.html", "text/html"), ("a.svg", "image/svg+xml"), ("a.xml", "text/xml")):
        body = (
            f'--b\r\nContent-Disposition: form-data; name="files"; filename="{name}"\r\n'
            f"Content-Type: {kind}\r\n\r\n<script>alert(1)</script>\r\n--b--\r\n"
        )
        _, _, answer = ask(url, "/gradio_api/upload", "POST", body, FORM)
        status, headers, _ = ask(url, f"/gradio_api/file={json.loads(answer)[0]}")
        assert status == 200
        assert headers["Content-Disposition"].startswith("attachment"), name


def test_videos_that_wait_keep_no_photo_out(url, monkeypatch):
    monkeypatch.setattr(queue, "VIDEOS_WAITING", 0)
    refused, taken = set(), set()
    for number, dependency in dependencies(url):
        call = {"data": [None for _ in dependency["inputs"]]}
        call |= {"fn_index": number, "session_hash": "waits"}
        status = ask(url, "/gradio_api/queue/join", "POST", json.dumps(call).encode(), JSON)[0]
        (refused if status == 503 else taken).add(number)
    page = Page.of(url.rstrip("/"))
    assert page.after(page.after(page.on("video-file", "upload")))["id"] in refused
    assert page.on("camera", "stream")["id"] in taken
    assert page.changed_by(page.on("upload", "upload"))["id"] in taken


def session_of(request):
    """The visitor's secret, in what the page sends."""
    if "/queue/join" in request.url:
        yield request.post_data_json["session_hash"]


def all_told(url, session, value):
    """What a visitor is told who calls every handler with ``value`` for each input."""
    return [*_told(url, session, value)]


def _told(url, session, value):
    for number, dependency in dependencies(url):
        call = {"data": [value for _ in dependency["inputs"]]}
        call |= {"fn_index": number, "session_hash": session}
        body = json.dumps(call).encode()
        status, _, joined = ask(url, "/gradio_api/queue/join", "POST", body, JSON)
        if status != 200:
            yield joined.decode()
            continue
        address = f"{url}gradio_api/queue/data?session_hash={session}"
        with httpx.stream("GET", address, timeout=60) as events:
            for line in events.iter_lines():
                yield line
                if "close_stream" in line or "process_completed" in line:
                    break
