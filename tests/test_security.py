"""What SECURITY.md says of the code itself."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests import audit

ROOT = Path(__file__).parents[1]
FOLDERS = ("liine_source", "tests", "benchmarks", "pipelines", "docs")


def test_each_exception_from_the_security_rules_has_its_reason_on_the_line() -> None:
    """Those of bandit's, which ruff calls S and a number."""
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
STRANGE = {"name": "c", "skip_reason": "Dependency not found on PyPI and could not be audited: c (1)"}


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("", (False, [], "its service cannot be reached")),
        (_answer(STRANGE), (False, [], "its service knows none of the packages")),
        (_answer(GOOD), (True, [], "1 packages, 0 known weaknesses")),
        (_answer(GOOD, STRANGE), (True, [], "Not known to it: c.")),
        (_answer(GOOD, WEAK), (True, ["b 2: CVE-1, mended in 3"], "2 packages, 1 known weaknesses.\nb 2: CVE-1")),
    ],
    ids=["no answer", "a mirror without figures", "good", "one is not known", "weak"],
)
def test_an_audit_that_asked_nothing_is_told_from_one_that_found_nothing(
    answer: str, expected: tuple[bool, list[str], str]
) -> None:
    """pip-audit's exit code says neither."""
    is_asked, weaknesses, told = audit.verdict(answer)
    assert (is_asked, weaknesses) == expected[:2]
    assert expected[2] in told


@pytest.mark.parametrize(("has_to_be_asked", "code"), [(False, 0), (True, 1)])
def test_a_service_that_is_away_fails_make_audit_alone(
    has_to_be_asked: bool,
    code: int,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """`make check` says so in one line."""
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "")
    # Where earlier answers would lie.
    monkeypatch.setenv("PIP_CACHE_DIR", str(tmp_path))
    assert audit.main(has_to_be_asked=has_to_be_asked) == code
    assert capsys.readouterr().out == (
        "pip-audit was not asked: its service cannot be reached. Weaknesses are not known.\n"
    )


def test_a_weakness_fails_both(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever pip-audit ended with."""
    ended = subprocess.CompletedProcess([], 0, _answer(GOOD, WEAK), "")
    monkeypatch.setattr(audit, "_pip_audit", lambda *_: ended)
    assert (audit.main(has_to_be_asked=False), audit.main(has_to_be_asked=True)) == (1, 1)


def test_a_list_that_cannot_be_read_is_no_service_that_is_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A package without a hash is not audited, so it fails."""
    monkeypatch.chdir(tmp_path)
    Path("requirements").mkdir()
    Path("requirements/dev.txt").write_text("jinja2\n")
    assert audit.main(has_to_be_asked=False) == 1
    assert "jinja2" in capsys.readouterr().out
