"""The garbage collector runs less often during a run, and as before after it."""

import gc

import pytest

from liine_source.garbage_collection import collect_rarely


def test_thresholds_are_restored_after_a_failure() -> None:
    """A user's process keeps its own."""
    before = gc.get_threshold()
    with pytest.raises(ZeroDivisionError), collect_rarely():
        divmod(1, 0)
    assert gc.get_threshold() == before


def test_runs_of_several_threads_restore_the_thresholds() -> None:
    """The one that begins second may end last."""
    before = gc.get_threshold()
    first, second = collect_rarely(), collect_rarely()
    first.__enter__()
    second.__enter__()
    assert gc.get_threshold()[0] > before[0]
    first.__exit__(None, None, None)
    second.__exit__(None, None, None)
    assert gc.get_threshold() == before
