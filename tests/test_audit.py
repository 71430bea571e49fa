"""What the audit of packages makes of its tools' answers: found, excepted, or not asked."""

import json
import sys
import tomllib
from datetime import date

import pytest

from tools import audit

TODAY = date(2026, 11, 25)
PIP = {
    "dependencies": [
        {"name": "pillow", "version": "9.0.0", "vulns": [
            {"id": "PYSEC-2022-1", "fix_versions": ["9.0.1"], "aliases": ["CVE-2022-1"]}]},
        {"name": "numpy", "version": "2.4.0", "vulns": []},
        {"name": "honest-fer", "skip_reason": "distribution marked as editable"},
    ]
}  # fmt: skip
NPM = {
    "vulnerabilities": {
        "minimist": {"via": [{"url": "https://github.com/advisories/GHSA-xvch", "title": "x"}]},
        "mkdirp": {"via": ["minimist"]},
    }
}
BLOCKED = {"message": "405 Method Not Allowed", "error": {"summary": ""}}
SKIPPED = {"dependencies": [{"name": "numpy", "skip_reason": "not found on PyPI"}]}


def test_findings_are_read_from_both_tools():
    assert audit.findings_of_pip(PIP) == [audit.Finding("pillow", ("PYSEC-2022-1", "CVE-2022-1"))]
    assert audit.findings_of_npm(NPM) == [audit.Finding("minimist", ("GHSA-xvch",))]


@pytest.mark.parametrize(
    ("exceptions", "left"),
    [
        ([], 1),
        ([{"id": "CVE-2022-1", "until": date(2026, 11, 25)}], 0),
        ([{"id": "CVE-2022-1", "until": date(2026, 11, 24)}], 1),
        ([{"id": "CVE-2022-2", "until": date(2027, 1, 1)}], 1),
    ],
    ids=["none", "covers", "is over", "another"],
)
def test_an_exception_has_a_name_and_a_last_day(exceptions, left):
    found = audit.findings_of_pip(PIP)
    assert len(list(audit.unexcepted(found, exceptions, TODAY))) == left


@pytest.mark.parametrize(
    ("pip", "npm", "strict", "status", "said"),
    [
        ({"dependencies": []}, {"vulnerabilities": {}}, False, 0, "0 known"),
        ({"dependencies": []}, {"vulnerabilities": {}}, True, 0, "0 known"),
        (PIP, {"vulnerabilities": {}}, False, 1, "pillow: PYSEC-2022-1"),
        ({"dependencies": []}, NPM, False, 1, "minimist: GHSA-xvch"),
        (SKIPPED, BLOCKED, False, 0, "NOT ASKED"),
        (SKIPPED, {"vulnerabilities": {}}, True, 1, "NOT ASKED"),
        ({"dependencies": []}, BLOCKED, True, 1, "405"),
        ("no JSON", {"vulnerabilities": {}}, True, 1, "NOT ASKED"),
    ],
)
def test_only_an_answer_that_was_not_asked_for_strictly_passes(
    pip, npm, strict, status, said, monkeypatch, capsys
):
    answer = "import sys; print(sys.argv[1]); sys.exit(1)"  # both tools exit so, whatever it was
    for name, report in (("PIP", pip), ("NPM", npm)):
        text = report if isinstance(report, str) else json.dumps(report)
        monkeypatch.setattr(audit, name, [sys.executable, "-c", answer, text])
    monkeypatch.setattr(sys, "argv", ["audit.py", *["--strict"] * strict])
    assert audit.main() == status
    assert said in capsys.readouterr().out


def test_a_tool_that_is_missing_was_not_asked(monkeypatch, tmp_path):
    with pytest.raises(LookupError, match="not installed"):
        audit.ask(["no-such-tool"], tmp_path)


def test_every_written_exception_says_why_and_until_when():
    for one in tomllib.loads(audit.EXCEPTIONS.read_text("utf-8")).get("exception", []):
        assert len(one["reason"]) > 20
        assert isinstance(one["until"], date)
