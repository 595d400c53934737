"""What a proof recorded as `shown` is printed at the end, whichever process it ran in."""

from typing import Any


def pytest_terminal_summary(terminalreporter: Any) -> None:
    for report in terminalreporter.getreports("passed") + terminalreporter.getreports("failed"):
        for name, line in report.user_properties:
            if name == "shown":
                terminalreporter.write_line(line)
