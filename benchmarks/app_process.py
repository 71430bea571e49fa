"""The app as a service: a process that is started, watched, killed and started again."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx

from fer.paths import REPOSITORY
from tests.support.servers import free_port


class App:
    """The app in a process of its own, with its log and its temporary files in ``folder``."""

    def __init__(self, folder: Path, weights: str) -> None:
        self._folder, self._weights = folder, weights
        self.log = folder / "log.txt"
        (folder / "tmp").mkdir(exist_ok=True)
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self._process = self._start()

    def _start(self) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "app.py", "--weights", self._weights, "--port", str(self.port)]
        environment = os.environ | {"TMPDIR": str(self._folder / "tmp"), "PYTHONUNBUFFERED": "1"}
        with self.log.open("ab") as log:
            return subprocess.Popen(
                command, cwd=REPOSITORY, env=environment, stdout=log, stderr=log
            )

    def wait(self, patience: float = 600.0) -> float:
        """Seconds until the first page."""
        began = time.monotonic()
        while time.monotonic() - began < patience:
            with suppress(httpx.HTTPError):
                if httpx.get(self.address, timeout=10).status_code == 200:
                    return time.monotonic() - began
            if self._process.poll() is not None:
                break
            time.sleep(0.1)
        raise RuntimeError(f"The app did not start: {self.log.read_text()[-2000:]}")

    def megabytes(self) -> float:
        """Memory that the app has in use."""
        status = Path(f"/proc/{self._process.pid}/status").read_text().splitlines()
        return int(next(line for line in status if line.startswith("VmRSS")).split()[1]) / 1024

    @contextmanager
    def watched(self) -> Iterator[list[float]]:
        """`megabytes` every half second while the block runs."""
        sizes, done = [self.megabytes()], threading.Event()

        def look() -> None:
            while not done.wait(0.5):
                sizes.append(self.megabytes())

        watcher = threading.Thread(target=look)
        watcher.start()
        try:
            yield sizes
        finally:
            done.set()
            watcher.join()

    def errors(self) -> list[str]:
        """The lines of its log that tell of an error."""
        lines = self.log.read_text(errors="replace").splitlines()
        return [line for line in lines if "Traceback" in line or "Error" in line or "ERROR" in line]

    def kill(self) -> None:
        """End it as the system does where memory runs out (``kill -9``)."""
        self._process.kill()

    def restart(self) -> float:
        """Start it again after `kill`; seconds until the first page."""
        self._process.wait()
        self._process = self._start()
        return self.wait()

    def left_behind(self) -> list[str]:
        """Visitors' files of processes that are gone, and files not written to the end."""
        own, temporary = f"fer-app-{self._process.pid}-", self._folder / "tmp"
        folders = [path.name for path in temporary.glob("fer-app-*")]
        places = (temporary, REPOSITORY / "weights")
        parts = [str(path) for place in places for path in place.rglob("part-*")]
        return [name for name in folders if not name.startswith(own)] + parts

    def stop(self) -> None:
        """End it as a service manager does."""
        self._process.terminate()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
