"""The end of a program, without Python's own shutdown.

Python takes apart every module and object one by one: a quarter of a second where dlt was imported, most of a second
after dbt. A process that ends needs none of that.
"""

import atexit
import os
import sys
from collections.abc import Callable


def run_program(main: Callable[[], object]) -> None:
    """Run a program and end the process with its exit code, once threads, exit handlers and output have ended.

    Call it first in a process: exit handlers that were registered before are left out.
    """
    code = 1

    def end() -> None:
        try:
            sys.stdout.flush()
            sys.stderr.flush()
        except (OSError, ValueError):
            # Nobody reads them: Python's shutdown says so.
            return
        os._exit(code)

    # Python runs exit handlers after it has waited for threads, and the first one last.
    atexit.register(end)
    try:
        main()
        code = 0
    except SystemExit as error:
        if error.code is None or isinstance(error.code, int):
            code = error.code or 0
        raise
