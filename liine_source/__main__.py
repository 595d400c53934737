"""The program `liine`, which Ctrl-C may end at any moment, also while it imports the rest."""

import os
import signal
import sys

from liine_source import interruption, process_end


def run() -> None:
    """Run the command line in a process that ends with it."""
    process_end.run_program(main)


def main() -> None:
    """Run the command line."""
    try:
        with interruption.ends_program(_report):
            from liine_source import cli  # noqa: PLC0415  the reason for this module

            cli.main()
    except SystemExit as error:
        if error.code == interruption.EXIT_CODE:
            _leave()
        raise
    finally:
        if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
            # While Python shuts down, KeyboardInterrupt would be a traceback.
            signal.signal(signal.SIGINT, _leave)


def _leave(*_: object) -> None:
    """End the process at once.

    Python would wait for other threads: a request may take minutes, and what it brings is of no use any more. And where
    the interruption came while a library ran code from a text, Python would end by the signal instead of the code.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(interruption.EXIT_CODE)


def _report(text: str) -> None:
    print(text, file=sys.stderr)  # noqa: T201  nothing of ours is imported yet


if __name__ == "__main__":
    run()
