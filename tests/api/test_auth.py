"""Tokens: prefix, renewal, one login at a time, and credentials that are never shown."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest

from liine_source.api.auth import LiineCredentials, Login, TokenCache, read_token
from liine_source.errors import LoginRefusedError, UnreadableAnswerError

NOON = datetime(2024, 3, 10, 12, tzinfo=UTC)


@pytest.mark.parametrize("text", ["bearer abc", "Bearer abc", "abc", "  bearer  abc "])
def test_token_is_sent_with_single_prefix(text: str) -> None:
    """A token is sent with one `bearer` prefix, even if the answer includes it (open question 11)."""
    assert read_token(Login({"token": text}, NOON), now=0.0).header == "bearer abc"


@pytest.mark.parametrize(
    ("valid_until", "renew_at"),
    [
        ("2024-03-10T13:00:00.310Z", 3600.31 - 300),
        ("2024-03-10T13:00:00Z", 3600.0 - 300),
        ("2024-03-10T12:00:10Z", 8.0),
        ("2024-03-10T11:00:00Z", None),
        ("0001-01-01T00:00:00+14:00", None),
        ("soon", None),
        ("9" * 5_000, None),
        (9, None),
        ([[]], None),
        (None, None),
    ],
)
def test_token_is_renewed_before_expiry(valid_until: Any, renew_at: float | None) -> None:
    """Renewal is due five minutes before expiry, or less for a short life; without an expiry, on a 401."""
    token = read_token(Login({"token": "abc", "valid_until": valid_until}, NOON), now=0.0)
    assert token.renew_at == pytest.approx(renew_at)


@pytest.mark.parametrize(
    "answer",
    [
        {},
        *(
            {"token": token}
            for token in (None, " ", 5, "secret with blank", "secret\r\nHost: x", "secret\u00e9", "secret" * 11_000)
        ),
    ],
)
def test_login_answer_without_token_is_unreadable(answer: dict[str, Any]) -> None:
    """A login answer without a token that a header can hold raises an error, which does not show it."""
    with pytest.raises(UnreadableAnswerError) as caught:
        read_token(Login(answer, NOON), now=0.0)
    assert "secret" not in str(caught.value)


def cache_of(lifetime: int, clock: list[float]) -> tuple[TokenCache, list[str]]:
    logins: list[str] = []

    def login() -> Login:
        logins.append(f"token-{len(logins)}")
        valid_until = datetime.fromtimestamp(NOON.timestamp() + lifetime, UTC).isoformat()
        return Login({"token": logins[-1], "valid_until": valid_until}, NOON)

    return TokenCache(login, lambda: clock[0]), logins


def test_token_is_reused_until_renewal_is_due() -> None:
    """One login serves all requests until the token is due for renewal."""
    clock = [0.0]
    cache, logins = cache_of(3600, clock)
    for moment in (0.0, 3299.0, 3301.0):
        clock[0] = moment
        cache.token()
    assert logins == ["token-0", "token-1"]


def test_refused_token_is_replaced_once() -> None:
    """Two threads that were refused with the same token cause one login."""
    cache, logins = cache_of(3600, [0.0])
    token = cache.token()
    cache.invalidate(token)
    fresh = cache.token()
    cache.invalidate(token)
    assert cache.token() is fresh
    assert len(logins) == 2


def test_concurrent_threads_share_one_login() -> None:
    """Threads that ask for a token at the same time cause one login."""
    arrived = threading.Barrier(8)
    cache, logins = cache_of(3600, [0.0])

    def ask() -> str:
        arrived.wait()
        return cache.token().value

    with ThreadPoolExecutor(8) as pool:
        tokens = {future.result() for future in [pool.submit(ask) for _ in range(8)]}
    assert (tokens, logins) == ({"token-0"}, ["token-0"])


def test_credentials_hide_username_and_password() -> None:
    """Neither repr nor str of the credentials shows the username or the password."""
    credentials = LiineCredentials(username="someone@example.com", password="hunter2-secret")
    for shown in (repr(credentials), str(credentials), f"{credentials}"):
        assert "hunter2" not in shown
        assert "someone" not in shown


def test_refused_login_is_not_repeated() -> None:
    """Wrong credentials are sent once, since repeated attempts could lock the account."""
    attempts: list[int] = []

    def login() -> Login:
        attempts.append(1)
        raise LoginRefusedError("Login refused.")

    cache = TokenCache(login)
    for _ in range(3):
        with pytest.raises(LoginRefusedError):
            cache.token()
    assert len(attempts) == 1
