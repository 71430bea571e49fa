"""The recogniser as a web page of plain files, in which everything happens on the visitor's device.

The page's own files are in ``browser/``. What it needs besides is put beside them: ONNX Runtime's
WebAssembly build, which npm brings (`fetch_runtime`), YuNet's file, and bundles.
"""

import gzip
import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from typing_extensions import TypedDict

from fer.bundle import METRICS, ONNX, SPEC, Bundle
from fer.errors import UserError
from fer.files import write_json, written_whole
from fer.palette import FONT_FILE, site_css
from fer.paths import ASTRONAUT, browser_folder
from fer.vision import yunet
from fer.wording import percent

_CODE, _WASM = "ort.wasm.bundle.min.mjs", "ort-wasm-simd-threaded.wasm"
"""Of the npm package onnxruntime-web: the code, and the WebAssembly that it loads."""

_RUNTIME = (_CODE, f"{_WASM}.gz")
"""As they are kept and sent: many servers compress nothing."""

MODELS = ("fer", "fer-consensus", "fer-nano")
"""Bundles that the page offers; the first is chosen."""


class _Tuned(TypedDict):
    """What the page says of a model: of ``metrics.json``'s validation split."""

    n: int
    accuracy: float
    judged_by: Literal["original", "ferplus"]


_RIGHT = {
    "original": "the dataset's own label",
    "ferplus": "the label that most of ten people gave",
}

CACHE_VARIABLE = "FER_CACHE"
"""Environment variable: where `fetch_runtime` keeps what it fetched."""

FRONT_MATTER = """---
title: fer
emoji: 🙂
colorFrom: gray
colorTo: yellow
sdk: static
app_file: index.html
license: mit
short_description: Apparent facial expressions, read on your own device
---

Apparent facial expressions from camera, photos and videos. Everything is computed in the
visitor's browser: no picture leaves the device.
"""

_LICENSES = """This page contains:

- ONNX Runtime Web, copyright Microsoft Corporation, MIT License
- YuNet (face_detection_yunet), copyright Shiqi Yu, MIT License
- honest-fer, MIT License
- Figtree, copyright The Figtree Project Authors, SIL Open Font License 1.1 (figtree-OFL.txt)
- a portrait of Eileen Collins by NASA, in the public domain

The MIT License: permission is hereby granted, free of charge, to any person obtaining a copy of
this software and associated documentation files, to deal in the software without restriction,
including without limitation the rights to use, copy, modify, merge, publish, distribute,
sublicense, and/or sell copies, provided that the copyright notice and this permission notice are
included in all copies or substantial portions. The software is provided "as is", without warranty
of any kind.
"""


def runtime_folder() -> Path:
    """Where `fetch_runtime` puts ONNX Runtime's web build."""
    base = os.environ.get(CACHE_VARIABLE) or Path.home() / ".cache" / "honest-fer"
    lock = (browser_folder() / "package-lock.json").read_bytes()
    return Path(base) / f"browser-{hashlib.sha256(lock).hexdigest()[:12]}"


def has_runtime() -> bool:
    """Whether everything that the page needs is on this machine."""
    return not to_fetch()


def to_fetch() -> list[str]:
    """The commands that bring what the page needs and this machine lacks."""
    kept = all((runtime_folder() / name).is_file() for name in _RUNTIME)
    lacks = {"yunet": yunet.model_path() is None, "browser": not kept}
    return [f"'python -m fer fetch {name}'" for name, lacking in lacks.items() if lacking]


def fetch_runtime() -> Path:
    """Install ONNX Runtime's web build with npm, as ``package-lock.json`` pins and checks it.

    Raises:
        UserError: if npm is missing or fails.
    """
    target = runtime_folder()
    work = target.with_name(f"part-{target.name}")
    npm = ["npm", "ci", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund"]
    try:
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir(parents=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(browser_folder() / name, work)
        done = subprocess.run(npm, cwd=work, capture_output=True, text=True, check=False)
        if done.returncode:
            last = (done.stderr.strip().splitlines() or ["no message"])[-1]
            raise UserError(f"npm cannot install onnxruntime-web: {last}; is there a network?")
        target.mkdir(parents=True, exist_ok=True)
        found = work / "node_modules" / "onnxruntime-web" / "dist"
        packed = gzip.compress((found / _WASM).read_bytes(), mtime=0)
        # A kill leaves no torn file, which `has_runtime` would take for a whole one.
        with written_whole(target / _CODE) as aside:
            shutil.copy(found / _CODE, aside)
        with written_whole(target / f"{_WASM}.gz") as aside:
            aside.write_bytes(packed)
    except OSError as error:
        if error.filename == npm[0]:
            raise UserError(
                "npm is missing; install Node.js, which brings npm, and try again. The app works "
                "without it, on the server."
            ) from error
        if isinstance(error, FileNotFoundError):
            raise UserError(
                f"{error.filename} is missing; what npm installed is not what the page needs, or "
                "this package is damaged: install it again."
            ) from error
        raise UserError(f"{target} cannot be written: {error.strerror or error}.") from error
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return target


def build_site(folder: Path, weights: Sequence[str] = MODELS) -> Path:
    """Write the page with everything it needs into the new ``folder``; any file server serves it.

    Args:
        folder: new, or empty.
        weights: bundles that visitors can choose; the first is chosen at the start.

    Raises:
        UserError: if ``folder`` holds something, or the runtime, YuNet or a bundle is missing.
    """
    if folder.exists() and any(folder.iterdir()):
        raise UserError(f"{folder} is not empty; name a new folder for the page.")
    detector = yunet.model_path()
    if detector is None:
        raise UserError("The page needs the face detector YuNet; 'fer fetch yunet' brings it.")
    if not has_runtime():
        raise UserError(
            "The page needs ONNX Runtime's build for browsers; 'fer fetch browser' brings it."
        )
    bundles = [Bundle.open(name) for name in weights]
    try:
        _copy_page(folder)
        runtime = folder / "runtime"
        runtime.mkdir()
        for name in _RUNTIME:
            shutil.copy(runtime_folder() / name, runtime)
        (runtime / "yunet.onnx").write_bytes(yunet.read_model(detector))
        for bundle in bundles:
            _copy_model(bundle, folder / "models" / bundle.name)
        write_json(folder / "models" / "models.json", {"models": [_entry(b) for b in bundles]})
        _write_worker(folder, bundles[0].name)
    except OSError as error:
        raise UserError(f"{folder} cannot be written: {error.strerror or error}.") from error
    return folder


def _copy_page(folder: Path) -> None:
    source = browser_folder()
    shutil.copytree(source / "site", folder, dirs_exist_ok=True)
    shutil.copytree(source / "src", folder / "src", ignore=shutil.ignore_patterns("*.d.ts"))
    (folder / "examples").mkdir()
    shutil.copy(ASTRONAUT, folder / "examples")
    for name in (FONT_FILE.name, "figtree-OFL.txt"):
        shutil.copy(FONT_FILE.with_name(name), folder)
    (folder / "palette.css").write_text(site_css(), encoding="utf-8")
    (folder / "README.md").write_text(FRONT_MATTER, encoding="utf-8")
    (folder / "LICENSES.txt").write_text(_LICENSES, encoding="utf-8")


def _copy_model(bundle: Bundle, folder: Path) -> None:
    folder.mkdir(parents=True)
    for part in (ONNX, SPEC):
        shutil.copy(bundle.require(part), folder)


def _entry(bundle: Bundle) -> dict[str, str]:
    return {"name": bundle.name, "title": bundle.title, "note": _note(bundle)}


def _note(bundle: Bundle) -> str:
    """How often it is right; empty where that was not measured, or its file is damaged."""
    try:
        figures = bundle.entry(METRICS, "validation", _Tuned)
    except UserError:  # the page reads faces without it, and `python app.py` starts
        return ""
    return (
        f"{bundle.title}: of {figures['n']:,} faces on which it was tuned, "
        f"{percent(figures['accuracy'], 1)} get {_RIGHT[figures['judged_by']]}. "
        "Expect less of others."
    )


def _write_worker(folder: Path, model: str) -> None:
    """Tell the service worker which files it keeps from the first visit on: one model's alone.

    The name of its cache changes with any file.
    """
    worker = folder / "sw.js"
    skipped = {"README.md", "LICENSES.txt", "figtree-OFL.txt", "sw.js"}
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    files = [path for path in paths if path.relative_to(folder).as_posix() not in skipped]
    digest = hashlib.sha256()
    for path in files:
        digest.update(path.read_bytes())
    names = [path.relative_to(folder).as_posix() for path in files]
    other = tuple(f"models/{path.name}/" for path in (folder / "models").iterdir() if path.is_dir())
    at_first = [
        name for name in names if name.startswith(f"models/{model}/") or not name.startswith(other)
    ]
    text = worker.read_text(encoding="utf-8").replace("VERSION", digest.hexdigest()[:16])
    listed = json.dumps(["./", *at_first], indent=2)
    worker.write_text(f"const FILES = {listed};\n\n{text}", encoding="utf-8")
