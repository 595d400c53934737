"""What SECURITY.md says of the code itself."""

import re
from pathlib import Path

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
