"""Errors are sentences that survive copying, and stay short."""

import copy
import pickle

import pytest

from liine_source import errors, failures


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


@pytest.mark.parametrize("ended", [SystemExit(143), KeyboardInterrupt()], ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("is_caused", [True, False], ids=["cause", "context"])
def test_a_process_told_to_end_ends_whatever_a_library_makes_of_it(ended: BaseException, is_caused: bool) -> None:
    """A driver that turns what is raised in it into an error of its own does not keep the run alive."""

    def fail() -> None:
        try:
            raise ended  # noqa: TRY301  a driver
        except BaseException as error:
            if is_caused:
                raise ValueError from error
            raise ValueError  # noqa: B904  so do drivers

    with pytest.raises(type(ended)) as raised, failures.translated():
        fail()
    assert raised.value is ended
