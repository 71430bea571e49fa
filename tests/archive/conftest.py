"""A small study: photos, videos, a shard, odd names and bad files, and what an archive holds."""

import json
import tarfile
from pathlib import Path

import pandas as pd
import pytest
from PIL import Image

from fer.cli import main
from tests.support.bundles import write_toy_bundle
from tests.support.videos import face_patch, moving_face, scene, write_video

COUNTS = ("sources", "faces", "failed", "partly", "bytes")

CUT_OFF = 900  # bytes of a video that are left: not enough for a picture


@pytest.fixture(scope="session")
def weights(tmp_path_factory) -> str:
    return str(write_toy_bundle(tmp_path_factory.mktemp("weights")))


@pytest.fixture(scope="session")
def study(tmp_path_factory) -> Path:
    """26 photos, 3 videos and a shard with 4 photos; among them 3 files that cannot be read."""
    folder = tmp_path_factory.mktemp("study")
    (folder / "day 2" / "ä'\"#%").mkdir(parents=True)
    head = face_patch()
    for i in range(20):
        Image.fromarray(scene((head, 4 * i, 60))).save(folder / f"{i:02}.jpg")
    for i, name in enumerate(["day 2/a.png", "day 2/ä'\"#%/[1]*?.jpg", "two\nlines.jpg"]):
        Image.fromarray(scene((head, 9 * i, 30))).save(folder / name)
    Image.fromarray(scene()).save(folder / "nobody.jpg")
    with tarfile.open(folder / "shard.tar", "w") as shard:
        for name in ("00.jpg", "01.jpg"):
            shard.add(folder / name, f"inside/{name}")
        shard.add(folder / "day 2")  # with what is in it
    for i in range(2):
        write_video(folder / f"talk {i}.mp4", moving_face(30, 2 + i))
    whole = write_video(folder / "day 2" / "cut.mp4", moving_face(20), codec="mpeg4", format="avi")
    whole.write_bytes(whole.read_bytes()[:CUT_OFF])
    (folder / "bad.jpg").write_bytes(b"\xff\xd8\xff\xe0 no picture")
    (folder / "empty.png").touch()
    (folder / "notes.txt").write_text("no source")
    (folder / ".hidden.jpg").write_bytes(b"no source")
    return folder


def archive(weights: str, out: Path, *sources: object, **options: object) -> int:
    """The command, with the cascade and one process."""
    words = [
        str(word)
        for key, value in options.items()
        for word in ((f"--{key}",) if value is None else (f"--{key}", value))
    ]
    usual = ["--weights", weights, "--detector", "haar", "--workers", "1"]
    return main(["archive", *map(str, sources), "--out", str(out), *usual, *words])


def rows(out: Path) -> pd.DataFrame:
    """Every row, in an order that does not depend on who was faster."""
    frame = pd.read_parquet(out / "faces")
    return frame.sort_values(["source", "frame", "face"]).reset_index(drop=True)


def failed(out: Path) -> dict[str, str]:
    """The sentence for each source that could not be read."""
    frame = pd.read_parquet(out / "failed.parquet")
    return dict(zip(frame["source"], frame["problem"], strict=True))


def counts(out: Path) -> dict[str, int]:
    """What the manifest says in the end."""
    found = json.loads((out / "manifest.json").read_text())["counts"]
    return {name: found[name] for name in COUNTS}


@pytest.fixture(scope="session")
def complete(weights, study, tmp_path_factory) -> Path:
    """The archive of the study, written without a disturbance; nobody changes it."""
    out = tmp_path_factory.mktemp("complete") / "out"
    assert archive(weights, out, study) == 0
    return out
