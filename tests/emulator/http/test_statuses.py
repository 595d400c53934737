"""Each status of the reference, and every way to get it."""

from collections.abc import Iterator

import pytest

from liine_source.emulator import Burst, Emulator, Faults, running_emulator
from liine_source.spec.statuses import STATUSES
from tests.emulator.calls import INTERACTIONS, LOGIN, Reply, ask, get, get_token, send

JSON, FORM = "application/json", "application/x-www-form-urlencoded"


@pytest.fixture(scope="module")
def api() -> Iterator[Emulator]:
    with running_emulator(interactions=30, customers=2) as emulator:
        yield emulator


@pytest.mark.parametrize(
    ("status", "method", "target", "headers", "body"),
    [
        (400, "GET", f"{INTERACTIONS}?limit=10", {}, None),
        (400, "POST", LOGIN, {"content_type": JSON}, "{"),
        (400, "POST", LOGIN, {"content_type": JSON}, "[]"),
        (400, "POST", LOGIN, {"content_type": JSON}, '{"username":"test"}'),
        (400, "POST", LOGIN, {"content_type": "text/plain"}, "username=test&password=Test123%21"),
        (400, "POST", LOGIN, {}, None),
        (401, "POST", LOGIN, {"content_type": JSON}, '{"username":"test","password":"wrong"}'),
        (401, "POST", LOGIN, {"content_type": JSON}, '{"username":"test","password":7}'),
        (401, "POST", LOGIN, {"content_type": FORM}, "username=other&password=Test123%21"),
        (401, "GET", f"{INTERACTIONS}?customer_id=1001", {"authorization": "bearer made.up.token"}, None),
        (401, "GET", f"{INTERACTIONS}?customer_id=1001", {"authorization": ""}, None),
        (403, "GET", f"{INTERACTIONS}?customer_id=1003", {}, None),
        (403, "GET", f"{INTERACTIONS}?customer_ids=1001&customer_ids=7", {}, None),
        (404, "GET", "/call_log/interaction/", {}, None),
        (404, "GET", "/", {}, None),
        (404, "POST", "/call_log/authenticate", {"content_type": JSON}, "{}"),
        (405, "POST", INTERACTIONS, {}, None),
        (405, "HEAD", INTERACTIONS, {}, None),
        (405, "DELETE", "/call_log/interactions", {}, None),
        (405, "GET", LOGIN, {}, None),
        (406, "GET", f"{INTERACTIONS}?customer_id=1001", {"accept": "text/html, application/xml"}, None),
        (406, "GET", f"{INTERACTIONS}?customer_id=1001", {"accept": "application/json;q=0"}, None),
        (406, "POST", LOGIN, {"accept": "text/csv", "content_type": JSON}, "{}"),
        (200, "GET", f"{INTERACTIONS}?customer_id=1001", {"accept": "text/html, application/*;q=0.1"}, None),
    ],
)
def test_status_of_a_request(
    api: Emulator, status: int, method: str, target: str, headers: dict[str, str], body: str | None
) -> None:
    """A refused request gets its documented status and, except for HEAD, a JSON body with the reason."""
    reply = send(api, method, target, body, 20, **({"authorization": get_token(api)} | headers))
    assert reply.status == status
    assert reply.headers["content-type"] == JSON
    if method != "HEAD":
        assert ("error" in reply.json) is (status != 200)
    if status == 405:
        assert reply.headers["allow"] in {"GET", "POST"}


@pytest.mark.parametrize(
    "pairs",
    [
        [("customer_id", "")],
        [("customer_id", "x")],
        [("customer_id", "1001.0")],
        [("customer_id", "-1001")],
        [("customer_id", "1001"), ("customer_id", "1002")],
        [("customer_ids", "1001,1002")],
        [("customer_id", "1001"), ("unheard_of", "1")],
        [("customer_id", "1001"), ("call_ids[]", "1")],
        [("customer_id", "1001"), ("limit", "0")],
        [("customer_id", "1001"), ("limit", "ten")],
        [("customer_id", "1001"), ("start_date", "2025-1-1")],
        [("customer_id", "1001"), ("start_date", "20250101")],
        [("customer_id", "1001"), ("end_date", "2025-02-30")],
        [("customer_id", "1001"), ("updated_date", "2025-01-01T00:00:00Z")],
        [("customer_id", "1001"), ("pagination_timestamp", "2025-01-01T00:00:00+00:00")],
        [("customer_id", "1001"), ("pagination_timestamp", "2025-01-01T00:00:00.5Z")],
        [("customer_id", "1001"), ("pagination_timestamp", "2025-1-01T00:00:00Z")],
        [("customer_id", "1001"), ("duration_min", "long")],
        [("customer_id", "1001"), ("revenue_max", "nan")],
        [("customer_id", "1001"), ("first_time_interaction", "yes")],
        [("customer_id", "1001"), ("type", "fax")],
        [("customer_id", "1001"), ("status", "Connected")],
        [("customer_id", "1001"), ("outcome", "null")],
        [("customer_id", "1001"), ("list", "verified")],
        [("customer_id", "1001"), ("analytics_methodology", "leads")],
        [("customer_id", "1001"), ("either_landing_url_search_type", "xor")],
        [("customer_id", "1001"), ("agent", "Ada")],
        [("customer_id", "1001"), ("agents", "1,,2")],
        [("customer_id", "1001"), ("agent", "1"), ("agents", "1")],
    ],
)
def test_malformed_parameter_is_refused(api: Emulator, pairs: list[tuple[str, str]]) -> None:
    """Anything that the reference does not document gets 400."""
    assert ask(api, *pairs)["status"] == 400


def test_every_status_has_a_json_body(api: Emulator) -> None:
    """500 and 503, which only a fault causes, have a body like the others."""
    for status in STATUSES:
        api.faults = Faults(bursts=(Burst(status=status.code, next=1),))
        reply: Reply = get(api)
        assert (reply.status, reply.json) == (status.code, {"error": status.name.lower()})
        assert get(api).status == 200
