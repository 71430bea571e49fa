"""Every file of a folder through one door of the product, in this process, under limits.

Run as ``python -m tests.support.survive DOOR FOLDER WEIGHTS``; prints one JSON object a file: its
name, what was answered (a sentence, or ""), the defect if there was one, seconds of the CPU and of
the clock, megabytes.
"""

import io
import json
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from functools import cache
from html import unescape
from pathlib import Path

from fer.errors import UserError
from fer.paths import REPOSITORY
from tests.support.dashboard_pages import problems

_ROOM = 3 << 30  # bytes of address space beyond what the libraries took at the start


def _status(key: str) -> int:
    """A figure of this process in MB."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{key}:")) // 1024


def _dashboard(weights: Path) -> Callable[[Path], str]:
    """The page "Try it" itself, with the file as an upload."""
    from streamlit.components.v2 import manifest_scanner
    from streamlit.testing.v1 import AppTest

    from fer.dashboard.try_it import SUFFIXES

    # It would read the metadata of every installed package for each page.
    manifest_scanner.scan_component_manifests = cache(manifest_scanner.scan_component_manifests)
    sys.argv = ["dashboard.py", "--weights", str(weights.parent)]

    def door(path: Path) -> str:
        app = AppTest.from_file(str(REPOSITORY / "dashboard.py"), default_timeout=60)
        app.query_params["page"] = "try"
        # Of other kinds the browser takes none, and Streamlit refuses them.
        name = path.name if path.suffix[1:] in SUFFIXES else f"{path.name[:200]}.png"
        app.run().file_uploader(key="picture").upload(name, path.read_bytes()).run()
        assert not app.exception, app.exception
        return problems(app)

    return door


def _photo(weights: Path) -> Callable[[Path], str]:
    from fer.app.photo import analyse_file
    from fer.look import words
    from fer.vision.recognize import Recognizer

    recognizer = Recognizer.open(weights, "haar")

    def door(path: Path) -> str:
        said = analyse_file(recognizer, str(path), heat=True)[4].value or ""
        assert words.FAILED not in said, said
        return unescape(said)

    return door


def _video(weights: Path) -> Callable[[Path], str]:
    from fer.app.video import analyse_video
    from fer.look import words
    from fer.vision.recognize import Recognizer

    recognizer = Recognizer.open(weights, "haar")

    def door(path: Path) -> str:
        last = list(analyse_video(recognizer, str(path)))[-1]
        said = last["said"].value or ""
        assert words.FAILED not in said, said
        return unescape(said)

    return door


def _commands(weights: Path, *words: str) -> Callable[[Path], str]:
    """A command of the command line, with every file as its last word."""
    from fer.cli import main

    def door(path: Path) -> str:
        out, err = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(err):
            options = ["--weights", str(weights), "--detector", "haar"]
            status = main([*words, *options, "--", str(path)])
        said = err.getvalue().strip()
        assert status == 0 or said.startswith("error: "), (status, said)
        if "--json" in words:
            json.loads(out.getvalue() or "[]")
        return said

    return door


def _predict(weights: Path) -> Callable[[Path], str]:
    return _commands(weights, "predict", "--json")


def _clip(weights: Path) -> Callable[[Path], str]:
    folder = tempfile.mkdtemp()
    return _commands(weights, "video", "--out", f"{folder}/marked.mp4")


DOORS = {
    "dashboard": _dashboard, "photo": _photo, "video": _video, "predict": _predict, "clip": _clip,
}  # fmt: skip


def main(name: str, folder: Path, weights: Path) -> None:
    """Open the door and send every file through it."""
    door = DOORS[name](weights)
    most = _status("VmSize") * (1 << 20) + _ROOM
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    for path in sorted(folder.iterdir()):
        before, said, defect = _status("VmRSS"), "", ""
        began, clock = time.process_time(), time.monotonic()
        Path("/proc/self/clear_refs").write_text("5")  # the highest mark is now the present one
        try:
            said = door(path)
        except UserError as error:
            said = str(error)
        except BaseException as error:
            defect = repr(error)
        record = {
            "name": path.name, "said": said, "defect": defect,
            "seconds": time.process_time() - began, "clock": time.monotonic() - clock,
            "megabytes": _status("VmHWM") - before,
        }  # fmt: skip
        print(json.dumps(record), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
