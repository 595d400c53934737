"""Slices of the slow tests: of each family a part, so that a CI run meets every family and some ten runs every test."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

import pytest


def family_of(item: pytest.Item) -> str | None:
    """Return the family that a test's marker `slow` names; None for a test without the marker."""
    marker = item.get_closest_marker("slow")
    return str(marker.args[0]) if marker else None


def parse_slice(text: str) -> tuple[int, int]:
    """Return `2/3` as 2 and 3; raises UsageError unless the first lies between 1 and the second."""
    number, _, count = text.partition("/")
    if not (number.isdecimal() and count.isdecimal() and 1 <= int(number) <= int(count)):
        raise pytest.UsageError("--slice must be a number and a count, such as 2/3.")
    return int(number), int(count)


def select_slice(families: Iterable[tuple[str, str]], number: int, count: int) -> set[str]:
    """Return the tests of slice `number` of `count`, from pairs of family and test id.

    Every test is in one slice. A family with fewer tests than there are slices puts a test into each slice all the
    same, since no family may be absent.
    """
    tests: dict[str, list[str]] = defaultdict(list)
    for family, test in sorted(families):
        tests[family].append(test)
    return {test for some in tests.values() for test in _share(some, number - 1, count)}


def _share(tests: Sequence[str], number: int, count: int) -> Sequence[str]:
    return tests[number::count] or [tests[number % len(tests)]]
