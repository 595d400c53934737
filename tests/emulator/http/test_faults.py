"""Each fault starts and ends when it should. No test waits for real time to pass."""

import json
from dataclasses import fields

import pytest

from liine_source.emulator import Burst, Faults, running_emulator
from liine_source.emulator.http.faults import FaultSchedule
from tests.emulator.calls import get, get_token, log_in, send


@pytest.mark.parametrize(
    ("burst", "affected"),
    [
        (Burst(), [1, 2, 3, 4, 5, 6, 7, 8]),
        (Burst(next=2), [1, 2]),
        (Burst(every=3), [3, 6]),
        (Burst(after=5), [6, 7, 8]),
        (Burst(next=2, after=3), [4, 5]),
        (Burst(every=2, after=1), [3, 5, 7]),
    ],
)
def test_burst_affects_the_right_requests(burst: Burst, affected: list[int]) -> None:
    """`next`, `every` and `after` choose which of eight requests are affected."""
    assert [number for number in range(1, 9) if burst.affects(number)] == affected


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
@pytest.mark.parametrize(
    ("retry_after", "expected"), [(None, None), ("seconds", "7"), ("date", "Mon, 15 Dec 2025 18:00:07 GMT")]
)
def test_burst_of_statuses(status: int, retry_after: str | None, expected: str | None) -> None:
    """Two requests get the status and its Retry-After; the third is answered."""
    burst = Burst(status=status, next=2, retry_after=retry_after, retry_after_seconds=7)
    with running_emulator(interactions=0, customers=1, faults=Faults(bursts=(burst,))) as api:
        replies = [get(api) for _ in range(3)]
        assert [reply.status for reply in replies] == [status, status, 200]
        assert [reply.headers.get("retry-after") for reply in replies] == [expected, expected, None]
        assert [request.status for request in api.requests if request.method == "GET"] == [status, status, 200]


def test_first_matching_burst_wins() -> None:
    """With several bursts, each request meets the first one that affects it."""
    bursts = (Burst(status=503, next=1), Burst(status=429, next=2), Burst(status=500, every=4))
    with running_emulator(interactions=0, customers=1, faults=Faults(bursts=bursts)) as api:
        assert [get(api).status for _ in range(8)] == [503, 429, 200, 500, 200, 200, 200, 500]
        api.faults = Faults()
        assert get(api).status == 200


def test_reset() -> None:
    """The connection is reset, and the next connection works."""
    with running_emulator(interactions=5, customers=1, faults=Faults(bursts=(Burst(kind="reset", next=1),))) as api:
        token = get_token(api)
        with pytest.raises(ConnectionResetError):
            get(api, token=token)
        assert get(api, token=token).status == 200
        assert [request.status for request in api.requests] == [200, 0, 200]


def test_truncated_body() -> None:
    """The body is shorter than its Content-Length."""
    from http.client import IncompleteRead  # noqa: PLC0415  # beside its only use

    faults = Faults(bursts=(Burst(kind="truncated_body", next=1),))
    with running_emulator(interactions=50, customers=1, faults=faults) as api:
        with pytest.raises(IncompleteRead) as caught:
            get(api)
        assert len(caught.value.partial) > 1000
        assert caught.value.expected is not None
        assert get(api).status == 200


def test_truncated_json() -> None:
    """The length is right, but the document is incomplete."""
    faults = Faults(bursts=(Burst(kind="truncated_json", next=1),))
    with running_emulator(interactions=50, customers=1, faults=faults) as api:
        reply = get(api)
        assert (reply.status, reply.headers["content-length"]) == (200, str(len(reply.body)))
        with pytest.raises(json.JSONDecodeError):
            _ = reply.json
        assert get(api).json["interactions"]


def test_html() -> None:
    """The answer has status 200 but is an HTML page."""
    with running_emulator(interactions=0, customers=1, faults=Faults(bursts=(Burst(kind="html"),))) as api:
        reply = get(api)
        assert (reply.status, reply.headers["content-type"]) == (200, "text/html; charset=utf-8")
        assert reply.body.startswith(b"<!doctype html>")


@pytest.mark.parametrize(
    ("burst", "rows", "count"),
    [
        (Burst(kind="empty", next=1), 0, 0),
        (Burst(kind="no_rows", next=1), 0, 50),
        (Burst(kind="wrong_count", next=1), 5, 49),
        (Burst(kind="wrong_count", next=1, count_off=3), 5, 53),
        (Burst(kind="wrong_count", next=1, count_off=-99), 5, 0),
        (Burst(kind="wrong_count", next=1, count_off=None), 5, None),
    ],
)
def test_pages_with_wrong_content(burst: Burst, rows: int, count: int | None) -> None:
    """One answer has status 200 with wrong rows or a wrong count; the next answer is right."""
    with running_emulator(interactions=50, customers=1, faults=Faults(bursts=(burst,))) as api:
        first, second = (get(api, include_is_spam_likely=1, limit=5) for _ in range(2))
        assert (first.status, len(first.json["interactions"]), first.json["count"]) == (200, rows, count)
        assert (len(second.json["interactions"]), second.json["count"]) == (5, 50)


def test_error_with_status_200() -> None:
    """The answer holds an error message and no page."""
    with running_emulator(interactions=5, customers=1, faults=Faults(bursts=(Burst(kind="error"),))) as api:
        reply = get(api)
        assert (reply.status, list(reply.json)) == (200, ["error"])


@pytest.mark.parametrize("faults", [Faults(bursts=(Burst(kind="slow", delay=3600),)), Faults(latency_ms=3_600_000)])
def test_slow_answers_and_latency(faults: Faults) -> None:
    """A client that does not wait an hour gets no answer, and the server still stops at once."""
    with running_emulator(interactions=0, customers=1) as api:
        token = get_token(api)
        api.faults = faults
        with pytest.raises(TimeoutError):
            get(api, token=token, timeout=0.05)


def test_slow_answer_is_complete() -> None:
    """A slow answer is the right answer."""
    faults = Faults(bursts=(Burst(kind="slow", delay=0.001),), latency_ms=1)
    with running_emulator(interactions=5, customers=1, faults=faults) as api:
        assert get(api, include_is_spam_likely=1).json["interactions"] == api.truth()


def test_token_lapses() -> None:
    """The next request gets 401 before its token expires; a new token is valid."""
    with running_emulator(interactions=0, customers=1, faults=Faults(token_lapses=1)) as api:
        token = get_token(api)
        assert [get(api, token=token).status, get(api, token=token).status, get(api).status] == [401, 401, 200]


def test_revoke_after() -> None:
    """After two requests all tokens are invalidated, once."""
    with running_emulator(interactions=0, customers=1, faults=Faults(revoke_after=2)) as api:
        token = get_token(api)
        assert [get(api, token=token).status for _ in range(4)] == [200, 200, 401, 401]
        token = get_token(api)
        assert [get(api, token=token).status for _ in range(4)] == [200] * 4
        api.revoke_tokens()
        assert get(api, token=token).status == 401


def test_login_failures() -> None:
    """Logins fail as often as requested, then succeed. Only successful ones are counted."""
    with running_emulator(interactions=0, customers=1, faults=Faults(login_failures=2)) as api:
        assert [log_in(api).status for _ in range(3)] == [503, 503, 200]
        api.faults = Faults(login_failures=1, login_failure_status=500)
        assert [log_in(api).status for _ in range(2)] == [500, 200]
        assert api.logins == 2


def test_rate_limit_counts_the_last_second() -> None:
    """Three requests are allowed within any second of a clock that the test sets."""
    now = 10.0
    schedule = FaultSchedule(Faults(rate_limit=3), monotonic=lambda: now)
    assert [schedule.is_too_fast() for _ in range(5)] == [False, False, False, True, True]
    now = 10.999
    assert schedule.is_too_fast()
    now = 11.0
    assert [schedule.is_too_fast() for _ in range(4)] == [False, False, False, True]


@pytest.mark.parametrize(("has_retry_after", "expected"), [(True, "1"), (False, None)])
def test_rate_limit_answers_429(has_retry_after: bool, expected: str | None) -> None:
    """The third request within a second gets 429, with or without Retry-After."""
    with running_emulator(interactions=0, customers=1) as api:
        faults = Faults(rate_limit=2, rate_limit_retry_after=has_retry_after)
        # The clock stands still, so that a slow machine stays within the second.
        api.schedule = FaultSchedule(faults, monotonic=lambda: 0.0)
        replies = [get(api) for _ in range(3)]
        assert [reply.status for reply in replies] == [200, 200, 429]
        assert replies[-1].headers.get("retry-after") == expected


def test_refused_customers() -> None:
    """One customer gets 403, the others do not."""
    with running_emulator(interactions=6, customers=2, faults=Faults(refused_customers=(1002,))) as api:
        assert [get(api, customer_id=customer).status for customer in (1001, 1002)] == [200, 403]
        api.faults = Faults()
        assert get(api, customer_id=1002).status == 200


def test_redirect_to_another_host() -> None:
    """A redirect points to another host, whose log shows whether a client sent its token there."""
    with running_emulator(interactions=0, customers=1) as other, running_emulator(interactions=0, customers=1) as api:
        api.faults = Faults(redirect_to=f"{other.base_url}/call_log/interactions/?customer_id=1001")
        reply = get(api)
        assert (reply.status, reply.headers["location"]) == (302, api.faults.redirect_to)
        send(other, "GET", "/call_log/interactions/?customer_id=1001", authorization="bearer stolen")
        assert [request.has_token for request in other.requests] == [True]


def test_every_fault_has_a_test() -> None:
    """A new fault needs an entry in this list and a test above."""
    assert {field.name for field in fields(Faults)} == {
        "bursts", "latency_ms", "rate_limit", "rate_limit_retry_after", "token_lapses", "revoke_after",
        "login_failures", "login_failure_status", "refused_customers", "redirect_to",
    }  # fmt: skip
