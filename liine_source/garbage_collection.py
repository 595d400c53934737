"""Python's garbage collector, less often than by default.

It searches all objects for cycles again and again. dlt's modules and a page of rows are many objects without cycles:
the search took 0.3 of 5.9 seconds of processor time in a load of 100,000 interactions.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

# The thresholds of `gc.set_threshold`.
RARELY = (100_000, 50, 1_000)


@contextmanager
def collect_rarely() -> Iterator[None]:
    """Let the collector of the whole process run less often, and then as before."""
    before = gc.get_threshold()
    if before == RARELY:
        # By a run in another thread, which restores it.
        yield
        return
    gc.set_threshold(*RARELY)
    try:
        yield
    finally:
        gc.set_threshold(*before)
