"""TLS with certificates of clients in front of Postgres: the server of the tests is built without it."""

import socket
import ssl
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.certificates import Authority

# Requests that may precede a session (PostgreSQL's manual, "Message Formats").
_SSL_REQUEST = struct.pack("!II", 8, 80877103)
_GSS_REQUEST = struct.pack("!II", 8, 80877104)


@dataclass
class TlsProxy:
    """Where it listens, and the name in the certificate of each client that came."""

    port: int
    clients: list[str] = field(default_factory=list)


@contextmanager
def tls_proxy(server: Path, authority: Authority) -> Iterator[TlsProxy]:
    """Serve at `localhost` until the block ends; who has no certificate of the authority is refused."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*authority.issue("localhost"))
    context.load_verify_locations(authority.file)
    context.verify_mode = ssl.CERT_REQUIRED
    listener = socket.create_server(("127.0.0.1", 0))
    proxy = TlsProxy(listener.getsockname()[1])

    def accept() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                threading.Thread(target=_serve, args=(connection, server, context, proxy), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield proxy
    finally:
        listener.close()


def _serve(connection: socket.socket, server: Path, context: ssl.SSLContext, proxy: TlsProxy) -> None:
    with suppress(OSError, ssl.SSLError), connection:
        while (request := connection.recv(8)) == _GSS_REQUEST:
            connection.sendall(b"N")
        if request != _SSL_REQUEST:
            return
        connection.sendall(b"S")
        with (
            context.wrap_socket(connection, server_side=True) as client,
            socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as upstream,
        ):
            subject = dict(pair for (pair,) in (client.getpeercert() or {}).get("subject", ()))
            proxy.clients.append(str(subject.get("commonName")))
            upstream.connect(str(server))
            back = threading.Thread(target=_copy, args=(upstream, client), daemon=True)
            back.start()
            _copy(client, upstream)
            back.join()


def _copy(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError, ssl.SSLError):
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
