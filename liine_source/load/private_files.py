"""Files that only their owner may read: working directories, lock files, DuckDB's file, its log and temporary files."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import dlt

_lock = threading.Lock()
_inside = 0
_outer_umask = 0


@contextmanager
def owner_only_files() -> Iterator[None]:
    """Create every file of this process for its owner only, whatever the umask; it returns when the last user leaves.

    DuckDB and dlt take no mode for the files that they create. The umask belongs to the process, so files that other
    threads create meanwhile are the owner's too.
    """
    global _inside, _outer_umask  # noqa: PLW0603  the umask is the process's as well
    with _lock:
        if _inside == 0:
            _outer_umask = os.umask(0o077)
        _inside += 1
    try:
        yield
    finally:
        with _lock:
            _inside -= 1
            if _inside == 0:
                os.umask(_outer_umask)


class PrivatePipeline(dlt.Pipeline):
    """A pipeline whose files only their owner may read, and whose `run` leaves no rows in files when it fails.

    The destination alone knows how far each customer is, so nothing is lost with them.
    """

    def run(self, *arguments: Any, **options: Any) -> Any:
        """As dlt's; after a failure the working directory is emptied, and with it dlt's trace, which may quote rows."""
        with owner_only_files():
            try:
                return super().run(*arguments, **options)
            except BaseException:
                self.drop()
                raise
