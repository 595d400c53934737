"""The promises of SECURITY.md about the code, and the dependency audit."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from scripts import dependency_audit as audit

ROOT = Path(__file__).parents[1]
FOLDERS = ("liine_source", "tests", "benchmarks", "pipelines", "docs")


def test_security_rule_exceptions_have_reasons() -> None:
    """Each `noqa` of a bandit rule, S and a number in ruff, gives its reason on the line."""
    lines = [
        (f"{path.relative_to(ROOT)}:{number}", line)
        for folder in FOLDERS
        for path in (ROOT / folder).rglob("*.py")
        for number, line in enumerate(path.read_text().splitlines(), 1)
    ]
    excepted = {where: line for where, line in lines if re.search(r"# noqa: [A-Z0-9, ]*\bS[0-9]{3}\b", line)}
    assert len(excepted) > 30
    assert [where for where, line in excepted.items() if not re.search(r"# noqa: [A-Z0-9, ]*[0-9]  \S", line)] == []


def _answer(*packages: dict[str, Any]) -> str:
    return json.dumps({"dependencies": packages, "fixes": []})


GOOD = {"name": "a", "version": "1", "vulns": []}
WEAK = {
    "name": "b",
    "version": "2",
    "vulns": [{"id": "CVE-1", "fix_versions": ["3"], "aliases": [], "description": ""}],
}
UNKNOWN = {"name": "c", "skip_reason": "Dependency not found on PyPI and could not be audited: c (1)"}


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("", (False, [], "its service cannot be reached")),
        (_answer(UNKNOWN), (False, [], "its service knows none of the packages")),
        (_answer(GOOD), (True, [], "1 packages, 0 known weaknesses")),
        (_answer(GOOD, UNKNOWN), (True, [], "Not known to it: c.")),
        (_answer(GOOD, WEAK), (True, ["b 2: CVE-1, mended in 3"], "2 packages, 1 known weaknesses.\nb 2: CVE-1")),
    ],
    ids=["no answer", "mirror without data", "no weakness", "one unknown package", "one weakness"],
)
def test_unavailable_audit_differs_from_clean_audit(answer: str, expected: tuple[bool, list[str], str]) -> None:
    """pip-audit's exit code does not distinguish the two."""
    is_checked, weaknesses, message = audit.verdict(answer)
    assert (is_checked, weaknesses) == expected[:2]
    assert expected[2] in message


@pytest.mark.parametrize(("is_required", "code"), [(False, 0), (True, 1)])
def test_unreachable_service_fails_only_make_audit(
    is_required: bool,
    code: int,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """`make check` reports it in one line and passes."""
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "")
    # An empty cache, so that no earlier answer is used.
    monkeypatch.setenv("PIP_CACHE_DIR", str(tmp_path))
    assert audit.main(is_required=is_required) == code
    assert capsys.readouterr().out == (
        "pip-audit was not asked: its service cannot be reached. Weaknesses are not known.\n"
    )


def test_vulnerability_fails_check_and_audit(monkeypatch: pytest.MonkeyPatch) -> None:
    """A known weakness fails `make check` and `make audit`, whatever pip-audit's exit code."""
    completed = subprocess.CompletedProcess([], 0, _answer(GOOD, WEAK), "")
    monkeypatch.setattr(audit, "_pip_audit", lambda *_: completed)
    assert (audit.main(is_required=False), audit.main(is_required=True)) == (1, 1)


def test_unreadable_requirements_fail(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A package without a hash cannot be audited, and is not mistaken for an unreachable service."""
    monkeypatch.chdir(tmp_path)
    Path("requirements").mkdir()
    Path("requirements/dev.txt").write_text("jinja2\n")
    assert audit.main(is_required=False) == 1
    assert "jinja2" in capsys.readouterr().out
