"""An API that is out ends a run soon, and a host that does not exist at once."""

import socket
from pathlib import Path
from typing import Any

import pytest

from liine_source import errors
from liine_source.emulator import Burst, Faults, running_emulator
from tests.api.test_client import GOOD, PAIRS, client_of
from tests.support.command_line import run
from tests.support.scripted_api import LOGIN, RESET, answer, scripted_api

OUT = errors.OutageError


@pytest.mark.parametrize(
    ("fault", "kind", "attempts"),
    [
        (RESET, errors.NoConnectionError, [4, 1, 1, 0, 0]),
        (answer(b"", "503 Service Unavailable"), errors.UnavailableError, [4, 1, 1, 0, 0]),
        # One customer or window may cause these.
        (answer(b"", "500 Internal Server Error"), errors.ServerError, [4, 1, 1, 1, 1]),
        (answer(b"", "504 Gateway Timeout"), errors.GatewayError, [4, 1, 1, 1, 1]),
        (answer(b"", "429 Too Many Requests"), errors.RateLimitedError, [4, 4, 4, 4, 4]),
        (answer(b"{", "200 OK"), errors.UnreadableAnswerError, [4, 4, 4, 4, 4]),
    ],
    ids=["reset", "503", "500", "504", "429", "unreadable"],
)
def test_requests_that_fail_alike_end(fault: bytes, kind: type[errors.ApiError], attempts: list[int]) -> None:
    """One request is repeated, two more are tried once; then none is sent where nothing is answered."""
    with scripted_api(answer(LOGIN), GOOD, fault) as api:
        client = client_of(api)
        client.fetch_page(PAIRS, "Customer 7")
        sent, raised = [], []
        for _ in attempts:
            before = len(api.requests)
            with pytest.raises(errors.ApiError) as found:
                client.fetch_page(PAIRS, "Customer 7")
            sent.append(len(api.requests) - before)
            raised.append(type(found.value))
    assert (sent, raised) == (attempts, [kind if number else OUT for number in attempts])


def test_answer_ends_suspicion() -> None:
    """After one good answer a request is repeated as often as before."""
    down = answer(b"", "503 Service Unavailable")
    with scripted_api(answer(LOGIN), *[down] * 5, GOOD, *[down] * 3, GOOD) as api:
        client = client_of(api)
        for _ in range(2):
            with pytest.raises(errors.UnavailableError):
                client.fetch_page(PAIRS, "Customer 7")
        for _ in range(2):
            assert client.fetch_page(PAIRS, "Customer 7").count == 2
        assert len(api.requests) == 1 + 5 + 1 + 3 + 1


@pytest.mark.parametrize("command", ["check", "sync"])
def test_run_ends_soon_during_an_outage(command: str) -> None:
    """Of 31 customers only some are requested; the others are said not to be, in a few words."""
    with running_emulator(interactions=62, customers=31) as api:
        api.faults = Faults(bursts=(Burst(status=503),))
        done = run(command, api=api, COLUMNS="400")
        # In the tests a request is tried 40 times, and four run at once.
        assert len(api.requests) <= 4 * 40 + 10
    assert done.returncode == 1
    assert done.stdout.count("not requested, as the API is out. Run again when it answers.") >= 20
    assert done.stdout.count("the API answered 503") <= 10


def resolve_to(code: int) -> Any:
    def getaddrinfo(host: str, *_: Any, **__: Any) -> Any:
        raise socket.gaierror(code, f"canary {host}")

    return getaddrinfo


@pytest.mark.parametrize("command", ["check", "plan", "sync", "backfill", "init"])
def test_unknown_host_is_a_wrong_setting(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It exits with 2 at once, before a warehouse is opened."""
    monkeypatch.setattr(socket, "getaddrinfo", resolve_to(socket.EAI_NONAME))
    settings = {
        "SOURCES__LIINE__CUSTOMER_IDS": "[1]",
        "SOURCES__LIINE__CREDENTIALS__USERNAME": "u",
        "SOURCES__LIINE__CREDENTIALS__PASSWORD": "p",
        "SOURCES__LIINE__BASE_URL": "https://no-such-host.example",
        "NO_PROXY": "*",
    }
    done = run(command, **settings)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("Error: The host of base_url does not exist, or this machine's name server does not")
    assert "canary" not in done.stderr
    assert not list(Path().glob("*.duckdb"))


@pytest.mark.parametrize(
    ("code", "is_known", "kind"),
    [
        (socket.EAI_AGAIN, False, errors.NoConnectionError),
        (socket.EAI_NONAME, True, errors.NoConnectionError),
        (socket.EAI_NONAME, False, errors.UnknownHostError),
    ],
    ids=["name server out", "known before", "unknown"],
)
def test_name_server_that_fails_is_no_wrong_setting(
    code: int, is_known: bool, kind: type[errors.LiineError], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that was known a moment ago, or is not known yet, is looked up again."""
    closing = answer(LOGIN, headers=("Connection: close",))
    with scripted_api(closing, GOOD.replace(b"\r\n", b"\r\nConnection: close\r\n", 1)) as api:
        client = client_of(api)
        if is_known:
            client.fetch_page(PAIRS, "Customer 7")
        monkeypatch.setattr(socket, "getaddrinfo", resolve_to(code))
        with pytest.raises(kind, match="could not be resolved" if kind is errors.NoConnectionError else "base_url"):
            client.fetch_page(PAIRS, "Customer 7")
