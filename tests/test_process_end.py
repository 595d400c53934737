"""A process ends with its program's exit code, and without Python's own shutdown."""

import os
import subprocess
import sys

import pytest

SCRIPT = """
import atexit, sys, threading, time
from liine_source.process_end import run_program

class Module:
    def __del__(self):
        print("taken apart")

kept = Module()

def wait_and_print():
    may_end.wait()
    print("thread ended")

def main():
    atexit.register(print, "handler ran")
    threading.Thread(target=wait_and_print).start()
    atexit.register(lambda: None)
    print("printed", end=" ")
    may_end.set()
    {end}

may_end = threading.Event()
run_program(main)
"""
WHOLE_OUTPUT = "printed thread ended\nhandler ran\n"


@pytest.mark.parametrize(
    ("end", "code", "error"),
    [
        ("return 3", 0, ""),
        ("sys.exit()", 0, ""),
        ("sys.exit(False)", 0, ""),
        ("sys.exit(3)", 3, ""),
        ("sys.exit('not found')", 1, "not found\n"),
        ("raise ValueError('wrong')", 1, "ValueError: wrong\n"),
    ],
)
def test_process_ends_with_the_exit_code(end: str, code: int, error: str) -> None:
    """Threads have ended, exit handlers have run and all output is written, but no object is taken apart."""
    script = SCRIPT.replace("{end}", end)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)  # noqa: S603  a script of this test
    assert (done.stdout, done.returncode) == (WHOLE_OUTPUT, code)
    assert done.stderr.endswith(error)
    assert bool(done.stderr) == bool(error)


def test_output_that_nobody_reads_is_an_error() -> None:
    """As in any Python program: 120, and one line."""
    script = "import os; from liine_source.process_end import run_program; run_program(lambda: [print(), os.close(1)])"
    environment = {**os.environ, "PYTHONUNBUFFERED": ""}
    done = subprocess.run(  # noqa: S603  a script of this test
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 120
    assert "Bad file descriptor" in done.stderr
