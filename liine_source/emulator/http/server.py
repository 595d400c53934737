"""Start the emulator on a port of this machine."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import fields
from typing import Any

import uvicorn

from liine_source.emulator.http.app import create_app
from liine_source.emulator.http.breakage import BreakableProtocol
from liine_source.emulator.http.faults import Faults
from liine_source.emulator.http.service import Emulator
from liine_source.emulator.selection.interpretation import Interpretation
from liine_source.emulator.synthetic.history import Settings

LOOPBACK = "127.0.0.1"
_BACKLOG = 2048
_START_TIMEOUT = 10.0


def create_emulator(
    interpretation: Interpretation | None = None, faults: Faults | None = None, **settings: Any
) -> Emulator:
    """Return an emulator without a server. `settings` are fields of `Settings` or switches of `Interpretation`."""
    switches = {name: settings.pop(name) for name in _SWITCHES & settings.keys()}
    if switches and interpretation is not None:
        raise TypeError("give `interpretation` or its switches by name, not both")
    return Emulator(Settings(**settings), interpretation or Interpretation(**switches), faults)


@contextmanager
def running_emulator(
    interpretation: Interpretation | None = None,
    faults: Faults | None = None,
    **settings: Any,
) -> Iterator[Emulator]:
    """Run an emulator on a free loopback port, in a thread of this process, until the block ends.

    `settings` are fields of `Settings` (`interactions`, `customers`, `seed`, `zones`, `now`, …) or switches of
    `Interpretation`. An unknown name raises `TypeError`.
    """
    emulator = create_emulator(interpretation, faults, **settings)
    with _open_listener(LOOPBACK, 0) as listener:
        emulator.base_url = _format_url(listener)
        server = _Server(emulator)
        thread = threading.Thread(target=server.run, args=([listener],), name="emulator", daemon=True)
        thread.start()
        try:
            if not server.is_up.wait(_START_TIMEOUT):
                raise RuntimeError("the emulator did not start")
            yield emulator
        finally:
            # A slow answer must not delay the end of a test.
            server.should_exit = server.force_exit = True
            thread.join(_START_TIMEOUT)


def serve(
    host: str = LOOPBACK,
    port: int = 8765,
    *,
    on_ready: Callable[[Emulator], None] | None = None,
    interpretation: Interpretation | None = None,
    faults: Faults | None = None,
    **settings: Any,
) -> None:
    """Serve until interrupted. Port 0 takes any free port; `on_ready` gets the emulator once it listens.

    The function prints nothing. The controls under `/_emulator` need no token, so `host` should be a loopback address.
    """
    emulator = create_emulator(interpretation, faults, **settings)
    with _open_listener(host, port) as listener:
        emulator.base_url = _format_url(listener)
        _Server(emulator, on_ready).run([listener])


class _Server(uvicorn.Server):
    def __init__(self, emulator: Emulator, on_ready: Callable[[Emulator], None] | None = None) -> None:
        self.is_up = threading.Event()
        self._emulator = emulator
        self._on_ready = on_ready
        super().__init__(
            uvicorn.Config(
                create_app(emulator),
                http=BreakableProtocol,
                ws="none",
                lifespan="off",
                access_log=False,
                log_config=None,
                log_level="critical",
                # The application sets `Date` itself, by the emulator's clock.
                date_header=False,
                server_header=False,
            )
        )

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start to listen, then notify those who wait for it."""
        await super().startup(sockets)
        if self._on_ready is not None:
            self._on_ready(self._emulator)
        self.is_up.set()


_SWITCHES = frozenset(field.name for field in fields(Interpretation))


def _open_listener(host: str, port: int) -> socket.socket:
    return socket.create_server((host, port), backlog=_BACKLOG)


def _format_url(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://{host}:{port}"
