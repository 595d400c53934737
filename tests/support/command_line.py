"""Runs `liine …` as a user types it: in this process, which takes a tenth of a second, or in a new one."""

import logging
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from liine_source import cli, console
from liine_source.emulator import Emulator

LIINE = str(Path(sys.executable).with_name("liine"))


def run(*arguments: str, api: Emulator | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run `liine` in this process and the current folder, with the settings of an emulator in the environment.

    dlt reads its files once in a process, so a test that writes such files has to use `run_process`.
    """
    width = int(environment.get("COLUMNS", "200"))
    with pytest.MonkeyPatch.context() as patch, captured() as (out, err):
        for name, value in (settings(api) | environment).items():
            patch.setenv(name, value)
        patch.setattr(sys, "argv", ["liine", *arguments])
        patch.setattr(console, "out", Console(width=width))
        patch.setattr(console, "err", Console(width=width, stderr=True))
        with pytest.raises(SystemExit) as exit_info:
            cli.main()
    code = exit_info.value.code
    return subprocess.CompletedProcess(arguments, code if isinstance(code, int) else 0, out.getvalue(), err.getvalue())


@contextmanager
def captured() -> Iterator[tuple[StringIO, StringIO]]:
    """Yield standard output and error of the block; restore the handlers of the log afterwards."""
    logger = logging.getLogger("liine_source")
    handlers, level = list(logger.handlers), logger.level
    out, err = StringIO(), StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        try:
            yield out, err
        finally:
            logger.handlers[:] = handlers
            logger.setLevel(level)


def run_process(
    *arguments: str, api: Emulator | None = None, within: Sequence[str] = (), **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run `liine` in a new process, which spends two seconds on imports.

    `within` is a command that runs another command, such as `prlimit`.
    """
    # The second says which checkout is tested, where that is not the installed one.
    passed_on = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
    base = {**passed_on, "COLUMNS": "200", "DLT_DATA_DIR": str(Path.cwd() / "dlt")}
    return subprocess.run(  # noqa: S603  our own program
        [*within, LIINE, *arguments],
        env=base | settings(api) | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def settings(api: Emulator | None) -> dict[str, str]:
    """Return the settings of an emulator as environment variables."""
    if api is None:
        return {}
    return {
        "SOURCES__LIINE__BASE_URL": api.base_url,
        "SOURCES__LIINE__CUSTOMER_IDS": str(api.customer_ids),
        "SOURCES__LIINE__CREDENTIALS__USERNAME": api.username,
        "SOURCES__LIINE__CREDENTIALS__PASSWORD": api.password,
    }
