"""Runs each load in its own process, one after the other, and measures that process with the operating system.

A process inherits the peak memory of the process that started it. So the measuring process stays small: the emulator,
and everything that reads all rows, run in processes of their own.
"""

import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import astuple, dataclass
from pathlib import Path

from loads import Api, Load


@dataclass(frozen=True)
class Figures:
    """The figures of one process: CPU and wall seconds, peak memory in MB, CPU seconds of the Postgres server, and the
    number of rows missing or stale in the warehouse, where it was counted.
    """

    cpu: float
    wall: float
    peak: float
    server_cpu: float = 0
    lost: float = -1


@contextmanager
def run_emulator(rows: int, customers: int = 1) -> Iterator[Api]:
    """Run an emulator in its own process."""
    command = ["emulator", "--port", "0", "--interactions", str(rows), "--customers", str(customers), "--json"]
    liine = Path(sys.executable).with_name("liine")
    with subprocess.Popen([str(liine), *command], stdout=subprocess.PIPE, text=True) as process:
        try:
            printed = "".join(iter(process.stdout.readline, "}\n")) + "}" if process.stdout else ""
            settings = {name.rpartition("__")[2]: value for name, value in json.loads(printed).items()}
            yield Api(
                settings["BASE_URL"], json.loads(settings["CUSTOMER_IDS"]), settings["USERNAME"], settings["PASSWORD"]
            )
        finally:
            process.terminate()


def measure(load: Load, folder: str, **environment: str) -> Figures:
    """Run one load in a folder; return its figures."""
    command = [sys.executable, str(Path(__file__).with_name("loads.py")), load.as_json()]
    return measure_command(command, folder, **environment)


def measure_command(command: Sequence[str], folder: str, **environment: str) -> Figures:
    """Run a program, by its path or by its name in the virtual environment, in a folder; return its figures."""
    environment |= {"DLT_DATA_DIR": folder, "RUNTIME__DLTHUB_TELEMETRY": "false", "RUNTIME__LOG_LEVEL": "ERROR"}
    program = str(Path(sys.executable).parent / command[0])
    began = time.perf_counter()
    process = subprocess.Popen(
        [program, *command[1:]], cwd=folder, env={**os.environ, **environment}, stdout=subprocess.DEVNULL
    )
    _, code, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(code)
    wall = time.perf_counter() - began
    if process.returncode:
        raise SystemExit(f"{' '.join(command[:2])} failed")
    return Figures(usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss / 1024)


def median(rounds: list[Figures]) -> Figures:
    """Return the median of each figure."""
    return Figures(*(statistics.median(column) for column in zip(*map(astuple, rounds), strict=True)))


def describe_machine() -> str:
    """Return the cores, memory, system and Python version that the figures depend on."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{os.cpu_count()} cores, {memory:.0f} GiB, {platform.system()}, Python {platform.python_version()}"
