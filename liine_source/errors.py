"""The exceptions: one class for each thing that a user can do about an error.

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
│   ├── UnreadableAnswerError   an answer that is cut off or not a page of interactions
│   ├── NoConnectionError       no answer at all: refused, reset, timed out
│   └── ForeignHostError        a redirect to another host, not followed
├── SweepError                  one customer's window could not be read to a proven end
│   ├── StuckError              pagination cannot move on: the cursor is ignored, or one second overfills a page
│   ├── IncompleteSweepError    fewer or more interactions than the API counts
│   └── MissingIdError          an interaction without a usable `id` cannot be merged
├── BusyError                   another run is writing to the same place
├── DestinationError            the warehouse could not be read or written
│   ├── MissingDatasetError     the dataset, or DuckDB's file, does not exist: the name or the folder is wrong
│   └── DuplicateRowsError      interactions are in Snowflake twice, loaded by two runs of a customer at once
├── TransformError              dbt did not build, or one of its tests failed
├── IncompleteDatasetError      the warehouse does not hold as many interactions as the API counts
├── LostRowsError               rows that the warehouse has lost are outside of what a run loads
├── NoRowsFoundError            an erasure found no row of the person
└── SyncFailedError             a run ended, and at least one customer is not complete

No message holds a query value, a row's content, a token or a password.
"""

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import Any, ClassVar

from liine_source.spec.statuses import STATUSES_BY_CODE


class LiineError(Exception):
    """The base of all errors of this package; they can be pickled and sent to another process."""

    def __reduce__(self) -> tuple[Any, ...]:
        return _restored, (type(self), str(self), self.__dict__)


def _restored(kind: type[LiineError], message: str, values: dict[str, Any]) -> LiineError:
    """Restore a pickled error from its finished message; its class would add the remedy again."""
    error = kind.__new__(kind, message)
    error.__dict__.update(values)
    return error


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return a suggestion to append to an unknown name, or an empty text."""
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
    remedy: ClassVar[str] = "Run again; if the error stays, contact Liine's support."

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
    """401: the token was refused, and so was a new one."""


class LoginRefusedError(AuthenticationError):
    """The login itself was refused."""

    remedy = (
        "Check username and password under [sources.liine.credentials] in .dlt/secrets.toml, or in "
        "SOURCES__LIINE__CREDENTIALS__USERNAME and SOURCES__LIINE__CREDENTIALS__PASSWORD."
    )


class ForbiddenError(ApiError):
    """403: the user may not read this customer."""


class NotFoundError(ApiError):
    """404: the path does not exist on that host."""


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
    """503: the API is down for maintenance."""

    is_retryable = True


class UnexpectedStatusError(ApiError):
    """A status that the reference does not list."""

    remedy = "Check base_url and any proxy."


class UnreadableAnswerError(ApiError):
    """A body that is cut off, is not JSON, or is not a page of interactions."""

    is_retryable = True
    remedy = "Check base_url and any proxy; if the error stays, contact Liine's support."


class NoConnectionError(ApiError):
    """No answer: the name did not resolve, the connection was refused or reset, or the request timed out."""

    is_retryable = True
    remedy = "Check the network, any proxy and base_url, then run again. Loaded rows are not lost."


class ForeignHostError(ApiError):
    """A redirect to another host; the token is never sent there (open question 12)."""

    remedy = "Check base_url: it must be the address that answers without a redirect."


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
    """Return the error of an HTTP `status` (reference, "Errors"); `what` names the request."""
    known = STATUSES_BY_CODE.get(status)
    meaning = f" ({known.name})" if known else ""
    kind = _BY_STATUS.get(status, UnexpectedStatusError)
    return kind(f"{what}: the API answered {status}{meaning}.", status=status, retry_after=retry_after)


class SweepError(LiineError):
    """One customer's window could not be proven complete; its watermark stays as it was."""

    def __init__(self, customer_id: int, window: str, what: str, remedy: str) -> None:
        self.customer_id = customer_id
        self.window = window
        super().__init__(f"Customer {customer_id}, {window}: {what} {remedy}")


class StuckError(SweepError):
    """Pagination cannot get past a page."""

    def __init__(self, customer_id: int, window: str, got: int, expected: int | None, page_size: int) -> None:
        self.got, self.expected = got, expected
        super().__init__(
            customer_id,
            window,
            f"a full page had no new rows after {got} interactions"
            + (f" of {expected}." if expected is not None else "; the API gives no usable count."),
            f"One second may have more interactions than a page of {page_size}, and splitting by days and filters did "
            "not help. Set page_size to 1000 if it is lower, and contact Liine's support.",
        )


class IncompleteSweepError(SweepError):
    """Pagination ended with another number of interactions than the API counts."""

    remedy = "It was read again, and in sub-windows. Run again; if it stays, contact Liine's support."

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
    """A row without an `id`, or with an `id` that is not a whole number, cannot be merged."""

    def __init__(self, customer_id: int, window: str, rows: int) -> None:
        super().__init__(
            customer_id,
            window,
            f"{rows} interactions of a page have no usable id.",
            "They cannot be merged without one: contact Liine's support.",
        )


class BusyError(LiineError):
    """Another run is loading into the same dataset; it is left to finish."""


class DestinationError(LiineError):
    """The warehouse could not be read or written; loaded rows are not lost."""


class MissingDatasetError(DestinationError):
    """The dataset, or DuckDB's file, does not exist: nothing was loaded yet, or the name or folder is wrong."""


class DuplicateRowsError(DestinationError):
    """Two runs loaded the same customer at once into a warehouse without unique indexes."""


class TransformError(LiineError):
    """dbt did not build, or one of its tests failed; `failures` names each. Loaded rows stay."""

    def __init__(self, failures: Sequence[str], what: str = "dbt failed") -> None:
        self.failures = tuple(failures)
        names = f": {', '.join(failures)}" if failures else ""
        super().__init__(
            f"{what}{names}. Loaded rows stay. Run `dbt build --select …` in the project's folder to see why; its "
            "README says how. The output may quote rows."
        )


class IncompleteDatasetError(LiineError):
    """The warehouse does not hold as many interactions of a customer as the API counts, even after a repair."""

    def __init__(self, customer_id: int, in_api: int, in_warehouse: int) -> None:
        self.customer_id, self.in_api, self.in_warehouse = customer_id, in_api, in_warehouse
        super().__init__(
            f"Customer {customer_id}, all interactions: the API counts {in_api}, the warehouse holds {in_warehouse}, "
            "and loading the difference did not help. Run `liine verify --repair`, which shows what differs."
        )


class LostRowsError(LiineError):
    """Rows or values that the warehouse has lost are outside of what a run loads, and so did not come back."""

    def __init__(self, customer_id: int, losses: Sequence[object]) -> None:
        self.customer_id = customer_id
        super().__init__(
            f"Customer {customer_id}: the warehouse has lost rows since an earlier run "
            f"({'; '.join(map(str, losses))}). The days and rows that since, until and filters select were loaded "
            "again; load the others with `liine backfill --restart`."
        )


class NoRowsFoundError(LiineError):
    """An erasure found no row of the person: an identifier is wrong, or nothing of the person was loaded."""

    def __init__(self, dataset: str, customers: int) -> None:
        super().__init__(
            f"No row of dataset {dataset} has one of the given identifiers, among {customers} customer(s). Nothing was "
            "erased or recorded. Check the identifiers, the customers and phone_country; with personal_data = drop, no "
            "identifier is loaded. If there need not be rows, pass --allow-none (allow_none in Python): then --yes "
            "records the identifiers, and rows that come later are not loaded."
        )


# An outage fails every window in the same way.
_MAX_LISTED = 10


class SyncFailedError(LiineError):
    """At least one customer is not complete; `failures` says why, by customer id."""

    def __init__(self, failures: Sequence[tuple[int, LiineError]]) -> None:
        self.failures = tuple(failures)
        lines = [f"\n- {error}" for _, error in self.failures[:_MAX_LISTED]]
        if len(self.failures) > _MAX_LISTED:
            lines.append(f"\n- and {len(self.failures) - _MAX_LISTED} more windows; the table sweeps lists each.")
        customers = len({customer for customer, _ in self.failures})
        super().__init__(f"{customers} customer(s) could not be read completely:{''.join(lines)}")
