"""The exceptions: one class for each thing that a user can do about an error.

LiineError
├── ConfigurationError          a setting is missing or wrong: nothing was requested or written
│   ├── FilterError             a filter has an unknown name, a wrong type or a value outside its list
│   ├── UnknownHostError        the host of base_url does not exist
│   ├── MissingPackageError     a package is not installed that a destination needs
│   ├── NameClashError          DuckDB cannot tell the file, the pipeline and the dataset apart
│   └── AlteredTableError       somebody has altered a table so that rows would be lost or refused
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
│   ├── AnswerTooLargeError     an answer with more bytes or objects than allowed
│   ├── AnswerTooSlowError      an answer that did not end in time
│   ├── OutageError             not requested: several requests in a row had no answer
│   ├── NoConnectionError       no answer at all: refused, reset, timed out
│   │   └── ProxyError          the proxy did not connect to the host
│   └── HostError               the host of base_url is not the API's, or cannot prove it; every customer fails alike
│       ├── CertificateError    its certificate was refused, or no TLS connection could be agreed on
│       ├── RedirectError       redirects without end, or to an address that is none
│       └── ForeignHostError    a redirect to another host, not followed
├── SweepError                  one customer's window could not be read to a proven end
│   ├── StuckError              pagination cannot move on: the cursor is ignored, or one second overfills a page
│   ├── IncompleteSweepError    fewer or more interactions than the API counts
│   ├── MissingIdError          an interaction without a usable `id` cannot be merged
│   ├── TooManyRowsError        more interactions, or a greater count, than a window may have
│   ├── TooManyPagesError       more pages than a window may have
│   └── UnreadableRowsError     a fault of the connector in reading or converting a customer's rows
├── BusyError                   another run is writing to the same place
├── DestinationError            the warehouse could not be read or written
│   ├── MissingDatasetError     the dataset, or DuckDB's file, does not exist: the name or the folder is wrong
│   ├── MissingModelsError      the dbt models are not built, or an older version built them
│   ├── UnfinishedErasureError  an erasure has recorded the person, and the rows are still to be deleted
│   └── DuplicateRowsError      interactions are in Snowflake twice, loaded by two runs of a customer at once
├── TransformError              dbt did not build, or one of its tests failed
├── IncompleteDatasetError      the warehouse does not hold as many interactions as the API counts
├── LostRowsError               rows that the warehouse has lost are outside of what a run loads
├── CustomersRefusedError       `liine init` was given customers that the API does not return
├── NoRowsFoundError            an erasure found no row of the person
└── SyncFailedError             a run ended, and at least one customer is not complete

No message holds a query value, a row's content, a token or a password. A name from outside, such as a field's or a
table's, is escaped wherever a message is printed or logged.
"""

import traceback
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from pathlib import PurePath
from typing import Any, ClassVar

from liine_source.spec.statuses import STATUSES_BY_CODE


class LiineError(Exception):
    """The base of all errors of this package; they can be pickled and sent to another process.

    What is not printable in the `lines` of the message is escaped, so that a name from outside cannot start a line.
    """

    def __init__(self, *lines: str) -> None:
        super().__init__("\n".join(map(escape_unprintable, lines)))

    def __reduce__(self) -> tuple[Any, ...]:
        return _restored, (type(self), str(self), self.__dict__)


def _restored(kind: type[LiineError], message: str, values: dict[str, Any]) -> LiineError:
    """Restore a pickled error from its finished message; its class would add the remedy again."""
    error = kind.__new__(kind, message)
    error.__dict__.update(values)
    return error


def escape_unprintable(text: str) -> str:
    r"""Return text in which line ends, control characters and halves of surrogate pairs are escaped, as `\\x1b`.

    A name that the API, a warehouse or a file has given cannot start a line or command a terminal then.
    """
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return a suggestion to append to an unknown name, or an empty text."""
    close = get_close_matches(name, list(known), n=1)
    return f" (did you mean {close[0]}?)" if close else ""


class ConfigurationError(LiineError):
    """A setting is missing or wrong; raised before anything is requested or written."""


class FilterError(ConfigurationError):
    """A filter that the reference does not allow; the message names it, never its value."""


class UnknownHostError(ConfigurationError):
    """No host has the name in `base_url`."""


class MissingPackageError(ConfigurationError):
    """A package is not installed that a destination needs; the message has the command that installs it."""


class NameClashError(ConfigurationError):
    """Two of DuckDB's file stem, the pipeline's name and the dataset's name are the same."""


class AlteredTableError(ConfigurationError):
    """Somebody has altered tables so that rows would be lost or refused; each of `obstacles` has the SQL that helps."""

    def __init__(self, dataset: str, obstacles: Iterable[object]) -> None:
        listed = [line for obstacle in obstacles for line in f"- {obstacle}".split("\n")]
        super().__init__(
            f"Somebody has altered dataset {dataset} so that rows would be lost or refused. Nothing was requested or "
            "loaded. Run the statements below as the owner of the tables, then this command again.",
            *listed,
        )


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


class AnswerTooLargeError(ApiError):
    """An answer that would take too much memory; nothing of it was loaded."""

    remedy = "Set page_size lower, or max_answer_mb higher if such answers are right; else contact Liine's support."


class AnswerTooSlowError(ApiError):
    """An answer that was still coming when its time was over."""

    remedy = "Set page_size lower or max_answer_seconds higher, and check the network and any proxy."


class OutageError(ApiError):
    """A request that was not sent, because several in a row had no answer, or were answered with 503."""

    remedy = "Run again when it answers. Loaded rows are not lost."


class NoConnectionError(ApiError):
    """No answer: the name did not resolve, the connection was refused or reset, or the request timed out."""

    is_retryable = True
    remedy = "Check the network, any proxy and base_url, then run again. Loaded rows are not lost."


class ProxyError(NoConnectionError):
    """The proxy refused or could not make the connection."""

    remedy = (
        "Check HTTPS_PROXY, ALL_PROXY and NO_PROXY in the environment, and that the proxy allows the host of base_url."
    )


class HostError(ApiError):
    """The host of `base_url` is not the API's, or cannot prove it: every customer fails alike, at once."""

    remedy = "Set base_url under [sources.liine] to the address that answers without a redirect."


class CertificateError(HostError):
    """The host's certificate was refused, or no TLS connection could be agreed on; `remedy` says what to set."""

    def __init__(self, what: str, remedy: str) -> None:
        self._remedy = remedy
        super().__init__(what)

    def _advice(self) -> str:
        return self._remedy


class RedirectError(HostError):
    """Redirects without end, or to an address that is none (open question 12)."""


class ForeignHostError(HostError):
    """A redirect to another host; the token is never sent there (open question 12)."""


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
    """Rows without an `id`, or with an `id` that is not a whole number of 64 bits, cannot be merged."""

    def __init__(self, customer_id: int, window: str, rows: int) -> None:
        super().__init__(
            customer_id,
            window,
            f"{rows} interactions have no usable id.",
            "They cannot be merged without one: contact Liine's support. The window's other interactions were loaded, "
            "and will be read again by each run.",
        )


class TooManyRowsError(SweepError):
    """A window has more interactions than `max_window_rows`, or the API counts more."""

    def __init__(self, customer_id: int, window: str, rows: int, most: int, *, is_count: bool) -> None:
        self.rows = rows
        problem = f"the API counts {rows} interactions" if is_count else f"the API returned {rows} interactions"
        super().__init__(
            customer_id,
            window,
            f"{problem}, and max_window_rows allows {most}.",
            "If the customer has so many, set max_window_rows higher; else contact Liine's support.",
        )


class TooManyPagesError(SweepError):
    """A window was not complete after `max_window_pages` pages."""

    def __init__(self, customer_id: int, window: str, pages: int, got: int, expected: int | None) -> None:
        self.pages = pages
        counted = "an unknown number" if expected is None else str(expected)
        super().__init__(
            customer_id,
            window,
            f"not complete after {pages} pages, the most that max_window_pages allows: {got} interactions, and the API "
            f"counts {counted}.",
            "If the customer has more, set max_window_pages or page_size higher; else contact Liine's support.",
        )


class UnreadableRowsError(SweepError):
    """The connector failed to read or convert rows. The message names the place in the code, which is no row's."""

    def __init__(self, customer_id: int, window: str, error: Exception) -> None:
        place = traceback.extract_tb(error.__traceback__)[-1:]
        where = f" in {PurePath(place[0].filename).name}, line {place[0].lineno}" if place else ""
        super().__init__(
            customer_id,
            window,
            f"its rows could not be read ({type(error).__name__}{where}).",
            "This is a fault of liine-source: report these words to its maintainers.",
        )


class BusyError(LiineError):
    """Another run is loading into the same dataset; it is left to finish."""


class DestinationError(LiineError):
    """The warehouse could not be read or written; loaded rows are not lost."""


class MissingDatasetError(DestinationError):
    """The dataset, or DuckDB's file, does not exist: nothing was loaded yet, or the name or folder is wrong."""


class MissingModelsError(DestinationError):
    """The dbt models are not there, or an older version built them; `models` names those that are missing."""

    def __init__(self, schema: str, place: str, models: Sequence[str], *, is_any_found: bool) -> None:
        self.models = tuple(models)
        listed = ", ".join(models[:_MAX_LISTED]) + (" …" if len(models) > _MAX_LISTED else "")
        lack = f"lacks these, or columns of them: {listed}" if is_any_found else "has none of them"
        super().__init__(
            f"The report is made from the dbt models, and schema {schema} in {place} {lack}. Build them with "
            "`liine sync --then-dbt`, and pass the same --destination and --dataset. A role that may not read the "
            "schema does not see them either."
        )


class UnfinishedErasureError(DestinationError):
    """An erasure was cut short after it had recorded whom not to load; rows are still to be deleted."""

    def __init__(self, reason: LiineError) -> None:
        super().__init__(
            *str(reason).split("\n"),
            "The erasure was cut short: no later run loads the person again, but the stored rows are still to be "
            "deleted. Run the same command again, with --yes and the same identifiers or file. Until then `liine "
            "status` shows the erasure as unfinished.",
        )


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


class CustomersRefusedError(LiineError):
    """Some of the customers that `liine init` was given cannot be read; `problems` says why, of each one."""

    def __init__(self, problems: Sequence[str], customers: int) -> None:
        self.problems = tuple(problems)
        lines = [f"- {problem}" for problem in self.problems[:_MAX_LISTED]]
        if len(self.problems) > _MAX_LISTED:
            lines.append(f"- and {len(self.problems) - _MAX_LISTED} more.")
        super().__init__(
            f"{len(self.problems)} of {customers} customer(s) cannot be read, so nothing was written:",
            *lines,
            "Run again with the customer ids that Liine's support gave you.",
        )


class SyncFailedError(LiineError):
    """At least one customer is not complete; `failures` says why, by customer id."""

    def __init__(self, failures: Sequence[tuple[int, LiineError]]) -> None:
        self.failures = tuple(failures)
        lines = [f"- {error}" for _, error in self.failures[:_MAX_LISTED]]
        if len(self.failures) > _MAX_LISTED:
            lines.append(f"- and {len(self.failures) - _MAX_LISTED} more windows; the table sweeps lists each.")
        customers = len({customer for customer, _ in self.failures})
        super().__init__(f"{customers} customer(s) could not be read completely:", *lines)
