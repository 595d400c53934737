"""What a sync takes until it gives up on an API that sends too much: memory, time, bytes and pages met.

Each sync runs in its own process against a server that sends one kind of answer without end. Prints a table for
docs/settings.md.
"""

import gzip
import itertools
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from measuring import describe_machine

MEGABYTE = 1_000_000
LOGIN = {"token": "bearer benchmark", "valid_until": "2099-01-01T00:00:00Z"}
NEWEST = datetime.fromisoformat("2026-01-01T00:00:00")


@dataclass
class Sent:
    """What the server has sent."""

    bytes: int = 0
    pages: int = 0
    numbers: Iterator[int] = field(default_factory=itertools.count)


def one_page(sent: Sent, count: int | None) -> bytes:
    """Return a page of 1,000 invented interactions, each one second older than the one before."""
    rows = []
    for number in itertools.islice(sent.numbers, 1000):
        start = (NEWEST - timedelta(seconds=number)).isoformat()
        rows.append({"id": number + 1, "customer_id": 1, "start_time": start, "start_time_tz": f"{start}Z"})
    sent.pages += 1
    return json.dumps({"interactions": rows, "count": count, "limit": 1000}).encode()


def zeros(_: Sent) -> Iterator[bytes]:
    """Yield 10,000 MB of zeros, which compression makes a thousand times smaller."""
    part = gzip.compress(b"0" * 10 * MEGABYTE)
    yield from itertools.repeat(part, 1000)


def drops(_: Sent) -> Iterator[bytes]:
    """Yield a byte a second."""
    while True:
        time.sleep(1)
        yield b" "


def plain(_: Sent) -> Iterator[bytes]:
    """Yield spaces without end."""
    yield from itertools.repeat(b" " * MEGABYTE)


# What is sent, the headers of its answers, and the settings of the sync.
Answer = Callable[[Sent], Iterator[bytes]]
TRIALS: dict[str, tuple[Answer, dict[str, str], dict[str, str]]] = {
    "a body that decompresses to 10,000 MB": (zeros, {"Content-Encoding": "gzip"}, {}),
    "a body without end": (plain, {}, {}),
    "a byte a second": (drops, {}, {"MAX_ANSWER_SECONDS": "30"}),
    "invented pages without end or count": (
        lambda sent: iter([one_page(sent, None)]),
        {},
        {"MAX_WINDOW_PAGES": "1000"},
    ),
    "invented pages and a count of 10^6": (
        lambda sent: iter([one_page(sent, 1_000_000)]),
        {},
        {"MAX_WINDOW_ROWS": "100000"},
    ),
    "a count of 10^12": (lambda sent: iter([one_page(sent, 10**12)]), {}, {}),
}


@contextmanager
def serve(answer: Answer, headers: dict[str, str]) -> Iterator[tuple[str, Sent]]:
    """Serve a login and such answers on a free port of this machine."""
    sent = Sent()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self._send(iter([json.dumps(LOGIN).encode()]), {})

        def do_GET(self) -> None:
            self._send(answer(sent), headers)

        def _send(self, parts: Iterator[bytes], extra: dict[str, str]) -> None:
            self.send_response(200)
            for name, value in {"Content-Type": "application/json", **extra}.items():
                self.send_header(name, value)
            self.end_headers()
            for part in parts:
                try:
                    self.wfile.write(part)
                except OSError:
                    return
                sent.bytes += len(part)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", sent
    finally:
        server.shutdown()


@dataclass(frozen=True)
class Figures:
    """How a sync ended: its exit code, the settings that its errors name, wall seconds, and peak memory in MB."""

    code: int
    named: list[str]
    wall: float
    peak: float


def run_sync(base_url: str, folder: str, settings: dict[str, str]) -> Figures:
    """Run `liine sync` in a folder."""
    options = settings | {"BASE_URL": base_url, "CUSTOMER_IDS": "[1]"}
    own = {f"SOURCES__LIINE__{name}": value for name, value in options.items()}
    own |= {"SOURCES__LIINE__CREDENTIALS__USERNAME": "me", "SOURCES__LIINE__CREDENTIALS__PASSWORD": "benchmark"}
    began = time.perf_counter()
    process = subprocess.Popen(
        [str(Path(sys.executable).with_name("liine")), "sync", "--json"],
        cwd=folder,
        env={**os.environ, **own, "DLT_DATA_DIR": folder},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    printed = process.stdout.read() if process.stdout else ""
    _, code, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(code)
    named = sorted(set(re.findall(r"max_(?:answer|window)_[a-z]+", printed)))
    return Figures(process.returncode, named, time.perf_counter() - began, usage.ru_maxrss / 1024)


HEAD = ("the API sends", "settings", "exit code", "setting named by the error", "MB sent", "pages", "wall s", "peak MB")


def main() -> None:
    """Measure one sync after the other."""
    print_row(*HEAD)
    print_row(*["---"] * len(HEAD))
    for what, (answer, headers, settings) in TRIALS.items():
        with tempfile.TemporaryDirectory() as folder, serve(answer, headers) as (base_url, sent):
            found = run_sync(base_url, folder, settings)
        given = ", ".join(f"`{name.lower()}` {int(value):,}" for name, value in settings.items()) or "defaults"
        named = ", ".join(f"`{name}`" for name in found.named)
        figures = f"{sent.bytes / MEGABYTE:,.1f}", f"{sent.pages:,}", f"{found.wall:.0f}", f"{found.peak:.0f}"
        print_row(what, given, str(found.code), named, *figures)
    print(f"\n{describe_machine()}.")


def print_row(*cells: str) -> None:
    """Print a row of a table."""
    print(f"| {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
