"""Errors survive copying, have short messages, and do not hide an exit."""

import copy
import pickle

import pytest

from liine_source import error_translation, errors


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
def test_error_survives_copying_and_pickling(error: errors.LiineError) -> None:
    """Schedulers send errors between processes, and `dataclasses.asdict` copies them."""
    for copied in (copy.deepcopy(error), pickle.loads(pickle.dumps(error))):  # noqa: S301  our own
        assert (type(copied), str(copied), vars(copied).keys()) == (type(error), str(error), vars(error).keys())


def test_failure_of_many_windows_has_short_message() -> None:
    """The message counts customers, not windows, and lists only some of the windows."""
    failed = errors.SyncFailedError([(7, errors.IncompleteSweepError(7, str(day), 3, 4)) for day in range(40)])
    assert str(failed).startswith("1 customer(s)")
    assert "30 more windows" in str(failed)
    assert str(failed).count("\n") == 11


@pytest.mark.parametrize("exit_error", [SystemExit(143), KeyboardInterrupt()], ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("is_caused", [True, False], ids=["cause", "context"])
def test_exit_wrapped_by_library_still_ends_process(exit_error: BaseException, is_caused: bool) -> None:
    """A driver that turns the exit into its own error does not keep the run alive."""

    def fail() -> None:
        try:
            raise exit_error  # noqa: TRY301  a driver
        except BaseException as error:
            if is_caused:
                raise ValueError from error
            raise ValueError  # noqa: B904  so do drivers

    with pytest.raises(type(exit_error)) as raised, error_translation.translate_errors():
        fail()
    assert raised.value is exit_error
