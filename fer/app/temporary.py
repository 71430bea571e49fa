"""Visitors' files: in one folder of this process, deleted when they are old and when it starts."""

import os
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

KEEP = 1800
"""Seconds for which an upload or a result is kept; `docs/privacy.md` and the page say so."""

_EVERY = 600  # seconds between two sweeps
_DESERTED = 3600  # seconds after which a folder that nobody sweeps belongs to nobody
_PREFIX = "fer-app-"


@contextmanager
def own_folder() -> Iterator[Path]:
    """A new folder for all temporary files of this process, Gradio's among them.

    It is deleted at the end. What processes that were killed left behind is deleted first.
    """
    base = Path(tempfile.gettempdir())
    for folder in base.glob(f"{_PREFIX}*"):
        if not _in_use(folder):
            shutil.rmtree(folder, ignore_errors=True)
    before = tempfile.tempdir, os.environ.pop("GRADIO_TEMP_DIR", None)
    # A request that is still being answered may write while it is deleted.
    with tempfile.TemporaryDirectory(
        prefix=f"{_PREFIX}{os.getpid()}-", ignore_cleanup_errors=True
    ) as name:
        tempfile.tempdir = name
        try:
            yield Path(name)
        finally:
            tempfile.tempdir = before[0]
            if before[1] is not None:
                os.environ["GRADIO_TEMP_DIR"] = before[1]


def _in_use(folder: Path) -> bool:
    """Whether the process that made ``folder`` still runs; yes where that cannot be told.

    After a restart of the machine its number may be another's: whoever runs touches its folder.
    """
    with suppress(OSError):
        if time.time() - folder.stat().st_mtime > _DESERTED:
            return False
    number = folder.name.removeprefix(_PREFIX).split("-")[0]
    if os.name != "posix" or not number.isdecimal():
        return True
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return False
    except OSError:  # it runs for somebody else
        return True
    return int(number) != os.getpid()


@contextmanager
def swept(
    folder: Path,
    keep: float = KEEP,
    every: float = _EVERY,
    also: Callable[[], None] = lambda: None,
) -> Iterator[None]:
    """Delete what is older than ``keep`` seconds in ``folder``, every ``every`` seconds.

    What is there already, the page's own pictures, stays. The folder is touched each time, and
    ``also`` is called.
    """
    own, stop = frozenset(folder.rglob("*")), threading.Event()

    def run() -> None:
        while not stop.wait(every):
            with suppress(OSError):
                os.utime(folder)
            sweep(folder, keep, own)
            also()

    thread = threading.Thread(target=run, name="sweeper", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def sweep(
    folder: Path, keep: float = KEEP, own: frozenset[Path] = frozenset(), now: float | None = None
) -> None:
    """Delete what is in ``folder``, except ``own``, and is older than ``keep`` seconds at ``now``.

    A file's age counts from its last change of any kind, which nobody can date back.
    """
    now = time.time() if now is None else now
    # `Path.rglob` raises where a folder vanishes meanwhile. What is inside comes first.
    for inside, folders, files in os.walk(folder, topdown=False):
        for path in {Path(inside, name) for name in (*files, *folders)} - own:
            with suppress(OSError):  # in use, not empty, or gone by itself
                if now - path.lstat().st_ctime > keep:
                    path.rmdir() if path.is_dir() and not path.is_symlink() else path.unlink()
