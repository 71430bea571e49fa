"""Ask pip-audit and npm audit for known vulnerabilities in what is installed.

Three ends: nothing known (0); something that ``tools/audit.toml`` does not except (1); nobody could
be asked, without a network or behind a mirror. The last is said and ends with 0, so that CI works
anywhere, or with ``--strict`` with 1: so a weekly workflow runs it, which finds out if the question
was never answered.
"""

import json
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
EXCEPTIONS = ROOT / "tools" / "audit.toml"

PIP = [sys.executable, "-m", "pip_audit", "--local", "--skip-editable", "-f", "json"]
PIP += ["--progress-spinner", "off"]
NPM = ["npm", "audit", "--json"]
_PATIENCE = 120  # seconds


@dataclass(frozen=True)
class Finding:
    """A known vulnerability: the package, and every name under which it is known."""

    package: str
    names: tuple[str, ...]


def findings_of_pip(report: Any) -> list[Finding]:
    """What ``pip-audit -f json`` found.

    Raises:
        LookupError: if packages could not be looked up.
    """
    skipped = [one for one in report["dependencies"] if "skip_reason" in one]
    asked = [one for one in skipped if "editable" not in one["skip_reason"]]
    if asked:
        raise LookupError(f"{len(asked)} packages, such as {asked[0]['name']}, are not known there")
    return [
        Finding(package["name"], (found["id"], *found["aliases"]))
        for package in report["dependencies"]
        for found in package.get("vulns", ())
    ]


def findings_of_npm(report: Any) -> list[Finding]:
    """What ``npm audit --json`` found; a package that only contains another is not named.

    Raises:
        LookupError: if the registry did not answer.
    """
    if "vulnerabilities" not in report:
        raise LookupError(report.get("message") or "no answer")
    return [
        Finding(name, (via["url"].rsplit("/", 1)[-1],))
        for name, package in report["vulnerabilities"].items()
        for via in package["via"]
        if isinstance(via, dict)
    ]


def unexcepted(found: list[Finding], exceptions: Any, today: date) -> Iterator[str]:
    """A sentence for each finding that no exception covers on the day ``today``."""
    until = {one["id"]: one["until"] for one in exceptions}
    for one in found:
        days = [until[name] for name in one.names if name in until]
        if not days:
            yield f"{one.package}: {one.names[0]}"
        elif max(days) < today:
            yield f"{one.package}: {one.names[0]}, whose exception ended on {max(days)}"


def ask(command: list[str], folder: Path) -> Any:
    """The JSON that ``command`` prints, whatever its exit status says.

    Raises:
        LookupError: if it prints none.
    """
    try:
        done = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, check=False, timeout=_PATIENCE
        )
        return json.loads(done.stdout)
    except subprocess.TimeoutExpired as error:
        raise LookupError(f"no answer within {_PATIENCE} s") from error
    except FileNotFoundError as error:
        raise LookupError(f"{command[0]} is not installed") from error
    except ValueError as error:
        raise LookupError((done.stderr.strip().splitlines() or ["no answer"])[-1]) from error


def main() -> int:
    """Ask both; the exit status."""
    exceptions = tomllib.loads(EXCEPTIONS.read_text("utf-8")).get("exception", [])
    failed = False
    for name, command, folder, read in (
        ("pip-audit", PIP, ROOT, findings_of_pip),
        ("npm audit", NPM, ROOT / "browser", findings_of_npm),
    ):
        try:
            found = read(ask(command, folder))
        except LookupError as error:
            print(f"{name}: NOT ASKED: {error.args[0]}")
            failed |= "--strict" in sys.argv
            continue
        left = list(unexcepted(found, exceptions, date.today()))
        print(f"{name}: {len(found)} known, {len(left)} not excepted")
        print("".join(f"  {sentence}\n" for sentence in left), end="")
        failed |= bool(left)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
