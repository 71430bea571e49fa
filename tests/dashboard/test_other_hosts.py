"""The dashboard, served to everybody, asks no other host: neither at its start nor for a page."""

import http.client
import os
import subprocess
import sys
from pathlib import Path

from tests.support.servers import free_port, wait_for

ROOT = Path(__file__).resolve().parent.parent.parent

WATCHED = """
import sys

def note(event, arguments):
    if event == "socket.getaddrinfo":
        print("asked for", arguments[0], file=sys.stderr, flush=True)

sys.addaudithook(note)
from streamlit.web.cli import main
main()
"""


def handshake(port, origin):
    """The status of a web socket's beginning, asked by a page of ``origin``."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    headers = {"Upgrade": "websocket", "Connection": "Upgrade", "Origin": origin}
    headers |= {"Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "MDEyMzQ1Njc4OWFiY2RlZg=="}
    connection.request("GET", "/_stcore/stream", headers=headers)
    status = connection.getresponse().status
    connection.close()
    return status


def test_nobody_is_asked_for_the_address_of_this_machine(tmp_path):
    port = free_port()
    command = [sys.executable, "-c", WATCHED, "run", "dashboard.py", "--server.port", str(port)]
    command += ["--server.address", "0.0.0.0", "--server.headless", "true"]
    environment = os.environ | {"HOME": str(tmp_path)}
    with (tmp_path / "log").open("w") as log:
        server = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)
    try:
        wait_for(f"http://127.0.0.1:{port}/_stcore/health", 120)
        assert handshake(port, "https://elsewhere.example") == 403
        assert handshake(port, f"http://127.0.0.1:{port}") == 101
    finally:
        server.terminate()
        server.wait(30)
    said = (tmp_path / "log").read_text()
    assert f"http://127.0.0.1:{port}" in said  # where it is, for who started it
    asked = {line.split()[-1] for line in said.splitlines() if line.startswith("asked for")}
    assert asked <= {"0.0.0.0", "127.0.0.1", "localhost"}
