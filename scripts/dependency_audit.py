"""`make check` and `make audit`: ask pip-audit for known weaknesses of the locked packages, and print the result.

pip-audit exits with 1 both for a weakness and for a service that it cannot reach, and with 0 if the service, such as a
mirror, knows none of the packages. Only its JSON distinguishes these cases.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

# Ten times what a reachable service needs for all packages.
_SECONDS = 180
_LOCKED = "requirements/dev.txt"


def main(*, is_required: bool) -> int:
    """Return 1 for a weakness, an invalid list of packages, or an audit that `is_required` but impossible; else 0."""
    # A dry run does not use the service, so a failure after it is the service's.
    collected = _pip_audit("--dry-run")
    if collected is None or collected.returncode:
        print(f"The locked packages cannot be read.\n{collected.stderr if collected else ''}")
        return 1
    asked = _pip_audit("--format=json")
    if asked and not asked.stdout and "ServiceError" not in asked.stderr and "onnection" not in asked.stderr:
        print(f"pip-audit ended with {asked.returncode} and said nothing of packages.\n{asked.stderr[-2000:]}")
        return 1
    is_checked, weaknesses, message = verdict(asked.stdout if asked else "")
    print(message)
    return int(bool(weaknesses) or (is_required and not is_checked))


def verdict(answer: str) -> tuple[bool, list[str], str]:
    """Parse pip-audit's answer: return whether packages were checked, the known weaknesses, and a message."""
    try:
        packages: list[dict[str, Any]] = json.loads(answer)["dependencies"]
    except ValueError:
        return False, [], "pip-audit was not asked: its service cannot be reached. Weaknesses are not known."
    known = [package for package in packages if "skip_reason" not in package]
    if not known:
        return False, [], "pip-audit was not asked: its service knows none of the packages. Weaknesses are not known."
    found = [
        f"{package['name']} {package['version']}: {weak['id']}, mended in {', '.join(weak['fix_versions']) or '?'}"
        for package in known
        for weak in package["vulns"]
    ]
    unknown = [package["name"] for package in packages if "skip_reason" in package]
    lines = [f"pip-audit: {len(known)} packages, {len(found)} known weaknesses.", *found]
    return True, found, "\n".join([*lines, *([f"Not known to it: {', '.join(unknown)}."] if unknown else [])])


def _pip_audit(*arguments: str) -> subprocess.CompletedProcess[str] | None:
    """Return the completed process; None if it timed out."""
    command = [str(Path(sys.executable).with_name("pip-audit")), "--disable-pip", "--require-hashes", f"-r={_LOCKED}"]
    command += ["--progress-spinner=off", "--timeout=5", *arguments]
    try:
        # Settings for other uses of pip-audit would change the service and the output.
        own = {name: value for name, value in os.environ.items() if not name.startswith("PIP_AUDIT_")}
        return subprocess.run(command, env=own, capture_output=True, text=True, check=False, timeout=_SECONDS)  # noqa: S603  pip-audit
    except subprocess.TimeoutExpired:
        return None


if __name__ == "__main__":
    sys.exit(main(is_required="--required" in sys.argv))
