"""The controls under `/_emulator`, and `serve`."""

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from liine_source.emulator import Emulator, Request, create_emulator, running_emulator
from tests.emulator.calls import Reply, get, log_in, send


@pytest.fixture(scope="module")
def api() -> Iterator[Emulator]:
    with running_emulator(interactions=40, customers=2) as emulator:
        yield emulator


def post(api: Emulator, name: str, **body: Any) -> Reply:
    return send(api, "POST", f"/_emulator/{name}", json.dumps(body))


def test_controls_do_what_a_test_does_in_python(api: Emulator) -> None:
    """A test can do everything over HTTP that it can do in Python. It needs no token, and nothing is logged."""
    state = post(api, "advance", days=1, hours=2).json
    assert state["now"] == "2025-12-16T20:00:00Z"
    assert state["zones"] == {"1001": "America/New_York", "1002": "America/Los_Angeles"}
    assert state["interactions"] == len(api.truth()) > 40
    assert send(api, "GET", "/_emulator/truth").json == {"interactions": api.truth()}
    one = send(api, "GET", "/_emulator/truth?customer_id=1002&include_spam=false").json["interactions"]
    assert one == api.truth(1002, include_spam=False)
    row_id = post(api, "insert", customer_id=1001, fields={"name": "N"}).json["id"]
    assert post(api, "change", id=row_id, fields={"name": "M"}).json == {"id": row_id}
    assert next(row for row in api.truth() if row["id"] == row_id)["name"] == "M"
    assert post(api, "remove", id=row_id).status == 200
    assert row_id not in {row["id"] for row in api.truth()}
    assert send(api, "GET", "/_emulator/state").json["requests"] == len(api.requests) == 0


def test_controls_set_interpretation_and_faults(api: Emulator) -> None:
    """Switches that are not given keep their values."""
    assert post(api, "interpretation", count="page", token_validity=90).json["token_validity"] == "PT90S"
    assert (api.interpretation.count, api.interpretation.token_validity, api.interpretation.cursor) == (
        "page",
        timedelta(seconds=90),
        "last",
    )
    post(api, "faults", bursts=[{"kind": "status", "status": 502, "next": 1}])
    post(api, "faults", login_failures=1)
    assert (log_in(api).status, get(api).status, get(api).status) == (503, 502, 200)
    assert send(api, "GET", "/_emulator/faults").json["login_failures"] == 1
    assert send(api, "GET", "/_emulator/interpretation").json["count"] == "page"
    assert send(api, "GET", "/_emulator/requests").json[-1] == {
        "method": "GET",
        "path": "/call_log/interactions/",
        "params": ["customer_id"],
        "has_token": True,
        "authorized": True,
        "status": 200,
    }
    assert post(api, "revoke").status == 200
    assert isinstance(api.requests[0], Request)


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("advance", {"weeks": 1}),
        ("advance", {}),
        ("advance", {"days": -1}),
        ("interpretation", {"colour": "blue"}),
        ("interpretation", {"count": "sometimes"}),
        ("faults", {"bursts": [{"kind": "flood"}]}),
        ("change", {"id": 1, "fields": {}}),
        ("insert", {"customer_id": 5}),
    ],
)
def test_control_refuses_unknown_arguments(api: Emulator, name: str, body: dict[str, Any]) -> None:
    """A wrong name or value gets status 400."""
    assert post(api, name, **body).status == 400


def test_serve_in_a_separate_process() -> None:
    """`serve` passes its address to `on_ready`, prints nothing itself and ends with the process."""
    program = (
        "from liine_source.emulator import serve\n"
        "serve(port=0, interactions=3, customers=1, on_ready=lambda api: print(api.base_url, flush=True))\n"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as process:  # noqa: S603  a script of our own
        assert process.stdout is not None
        try:
            remote = create_emulator(interactions=0)
            remote.base_url = process.stdout.readline().strip()
            assert len(get(remote, include_is_spam_likely=1).json["interactions"]) == 3
        finally:
            process.terminate()
        assert process.stdout.read() == ""
