"""Sending a Space to the hub: what goes, what never does, and what people are told.

The hub is a small server of ours; the client is the real ``huggingface_hub``, in a process of its
own as people start it.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from huggingface_hub import SpaceCard
from packaging.specifiers import SpecifierSet

from fer import ondevice
from fer.vision import yunet
from tests.support.fake_hub import READER, WRITER, front_matter_errors, opened_hub

ROOT = Path(__file__).resolve().parent.parent.parent
KINDS = {"app": "gradio", "dashboard": "docker", "browser": "static"}


@pytest.fixture
def hub():
    with opened_hub() as opened:
        yield opened


@pytest.fixture
def space(hub, tmp_path):
    """Runs ``fer space KIND --upload NAME`` against ``hub``."""

    def run(kind, name="someone/fer", token=WRITER, endpoint=""):
        environment = {key: value for key, value in os.environ.items() if "TOKEN" not in key}
        environment |= {"HF_ENDPOINT": endpoint or hub.address, "HF_HUB_DISABLE_XET": "1"}
        environment |= {"HF_HOME": str(tmp_path / "hf"), "HF_HUB_DISABLE_TELEMETRY": "1"}
        environment |= {"FER_YUNET": str(yunet.model_path() or "")}
        environment |= {"FER_CACHE": str(ondevice.runtime_folder().parent)}
        environment |= {"HF_TOKEN": token} if token else {}
        words = [sys.executable, "-m", "fer", "space", kind, tmp_path / kind, "--upload", name]
        return subprocess.run(
            words, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
        )

    return run


def refused(done):
    """The one sentence of a run that failed."""
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    [line] = [line for line in done.stderr.splitlines() if line.startswith("error:")]
    return line


@pytest.mark.parametrize("kind", KINDS)
def test_a_space_gets_what_was_shown_and_nothing_twice(kind, space, hub, tmp_path):
    if kind == "browser" and not ondevice.has_runtime():
        pytest.skip("the page needs YuNet's file, which is not part of the repository")
    done = space(kind)
    assert done.returncode == 0, done.stderr
    assert hub.sdks == {"someone/fer": KINDS[kind]}
    assert done.stdout.splitlines()[-1] == hub.url("someone/fer")
    sent = hub.spaces["someone/fer"]
    shown = sum(int(line.split()[1]) for line in done.stdout.splitlines() if " files " in line)
    assert shown == len(sent) - 1  # .gitattributes is the hub's
    for name in set(sent) - {".gitattributes"}:
        assert sent[name] == (tmp_path / kind / name).read_bytes()
    assert not [
        name for name in sent if name.endswith((".keras", ".npz")) or name.startswith("data")
    ]

    sent["fer/old.py"] = sent["src/old.js"] = b"of an earlier version"
    sent["notes.txt"] = b"somebody's own"
    again = space(kind)
    assert again.returncode == 0, again.stderr
    assert len(hub.commits) == 2
    assert {line["key"] for line in hub.commits[1]} == {"header", "deletedFile"}
    assert "notes.txt" in sent
    assert space(kind).returncode == 0
    assert len(hub.commits) == 2


def test_nothing_is_sent_without_a_token(space, hub):
    assert "hf auth login" in refused(space("app", token=""))
    assert hub.requests == []


@pytest.mark.parametrize(
    ("token", "name", "words"),
    [
        ("hf_forgotten", "someone/fer", ("not valid", "hf auth login")),
        (READER, "someone/fer", ("may not write", "someone/fer")),
        (WRITER, "stranger/fer", ("may not write", "stranger/fer")),
        (WRITER, "no such/name", ("no such/name",)),
        (WRITER, "fer", ("whose the Space is", "your-name/fer")),
    ],
)
def test_missing_rights_are_a_sentence_and_nothing_is_stored(token, name, words, space, hub):
    said = refused(space("app", name, token))
    assert [word for word in words if word not in said] == []
    assert hub.spaces == hub.stored == {} and hub.commits == []


@pytest.mark.parametrize("kind", ["app", "dashboard"])
def test_a_free_account_is_led_to_the_page_that_is_free(kind, space, hub):
    hub.paying = False
    assert "'fer space browser'" in refused(space(kind))
    assert hub.stored == {}


def test_a_hub_that_cannot_be_reached_is_named(space):
    assert "http://127.0.0.1:9" in refused(space("app", endpoint="http://127.0.0.1:9"))


@pytest.mark.parametrize("readme", ["README.md", "spaces/dashboard/README.md", "browser"])
def test_the_front_matter_is_what_the_hub_takes(readme):
    text = ondevice.FRONT_MATTER if readme == "browser" else (ROOT / readme).read_text("utf-8")
    assert front_matter_errors(text) == []
    data = SpaceCard(text).data
    if data.sdk == "gradio":
        [line] = [
            line
            for line in (ROOT / "requirements.txt").read_text().splitlines()
            if line.startswith("gradio")
        ]
        assert data.sdk_version in SpecifierSet(line.removeprefix("gradio"))
        assert (ROOT / data.app_file).is_file()


def test_the_checks_of_front_matter_can_fail():
    good = ondevice.FRONT_MATTER
    for old, new in [("gray", "grey"), ("static", "streamlit"), ("own device", "own device" * 9)]:
        assert old in good
        assert front_matter_errors(good.replace(old, new)) != []
