"""Each load in a process of its own, one after the other; the figures are the operating system's for that process.

A process's peak memory is counted from that of the process that started it. So whoever measures stays small: the
emulator, and whatever looks at all rows, run in processes of their own.
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
    """One load: processor and wall seconds, peak memory in MB, rows that did not arrive."""

    cpu: float
    wall: float
    peak: float
    lost: int = 0


@contextmanager
def emulator(rows: int) -> Iterator[Api]:
    """An emulator of one customer in a process of its own."""
    command = ["emulator", "--port", "0", "--interactions", str(rows), "--customers", "1", "--json"]
    liine = Path(sys.executable).with_name("liine")
    with subprocess.Popen([str(liine), *command], stdout=subprocess.PIPE, text=True) as process:
        try:
            told = "".join(iter(process.stdout.readline, "}\n")) + "}" if process.stdout else ""
            given = {name.rpartition("__")[2]: value for name, value in json.loads(told).items()}
            customer = json.loads(given["CUSTOMER_IDS"])[0]
            yield Api(given["BASE_URL"], customer, given["USERNAME"], given["PASSWORD"])
        finally:
            process.terminate()


def measured(load: Load, folder: str, **environment: str) -> Figures:
    """Run one load in a folder, and ask the system what it took."""
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


def middle(rounds: list[Figures]) -> Figures:
    """The median of each figure."""
    return Figures(*(statistics.median(column) for column in zip(*map(astuple, rounds), strict=True)))


def machine() -> str:
    """What the figures depend on."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{os.cpu_count()} cores, {memory:.0f} GiB, {platform.system()}, Python {platform.python_version()}"
