"""The engine of many machines: the same function as a Ray Data pipeline.

Ray deals out the chunks, holds back where parts come faster than they are written, and starts
actors anew. What it loses all the same, with a machine or by a file that no actor survives, is
missed here, and given out again.
"""

import logging
import os
import pickle
import socket
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from fer.archive.analyse import analyse
from fer.archive.local import analyse_apart, ready_process
from fer.archive.parts import Chunk, Part, Settings
from fer.errors import UserError, reason_of

_RETRIES = 2
"""How often Ray gives a chunk out again whose actor died: a file that kills would never end."""

_PATIENCE = 5.0  # seconds for the first sign of a cluster

_FEW = 8
"""Chunks that are left over so are analysed here, in processes of their own; so is what a round
did not make less of. Before that the pipeline runs again."""

_DEATHS = 3
"""How often in a row an actor may end while it opens the recognizer: a machine may be lost then."""

_MOST_BLOCKS = 4096
"""Pieces in which Ray holds the list: each is a task, and Ray's scheduler knows them all."""


class _Analyst:
    """An actor: opens the recognizer once."""

    def __init__(self, settings: Settings) -> None:
        ready_process()
        self._settings, self._recognizer = settings, settings.open()

    def __call__(self, batch: dict[str, Any]) -> dict[str, list[bytes]]:
        chunks = [pickle.loads(chunk) for chunk in batch["chunk"]]
        parts = [analyse(self._recognizer, self._settings, chunk) for chunk in chunks]
        return {"part": [pickle.dumps(part) for part in parts]}


def analyse_on_ray(
    chunks: Iterator[Chunk],
    settings: Settings,
    workers: int | None,
    address: str | None = None,
    scratch: Path | None = None,
) -> Iterator[Part]:
    """The parts of ``chunks``, in the order in which they come back; each once.

    Args:
        chunks: all of them are held here and in Ray's memory, about 450 bytes a source here.
        settings: what decides the rows.
        workers: actors, one core each; by default as many as the cluster has cores.
        address: of a cluster; without it the one in ``RAY_ADDRESS``, or one on this machine.
        scratch: a folder on this machine for copies of videos; the caller empties it.

    Raises:
        UserError: if Ray is not installed or the cluster is out of reach.
    """
    missing = {chunk.number: chunk for chunk in chunks}
    with _connected(address) as ray:
        before = 0
        while missing and len(missing) != before:
            before, done = len(missing), 0
            actors = workers or max(1, int(ray.cluster_resources().get("CPU", 1)))
            try:
                for part in _round(ray, list(missing.values()), settings, actors):
                    if missing.pop(part.chunk, None):
                        done += 1
                        yield part
            except ray.exceptions.RayError as error:
                if not done:
                    raise UserError(f"Ray cannot analyse: {reason_of(error)}") from error
            if len(missing) <= _FEW:
                break
    for chunk in missing.values():
        yield analyse_apart(chunk, settings, scratch)


def _round(ray: Any, chunks: Sequence[Chunk], settings: Settings, actors: int) -> Iterator[Part]:
    items = [{"chunk": pickle.dumps(chunk)} for chunk in chunks]
    dataset = ray.data.from_items(items, override_num_blocks=min(len(items), _MOST_BLOCKS))
    dataset.context.max_errored_blocks = -1  # they are missed, and come again in the next round
    dataset.context.max_consecutive_actor_init_deaths = _DEATHS
    dataset.context.enable_progress_bars = False
    with warnings.catch_warnings():
        # Until Ray 2.64 there is no other way to limit the retries; pyproject.toml stays below.
        warnings.simplefilter("ignore")
        parts = dataset.map_batches(
            _Analyst,
            fn_constructor_args=(settings,),
            batch_size=1,
            num_cpus=1,
            compute=ray.data.ActorPoolStrategy(min_size=1, max_size=min(actors, len(items))),
            max_restarts=-1,
            max_task_retries=_RETRIES,
        )
    for row in parts.iter_rows():
        yield pickle.loads(row["part"])


def _require_listener(address: str) -> None:
    """Refuse an address at which nobody listens: Ray would try for minutes, without a word."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if not host or not port.isdecimal():
        return
    try:
        socket.create_connection((host, int(port)), timeout=_PATIENCE).close()
    except (OSError, OverflowError) as error:
        raise UserError(
            f"No Ray cluster answers at {address} ({reason_of(error)}); check the address."
        ) from error


@contextmanager
def _connected(address: str | None) -> Iterator[Any]:
    """Ray; what was started here is ended in the end."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # it would report to its makers
    try:
        import ray
        import ray.data
    except ModuleNotFoundError as error:
        raise UserError(
            "--engine ray needs Ray; 'pip install \"honest-fer[scale]\"' installs it."
        ) from error
    if ray.is_initialized():
        yield ray
        return
    # Without "local" it would join whatever cluster runs on this machine.
    wanted = address or os.environ.get("RAY_ADDRESS") or "local"
    _require_listener(wanted)
    try:
        ray.init(wanted, log_to_driver=False, logging_level=logging.ERROR)
    except (ConnectionError, ValueError, RuntimeError) as error:
        raise UserError(f"Ray cannot be reached or started: {reason_of(error)}") from error
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    try:
        yield ray
    finally:
        ray.shutdown()
