"""What proofs recorded is printed at the end, whichever process they ran in: lines `shown`, and the sum of `cases`."""

from typing import Any


def pytest_terminal_summary(terminalreporter: Any) -> None:
    cases = 0
    for report in terminalreporter.getreports("passed") + terminalreporter.getreports("failed"):
        for name, line in report.user_properties:
            if name == "shown":
                terminalreporter.write_line(line)
            elif name == "cases":
                cases += line
    if cases:
        terminalreporter.write_line(f"{cases} cases of a fault in a phase")
