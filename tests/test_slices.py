"""Slices of the slow tests: together they are all tests, and none leaves a family out."""

import pytest

from tests.slices import parse_slice, select_slice

TESTS = [*(("kills", f"kill {number}") for number in range(7)), ("marts", "a long one"), ("marts", "another")]


def test_slices_together_are_every_test() -> None:
    """Large families are cut; each test comes up."""
    slices = [select_slice(TESTS, number, 3) for number in (1, 2, 3)]
    assert set.union(*slices) == {test for _, test in TESTS}
    kills = [sorted(test for test in found if test.startswith("kill")) for found in slices]
    assert kills == [["kill 0", "kill 3", "kill 6"], ["kill 1", "kill 4"], ["kill 2", "kill 5"]]


def test_no_slice_leaves_a_family_out() -> None:
    """A family of fewer tests than slices puts one into each."""
    slices = [select_slice(TESTS, number, 3) & {"a long one", "another"} for number in (1, 2, 3)]
    assert slices == [{"a long one"}, {"another"}, {"a long one"}]


@pytest.mark.parametrize("wrong", ["0/3", "4/3", "2", "2/", "/3", "a/b", "-1/3"])
def test_a_slice_is_a_number_of_a_count(wrong: str) -> None:
    """Anything else ends pytest with a sentence."""
    assert parse_slice("2/3") == (2, 3)
    with pytest.raises(pytest.UsageError, match="such as 2/3"):
        parse_slice(wrong)
