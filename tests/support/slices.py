"""Slices of the slow tests: a CI run has a part of each family, and about ten runs have every test."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

import pytest


def family_of(item: pytest.Item) -> str | None:
    """Return the family that a test's marker `slow` names; None for a test without the marker."""
    marker = item.get_closest_marker("slow")
    return str(marker.args[0]) if marker else None


def parse_slice(text: str) -> tuple[int, int]:
    """Return `2/3` as 2 and 3; raise UsageError unless the first is between 1 and the second."""
    number, _, count = text.partition("/")
    if not (number.isdecimal() and count.isdecimal() and 1 <= int(number) <= int(count)):
        raise pytest.UsageError("--slice must be a number and a count, such as 2/3.")
    return int(number), int(count)


def select_slice(families: Iterable[tuple[str, str]], number: int, count: int) -> set[str]:
    """Return the tests of slice `number` of `count`, from pairs of family and test id.

    Every test is in one slice. A family with fewer tests than slices repeats tests, so that each slice has one of them.
    """
    tests: dict[str, list[str]] = defaultdict(list)
    for family, test in sorted(families):
        tests[family].append(test)
    return {test for family in tests.values() for test in _share(family, number - 1, count)}


def _share(tests: Sequence[str], number: int, count: int) -> Sequence[str]:
    return tests[number::count] or [tests[number % len(tests)]]
