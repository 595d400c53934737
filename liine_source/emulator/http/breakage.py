"""Answers that no server should give: connections reset, bodies cut short, pages that say what is not so."""

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
_LINGER_NOT = struct.pack("ii", 1, 0)
_UNTRUE = {"error", "empty", "no_rows", "wrong_count"}


class BreakableProtocol(HttpToolsProtocol):
    """uvicorn's protocol, with its transport within reach of the application."""

    def on_message_begin(self) -> None:
        """Begin a request."""
        super().on_message_begin()
        scope: Any = self.scope
        scope[_TRANSPORT] = self.transport


class Reset(Response):
    """No answer: the connection is reset (RST, not FIN). Needs `BreakableProtocol`."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002  # ASGI's signature
        """Break the connection."""
        transport: asyncio.Transport = scope[_TRANSPORT]
        raw = transport.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NOT)
        transport.abort()
        await _gone(receive)


class TruncatedBody(Response):
    """Less body than Content-Length promises, then the end of the connection. Needs `BreakableProtocol`."""

    def __init__(self, part: bytes, *, promised: int) -> None:
        super().__init__(part, media_type="application/json")
        self.headers["content-length"] = str(promised)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the part and close."""
        transport: asyncio.Transport = scope[_TRANSPORT]
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        await send({"type": "http.response.body", "body": self.body, "more_body": True})
        transport.close()
        await _gone(receive)


def struck(body: bytes, burst: Burst) -> bytes:
    """Return a page's answer as a burst makes it that leaves the status as it is."""
    if burst.kind not in _UNTRUE:
        return body
    if burst.kind == "error":
        return b'{"error":"the search timed out"}'
    page = msgspec.json.decode(body)
    if burst.kind in ("empty", "no_rows"):
        page["interactions"] = []
    if burst.kind == "empty":
        page |= {"count": 0, "num_pages": 0}
    if burst.kind == "wrong_count":
        off = burst.count_off
        page["count"] = None if off is None else max(0, (page.get("count") or 0) + off)
    return msgspec.json.encode(page)


async def _gone(receive: Receive) -> None:
    """Wait until uvicorn knows that the connection is lost, so that it neither answers nor complains."""
    while (await receive())["type"] != "http.disconnect":
        pass
