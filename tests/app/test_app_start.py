"""Starting the app: fast, without TensorFlow, closed to programs, clear when it fails."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

import app
from tests.support.bundles import write_toy_bundle
from tests.support.servers import free_port

ROOT = Path(__file__).resolve().parent.parent.parent

MODULES = """
import json, sys
import app
app.build_app({"toy": app.open_model(sys.argv[1])})
print(json.dumps(sorted({name.split(".")[0] for name in sys.modules})))
"""


@pytest.fixture(scope="module")
def toy(tmp_path_factory):
    return write_toy_bundle(tmp_path_factory.mktemp("weights"))


def wait_for(url, seconds=120):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            return urllib.request.urlopen(url, timeout=5).status
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
    raise AssertionError(f"{url} did not answer within {seconds} s.")


@pytest.fixture(scope="module")
def served(toy, tmp_path_factory):
    """Address of a running ``python app.py``, and the processor seconds to its first answer."""
    url = f"http://127.0.0.1:{free_port()}"
    log = tmp_path_factory.mktemp("log") / "app.log"
    with log.open("w") as output:
        process = subprocess.Popen(
            [
                sys.executable,
                str(ROOT / "app.py"),
                "--weights",
                str(toy),
                "--port",
                url.rsplit(":")[-1],
            ],
            cwd=log.parent,  # it can be started from any folder
            env=os.environ | {"GRADIO_TEMP_DIR": str(log.parent / "cache")},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            assert wait_for(url) == 200
            ticks = Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()[11:13]
            yield url, sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(30)


def test_the_first_page_is_there_within_five_seconds_of_work(served):
    _, seconds = served
    # Processor time: what others do on the machine does not count. Most of it is Gradio's import,
    # by which a slow machine is known.
    begin = os.times()
    subprocess.run([sys.executable, "-c", "import gradio"], check=True)
    end = os.times()
    gradio = end.children_user + end.children_system - begin.children_user - begin.children_system
    assert seconds < max(5, 1.4 * gradio)


def test_neither_keras_nor_tensorflow_is_imported(toy):
    done = subprocess.run(
        [sys.executable, "-c", MODULES, str(toy)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    loaded = json.loads(done.stdout.splitlines()[-1])
    assert {"gradio", "onnxruntime", "cv2"} <= set(loaded)
    assert not {"keras", "tensorflow", "streamlit"} & set(loaded)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/gradio_api/run/answer", {"data": [None, "toy"]}),
        ("/gradio_api/run/predict", {"data": [None, "toy", "Off"], "fn_index": 0}),
    ],
)
def test_no_handler_can_be_called_past_the_queue(served, path, body):
    url, _ = served
    request = urllib.request.Request(
        url + path, json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, timeout=30)
    assert 400 <= refused.value.code < 500


def test_the_page_lists_no_endpoints_and_no_file_outside_the_cache_is_served(served):
    url, _ = served
    info = json.loads(urllib.request.urlopen(url + "/gradio_api/info", timeout=30).read())
    assert info["named_endpoints"] == {}
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"{url}/gradio_api/file={ROOT / 'app.py'}", timeout=30)
    assert 400 <= refused.value.code < 500


def test_a_bundle_that_does_not_exist_is_one_sentence(capsys):
    assert app.main(["--weights", "no-such-bundle"]) == 1
    assert one_line(capsys).startswith("There is no bundle 'no-such-bundle'")


def test_a_port_that_is_taken_is_one_sentence(served, toy, capsys):
    url, _ = served
    assert app.main(["--weights", str(toy), "--port", url.rsplit(":")[-1]]) == 1
    assert one_line(capsys).endswith("name a free one with --port.")


def one_line(capsys):
    [line] = capsys.readouterr().err.strip().splitlines()
    return line
