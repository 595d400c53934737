"""Slices of the slow tests: together they have all tests, and each has every family."""

import pytest

from tests.support.slices import parse_slice, select_slice

TESTS = [*(("kills", f"kill {number}") for number in range(7)), ("marts", "a long one"), ("marts", "another")]


def test_slices_together_have_every_test() -> None:
    """Large families are divided, and each test is in one slice."""
    slices = [select_slice(TESTS, number, 3) for number in (1, 2, 3)]
    assert set.union(*slices) == {test for _, test in TESTS}
    kills = [sorted(test for test in found if test.startswith("kill")) for found in slices]
    assert kills == [["kill 0", "kill 3", "kill 6"], ["kill 1", "kill 4"], ["kill 2", "kill 5"]]


def test_every_slice_has_every_family() -> None:
    """A family with fewer tests than slices has one test in each slice."""
    slices = [select_slice(TESTS, number, 3) & {"a long one", "another"} for number in (1, 2, 3)]
    assert slices == [{"a long one"}, {"another"}, {"a long one"}]


@pytest.mark.parametrize("wrong", ["0/3", "4/3", "2", "2/", "/3", "a/b", "-1/3"])
def test_slice_is_number_and_count(wrong: str) -> None:
    """Any other text ends pytest with a usage error."""
    assert parse_slice("2/3") == (2, 3)
    with pytest.raises(pytest.UsageError, match="such as 2/3"):
        parse_slice(wrong)
