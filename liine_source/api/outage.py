"""Notices that the API is out: then requests are not repeated any more, and at last not sent."""

import logging
import threading

from liine_source.errors import ApiError, GatewayError, NoConnectionError, OutageError, ServerError, UnavailableError

log = logging.getLogger(__name__)

# Requests in a row that failed alike before no other is sent.
_MOST_FAILURES = 3
# With these no request is answered, whatever it asks for.
_OUTAGES = (NoConnectionError, UnavailableError)
# These may be those of one customer or one window, so that others are still requested.
_FAILURES = (*_OUTAGES, GatewayError, ServerError)


class OutageDetector:
    """Follows the requests of a client, which all threads share.

    A request that has failed in spite of all its retries is evidence: until one succeeds, others that fail alike are
    not repeated. After three in a row without any answer, or with a 503, no other request is sent.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kind: tuple[type[ApiError], int | None] | None = None
        self._failures = 0

    def require_no_outage(self, context: str) -> None:
        """Raise OutageError where requests are not worth sending; `context` names this one."""
        with self._lock:
            if self._is_out():
                raise OutageError(f"{context}: not requested, as the API is out.")

    def is_known(self, error: ApiError) -> bool:
        """Whether another request has just failed in the same way, after all its retries."""
        with self._lock:
            return self._kind == _kind_of(error)

    def on_success(self) -> None:
        """Note that a request was answered."""
        with self._lock:
            self._kind, self._failures = None, 0

    def on_failure(self, error: ApiError) -> None:
        """Note that a request has failed and is not repeated."""
        if not isinstance(error, _FAILURES):
            return
        with self._lock:
            kind = _kind_of(error)
            self._failures = self._failures + 1 if kind == self._kind else 1
            self._kind = kind
            if self._is_out() and self._failures == _MOST_FAILURES:
                log.error("%d requests in a row have failed alike: no other is sent.", self._failures)

    def _is_out(self) -> bool:
        return self._kind is not None and issubclass(self._kind[0], _OUTAGES) and self._failures >= _MOST_FAILURES


def _kind_of(error: ApiError) -> tuple[type[ApiError], int | None]:
    return type(error), error.status
