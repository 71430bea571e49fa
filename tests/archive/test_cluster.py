"""The same archive on a cluster: two Ray nodes on this machine, of which one is killed."""

import os
import sys

import pandas as pd
import pytest

from fer.archive.cluster import analyse_on_ray
from fer.archive.folder import ArchiveFolder
from fer.archive.parts import Chunk, Settings
from fer.archive.run import run_archive
from fer.archive.source import PHOTO, Source
from fer.cli import main
from tests.archive.conftest import failed, rows

# Two nodes on a busy machine may lose one that nobody killed; a second failure counts.
pytestmark = [pytest.mark.slow, pytest.mark.flaky(reruns=1)]


@pytest.fixture(scope="module")
def cluster():
    from ray.cluster_utils import Cluster

    memory = 80_000_000
    often = {"health_check_period_ms": 500}  # 3000 by default, five times until a node is lost
    started = Cluster(
        initialize_head=True,
        head_node_args={
            "num_cpus": 1, "object_store_memory": memory, "include_dashboard": False,
            "_system_config": often,
        },
    )  # fmt: skip
    started.other = started.add_node(num_cpus=1, object_store_memory=memory)
    yield started
    started.shutdown()


def test_a_node_that_is_killed_costs_nothing(weights, study, complete, cluster, tmp_path):
    out, settings = tmp_path / "out", Settings.of(weights, "haar", 0.1)
    with ArchiveFolder.begin(out, [str(study)], settings) as folder:
        steps = run_archive(folder, lambda c, s: analyse_on_ray(c, s, 2, cluster.address))
        for progress in steps:
            if progress.counts.chunks == 3:
                cluster.remove_node(cluster.other, allow_graceful=False)
    pd.testing.assert_frame_equal(rows(out), rows(complete))
    assert failed(out) == failed(complete)


def test_a_file_that_kills_every_actor_costs_itself_alone(weights, study, cluster, monkeypatch):
    monkeypatch.setattr("fer.archive.cluster._RETRIES", 0)  # an actor takes seconds to start

    class Deadly(str):
        def __reduce__(self):
            return os._exit, (9,)

    good = [Source(str(study / f"{i:02}.jpg"), PHOTO, str(study / f"{i:02}.jpg")) for i in range(2)]
    deadly = Source("deadly.jpg", PHOTO, Deadly(study / "00.jpg"))
    chunks = iter([Chunk(0, (good[0], deadly)), Chunk(1, (good[1],))])
    settings = Settings.of(weights, "haar", 0.1)
    parts = {part.chunk: part for part in analyse_on_ray(chunks, settings, 1, cluster.address)}
    assert sorted(parts) == [0, 1]
    assert [problem.source for problem in parts[0].problems] == ["deadly.jpg"]
    assert parts[0].faces["source"].to_pylist() == [good[0].name]


def test_without_ray_it_is_a_sentence(weights, study, tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "ray", None)
    words = ["--out", str(tmp_path / "out"), "--weights", weights, "--engine", "ray"]
    assert main(["archive", str(study), *words]) == 2
    assert "honest-fer[scale]" in capsys.readouterr().err


def test_an_address_at_which_nobody_listens_is_told_at_once(weights, study, tmp_path, capsys):
    command = ["archive", str(study / "00.jpg"), "--out", str(tmp_path / "out")]
    command += ["--weights", weights, "--detector", "haar", "--engine", "ray"]
    assert main([*command, "--address", "127.0.0.1:1"]) == 2
    assert "No Ray cluster answers at 127.0.0.1:1" in capsys.readouterr().err
