"""Python's garbage collector, less often than by default.

It looks through all objects for cycles, again and again, and dlt's modules and a page of rows are many objects but no
cycles: that is a tenth of a sync's processor time.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

_RARELY = (100_000, 50, 1_000)


@contextmanager
def collect_rarely() -> Iterator[None]:
    """Let the collector of the whole process run less often, and then as before."""
    before = gc.get_threshold()
    if before == _RARELY:
        # By a run in another thread, which restores it.
        yield
        return
    gc.set_threshold(*_RARELY)
    try:
        yield
    finally:
        gc.set_threshold(*before)
