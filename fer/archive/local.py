"""The engine of one machine: a process for each core, each with a recognizer of its own."""

import ctypes
import os
import signal
import sys
import tempfile
from collections import deque
from collections.abc import Generator, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Event
from pathlib import Path
from threading import Thread

import cv2

from fer.archive.analyse import analyse
from fer.archive.parts import Chunk, Part, Settings
from fer.errors import UserError
from fer.vision.recognize import Recognizer

_IN_FLIGHT = 2
"""Chunks for each process that are under way or wait for it: what is held in memory."""

_MOST_ON_WINDOWS = 61
"""Processes of one pool there: its system waits for no more at once, and Python refuses them."""

_KILLED = (
    "The process that read it was ended by it, or by the system for want of memory; look at the "
    "file, or convert it."
)
_NOT_STARTED = (
    "The processes that analyse could not start: the system ended one, as for want of memory, or "
    'what they printed says why (a script that calls this needs `if __name__ == "__main__":`). '
    "Nothing was lost; try again."
)


_MMAP_THRESHOLD, _TRIM_THRESHOLD = -3, -1  # of mallopt(3)
_KEPT = ((_MMAP_THRESHOLD, 32 << 20), (_TRIM_THRESHOLD, 128 << 20))
"""Bytes: what is smaller stays with the process when it is freed, and so much of it."""


def cores() -> int:
    """How many this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def ready_process() -> None:
    """What a process does first that analyses on one core.

    Where memory comes from glibc, what one photo took stays for the next: handed back and asked for
    anew, it took a fifth of the time.
    """
    cv2.setNumThreads(1)
    if sys.platform == "linux":
        library = ctypes.CDLL(None)
        if hasattr(library, "mallopt"):
            for setting in _KEPT:
                library.mallopt(*setting)


def analyse_locally(
    chunks: Iterator[Chunk], settings: Settings, workers: int, scratch: Path | None = None
) -> Iterator[Part]:
    """The parts of ``chunks``, in the order in which they are done.

    A file that brings its process down becomes a `Problem`; what was under way beside it is
    analysed again.

    Args:
        chunks: taken from as parts come, never all at once.
        settings: what decides the rows.
        workers: processes; on Windows no more than 61 of them are started.
        scratch: a folder for copies of videos; the caller empties it, for a process that is killed
            cannot. By default the system's.

    Raises:
        UserError: if no process gets as far as its first file.
    """
    if sys.platform == "win32":
        workers = min(workers, _MOST_ON_WINDOWS)
    pool = _Processes(settings, workers, scratch)
    while suspects := (yield from _together(chunks, pool, _IN_FLIGHT * workers)):
        for chunk in suspects:
            yield analyse_apart(chunk, settings, scratch)


def analyse_apart(chunk: Chunk, settings: Settings, scratch: Path | None = None) -> Part:
    """The part of a chunk, one source after the other in a process that may be lost.

    A source is blamed when its process is lost twice: once may be the machine's doing.
    """
    waiting = deque(Chunk(chunk.number, (source,)) for source in chunk.sources)
    suspected: set[Chunk] = set()
    parts: list[Part] = []
    while waiting:
        under_way = _together(_taken_from(waiting), _Processes(settings, 1, scratch), 1)
        try:
            while True:
                parts.append(next(under_way))
        except StopIteration as end:
            for suspect in end.value:
                if suspect in suspected:
                    parts.append(Part.failed(suspect, _KILLED))
                else:
                    suspected.add(suspect)
                    waiting.appendleft(suspect)
    return Part.joined(parts)


def _taken_from(waiting: deque[Chunk]) -> Iterator[Chunk]:
    while waiting:
        yield waiting.popleft()


def _together(
    chunks: Iterator[Chunk], processes: "_Processes", most: int
) -> Generator[Part, None, list[Chunk]]:
    """Parts, until all is done or a process dies; answers with the chunks that it leaves behind."""
    pending: dict[int, Chunk] = {}
    under_way: set[Future[Part]] = set()

    def finished() -> Iterator[Part]:
        done, _ = wait(under_way, return_when=FIRST_COMPLETED)
        under_way.difference_update(done)
        for future in done:
            part = future.result()
            del pending[part.chunk]
            yield part

    with processes.running() as (pool, started):
        try:
            for chunk in chunks:
                pending[chunk.number] = chunk
                under_way.add(pool.submit(_analyse, chunk))
                while len(under_way) >= most:
                    yield from finished()
            while under_way:
                yield from finished()
        except BrokenProcessPool:
            if not started.is_set():
                raise UserError(_NOT_STARTED) from None
            return list(pending.values())
    return []


@dataclass(frozen=True)
class _Processes:
    """So many ``workers`` with these ``settings``, which copy videos into ``scratch``."""

    settings: Settings
    workers: int
    scratch: Path | None

    @contextmanager
    def running(self) -> Iterator[tuple[ProcessPoolExecutor, Event]]:
        """Processes that end at once when the ``with`` block is left, or this process dies.

        The event is set when the first of them is ready.
        """
        context = get_context("spawn")  # a fork would take over half of what other threads do
        listening, alive = context.Pipe(duplex=False)
        started = context.Event()
        given = (self.settings, listening, started, self.scratch)
        pool = ProcessPoolExecutor(self.workers, context, _begin, given)
        try:
            with _uninterrupted():
                for _ in range(self.workers):  # a process begins for each task, while none is idle
                    pool.submit(int)
            yield pool, started
        finally:
            alive.close()  # to let each clear up for itself would take a fifth of a second
            pool.shutdown(cancel_futures=True)
            listening.close()


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Ctrl-C waits, and never reaches processes that begin meanwhile: what they inherit stays."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


_recognizer: Recognizer
_settings: Settings


def _begin(settings: Settings, alive: Connection, started: Event, scratch: Path | None) -> None:
    """What a new process does first."""
    global _recognizer, _settings
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all; the first process decides
    Thread(target=_end_with, args=(alive,), daemon=True).start()
    if scratch:
        tempfile.tempdir = str(scratch)
    ready_process()
    _settings, _recognizer = settings, settings.open()
    started.set()


def _end_with(alive: Connection) -> None:
    alive.poll(None)  # until the other end is closed, by its owner or by the system
    os._exit(1)


def _analyse(chunk: Chunk) -> Part:
    return analyse(_recognizer, _settings, chunk)
