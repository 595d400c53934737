"""What can go wrong, one class for each thing that a user can do about it.

LiineError
├── ConfigurationError          a setting is missing or wrong: nothing was requested or written
│   ├── FilterError             a filter has an unknown name, a wrong type or a value outside its list
│   └── NameClashError          DuckDB cannot tell the file, the pipeline and the dataset apart
├── ApiError                    the API refused or could not answer
│   ├── BadRequestError         400
│   ├── AuthenticationError     401
│   │   └── LoginRefusedError   wrong user name or password
│   ├── ForbiddenError          403
│   ├── NotFoundError           404
│   ├── MethodNotAllowedError   405
│   ├── NotAcceptableError      406
│   ├── RateLimitedError        429, not documented (open question 17)
│   ├── ServerError             500
│   ├── GatewayError            502 and 504, not documented
│   ├── UnavailableError        503
│   ├── UnexpectedStatusError   any other status
│   ├── UnreadableAnswerError   an answer that is cut off or is no page of interactions
│   ├── NoConnectionError       no answer at all: refused, reset, timed out
│   └── ForeignHostError        a redirect to another host, not followed
├── SweepError                  one customer's window could not be read to a proven end
│   ├── StuckError              the walk cannot move: the cursor is ignored, or one second overfills a page
│   ├── IncompleteSweepError    fewer or more interactions than the API counts
│   └── MissingIdError          an interaction without a usable `id` cannot be merged
├── BusyError                   another run is writing to the same place
├── DestinationError            the warehouse could not be read or written
│   ├── MissingDatasetError     the dataset, or DuckDB's file, is not there: another name or folder is meant
│   └── DoubledError            interactions are in Snowflake twice, by two runs of one customer at once
├── TransformError              dbt did not build, or a test of it failed
└── SyncFailedError             a run ended, and at least one customer is not complete

No message holds a query value, a row's content, a token or a password.
"""

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import Any, ClassVar

from liine_source.spec.statuses import STATUSES_BY_CODE


class LiineError(Exception):
    """Whatever this package raises on purpose; it can be copied and sent to another process."""

    def __reduce__(self) -> tuple[Any, ...]:
        return _restored, (type(self), str(self), self.__dict__)


def _restored(kind: type[LiineError], message: str, values: dict[str, Any]) -> LiineError:
    """Make an error again from its finished message: its own class would add a remedy once more, or miss a part."""
    error = kind.__new__(kind, message)
    error.__dict__.update(values)
    return error


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return what to write after an unknown name: one that is meant, in brackets, or nothing."""
    close = get_close_matches(name, list(known), n=1)
    return f" (did you mean {close[0]}?)" if close else ""


class ConfigurationError(LiineError):
    """A setting is missing or wrong; raised before anything is requested or written."""


class FilterError(ConfigurationError):
    """A filter that the reference does not allow; the message names it, never its value."""


class NameClashError(ConfigurationError):
    """Two of DuckDB's file stem, the pipeline's name and the dataset's name are the same."""


class ApiError(LiineError):
    """The API refused a request or could not answer it.

    `status` is the HTTP status, or None where there was no readable answer.
    `retry_after` is the wait in seconds that the answer asked for, or None.
    """

    is_retryable: ClassVar[bool] = False
    remedy: ClassVar[str] = "Try again; if it stays, ask Liine's support."

    def __init__(self, what: str, *, status: int | None = None, retry_after: float | None = None) -> None:
        self.what = what
        self.status = status
        self.retry_after = retry_after
        super().__init__(f"{what} {self._advice()}")

    def _advice(self) -> str:
        known = STATUSES_BY_CODE.get(self.status or 0)
        return known.remedy if known and type(self).remedy is ApiError.remedy else self.remedy


class BadRequestError(ApiError):
    """400: the API did not accept a parameter."""


class AuthenticationError(ApiError):
    """401: the token was refused, a fresh one too."""


class LoginRefusedError(AuthenticationError):
    """The login itself was refused."""

    remedy = (
        "Check username and password under [sources.liine.credentials] in .dlt/secrets.toml, or in "
        "SOURCES__LIINE__CREDENTIALS__USERNAME and SOURCES__LIINE__CREDENTIALS__PASSWORD."
    )


class ForbiddenError(ApiError):
    """403: the user may not read this customer."""


class NotFoundError(ApiError):
    """404: no such path on that host."""


class MethodNotAllowedError(ApiError):
    """405: the path does not take that method."""


class NotAcceptableError(ApiError):
    """406: the API answers in JSON only."""


class RateLimitedError(ApiError):
    """429: too many requests; not documented, handled all the same (open question 17)."""

    is_retryable = True
    remedy = "Run again later, with a lower max_concurrency."


class ServerError(ApiError):
    """500: an error inside the API."""

    is_retryable = True


class GatewayError(ApiError):
    """502 or 504: something between here and the API failed."""

    is_retryable = True


class UnavailableError(ApiError):
    """503: the API is closed for maintenance."""

    is_retryable = True


class UnexpectedStatusError(ApiError):
    """A status that the reference does not mention."""

    remedy = "Check base_url and any proxy on the way."


class UnreadableAnswerError(ApiError):
    """A body that is cut off, is not JSON, or is not a page of interactions."""

    is_retryable = True
    remedy = "Check base_url and any proxy on the way; if it stays, ask Liine's support."


class NoConnectionError(ApiError):
    """No answer: the name did not resolve, the connection was refused or reset, or time ran out."""

    is_retryable = True
    remedy = "Check the network, any proxy and base_url, then run again: nothing that was loaded is lost."


class ForeignHostError(ApiError):
    """The API sent a redirect to another host; the token is never sent there (open question 12)."""

    remedy = "Check base_url: it must be the address that answers itself."


_BY_STATUS: dict[int, type[ApiError]] = {
    400: BadRequestError,
    401: AuthenticationError,
    403: ForbiddenError,
    404: NotFoundError,
    405: MethodNotAllowedError,
    406: NotAcceptableError,
    429: RateLimitedError,
    500: ServerError,
    502: GatewayError,
    503: UnavailableError,
    504: GatewayError,
}


def error_for_status(status: int, what: str, retry_after: float | None = None) -> ApiError:
    """Return the error of an HTTP `status` (reference, "Errors"); `what` says what was asked for."""
    known = STATUSES_BY_CODE.get(status)
    meaning = f" ({known.name})" if known else ""
    kind = _BY_STATUS.get(status, UnexpectedStatusError)
    return kind(f"{what}: the API answered {status}{meaning}.", status=status, retry_after=retry_after)


class SweepError(LiineError):
    """One customer's window was not read to a proven end; its watermark stays where it was."""

    def __init__(self, customer_id: int, window: str, what: str, remedy: str) -> None:
        self.customer_id = customer_id
        self.window = window
        super().__init__(f"Customer {customer_id}, {window}: {what} {remedy}")


class StuckError(SweepError):
    """The walk cannot get past a page."""

    def __init__(self, customer_id: int, window: str, got: int, expected: int | None, page_size: int) -> None:
        self.got, self.expected = got, expected
        super().__init__(
            customer_id,
            window,
            f"a full page brought nothing new after {got} interactions"
            + (f" of {expected}." if expected is not None else "; the API gives no usable count."),
            f"One second may hold more interactions than a page of {page_size}, and neither days nor filters divided "
            "it into parts that together are all: set page_size to 1000 if it is less, and tell Liine's support.",
        )


class IncompleteSweepError(SweepError):
    """The walk ended, and what it brought is not what the API counts."""

    remedy = "It was walked again, and in parts. Run again; if it stays, tell Liine's support."

    def __init__(
        self, customer_id: int, window: str, got: int, expected: int | None, remedy: str | None = None
    ) -> None:
        self.got, self.expected = got, expected
        gap = "" if expected is None else f" (a difference of {abs(expected - got)})"
        super().__init__(
            customer_id,
            window,
            f"expected {'an unknown number of' if expected is None else expected} interactions, got {got}{gap}.",
            remedy or self.remedy,
        )


class MissingIdError(SweepError):
    """A row without an `id`, or with one that is no whole number, cannot be merged."""

    def __init__(self, customer_id: int, window: str, rows: int) -> None:
        super().__init__(
            customer_id,
            window,
            f"{rows} of a page's interactions have no usable id.",
            "They cannot be merged without one: tell Liine's support.",
        )


class BusyError(LiineError):
    """Another run of ours is writing to the same place; it is left to finish."""


class DestinationError(LiineError):
    """The warehouse could not be read or written; nothing that was loaded before is lost."""


class MissingDatasetError(DestinationError):
    """The dataset, or DuckDB's file, is not there: nothing was loaded yet, or another name or folder is meant."""


class DoubledError(DestinationError):
    """Two runs loaded the same customer at once into a warehouse that refuses no second row of an `id`."""


class TransformError(LiineError):
    """dbt did not build, or a test of it failed: `failures` names each; what was loaded stays."""

    def __init__(self, failures: Sequence[str], what: str = "dbt failed") -> None:
        self.failures = tuple(failures)
        told = f": {', '.join(failures)}" if failures else ""
        super().__init__(
            f"{what}{told}. What was loaded stays. `dbt build --select …` in the project's folder, whose README tells "
            "how, shows more; what it prints may quote rows."
        )


# An outage fails every window alike, and nobody reads hundreds of lines.
class IncompleteDatasetError(LiineError):
    """The warehouse does not hold as many of a customer's interactions as the API counts, and nothing mended that."""

    def __init__(self, customer_id: int, in_api: int, in_warehouse: int) -> None:
        self.customer_id, self.in_api, self.in_warehouse = customer_id, in_api, in_warehouse
        super().__init__(
            f"Customer {customer_id}, all interactions: the API counts {in_api}, the warehouse holds {in_warehouse}, "
            "and reading again what differs did not mend it. Run `liine verify --repair`, which tells what it finds."
        )


class LostRowsError(LiineError):
    """Rows or values that the warehouse has lost are not among those that a run reads, and so did not come back."""

    def __init__(self, customer_id: int, losses: Sequence[object]) -> None:
        self.customer_id = customer_id
        super().__init__(
            f"Customer {customer_id}: the warehouse has lost rows since an earlier run "
            f"({'; '.join(map(str, losses))}). What since, until and filters select was read again; read the other "
            "days with `liine backfill --anew`."
        )


_TOLD = 10


class SyncFailedError(LiineError):
    """At least one customer is not complete; `failures` holds why, by customer id."""

    def __init__(self, failures: Sequence[tuple[int, LiineError]]) -> None:
        self.failures = tuple(failures)
        lines = [f"\n- {error}" for _, error in self.failures[:_TOLD]]
        if len(self.failures) > _TOLD:
            lines.append(f"\n- and {len(self.failures) - _TOLD} more windows; the table sweeps names each.")
        customers = len({customer for customer, _ in self.failures})
        super().__init__(f"{customers} customer(s) could not be read completely:{''.join(lines)}")
