"""Broken answers: reset connections, truncated bodies, and pages with wrong content."""

import asyncio
import socket
import struct
from typing import Any

import msgspec
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from liine_source.emulator.http.faults import Burst

_TRANSPORT = "liine_source.transport"
_NO_LINGER = struct.pack("ii", 1, 0)
_WRONG_PAGES = {"error", "empty", "no_rows", "wrong_count"}


class BreakableProtocol(HttpToolsProtocol):
    """uvicorn's protocol, which also passes its transport to the application."""

    def on_message_begin(self) -> None:
        """Add the transport to the request's scope."""
        super().on_message_begin()
        scope: Any = self.scope
        scope[_TRANSPORT] = self.transport


class ConnectionReset(Response):
    """A connection reset (RST, not FIN) in place of an answer. Needs `BreakableProtocol`."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002  # ASGI's signature
        """Reset the connection."""
        transport: asyncio.Transport = scope[_TRANSPORT]
        # A zero linger time makes the kernel send RST when the socket closes.
        raw = transport.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
        transport.abort()
        await _wait_for_disconnect(receive)


class TruncatedBody(Response):
    """A body shorter than its Content-Length, then the end of the connection. Needs `BreakableProtocol`."""

    def __init__(self, body: bytes, *, promised: int) -> None:
        super().__init__(body, media_type="application/json")
        self.headers["content-length"] = str(promised)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the truncated body and close."""
        transport: asyncio.Transport = scope[_TRANSPORT]
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        await send({"type": "http.response.body", "body": self.body, "more_body": True})
        transport.close()
        await _wait_for_disconnect(receive)


def corrupt_page(body: bytes, burst: Burst) -> bytes:
    """Return the body of a page with the wrong content that `burst` asks for, if any."""
    if burst.kind not in _WRONG_PAGES:
        return body
    if burst.kind == "error":
        return b'{"error":"the search timed out"}'
    # Decoded and encoded again, so that every interpretation of `count` is covered.
    page = msgspec.json.decode(body)
    if burst.kind in ("empty", "no_rows"):
        page["interactions"] = []
    if burst.kind == "empty":
        page |= {"count": 0, "num_pages": 0}
    if burst.kind == "wrong_count":
        off = burst.count_off
        page["count"] = None if off is None else max(0, (page.get("count") or 0) + off)
    return msgspec.json.encode(page)


async def _wait_for_disconnect(receive: Receive) -> None:
    """Wait until uvicorn sees the lost connection. Returning earlier would make it send an answer and log an error."""
    while (await receive())["type"] != "http.disconnect":
        pass
