"""Where weights come from: versions, source commit, machine."""

import os
import platform
import subprocess
from functools import cache
from importlib.metadata import version
from pathlib import Path

from fer.paths import REPOSITORY

_PACKAGES = ("keras", "tensorflow", "numpy", "opencv-python-headless")


def package_versions() -> dict[str, str]:
    """Versions of Python and of the packages that decide the result."""
    return {"python": platform.python_version()} | {name: version(name) for name in _PACKAGES}


@cache
def source_commit() -> str:
    """The commit of the source, with ``+changes`` if files differ from it; ``""`` outside git.

    As it is when first asked: a long run goes on with the code that it began with.
    """
    commit = _git("rev-parse", "HEAD")
    changed = _git("status", "--porcelain", "--untracked-files=no", "--", "*.py")
    return f"{commit}+changes" if commit and changed else commit


def machine() -> dict[str, str | int]:
    """The processor that trained."""
    return {
        "processor": _cpu_field("model name") or platform.processor() or platform.machine(),
        "threads": len(os.sched_getaffinity(0))
        if hasattr(os, "sched_getaffinity")
        else os.cpu_count() or 1,
        "precision": best_precision(),
    }


def best_precision() -> str:
    """``mixed_bfloat16`` where the processor multiplies bfloat16 itself, else ``float32``."""
    flags = _cpu_field("flags").split()
    native = {"avx512_bf16", "amx_bf16"} & set(flags)
    return "mixed_bfloat16" if native else "float32"


def _git(*arguments: str) -> str:
    try:
        result = subprocess.run(
            ["git", *arguments], cwd=REPOSITORY, capture_output=True, text=True, check=False
        )
    except OSError:
        return ""
    return result.stdout.strip() if result.returncode == 0 else ""


def _cpu_field(name: str) -> str:
    path = Path("/proc/cpuinfo")
    if not path.is_file():
        return ""
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        key, _, value = line.partition(":")
        if key.strip() == name:
            return value.strip()
    return ""
