"""Errors are sentences that survive copying, and stay short."""

import copy
import pickle

import pytest

from liine_source import errors


@pytest.mark.parametrize(
    "error",
    [
        errors.error_for_status(403, "Customer 7, all", 3.0),
        errors.StuckError(7, "all", 3, None, 20),
        errors.IncompleteSweepError(7, "all", 3, 4),
        errors.MissingIdError(7, "all", 1),
        errors.SyncFailedError([(7, errors.IncompleteSweepError(7, "all", 3, 4))]),
        errors.ConfigurationError("words"),
    ],
)
def test_an_error_can_be_copied_and_sent(error: errors.LiineError) -> None:
    """Schedulers send them between processes, and `dataclasses.asdict` copies them."""
    for again in (copy.deepcopy(error), pickle.loads(pickle.dumps(error))):  # noqa: S301  our own
        assert (type(again), str(again), vars(again).keys()) == (type(error), str(error), vars(error).keys())


def test_a_failure_of_many_windows_is_told_briefly() -> None:
    """Customers are counted, not windows."""
    failed = errors.SyncFailedError([(7, errors.IncompleteSweepError(7, str(day), 3, 4)) for day in range(40)])
    assert str(failed).startswith("1 customer(s)")
    assert "30 more windows" in str(failed)
    assert str(failed).count("\n") == 11
