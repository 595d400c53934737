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
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import astuple, dataclass
from pathlib import Path

from loads import Api, Load


@dataclass(frozen=True)
class Figures:
    """The figures of one load: CPU and wall seconds, peak memory in MB, and the number of lost rows."""

    cpu: float
    wall: float
    peak: float
    lost: int = 0


@contextmanager
def run_emulator(rows: int) -> Iterator[Api]:
    """Run an emulator of one customer in its own process."""
    command = ["emulator", "--port", "0", "--interactions", str(rows), "--customers", "1", "--json"]
    liine = Path(sys.executable).with_name("liine")
    with subprocess.Popen([str(liine), *command], stdout=subprocess.PIPE, text=True) as process:
        try:
            printed = "".join(iter(process.stdout.readline, "}\n")) + "}" if process.stdout else ""
            settings = {name.rpartition("__")[2]: value for name, value in json.loads(printed).items()}
            customer = json.loads(settings["CUSTOMER_IDS"])[0]
            yield Api(settings["BASE_URL"], customer, settings["USERNAME"], settings["PASSWORD"])
        finally:
            process.terminate()


def measure(load: Load, folder: str, **environment: str) -> Figures:
    """Run one load in a folder; return its figures."""
    environment |= {"DLT_DATA_DIR": folder, "RUNTIME__DLTHUB_TELEMETRY": "false", "RUNTIME__LOG_LEVEL": "ERROR"}
    command = [sys.executable, str(Path(__file__).with_name("loads.py")), load.as_json()]
    began = time.perf_counter()
    process = subprocess.Popen(command, cwd=folder, env={**os.environ, **environment})
    _, code, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(code)
    wall = time.perf_counter() - began
    if process.returncode:
        raise SystemExit(f"{load.name} failed")
    return Figures(usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss / 1024)


def median(rounds: list[Figures]) -> Figures:
    """Return the median of each figure."""
    return Figures(*(statistics.median(column) for column in zip(*map(astuple, rounds), strict=True)))


def describe_machine() -> str:
    """Return the cores, memory, system and Python version that the figures depend on."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{os.cpu_count()} cores, {memory:.0f} GiB, {platform.system()}, Python {platform.python_version()}"
