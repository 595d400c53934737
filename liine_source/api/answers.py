"""Reads answers within bounds: seconds for the whole of one, and megabytes of its body after decompression.

The timeout of a socket is the longest wait between two parts of an answer, so one byte a second would never end. And a
compressed body of some megabytes may have thousands of them.
"""

import io
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from http.client import HTTPResponse
from typing import Any

import requests
import urllib3
from requests.adapters import HTTPAdapter

_MEGABYTE = 1_000_000
# A redirect's body up to this size is read, to use the connection again.
_REDIRECT_BODY = 65_536

# When the answer that this thread waits for must have ended, by the monotonic clock.
_deadline: ContextVar[float] = ContextVar("deadline")


@dataclass(frozen=True, slots=True)
class AnswerLimits:
    """Bounds of one answer: megabytes of its body after decompression, and seconds from the request to its end."""

    megabytes: int = 32
    seconds: float = 300


class OversizedAnswerError(Exception):
    """A body has more bytes than allowed."""


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Let a read of an answer by a `BoundedAdapter` in this thread raise TimeoutError after so many seconds."""
    token = _deadline.set(time.monotonic() + seconds)
    try:
        yield
    finally:
        _deadline.reset(token)


def read_body(response: requests.Response, limits: AnswerLimits) -> bytes:
    """Return a whole body, decompressed; raises OversizedAnswerError before it takes more memory than allowed."""
    most, received = limits.megabytes * _MEGABYTE, response.raw
    length = received.length_remaining
    if (length or 0) <= most:
        is_sized = length is not None and "Content-Encoding" not in response.headers
        # Read at once: requests would join it from pieces of 10 KB, which takes longer than parsing.
        body: bytes = received.read(None if is_sized else most + 1, decode_content=True)
        if len(body) <= most:
            return body
    received.close()
    raise OversizedAnswerError


class BoundedAdapter(HTTPAdapter):
    """An adapter of `requests` for answers with a `time_limit`; `before_send` is called before each request."""

    def __init__(self, before_send: Callable[[], None] | None = None, **kwargs: Any) -> None:
        self._before_send = before_send
        super().__init__(**kwargs)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Use connections whose answers have a time limit."""
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> urllib3.ProxyManager:
        """Use such connections through a proxy as well."""
        manager: urllib3.ProxyManager = super().proxy_manager_for(*args, **kwargs)
        manager.pool_classes_by_scheme = _POOLS
        return manager

    def send(self, *args: Any, **kwargs: Any) -> requests.Response:
        """Return the answer; `requests` would read the whole body of a redirect, so that is cut."""
        if self._before_send:
            self._before_send()
        response = super().send(*args, **kwargs)
        if response.is_redirect:
            received = response.raw
            length = received.length_remaining
            # One that may be endless is not read at all: the next byte could be long in coming.
            if length is not None and length <= _REDIRECT_BODY:
                received.read(decode_content=False)
            else:
                received.close()
            # The original answer holds the cookies.
            original = received._original_response  # noqa: SLF001  urllib3 does not give it otherwise
            response.raw = urllib3.HTTPResponse(io.BytesIO(), preload_content=False, original_response=original)
        return response


class _TimedAnswer(HTTPResponse):
    """An answer whose head and body must be read before the deadline."""

    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self.fp.close()
        self.fp = io.BufferedReader(_TimedStream(sock, _deadline.get()))


class _TimedStream(io.RawIOBase):
    """What a socket receives up to the deadline; no wait is longer than the socket's own timeout."""

    def __init__(self, sock: socket.socket, deadline: float) -> None:
        self._socket = sock
        self._stream = sock.makefile("rb", buffering=0)
        self._deadline = deadline
        self._longest_wait = sock.gettimeout()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._socket.settimeout(left if self._longest_wait is None else min(left, self._longest_wait))
        return self._stream.readinto(buffer)

    def close(self) -> None:
        self._stream.close()
        super().close()


class _HttpPool(urllib3.HTTPConnectionPool):
    def _new_conn(self) -> Any:
        return _with_timed_answers(super()._new_conn())


class _HttpsPool(urllib3.HTTPSConnectionPool):
    def _new_conn(self) -> Any:
        return _with_timed_answers(super()._new_conn())


def _with_timed_answers(connection: Any) -> Any:
    connection.response_class = _TimedAnswer
    return connection


_POOLS = {"http": _HttpPool, "https": _HttpsPool}
