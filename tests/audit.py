"""`make check` and `make audit`: ask pip-audit for known weaknesses of the locked packages, and tell what came of it.

pip-audit ends with 1 for a weakness and for a service that it cannot reach, and with 0 where the service knows none of
the packages, as a mirror may not. So it is its JSON that tells these apart.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

# A service that answers needs a tenth of that for all packages.
_SECONDS = 180
_LOCKED = "requirements/dev.txt"


def main(*, has_to_be_asked: bool) -> int:
    """Return 1 where a weakness is known or the list is wrong, or nothing was asked although it `has_to_be`; else 0."""
    # Without the service first, so that what fails then is the service.
    collected = _pip_audit("--dry-run")
    if collected is None or collected.returncode:
        print(f"The locked packages cannot be read.\n{collected.stderr if collected else ''}")  # noqa: T201  a program
        return 1
    asked = _pip_audit("--format=json")
    if asked and not asked.stdout and "ServiceError" not in asked.stderr and "onnection" not in asked.stderr:
        print(f"pip-audit ended with {asked.returncode} and said nothing of packages.\n{asked.stderr[-2000:]}")  # noqa: T201  a program
        return 1
    is_asked, weaknesses, told = verdict(asked.stdout if asked else "")
    print(told)  # noqa: T201  a program
    return int(bool(weaknesses) or (has_to_be_asked and not is_asked))


def verdict(answer: str) -> tuple[bool, list[str], str]:
    """Return whether the service was asked, the weaknesses that it knows, and what to say, from pip-audit's answer."""
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
    told = [f"pip-audit: {len(known)} packages, {len(found)} known weaknesses.", *found]
    return True, found, "\n".join([*told, *([f"Not known to it: {', '.join(unknown)}."] if unknown else [])])


def _pip_audit(*arguments: str) -> subprocess.CompletedProcess[str] | None:
    """Return how it ended; None where it did not."""
    command = [str(Path(sys.executable).with_name("pip-audit")), "--disable-pip", "--require-hashes", f"-r={_LOCKED}"]
    command += ["--progress-spinner=off", "--timeout=5", *arguments]
    try:
        # What is set for other uses of it would change where and how it answers.
        own = {name: value for name, value in os.environ.items() if not name.startswith("PIP_AUDIT_")}
        return subprocess.run(command, env=own, capture_output=True, text=True, check=False, timeout=_SECONDS)  # noqa: S603  pip-audit
    except subprocess.TimeoutExpired:
        return None


if __name__ == "__main__":
    sys.exit(main(has_to_be_asked="--has-to-be-asked" in sys.argv))
