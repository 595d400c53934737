"""Tokens: spelling, renewal, one login at a time, and no password in sight."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest

from liine_source.auth import LiineCredentials, Login, TokenKeeper, read_token
from liine_source.errors import LoginRefusedError, UnreadableAnswerError

NOON = datetime(2024, 3, 10, 12, tzinfo=UTC)


@pytest.mark.parametrize("spelling", ["bearer abc", "Bearer abc", "abc", "  bearer  abc "])
def test_a_token_is_sent_with_one_prefix(spelling: str) -> None:
    """The answer's token may bring its prefix along (open question 11)."""
    assert read_token(Login({"token": spelling}, NOON), now=0.0).header == "bearer abc"


@pytest.mark.parametrize(
    ("valid_until", "renew_at"),
    [
        ("2024-03-10T13:00:00.310Z", 3600.31 - 300),
        ("2024-03-10T13:00:00Z", 3600.0 - 300),
        ("2024-03-10T12:00:10Z", 8.0),
        ("2024-03-10T11:00:00Z", None),
        ("soon", None),
        (None, None),
    ],
)
def test_a_token_is_renewed_before_it_expires(valid_until: Any, renew_at: float | None) -> None:
    """Leeway is five minutes, less for a short life; an unusable expiry leaves it to the 401."""
    token = read_token(Login({"token": "abc", "valid_until": valid_until}, NOON), now=0.0)
    assert token.renew_at == pytest.approx(renew_at)


@pytest.mark.parametrize("answer", [{}, {"token": None}, {"token": " "}, {"token": 5}])
def test_an_answer_without_a_token_is_unreadable(answer: dict[str, Any]) -> None:
    """Nothing is sent with an empty token."""
    with pytest.raises(UnreadableAnswerError):
        read_token(Login(answer, NOON), now=0.0)


def keeper_of(lifetime: int, clock: list[float]) -> tuple[TokenKeeper, list[str]]:
    logins: list[str] = []

    def login() -> Login:
        logins.append(f"token-{len(logins)}")
        valid_until = datetime.fromtimestamp(NOON.timestamp() + lifetime, UTC).isoformat()
        return Login({"token": logins[-1], "valid_until": valid_until}, NOON)

    return TokenKeeper(login, lambda: clock[0]), logins


def test_a_token_serves_until_it_is_due() -> None:
    """One login serves all requests up to the leeway before the expiry."""
    clock = [0.0]
    keeper, logins = keeper_of(3600, clock)
    for moment in (0.0, 3299.0, 3301.0):
        clock[0] = moment
        keeper.token()
    assert logins == ["token-0", "token-1"]


def test_a_refused_token_is_replaced_once() -> None:
    """Two threads that were refused with the same token cause one login."""
    keeper, logins = keeper_of(3600, [0.0])
    token = keeper.token()
    keeper.refuse(token)
    fresh = keeper.token()
    keeper.refuse(token)
    assert keeper.token() is fresh
    assert len(logins) == 2


def test_many_threads_log_in_once() -> None:
    """However many threads ask at once, one login is made."""
    arrived = threading.Barrier(8)
    keeper, logins = keeper_of(3600, [0.0])

    def ask() -> str:
        arrived.wait()
        return keeper.token().value

    with ThreadPoolExecutor(8) as pool:
        tokens = {future.result() for future in [pool.submit(ask) for _ in range(8)]}
    assert (tokens, logins) == ({"token-0"}, ["token-0"])


def test_credentials_show_no_password() -> None:
    """Neither repr nor str shows what is secret."""
    credentials = LiineCredentials(username="someone@example.com", password="hunter2-secret")
    for shown in (repr(credentials), str(credentials), f"{credentials}"):
        assert "hunter2" not in shown
        assert "someone" not in shown


def test_a_refused_login_is_not_repeated() -> None:
    """Wrong credentials are sent once, however many threads ask: more could lock the account."""
    tries: list[int] = []

    def login() -> Login:
        tries.append(1)
        raise LoginRefusedError("Login refused.")

    keeper = TokenKeeper(login)
    for _ in range(3):
        with pytest.raises(LoginRefusedError):
            keeper.token()
    assert len(tries) == 1
