"""The HTTP client: whole request lines, every status, every fault, and errors without secrets."""

import gzip
import itertools
import logging
import ssl
import tracemalloc
import zlib
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from liine_source import errors
from liine_source.api import client
from liine_source.api.answers import AnswerLimits
from liine_source.api.auth import LiineCredentials
from liine_source.api.client import LiineClient, RequestStats, RetryPolicy
from liine_source.api.records import build_row
from tests.support.certificates import Authority
from tests.support.scripted_api import EMPTY_PAGE, LOGIN, RESET, Answer, ScriptedApi, answer, scripted_api

PAIRS = [("customer_id", "7"), ("search", "Zoë Secret"), ("agent", "null"), ("agent", "3"), ("limit", "2")]
PAGE = (
    b'{"interactions": [{"id": 1, "revenue": 150.10}, {"id": 9007199254740993}],'
    b' "count": 2, "limit": 2, "num_pages": 1, "pagination_timestamp": "2021-05-27T04:02:49Z"}'
)
GOOD = answer(PAGE, headers=("Date: Thu, 27 May 2021 09:30:00 GMT",))


def client_of(
    api: ScriptedApi,
    waits: list[float] | None = None,
    attempts: int = 4,
    limits: AnswerLimits | None = None,
    listener: client.ExchangeListener | None = None,
) -> LiineClient:
    credentials = LiineCredentials(username="someone", password="hunter2-secret")
    waits = [] if waits is None else waits
    # The clock advances only through the waits.
    retry = RetryPolicy(attempts=attempts, sleep=waits.append, clock=lambda: sum(waits))
    return LiineClient(credentials, api.base_url, retry=retry, limits=limits, listener=listener)


def test_requests_match_reference() -> None:
    """The login is JSON, the path ends in a slash, a list repeats its key, the token has one prefix."""
    with scripted_api(answer(LOGIN), GOOD) as api:
        page = client_of(api).fetch_page(PAIRS, "Customer 7")
    login, request = api.requests
    assert login.startswith("POST /call_log/authenticate/ HTTP/1.1\r\n")
    assert login.endswith('\r\n\r\n{"username": "someone", "password": "hunter2-secret"}')
    assert "Authorization" not in login
    assert request.startswith(
        "GET /call_log/interactions/?customer_id=7&search=Zo%C3%AB+Secret&agent=null&agent=3&limit=2 HTTP/1.1\r\n"
    )
    assert "\r\nAuthorization: bearer first\r\n" in request
    assert "gzip" in request
    assert [(row.id, row.revenue) for row in page.rows] == [(1, Decimal("150.10")), (9007199254740993, None)]  # type: ignore[attr-defined]
    assert (page.count, page.limit, str(page.server_time)) == (2, 2, "2021-05-27 09:30:00+00:00")


def test_connection_and_token_are_reused() -> None:
    """One login and one connection serve several pages."""
    with scripted_api(answer(LOGIN), GOOD) as api:
        client = client_of(api)
        for _ in range(5):
            client.fetch_page(PAIRS, "Customer 7")
        assert (len(api.requests), api.connections) == (6, 1)


def test_gzip_answer_is_decompressed() -> None:
    """A page compressed with gzip is decompressed and parsed."""
    with scripted_api(answer(LOGIN), answer(gzip.compress(PAGE), headers=("Content-Encoding: gzip",))) as api:
        assert len(client_of(api).fetch_page(PAIRS, "Customer 7").rows) == 2


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        ("400 Bad Request", errors.BadRequestError),
        ("403 Forbidden", errors.ForbiddenError),
        ("404 Not Found", errors.NotFoundError),
        ("405 Method Not Allowed", errors.MethodNotAllowedError),
        ("406 Not Acceptable", errors.NotAcceptableError),
        ("418 Teapot", errors.UnexpectedStatusError),
    ],
)
def test_permanent_error_is_not_retried(status: str, kind: type[errors.ApiError]) -> None:
    """An error that a retry cannot fix is raised at once, with the customer and a remedy."""
    with scripted_api(answer(LOGIN), answer(b'{"error": "Zoe Secret"}', status)) as api:
        with pytest.raises(kind) as caught:
            client_of(api).fetch_page(PAIRS, "Customer 7")
        assert len(api.requests) == 2
    message = str(caught.value)
    assert message.startswith(f"Customer 7: the API answered {status[:3]}")
    assert len(message) > 60


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (answer(b"", "429 Too Many Requests"), errors.RateLimitedError),
        (answer(b"", "500 Internal Server Error"), errors.ServerError),
        (answer(b"", "502 Bad Gateway"), errors.GatewayError),
        (answer(b"", "503 Service Unavailable"), errors.UnavailableError),
        (answer(b"", "504 Gateway Timeout"), errors.GatewayError),
        (RESET, errors.NoConnectionError),
        (answer(PAGE[:50], length=len(PAGE), headers=("Connection: close",)), errors.NoConnectionError),
        (answer(PAGE[:50]), errors.UnreadableAnswerError),
        (answer(b"<html>busy</html>"), errors.UnreadableAnswerError),
        (answer(b'{"interactions": null}'), errors.UnreadableAnswerError),
        (answer(b'{"interactions": null, "count": 7}'), errors.UnreadableAnswerError),
        (answer(b'{"error": "timeout"}'), errors.UnreadableAnswerError),
        (answer(b'{"error": "timeout", "count": 0}'), errors.UnreadableAnswerError),
        (answer(b'{"error": "timeout", "interactions": [], "count": 0}'), errors.UnreadableAnswerError),
        (answer(b'{"interactions": [1]}'), errors.UnreadableAnswerError),
        (answer(b"[]"), errors.UnreadableAnswerError),
        (answer(b"no gzip", headers=("Content-Encoding: gzip",)), errors.NoConnectionError),
    ],
    ids=[
        "429",
        "500",
        "502",
        "503",
        "504",
        "reset",
        "truncated body",
        "truncated JSON",
        "HTML",
        "null",
        "null with count",
        "error",
        "error with count",
        "error with empty list",
        "rows are numbers",
        "page is a list",
        "bad gzip",
    ],
)
def test_transient_fault_is_retried(fault: bytes, kind: type[errors.ApiError]) -> None:
    """Two faults in a row cost two retries; a persistent fault raises its own error."""
    with scripted_api(answer(LOGIN), fault, fault, GOOD) as api:
        stats = RequestStats()
        assert len(client_of(api).fetch_page(PAIRS, "Customer 7", stats).rows) == 2
        assert (stats.requests, stats.retries) == (4, 2)
    with scripted_api(answer(LOGIN), fault) as api:
        with pytest.raises(kind):
            client_of(api).fetch_page(PAIRS, "Customer 7")
        assert len(api.requests) == 5


@pytest.mark.parametrize(
    ("body", "count"),
    [
        (b'{"interactions": null, "count": 0}', 0),
        (b'{"interactions": null, "count": "0", "error": null}', 0),
        (b'{"interactions": [], "count": 0, "error": ""}', 0),
        (b'{"interactions": []}', None),
    ],
)
def test_page_without_rows_is_accepted(body: bytes, count: int | None) -> None:
    """A page without rows is an empty list, or null with a count of 0."""
    with scripted_api(answer(LOGIN), answer(body)) as api:
        page = client_of(api).fetch_page(PAIRS, "Customer 7")
        assert (page.rows, page.count) == ([], count)


def test_backoff_grows_with_jitter_up_to_limit() -> None:
    """Each wait is random within a range that doubles up to a limit."""
    waits: list[float] = []
    with (
        scripted_api(answer(LOGIN), answer(b"", "503 Service Unavailable")) as api,
        pytest.raises(errors.UnavailableError),
    ):
        client_of(api, waits, attempts=9).fetch_page(PAIRS, "Customer 7")
    assert len(waits) == 8
    assert all(0 <= wait <= min(60.0, 0.5 * 2**number) for number, wait in enumerate(waits))
    assert len(set(waits)) > 1


@pytest.mark.parametrize("value", ["7", "Thu, 27 May 2021 09:30:07 GMT"])
def test_retry_after_is_honoured(value: str) -> None:
    """Retry-After is obeyed as seconds or as a date relative to the API's clock."""
    waits: list[float] = []
    headers = (f"Retry-After: {value}", "Date: Thu, 27 May 2021 09:30:00 GMT")
    with scripted_api(answer(LOGIN), answer(b"", "429 Too Many Requests", headers), GOOD) as api:
        client_of(api, waits).fetch_page(PAIRS, "Customer 7")
    assert waits == [7.0]


def test_long_retry_after_raises_error() -> None:
    """A Retry-After of an hour raises an error, since the scheduler's next run comes sooner."""
    with scripted_api(answer(LOGIN), answer(b"", "503 Service Unavailable", ("Retry-After: 3600",))) as api:
        with pytest.raises(errors.UnavailableError):
            client_of(api).fetch_page(PAIRS, "Customer 7")
        assert len(api.requests) == 2


def test_refused_token_triggers_login_and_resend() -> None:
    """A 401 causes one new login, and the request is sent again with the new token."""
    second = answer(LOGIN.replace(b"first", b"second"))
    with scripted_api(answer(LOGIN), GOOD, answer(b"", "401 Unauthorized"), second, GOOD) as api:
        client = client_of(api)
        client.fetch_page(PAIRS, "Customer 7")
        client.fetch_page(PAIRS, "Customer 7")
    assert [line.split("?")[0] for line in api.lines] == [
        "POST /call_log/authenticate/ HTTP/1.1",
        "GET /call_log/interactions/",
        "GET /call_log/interactions/",
        "POST /call_log/authenticate/ HTTP/1.1",
        "GET /call_log/interactions/",
    ]
    assert "Authorization: bearer second" in api.requests[-1]


def test_second_401_raises_authentication_error() -> None:
    """A new token that is refused too raises an error instead of causing a third login."""
    with scripted_api(
        answer(LOGIN), answer(b"", "401 Unauthorized"), answer(LOGIN), answer(b"", "401 Unauthorized")
    ) as api:
        with pytest.raises(errors.AuthenticationError):
            client_of(api).fetch_page(PAIRS, "Customer 7")
        assert len(api.requests) == 4


@pytest.mark.parametrize("status", ["400 Bad Request", "401 Unauthorized", "403 Forbidden"])
def test_refused_login_is_not_retried(status: str) -> None:
    """A refused login is sent once, and the error says where the password is set."""
    with scripted_api(answer(b"{}", status)) as api:
        with pytest.raises(errors.LoginRefusedError, match=r"Check username and password .*secrets\.toml"):
            client_of(api).fetch_page(PAIRS, "Customer 7")
        assert len(api.requests) == 1


def test_unavailable_login_is_retried() -> None:
    """A 503 from the login is retried, since it does not mean a wrong password."""
    with scripted_api(answer(b"", "503 Service Unavailable"), answer(LOGIN), GOOD) as api:
        assert len(client_of(api).fetch_page(PAIRS, "Customer 7").rows) == 2


def test_redirect_to_other_host_is_not_followed() -> None:
    """The token is never sent to another host (open question 12)."""
    with scripted_api(answer(EMPTY_PAGE)) as other:
        away = answer(b"", "302 Found", (f"Location: {other.base_url}/call_log/interactions/",))
        with scripted_api(answer(LOGIN), away) as api, pytest.raises(errors.ForeignHostError):
            client_of(api).fetch_page(PAIRS, "Customer 7")
        assert other.requests == []


def test_redirect_on_same_host_keeps_token() -> None:
    """A redirect between the two forms of the path keeps the token (open question 12)."""
    there = answer(b"", "308 Permanent Redirect", ("Location: /call_log/interactions?customer_id=7",))
    with scripted_api(answer(LOGIN), there, GOOD) as api:
        client_of(api).fetch_page(PAIRS, "Customer 7")
    assert api.lines[-1] == "GET /call_log/interactions?customer_id=7 HTTP/1.1"
    assert "Authorization: bearer first" in api.requests[-1]


@pytest.mark.parametrize(
    ("location", "kind"),
    [
        ("/call_log/interactions/", errors.RedirectError),
        ("http://127.0.0.1:99999999/", errors.RedirectError),
        ("http://127.0.0.1:abc/", errors.RedirectError),
        ("http://[::1/", errors.RedirectError),
        ("\xff\xfe", errors.RedirectError),
        ("//other.example/", errors.ForeignHostError),
        ("ftp://127.0.0.1/", errors.ForeignHostError),
    ],
)
def test_unusable_redirect_ends_at_once(location: str, kind: type[errors.HostError]) -> None:
    """Redirects without end, and to what is no address or another one, are not tried again."""
    away = answer(b"", "302 Found", (f"Location: {location}",), encoding="latin-1")
    with scripted_api(answer(LOGIN), away) as api:
        with pytest.raises(kind, match=r"^Customer 7: .* Set base_url under \[sources\.liine\]"):
            client_of(api).fetch_page(PAIRS, "Customer 7")
        assert len(api.requests) <= 7


def test_body_of_redirect_is_not_read() -> None:
    """It could be endless; the next request goes over another connection."""
    there = answer(b"x", "307 Temporary Redirect", ("Location: /call_log/interactions",), length=10**12)
    with scripted_api(answer(LOGIN), there, GOOD) as api:
        assert len(client_of(api).fetch_page(PAIRS, "Customer 7").rows) == 2
        assert len(api.requests) == 3


@pytest.mark.parametrize(
    ("case", "problem"),
    [
        ("self-signed", "self-signed certificate. Check base_url .*REQUESTS_CA_BUNDLE"),
        ("expired", "certificate has expired. Check this machine's clock"),
        ("other name", "not valid for 'localhost'. Set base_url under"),
        ("other cipher", "agree on no TLS connection.*Check that base_url and any proxy speak https"),
    ],
)
def test_untrusted_host_ends_at_once(case: str, problem: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A certificate does not become valid by repeating: one connection, and an error that names the setting."""
    authority = Authority.create(tmp_path)
    files = authority.issue(
        "other.example" if case == "other name" else "localhost",
        days=-1 if case == "expired" else 1,
        is_self_signed=case == "self-signed",
    )
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(authority.file))
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(*files)
    if case == "other cipher":
        # One that this kind of certificate cannot serve.
        tls.maximum_version = ssl.TLSVersion.TLSv1_2
        tls.set_ciphers("AES128-SHA")
    with scripted_api(answer(LOGIN), tls=tls) as api:
        with pytest.raises(errors.CertificateError, match=problem):
            client_of(api).fetch_page(PAIRS, "Customer 7")
        assert (api.connections, api.requests) == (1, [])


def test_own_authority_is_trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The variable that the error names makes the connection; one that names no file is a wrong setting."""
    authority = Authority.create(tmp_path)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(*authority.issue("localhost"))
    with scripted_api(answer(LOGIN), GOOD, tls=tls) as api:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(authority.file))
        assert len(client_of(api).fetch_page(PAIRS, "Customer 7").rows) == 2
        for wrong in (tmp_path / "absent.pem", Path(__file__)):
            monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(wrong))
            with pytest.raises(errors.LiineError, match="REQUESTS_CA_BUNDLE"):
                client_of(api).fetch_page(PAIRS, "Customer 7")


def test_proxy_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy that does not connect, or that requests cannot use, is told from a host that does not answer."""
    credentials = LiineCredentials(username="someone", password="hunter2-secret")
    retry = RetryPolicy(attempts=1)
    for proxy, kind in (
        ("http://127.0.0.1:9", errors.ProxyError),
        ("socks5://127.0.0.1:9", errors.ConfigurationError),
    ):
        monkeypatch.setenv("HTTPS_PROXY", proxy)
        with pytest.raises(kind, match="HTTPS_PROXY") as caught:
            LiineClient(credentials, "https://liine.example", retry=retry).fetch_page(PAIRS, "Customer 7")
        assert "127.0.0.1" not in str(caught.value)


@pytest.mark.parametrize(
    "base_url",
    [
        "http://liine.example",
        "ftp://127.0.0.1",
        "app.liine.com",
        "https://u:p@host",
        "https://host:99999999",
        "https://host:abc",
        "https://host:0",
        "https://[::1",
        "https://a host",
        "https://host\x1b[2J",
        "",
    ],
)
def test_base_url_must_be_https_or_local(base_url: str) -> None:
    """A base URL that could expose the password and the token in transit is refused."""
    with pytest.raises(errors.ConfigurationError, match="base_url"):
        LiineClient(LiineCredentials(username="u", password="p"), base_url)


def test_missing_credentials_are_refused_before_any_request() -> None:
    """An empty password raises a configuration error, and nothing is requested."""
    with scripted_api(answer(LOGIN)) as api:
        with pytest.raises(errors.ConfigurationError, match="No username or password"):
            LiineClient(LiineCredentials(username="someone", password=""), api.base_url)
        assert api.requests == []


def test_lone_surrogate_does_not_reject_page() -> None:
    """A page with a lone surrogate, which JSON allows, is still parsed."""
    with scripted_api(answer(LOGIN), answer(b'{"interactions": [{"id": 1, "name": "\\ud83d"}], "count": 1}')) as api:
        assert client_of(api).fetch_page(PAIRS, "Customer 7").rows == [build_row({"id": 1, "name": "\ud83d"})]


HEAD = b"HTTP/1.1 200 OK\r\n"
ZEROS = bytes(100_000_000)


def endless(head: bytes, part: bytes) -> Iterator[bytes]:
    return itertools.chain([head], itertools.repeat(part))


OVERSIZED: dict[str, Answer] = {
    "gzip": answer(gzip.compress(ZEROS), headers=("Content-Encoding: gzip",)),
    "deflate": answer(zlib.compress(ZEROS), headers=("Content-Encoding: deflate",)),
    "gzip twice": answer(gzip.compress(gzip.compress(ZEROS)), headers=("Content-Encoding: gzip, gzip",)),
    # Without the bytes that it announces: it is refused before any is read.
    "length": lambda _: [HEAD + b"Content-Length: 1000001\r\n\r\n"],
    "no length": lambda _: endless(HEAD + b"Connection: close\r\n\r\n", b" " * 65_536),
    "chunks": lambda _: endless(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"10000\r\n" + b" " * 65_536 + b"\r\n"),
    "error": answer(gzip.compress(ZEROS), "500 Internal Server Error", ("Content-Encoding: gzip",)),
}


@pytest.mark.parametrize("is_login", [False, True], ids=["page", "login"])
@pytest.mark.parametrize("oversized", OVERSIZED)
def test_oversized_answer_is_refused_before_it_fills_the_memory(oversized: str, is_login: bool) -> None:
    """The error names the setting, and the answer is not requested again."""
    login = [] if is_login else [answer(LOGIN)]
    with scripted_api(*login, OVERSIZED[oversized]) as api:
        client = client_of(api, limits=AnswerLimits(megabytes=1))
        tracemalloc.start()
        try:
            with pytest.raises(errors.AnswerTooLargeError, match="more than 1 MB, the most that max_answer_mb allows"):
                client.fetch_page(PAIRS, "Customer 7")
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert len(api.requests) == (1 if is_login else 2)
    assert peak < 10_000_000


@pytest.mark.parametrize("encoding", ["identity", "gzip"])
def test_largest_answer_is_read(encoding: str) -> None:
    """The bound is the size after decompression, and an answer of just that size is accepted."""
    body = PAGE + b" " * (1_000_000 - len(PAGE))
    sent = answer(gzip.compress(body), headers=("Content-Encoding: gzip",)) if encoding == "gzip" else answer(body)
    with scripted_api(answer(LOGIN), sent) as api:
        client = client_of(api, limits=AnswerLimits(megabytes=1))
        assert len(client.fetch_page(PAIRS, "Customer 7").rows) == 2
        # The connection is used again.
        client.fetch_page(PAIRS, "Customer 7")
        assert api.connections == 1


SLOW: dict[str, Answer] = {
    "no head": lambda _: [b"HTTP/1.1 200 OK\r\nContent-"],
    "no end of body": lambda _: [HEAD + b"Content-Length: 9\r\n\r\n{"],
    "byte by byte": lambda _: endless(HEAD + b"Content-Length: 1000000\r\n\r\n", b" "),
    "compressed": lambda _: [
        HEAD + b"Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n" + gzip.compress(PAGE)[:1]
    ],
    "interim answers": lambda _: endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
}


@pytest.mark.parametrize("is_login", [False, True], ids=["page", "login"])
@pytest.mark.parametrize("slow", SLOW)
def test_answer_without_end_is_given_up(slow: str, is_login: bool) -> None:
    """No part of it need take longer than a timeout. The error names the setting."""
    login = [] if is_login else [answer(LOGIN)]
    with scripted_api(*login, SLOW[slow]) as api:
        client = client_of(api, limits=AnswerLimits(seconds=0.2))
        with pytest.raises(errors.AnswerTooSlowError, match=r"not ended after 0\.2 seconds.*max_answer_seconds"):
            client.fetch_page(PAIRS, "Customer 7")
        assert len(api.requests) == (1 if is_login else 2)


def test_redirect_with_endless_body_is_followed() -> None:
    """Its body is of no use, and its cookies are kept."""
    location = b"Location: /call_log/interactions?customer_id=7\r\nSet-Cookie: sticky=1\r\n\r\n"
    head = b"HTTP/1.1 308 Permanent Redirect\r\nConnection: close\r\n" + location
    with scripted_api(answer(LOGIN), lambda _: endless(head, b" " * 65_536), GOOD) as api:
        assert len(client_of(api).fetch_page(PAIRS, "Customer 7").rows) == 2
        assert "Cookie: sticky=1" in api.requests[-1]


@pytest.mark.parametrize(
    ("count", "expected"),
    [
        ('"' + "9" * 5_000 + '"', None),
        ("9" * 5_000, None),
        ("1E99999999", None),
        ('"1E99999999"', None),
        (str(2**63), None),
        (str(2**63 - 1), 2**63 - 1),
        ("-1", None),
        ("true", None),
        ("2.5", None),
        ("[" * 1_200 + "]" * 1_200, None),
        ('"2"', 2),
        ("2.0", 2),
    ],
)
def test_odd_count_is_no_count(count: str, expected: int | None) -> None:
    """A count that no column can hold is none, and takes no time to find out."""
    page = b'{"interactions": [{"id": 1}], "count": %b, "limit": %b}' % (count.encode(), count.encode())
    with scripted_api(answer(LOGIN), answer(page)) as api:
        found = client_of(api).fetch_page(PAIRS, "Customer 7")
        assert (found.count, found.limit) == (expected, expected)


@pytest.mark.parametrize(
    "date",
    [
        "Thu, 27 May 99999999999999999999 09:30:00 GMT",
        "Sat, 01 Jan 0100 00:00:00 +1400",
        "Fri, 31 Dec 9999 23:59:59 GMT",
        "9" * 5_000,
    ],
)
@pytest.mark.parametrize("header", ["Date", "Retry-After"])
def test_odd_date_is_none(date: str, header: str) -> None:
    """A clock of the year 9999 would let the watermark pass every later change."""
    answers = [answer(PAGE, headers=(f"{header}: {date}",))]
    if header == "Retry-After":
        answers = [answer(b"", "503 Service Unavailable", (f"{header}: {date}",)), GOOD]
    with scripted_api(answer(LOGIN), *answers) as api:
        try:
            page = client_of(api).fetch_page(PAIRS, "Customer 7")
        except errors.UnavailableError:
            assert header == "Retry-After"
        else:
            assert page.server_time is None or header == "Retry-After"


FAULTS = [RESET, answer(b'{"error": "Zoe Secret"}', "400 Bad Request"), answer(PAGE[:50]), answer(b"", "503 X")]


@pytest.mark.parametrize("fault", FAULTS, ids=["reset", "400", "truncated", "503"])
def test_errors_and_logs_contain_no_secrets(fault: bytes, caplog: pytest.LogCaptureFixture) -> None:
    """No error, cause or log line holds a filter value, a response body, the token or the password."""
    caplog.set_level(logging.DEBUG, "liine_source")
    with scripted_api(answer(LOGIN), fault) as api, pytest.raises(errors.ApiError) as caught:
        client_of(api).fetch_page(PAIRS, "Customer 7")
    output = "\n".join([*(repr(error) for error in _chain(caught.value)), caplog.text])
    for secret in ("Secret", "hunter2", "bearer", "someone", "/call_log"):
        assert secret not in output


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error:
        yield error
        error = error.__cause__ or error.__context__


def test_this_machine_is_never_asked_through_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy would read password and token: http has no encryption."""
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with scripted_api(answer(LOGIN), GOOD) as api:
        assert len(client_of(api).fetch_page(PAIRS, "Customer 7").rows) == 2


class Listener:
    """Counts requests, refuses those above `most`, and keeps the answers."""

    def __init__(self, most: int) -> None:
        self.most, self.sent = most, 0
        self.answers: list[tuple[int, str, int]] = []

    def before_request(self) -> None:
        if self.sent == self.most:
            raise LookupError
        self.sent += 1

    def on_answer(self, answer: client.Answer) -> None:
        self.answers.append((answer.status, answer.path, answer.redirects))


def test_listener_is_told_of_each_request() -> None:
    """Logins, redirects and retries count; an error of the listener ends the request before it is sent."""
    moved = answer(b"", "301 Moved Permanently", ("Location: /call_log/interactions",))
    busy = answer(b"{}", "503 Service Unavailable")
    listener = Listener(most=5)
    with scripted_api(answer(LOGIN), busy, moved, GOOD) as api:
        asking = client_of(api, listener=listener)
        asking.fetch_page(PAIRS, "Customer 7")
        assert (len(api.requests), listener.sent) == (4, 4)
        asking.fetch_page(PAIRS, "Customer 7")
        with pytest.raises(LookupError):
            asking.fetch_page(PAIRS, "Customer 7")
        assert (len(api.requests), listener.sent) == (5, 5)
    path = "/call_log/interactions"
    assert listener.answers == [
        (200, "/call_log/authenticate/", 0),
        (503, f"{path}/", 0),
        (200, path, 1),
        (200, f"{path}/", 0),
    ]


@pytest.mark.parametrize(
    ("status", "is_accepted"), [("200 OK", True), ("400 Bad Request", False), ("401 Unauthorized", False)]
)
def test_form_login_is_tried_once(status: str, is_accepted: bool) -> None:
    """The body is a form, and a refusal is no error."""
    with scripted_api(answer(LOGIN, status)) as api:
        assert client_of(api).try_form_login() is is_accepted
    (request,) = api.requests
    assert "Content-Type: application/x-www-form-urlencoded\r\n" in request
    assert request.endswith("\r\n\r\nusername=someone&password=hunter2-secret")


def test_path_can_be_chosen() -> None:
    """The probe asks for the path without its slash (open question 12)."""
    with scripted_api(answer(LOGIN), GOOD) as api:
        client_of(api).fetch_page([], "Customer 7", path="/call_log/interactions")
    assert api.lines[1] == "GET /call_log/interactions HTTP/1.1"
