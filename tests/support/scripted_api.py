"""A loopback server that sends scripted answers byte for byte and records the requests.

An answer may also be made from its request, and be an endless series of parts.
"""

import socket
import ssl
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import BinaryIO

LOGIN = b'{"token": "bearer first", "valid_until": "2099-01-01T00:00:00.310Z"}'
EMPTY_PAGE = b'{"interactions": [], "count": 0, "limit": 1000, "num_pages": 0}'


def answer(
    body: bytes,
    status: str = "200 OK",
    headers: tuple[str, ...] = (),
    length: int | None = None,
    encoding: str = "utf-8",
) -> bytes:
    """Return a whole HTTP answer; `length` replaces the length of the body in its header."""
    head = [
        f"HTTP/1.1 {status}",
        "Content-Type: application/json",
        f"Content-Length: {len(body) if length is None else length}",
        *headers,
    ]
    return "\r\n".join(head).encode(encoding) + b"\r\n\r\n" + body


RESET = b""
# An answer, or a function that makes one for a request: its bytes, or its parts, after which the server is silent until
# the client gives up.
Answer = bytes | Callable[[str], bytes | Iterable[bytes]]


@dataclass
class ScriptedApi:
    """Sends `answers` one after the other and repeats the last; an empty one resets the connection."""

    base_url: str
    answers: list[Answer]
    requests: list[str] = field(default_factory=list)
    connections: int = 0

    @property
    def lines(self) -> list[str]:
        """Return the request lines in order."""
        return [request.split("\r\n")[0] for request in self.requests]


@contextmanager
def scripted_api(*answers: Answer, tls: ssl.SSLContext | None = None) -> Iterator[ScriptedApi]:
    """Serve on a free loopback port until the block ends; over https with `tls`, at the name `localhost`."""
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    api = ScriptedApi(f"https://localhost:{port}" if tls else f"http://127.0.0.1:{port}", list(answers))
    threading.Thread(target=_accept, args=(listener, api, tls), daemon=True).start()
    try:
        yield api
    finally:
        listener.close()


def _accept(listener: socket.socket, api: ScriptedApi, tls: ssl.SSLContext | None) -> None:
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        api.connections += 1
        threading.Thread(target=_serve, args=(connection, api, tls), daemon=True).start()


def _serve(connection: socket.socket, api: ScriptedApi, tls: ssl.SSLContext | None) -> None:
    if tls:
        try:
            connection = tls.wrap_socket(connection, server_side=True)
        except (OSError, ssl.SSLError):
            # The client has refused the certificate.
            connection.close()
            return
    with connection, connection.makefile("rb") as stream:
        while request := _request(stream):
            api.requests.append(request)
            scripted = api.answers.pop(0) if len(api.answers) > 1 else api.answers[0]
            response = scripted(request) if callable(scripted) else scripted
            if not isinstance(response, bytes):
                with suppress(OSError):
                    for part in response:
                        connection.sendall(part)
                    stream.read()
                return
            if response == RESET:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
                return
            connection.sendall(response)
            if b"Connection: close" in response:
                return


def _request(stream: BinaryIO) -> str:
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        line = stream.readline()
        if not line:
            return ""
        head += line
    lengths = [int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length")]
    return (head + stream.read(lengths[0] if lengths else 0)).decode()
